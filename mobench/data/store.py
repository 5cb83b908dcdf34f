"""Coded rows as arrays, in memory or on disk where there are too many of them.

On disk they lie in parts by user, so that what concerns one user's rows can be done part by part.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, ClassVar, Generic, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from mobench.data.codes import Codes

T = TypeVar("T", bound="Arrays")
S = TypeVar("S", bound="Arrays")


@dataclass(frozen=True)
class Arrays:
    """A record of aligned arrays ``[N]``, with the types ``TYPES``."""

    TYPES: ClassVar[tuple[Any, ...]]

    @classmethod
    def empty(cls, n: int) -> Self:
        """Return a record to be filled."""
        return cls(*(np.empty(n, dtype) for dtype in cls.TYPES))

    def __len__(self) -> int:
        """Return N."""
        return len(self.columns()[0])

    def columns(self) -> list[NDArray[Any]]:
        """Return the arrays in the order of the fields."""
        return [getattr(self, field.name) for field in fields(self)]

    def take(self, which: NDArray[np.bool_] | NDArray[np.int64]) -> Self:
        """Return some of the rows, chosen by a mask or by positions."""
        if which.dtype == np.bool_:
            which = np.flatnonzero(which)  # faster than a mask a column
        return type(self)(*(column.take(which) for column in self.columns()))


@dataclass(frozen=True)
class Rows(Arrays):
    """Coded rows in source order, arrays ``[N]``.

    Attributes:
        user: Codes from 0, not necessarily dense.
        item: Codes from 0, not necessarily dense.
        timestamp: Milliseconds since 1970 UTC.
        rating: NaN in sources without ratings.
    """

    TYPES: ClassVar[tuple[Any, ...]] = (np.int32, np.int32, np.int64, np.float32)

    user: Codes
    item: Codes
    timestamp: NDArray[np.int64]
    rating: NDArray[np.float32]


@dataclass(frozen=True)
class PlacedRows(Rows):
    """Some of all rows, with their places in the source."""

    TYPES: ClassVar[tuple[Any, ...]] = (*Rows.TYPES, np.int64)

    place: NDArray[np.int64]


class Parts(ABC, Generic[T]):
    """Records of arrays, one or more, that together are a whole."""

    @abstractmethod
    def __iter__(self) -> Iterator[T]:
        """Yield one part after another; only one of them need be in memory."""

    @abstractmethod
    def update(self, change: Callable[[T], T]) -> None:
        """Replace every part by what ``change`` makes of it."""

    @abstractmethod
    def derived(self, kind: type[S], make: Callable[[T], S]) -> "Parts[S]":
        """Return other records, of type ``kind``, made of the parts."""


@dataclass
class InMemory(Parts[T]):
    """A whole in one part."""

    part: T

    def __iter__(self) -> Iterator[T]:
        """Yield it."""
        yield self.part

    def update(self, change: Callable[[T], T]) -> None:
        """Replace it."""
        self.part = change(self.part)

    def derived(self, kind: type[S], make: Callable[[T], S]) -> "Parts[S]":
        """Return the other record."""
        return InMemory(make(self.part))


@dataclass(frozen=True)
class OnDisk(Parts[T]):
    """Parts in files of plain numbers, one a field.

    Attributes:
        folder: Holds the files; made and removed by the caller.
        kind: The record that a part is.
        n_parts: Their number.
    """

    folder: Path
    kind: type[T]
    n_parts: int

    def __iter__(self) -> Iterator[T]:
        """Yield each part, read anew."""
        for number in range(self.n_parts):
            files = zip(self._paths(number), self.kind.TYPES, strict=True)
            yield self.kind(*(np.fromfile(path, dtype) for path, dtype in files))

    def update(self, change: Callable[[T], T]) -> None:
        """Write each part anew."""
        for number, part in enumerate(self):
            self._write(number, change(part), "wb")

    def derived(self, kind: type[S], make: Callable[[T], S]) -> "Parts[S]":
        """Return the others in a folder inside this one."""
        folder = self.folder / kind.__name__
        folder.mkdir()
        others = OnDisk(folder, kind, self.n_parts)
        for number, part in enumerate(self):
            others.append(number, make(part))
        return others

    def append(self, number: int, rows: T) -> None:
        """Add rows to the end of a part."""
        self._write(number, rows, "ab")

    def _write(self, number: int, rows: T, mode: str) -> None:
        for path, column in zip(self._paths(number), rows.columns(), strict=True):
            with path.open(mode) as file:
                file.write(column.data)  # tofile does not notice that the disk is full

    def _paths(self, number: int) -> list[Path]:
        return [self.folder / f"{field.name}-{number}" for field in fields(self.kind)]


def whole(parts: Parts[Rows]) -> Rows:
    """Return all rows in source order.

    Args:
        parts: One part, or several of ``PlacedRows``.
    """
    every = list(parts)
    if len(every) == 1:
        return Rows(*every[0].columns()[: len(Rows.TYPES)])
    *columns, place = (np.concatenate(c) for c in zip(*(p.columns() for p in every), strict=True))
    return Rows(*columns).take(np.argsort(place))
