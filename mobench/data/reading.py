"""The files of a plan into frames; what cannot be used is counted on the way."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

from mobench.data.catalogue import Catalogue
from mobench.data.plan import Plan, Track
from mobench.data.schema import Rejects
from mobench.errors import DataError


@dataclass
class Reader:
    """Reads the files of a plan, each kind once.

    Attributes:
        plan: The files and their format.
        track: Told which file is being read.
        rejects: Review rows that cannot be used.
        item_rejects: Metadata rows that cannot be used.
        n_rows: Rows of each file, rejected ones included, by name.
    """

    plan: Plan
    track: Track
    rejects: Rejects = field(default_factory=Rejects)
    item_rejects: Rejects = field(default_factory=lambda: Rejects("metadata"))
    n_rows: dict[str, int] = field(default_factory=dict)

    def reviews(self) -> Iterator[pl.DataFrame]:
        """Yield the usable rows of all review files, in the order of the files.

        Raises:
            DataError: There are no rows, or too many cannot be used.
        """
        for file in self.plan.having("reviews"):
            self.track(f"reading {file.name}")
            n_before, n_usable = len(self.rejects), 0
            unit = self.plan.units[file.name]
            for frame in self.plan.source.read_reviews(file, unit, self.rejects):
                n_usable += frame.height
                yield frame
            self.n_rows[file.name] = n_usable + len(self.rejects) - n_before
        n_rows = sum(self.n_rows.values())
        if not n_rows:
            raise DataError(f"'{self.plan.files[0].name}' has no rows", "is the download complete?")
        self.rejects.check(n_rows, self.plan.config.max_rejected)

    def catalogue(self, ids: list[str]) -> Catalogue:
        """Return what the metadata files say about the items ``ids``.

        Raises:
            DataError: Too many metadata rows cannot be used.
        """
        catalogue = Catalogue(ids)
        n_rows = 0
        for file in self.plan.having("metadata"):
            self.track(f"reading {file.name}")
            found = self.plan.item_sources[file.name].read_items(file, catalogue, self.item_rejects)
            self.n_rows[file.name] = found
            n_rows += found
        self.item_rejects.check(n_rows, self.plan.config.max_rejected)
        return catalogue
