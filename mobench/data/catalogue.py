"""What metadata says about the items of a dataset, cleaned as it comes in."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mobench.data.prices import parse_price

CategoryPath = tuple[str, ...]
"""A category from the root to the leaf."""
_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass
class Catalogue:
    """Titles, prices and category paths of known items, in the order of ``ids``.

    Ids that nobody asked for are ignored, so metadata of a whole shop costs no memory. When an id
    comes more than once its first record counts, and later ones only fill what it left open.
    """

    ids: Sequence[str]
    title: list[str | None] = field(init=False)
    price: list[float | None] = field(init=False)
    price_note: list[str] = field(init=False)
    paths: list[tuple[CategoryPath, ...]] = field(init=False)
    n_repeated: int = 0

    def __post_init__(self) -> None:
        self._index = {item_id: position for position, item_id in enumerate(self.ids)}
        self._seen = bytearray(len(self.ids))
        self.title = [None] * len(self.ids)
        self.price = [None] * len(self.ids)
        self.price_note = ["no metadata"] * len(self.ids)
        self.paths = [()] * len(self.ids)

    def add(self, item_id: str, title: object, price: object, categories: object) -> None:
        """Take one metadata record, with values as the file has them."""
        position = self._index.get(item_id)
        if position is None:
            return
        self.n_repeated += self._seen[position]
        self._seen[position] = 1
        if self.title[position] is None:
            self.title[position] = clean_text(title)
        if self.price[position] is None:
            self.price[position], self.price_note[position] = parse_price(price)
        if not self.paths[position]:
            self.paths[position] = clean_paths(categories)

    @property
    def prices(self) -> NDArray[np.float64]:
        """Prices ``[I]``, NaN where there is none."""
        return np.array([np.nan if price is None else price for price in self.price], np.float64)

    def take(self, positions: NDArray[np.int64]) -> "Catalogue":
        """Return the catalogue of some of the items."""
        part = Catalogue([self.ids[p] for p in positions], n_repeated=self.n_repeated)
        part.title = [self.title[p] for p in positions]
        part.price = [self.price[p] for p in positions]
        part.price_note = [self.price_note[p] for p in positions]
        part.paths = [self.paths[p] for p in positions]
        return part


def clean_text(value: object) -> str | None:
    """Return text with entities resolved and white space collapsed; ``None`` if nothing is left.

    Python literals may hold surrogates, which no file can store: pairs are joined, halves replaced.
    """
    if not isinstance(value, str):
        return None
    text = html.unescape(value) if "&" in value else value
    if _SURROGATE.search(text):
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return " ".join(text.split()) or None


def clean_paths(value: object) -> tuple[CategoryPath, ...]:
    """Return category paths: from one label, one list of levels, or several such lists."""
    if not isinstance(value, list):
        value = [value]
    several = [level for level in value if isinstance(level, list)] or [value]
    paths = [tuple(t for level in path if (t := clean_text(level))) for path in several]
    return tuple(dict.fromkeys(path for path in paths if path))
