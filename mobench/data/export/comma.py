"""Plain CSV with raw ids, for everything else."""

from pathlib import Path

import polars as pl

from mobench.data.dataset import Split
from mobench.data.export.base import Facts, Target, TextWriter, Writer, one_line

README = """\
# {stem} as CSV

The split of mobench: train.csv, val.csv and test.csv with raw ids, times in milliseconds since
1970 UTC. items.csv has all items of the dataset: rank among all of them, without the user's train
rows for val, and without train and val rows for test.

```python
import pandas as pd

text = {{"user_id": str, "item_id": str}}
train = pd.read_csv("train.csv", dtype=text, keep_default_na=False)
```

`keep_default_na=False` keeps an id such as `NA` from being taken for a missing value.
`mobench prep train.csv val.csv test.csv --meta items.csv --name NAME` reads the rows again; it
filters and splits them anew, as its options say.
"""


class Comma(Target):
    """One header, one row a line, quotes where they are needed (RFC 4180)."""

    name = "csv"
    bad_id = r"[\r\n\x00]"
    bad_reason = "a line break"

    def review_file(self, stem: str, split: Split) -> str:
        """Return ``train.csv`` and so on."""
        return f"{split}.csv"

    def item_file(self, stem: str) -> str:
        """Return ``items.csv``."""
        return "items.csv"

    def reviews(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """Return the rows as they are."""
        return rows

    def items(self, items: pl.LazyFrame) -> pl.LazyFrame:
        """Return the items with titles and categories in one line."""
        return items.with_columns(one_line(pl.col("title", "category")))

    def open(self, path: Path) -> Writer:
        """Begin a file."""
        return TextWriter(path, ",", quoted=True)

    def texts(self, facts: Facts) -> dict[str, str]:
        """Return the README."""
        return {"README.md": README.format(stem=facts.stem)}
