"""Parquet tables with the column names that LensKit's loaders look for.

They are ``user_id``, ``item_id``, ``rating`` and ``timestamp``, the last an instant and no number.
Checked against LensKit 2025.8.1.
"""

from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from mobench.data.dataset import Split
from mobench.data.export.base import Facts, Target, Writer

README = """\
# {stem} for LensKit

The split of mobench: train.parquet, val.parquet and test.parquet with raw ids, and items.parquet
with all items of the dataset.

```python
import pandas as pd
from lenskit.data import DatasetBuilder, ItemListCollection

builder = DatasetBuilder("{stem}")
builder.add_entities("item", pd.read_parquet("items.parquet")["item_id"])
builder.add_interactions(
    "rating",
    pd.read_parquet("train.parquet"),
    entities=["user", "item"],
    missing="insert",
    default=True,
)
train = builder.build()
test = ItemListCollection.from_df(pd.read_parquet("test.parquet"), ["user_id"])
```

The items come first, so that those without a train row can be recommended, too, as in mobench.
LensKit leaves out the user's train rows; for test mobench leaves out val rows as well.
"""


class ParquetWriter:
    """Writes a Parquet table a part at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: pq.ParquetWriter | None = None

    def write(self, frame: pl.DataFrame) -> None:
        """Append rows; the first time, even without any, the columns."""
        table = _plain(frame.to_arrow())
        if self._file is None:
            self._file = pq.ParquetWriter(self._path, table.schema, compression="zstd")
        if table.num_rows:
            self._file.write_table(table)

    def close(self) -> None:
        """Write the footer."""
        if self._file is not None:
            self._file.close()


class LensKit(Target):
    """One Parquet table a split; any id fits."""

    name = "lenskit"

    def review_file(self, stem: str, split: Split) -> str:
        """Return ``train.parquet`` and so on."""
        return f"{split}.parquet"

    def item_file(self, stem: str) -> str:
        """Return ``items.parquet``."""
        return "items.parquet"

    def reviews(self, rows: pl.LazyFrame) -> pl.LazyFrame:
        """Return the rows with times as instants."""
        return rows.with_columns(pl.col("timestamp").cast(pl.Datetime("ms")))

    def items(self, items: pl.LazyFrame) -> pl.LazyFrame:
        """Return the items as they are."""
        return items

    def open(self, path: Path) -> Writer:
        """Begin a file."""
        return ParquetWriter(path)

    def texts(self, facts: Facts) -> dict[str, str]:
        """Return the README."""
        return {"README.md": README.format(stem=facts.stem)}


def _plain(table: pa.Table) -> pa.Table:
    """Return a table with ordinary texts: not every reader knows the large ones of polars."""
    large = pa.types.is_large_string
    fields = [pa.field(f.name, pa.string() if large(f.type) else f.type) for f in table.schema]
    return table.cast(pa.schema(fields))
