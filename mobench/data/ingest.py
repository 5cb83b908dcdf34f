"""Frames of raw rows into coded rows, in memory that the number of rows does not change."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import polars as pl

from mobench.data.codes import Codes, IdCoder
from mobench.data.filters import rated_at_least
from mobench.data.store import InMemory, OnDisk, Parts, PlacedRows, Rows

ROW_BYTES = 100
"""Memory that a row costs at the worst moment, copies included (20 bytes by itself)."""


@dataclass(frozen=True)
class Coded:
    """All rows rated high enough, as codes.

    Attributes:
        parts: The rows.
        user_ids: Raw id of each user code, in order of first appearance in all rows.
        item_ids: Raw id of each item code, likewise.
        n_rows: Rows before the minimum rating.
        is_rated: Whether any row had a rating.
    """

    parts: Parts[Rows]
    user_ids: pl.Series
    item_ids: pl.Series
    n_rows: int
    is_rated: bool


@dataclass
class Ingest:
    """Takes frames of the schema ``REVIEWS``.

    Attributes:
        users: Codes the users.
        items: Codes the items.
        min_rating: Rows rated lower are counted and dropped.
        folder: Where rows go that memory does not hold; it exists.
        memory: Bytes for rows.
    """

    users: IdCoder
    items: IdCoder
    min_rating: float
    folder: Path
    memory: float
    chunks: list[Rows] = field(default_factory=list)
    spilled: list[int] = field(default_factory=list)
    n_rows: int = 0
    n_kept: int = 0
    is_rated: bool = False

    def take(self, frames: Iterable[pl.DataFrame]) -> Coded:
        """Code all frames."""
        waiting: list[pl.DataFrame] = []
        for frame in frames:
            waiting.append(frame)
            if sum(one.height for one in waiting) >= self.users.chunk:
                self._code(pl.concat(waiting))
                waiting.clear()
        if waiting:
            self._code(pl.concat(waiting))
        return self._finish()

    def _code(self, frame: pl.DataFrame) -> None:
        rows = Rows(
            self.users.add(frame["user"]),
            self.items.add(frame["item"]),
            frame["timestamp"].to_numpy(),
            frame["rating"].fill_null(np.nan).to_numpy(),
        )
        self.is_rated |= not np.isnan(rows.rating).all()
        rows = rated_at_least(rows, self.min_rating)
        rows = Rows(rows.user, rows.item, rows.timestamp, rows.rating.astype(np.float32))
        self.n_rows += frame.height
        self.n_kept += len(rows)
        self.chunks.append(rows)
        if self.n_kept * ROW_BYTES > self.memory:
            self._spill()

    def _spill(self) -> None:
        for rows in self.chunks:
            OnDisk(self.folder, Rows, 0).append(len(self.spilled), rows)
            self.spilled.append(len(rows))
        self.chunks.clear()

    def _finish(self) -> Coded:
        users, items = self.users.finish(), self.items.finish()
        if self.spilled:
            self._spill()
            parts: Parts[Rows] = self._partition(users.codes_of, items.codes_of)
        else:
            parts = InMemory(self._join(users.codes_of, items.codes_of))
        return Coded(parts, users.ids, items.ids, self.n_rows, self.is_rated)

    def _join(self, users: list[Codes] | None, items: list[Codes] | None) -> Rows:
        """Return all chunks as one, each released once it is copied."""
        if len(self.chunks) == 1:
            return recoded(self.chunks[0], 0, users, items)
        joined = Rows.empty(self.n_kept)
        start = 0
        for number in range(len(self.chunks)):
            rows = recoded(self.chunks[number], number, users, items)
            self.chunks[number] = Rows.empty(0)
            for target, column in zip(joined.columns(), rows.columns(), strict=True):
                target[start : start + len(rows)] = column
            start += len(rows)
        return joined

    def _partition(self, users: list[Codes] | None, items: list[Codes] | None) -> OnDisk[Rows]:
        """Deal the chunks on disk out to parts by user, each a quarter of the memory."""
        n_parts = int(4 * self.n_kept * ROW_BYTES / self.memory) + 1
        folder = self.folder / "parts"
        folder.mkdir()
        parts = OnDisk[Rows](folder, PlacedRows, n_parts)
        start = 0
        for number, chunk in enumerate(OnDisk(self.folder, Rows, len(self.spilled))):
            rows = recoded(chunk, number, users, items)
            place = np.arange(start, start + len(rows))
            placed = PlacedRows(rows.user, rows.item, rows.timestamp, rows.rating, place)
            start += len(rows)
            part_of = rows.user % n_parts
            order = np.argsort(part_of, kind="stable")
            ends = np.searchsorted(part_of[order], np.arange(n_parts + 1))
            for part in range(n_parts):
                parts.append(part, placed.take(order[ends[part] : ends[part + 1]]))
        return parts


def recoded(rows: Rows, chunk: int, users: list[Codes] | None, items: list[Codes] | None) -> Rows:
    """Return the rows of a chunk with their final codes."""
    user = rows.user if users is None else users[chunk].take(rows.user)
    item = rows.item if items is None else items[chunk].take(rows.item)
    return Rows(user, item, rows.timestamp, rows.rating)
