"""Data with a planted answer, any size, from a seed."""

from mobench.data.synthetic.generator import write_csv
from mobench.data.synthetic.spec import parse

__all__ = ["parse", "write_csv"]
