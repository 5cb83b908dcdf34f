"""Blocked full ranking and the metrics artifact (torch lives here)."""
