"""Raw files to dataset artifact (polars lives here)."""
