"""The page of a dataset: what is in it, how it was split, and how to make it again."""
