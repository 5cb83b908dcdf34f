"""Evaluated runs in, a report out: tables, figures, one page that opens offline."""
