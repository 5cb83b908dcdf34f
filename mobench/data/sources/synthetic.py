"""Synthetic reviews with a planted answer, asked for as ``synthetic:rows=1e6,seed=3``.

The generator is imported where it is used: most calls of prep have no need of it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from mobench.data.catalogue import Catalogue
from mobench.data.clock import Unit
from mobench.data.files import SourceFile
from mobench.data.schema import Rejects
from mobench.data.sources.base import Source

if TYPE_CHECKING:
    from mobench.data.synthetic.generator import Synthetic

NAME = "synthetic"
ITEMS = f"{NAME} items"
"""What the metadata are called, for every input has a name of its own."""
ROOT = "Synthetic"


class SyntheticSource(Source):
    """Rows and items that are generated while they are read."""

    name = NAME
    label = "synthetic (latent classes, Zipf popularity)"
    is_named = True

    def files(self, text: str) -> list[SourceFile]:
        """Return reviews and metadata, named by the spec without what is default.

        Raises:
            ConfigError: The spec has an unknown key or a value that it cannot have.
        """
        from mobench.data.synthetic.spec import parse

        spec = parse(text.partition(":")[2]).text
        review, metadata = (f"{name}:{spec}" if spec else name for name in (NAME, ITEMS))
        return [
            SourceFile("reviews", Path(review), review),
            SourceFile("metadata", Path(metadata), metadata),
        ]

    def digest(self, file: SourceFile) -> str:
        """Return the SHA-256 of the spec and the generator's version."""
        return _data(file).spec.digest

    def recognises(self, head: bytes) -> bool:
        """Recognise nothing: it is asked for by name."""
        return False

    def check_reviews(self, file: SourceFile, head: bytes) -> Unit:
        """Accept: the spec was checked when it was read."""
        return "ms"

    def check_items(self, file: SourceFile, head: bytes) -> None:
        """Accept: the spec was checked when it was read."""

    def read_reviews(
        self, file: SourceFile, unit: Unit | None, rejects: Rejects
    ) -> Iterator[pl.DataFrame]:
        """Generate the rows."""
        return _data(file).frames()

    def read_items(self, file: SourceFile, catalogue: Catalogue, rejects: Rejects) -> int:
        """Generate the items."""
        data = _data(file)
        items, n_items = data.items, data.spec.items
        columns = zip(data.item_ids, items.category.tolist(), items.price.tolist(), strict=True)
        for number, (item_id, category, price) in enumerate(columns):
            kind = f"Kind {category:02d}"
            known = None if np.isnan(price) else price
            catalogue.add(item_id, f"{kind}, number {number}", known, [ROOT, kind])
        return n_items


def _data(file: SourceFile) -> "Synthetic":
    from mobench.data.synthetic.generator import Synthetic
    from mobench.data.synthetic.spec import parse

    return Synthetic(parse(file.name.partition(":")[2]))
