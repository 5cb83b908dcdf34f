"""The embedded demo: a cut of Complete Journey 2.0 (84.51°), shipped with mobench.

One timestamp covers a whole basket, so the order of the rows inside one means nothing: ties in time
are broken at random unless the user says otherwise. Fairness groups are the three largest
departments and the rest, as its README explains.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import polars as pl

import mobench
from mobench.data.catalogue import Catalogue
from mobench.data.clock import Unit
from mobench.data.files import SourceFile
from mobench.data.schema import REVIEWS, Rejects
from mobench.data.sources.base import Source, require
from mobench.errors import ConfigError, DataError

INTERACTIONS = ("user_id", "item_id", "timestamp")
ITEMS = ("item_id", "title", "department", "category", "price")


def folder() -> Path:
    """Return where the demo's tables are: inside an installed package, or in a checkout.

    Raises:
        DataError: They are in neither place.
    """
    package = Path(mobench.__file__).parent
    for place in (package / "demo", package.parent / "data" / "demo"):
        if (place / "interactions.parquet").is_file():
            return place
    raise DataError("the embedded demo is missing from this installation", "install mobench again.")


class Demo(Source):
    """Two Parquet tables with text ids, times in milliseconds, prices, and two category levels."""

    name = "demo"
    label = "demo (Complete Journey 2.0, embedded)"
    defaults: ClassVar[Mapping[str, Any]] = {
        "tie_break": "random",
        "fair_level": "0",
        "fair_groups": 4,
    }
    is_named = True

    def files(self, text: str) -> list[SourceFile]:
        """Return the two tables.

        Raises:
            ConfigError: Something follows the name.
        """
        if text != self.name:
            raise ConfigError(f"'{text}' is unknown", f"the embedded set is '{self.name}'.")
        place = folder()
        return [
            SourceFile("reviews", place / "interactions.parquet", "demo/interactions.parquet"),
            SourceFile("metadata", place / "items.parquet", "demo/items.parquet"),
        ]

    def recognises(self, head: bytes) -> bool:
        """Recognise nothing: the demo is asked for by name."""
        return False

    def check_reviews(self, file: SourceFile, head: bytes) -> Unit:
        """Require the three columns."""
        require(file, INTERACTIONS, list(pl.read_parquet_schema(file.path)))
        return "ms"

    def check_items(self, file: SourceFile, head: bytes) -> None:
        """Require the five columns."""
        require(file, ITEMS, list(pl.read_parquet_schema(file.path)))

    def read_reviews(
        self, file: SourceFile, unit: Unit | None, rejects: Rejects
    ) -> Iterator[pl.DataFrame]:
        """Read all rows; there are no ratings."""
        frame = pl.read_parquet(file.path, columns=list(INTERACTIONS))
        user, item, time = (pl.col(name) for name in INTERACTIONS)
        yield frame.select(user=user, item=item, rating=None, timestamp=time).cast(REVIEWS)

    def read_items(self, file: SourceFile, catalogue: Catalogue, rejects: Rejects) -> int:
        """Read all items; department and category are the two levels of a path."""
        frame = pl.read_parquet(file.path, columns=list(ITEMS))
        for item, title, department, category, price in frame.iter_rows():
            catalogue.add(item, title, price, [department, category])
        return frame.height
