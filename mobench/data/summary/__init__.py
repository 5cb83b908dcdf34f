"""What a dataset holds, in numbers."""
