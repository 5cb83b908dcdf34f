"""Synthetic reviews with a planted answer, in blocks that can each be made alone.

A row is drawn independently of the others: a user by activity, the user's class (or, with drift,
the second one), a category and item class, an item by popularity, a rating and a time. Every block
of ``BLOCK`` rows has a random stream of its own, so rows depend on nothing but the spec and their
number, and memory is that of one block and the items. ``mobench.data.synthetic.truth`` has the
distributions in closed form.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from mobench.data.schema import REVIEWS
from mobench.data.synthetic.ids import long_ids, mixed, short_ids
from mobench.data.synthetic.items import Floats, Ints, SyntheticItems, synthetic_items
from mobench.data.synthetic.spec import Spec
from mobench.seeds import Seeds

BLOCK = 1 << 17
"""Rows of a block: part of what the rows are (change ``VERSION`` with it)."""
START = 1_546_300_800_000  # 2019-01-01 UTC
DAY = 86_400_000
CSV_HEADER = "user_id,parent_asin,rating,timestamp\n"
ITEM_ID = 10
"""Characters of an Amazon item id."""
BELOW_ONE = 1 - 2.0**-40
"""Keeps class + uniform number from being rounded up to the next class."""


@dataclass(frozen=True)
class SyntheticRows:
    """Rows as numbers, arrays ``[N]``.

    Attributes:
        user: Codes in [0, users).
        item: Codes in [0, items).
        rating: 1 to 5, NaN where there are no ratings.
        timestamp: Milliseconds since 1970 UTC.
    """

    user: Ints
    item: Ints
    rating: Floats
    timestamp: Ints


@dataclass(frozen=True)
class Synthetic:
    """The data set of one spec."""

    spec: Spec

    @cached_property
    def items(self) -> SyntheticItems:
        """What is true of the items."""
        return synthetic_items(self.spec)

    @property
    def n_blocks(self) -> int:
        """The number of blocks."""
        return -(-self.spec.rows // BLOCK)

    def rows(self, block: int) -> SyntheticRows:
        """Return the rows of one block, of 0 … n_blocks−1."""
        spec = self.spec
        first = block * BLOCK
        n = min(BLOCK, spec.rows - first)
        draw = Seeds(spec.seed).numpy(f"synthetic rows {block}")
        when = draw.random(n)
        if spec.ordered:
            when = (first + np.arange(n) + when) / spec.rows
        user = active(draw.random(n), spec)
        latent = user_class(user, spec)
        if spec.drift:
            late = draw.random(n) < spec.drift * when
            latent = np.where(late, second_class(user, spec), latent)
        item = self._picked(latent, draw)
        if spec.repeats:
            again = _repeated(draw.random(n) < spec.repeats, draw)
            user, item = user[again], item[again]
        rating = _ratings(spec, n, draw)
        time = START + (when * spec.days * DAY).astype(np.int64)
        return SyntheticRows(user, item, rating, time)

    def frame(self, block: int) -> pl.DataFrame:
        """Return a block with text ids and the schema ``REVIEWS``."""
        rows = self.rows(block)
        rating = pl.Series(rows.rating, dtype=pl.Float64)
        return pl.DataFrame(
            {
                "user": self.user_ids(rows.user),
                "item": self.item_ids.gather(rows.item),
                "rating": rating if self.spec.ratings else pl.repeat(None, len(rating), eager=True),
                "timestamp": rows.timestamp,
            },
            schema=REVIEWS,
        )

    def frames(self) -> Iterator[pl.DataFrame]:
        """Yield all blocks in order."""
        return map(self.frame, range(self.n_blocks))

    def user_ids(self, codes: Ints) -> pl.Series:
        """Return the text ids of users."""
        if self.spec.id_length:
            return long_ids("A", codes, self.spec.id_length, self._key("users"))
        return short_ids("u", codes, self.spec.users)

    @cached_property
    def item_ids(self) -> pl.Series:
        """The text ids of all items: ten characters where those of users are long."""
        codes = np.arange(self.spec.items)
        if self.spec.id_length:
            return long_ids("B0", codes, ITEM_ID, self._key("items"))
        return short_ids("i", codes, self.spec.items)

    def _key(self, kind: str) -> int:
        return Seeds(self.spec.seed).integer(f"synthetic ids of {kind}")

    @cached_property
    def _sums(self) -> tuple[Floats, Ints, Ints, Floats]:
        """Return what ``_picked`` looks up.

        For each class of users the sums of the chances of the cells, one class after the other
        ``[C·K·C]``; the items by cell, then popularity ``[I]``; where each cell begins there
        ``[K·C + 1]``; and the sums of the items' shares before each and after the last ``[I + 1]``.
        """
        items = self.items
        chances = np.cumsum(items.cell_given_class, axis=1)
        chances /= chances[:, -1:]
        order = np.lexsort((-items.popularity, items.cell))
        starts = np.searchsorted(items.cell[order], np.arange(chances.shape[1] + 1))
        shares = np.append(0.0, np.cumsum(items.popularity[order]))
        return (chances + np.arange(len(chances))[:, None]).ravel(), order, starts, shares

    def _picked(self, latent: Ints, draw: np.random.Generator) -> Ints:
        """Return an item for each user class ``[N]``: one uniform number finds cell and item."""
        chances, order, starts, shares = self._sums
        n_cells = len(starts) - 1
        key = latent + draw.random(len(latent)) * BELOW_ONE
        by_key = np.argsort(key)  # looking up in order takes a fifth of the time
        key = key[by_key]
        place = np.searchsorted(chances, key, side="right")
        width = np.diff(chances, prepend=0.0)
        within = 1 - (chances[place] - key) / width[place]
        cell = place % n_cells
        edges = shares[starts]
        wanted = edges[cell] + within * np.diff(edges)[cell]
        found = np.searchsorted(shares, wanted, side="right") - 1
        item = np.empty(len(latent), np.int64)
        # rounding must not lead into the next cell
        item[by_key] = order[np.clip(found, starts[cell], starts[cell + 1] - 1)]
        return item


def active(uniform: Floats, spec: Spec) -> Ints:
    """Return users by activity: the chance of the first r is (r / users) to the 1 − activity."""
    share = uniform ** (1 / (1 - spec.activity)) if spec.activity else uniform
    return np.minimum((share * spec.users).astype(np.int64), spec.users - 1)


def user_class(users: Ints, spec: Spec) -> Ints:
    """Return the class of users: equally likely, and computed rather than stored."""
    return _hashed(users, "classes", spec.seed, spec.classes)


def second_class(users: Ints, spec: Spec) -> Ints:
    """Return the class that users drift to: another one, where there is another."""
    if spec.classes == 1:
        return user_class(users, spec)
    step = 1 + _hashed(users, "second classes", spec.seed, spec.classes - 1)
    return (user_class(users, spec) + step) % spec.classes


def write_csv(path: Path, spec: Spec) -> None:
    """Write the reviews as the official CSV of Amazon Reviews 2023, in bounded memory."""
    with path.open("wb") as file:
        file.write(CSV_HEADER.encode())
        for frame in Synthetic(spec).frames():
            frame.write_csv(file, include_header=False)


def _hashed(users: Ints, what: str, seed: int, n: int) -> Ints:
    bits = mixed(users, Seeds(seed).integer(f"synthetic {what}"))
    return ((bits >> np.uint64(20)) % np.uint64(n)).astype(np.int64)


def _repeated(again: NDArray[np.bool_], draw: np.random.Generator) -> Ints:
    """Return for each row the row whose pair it takes: its own, or an earlier one that does."""
    again[0] = False
    own = np.flatnonzero(~again)
    source = np.arange(len(again))
    repeats = np.flatnonzero(again)
    n_before = np.searchsorted(own, repeats)
    source[repeats] = own[(draw.random(len(repeats)) * n_before).astype(np.int64)]
    return source


def _ratings(spec: Spec, n: int, draw: np.random.Generator) -> Floats:
    if spec.ratings is None:
        return np.full(n, np.nan)
    level = np.searchsorted(np.cumsum(spec.ratings[:-1]), draw.random(n), side="right")
    return level + np.ones(n)
