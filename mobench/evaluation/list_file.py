"""Recommendations of any tool: one Parquet file, read in blocks, brought into our terms.

The file may be wrong in any way. A row that cannot be used is left out and counted, whatever is
wrong with it; what is held is never more than a block and the lists that come out.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from mobench.data.dataset import Dataset
from mobench.errors import DataError

BLOCK = 1 << 19
"""Rows of the file that are held at once."""
LAYOUT = "write the columns user_id, item_id (as in your raw data) and rank (from 1) or score."
KINDS = ("user", "item")

Ints = NDArray[np.int64]
Marks = NDArray[np.bool_]


@dataclass
class Tally:
    """What became of the rows of a file.

    Attributes:
        rows: Rows of the file.
        no_value: Rows without a user, an item, or a rank or score that is a number.
        unknown_users: Other rows of users that the dataset does not have.
        unknown_items: Other rows of items that it does not have.
        not_held_out: Other rows of users who have no held-out item.
        seen: Other rows of items that are masked.
        duplicates: Other rows whose pair of user and item comes again, at a better place.
        missing_users: Users with a held-out item and no list.
        short_lists: Users with a list of fewer than K items.
    """

    rows: int = 0
    no_value: int = 0
    unknown_users: int = 0
    unknown_items: int = 0
    not_held_out: int = 0
    seen: int = 0
    duplicates: int = 0
    missing_users: int = 0
    short_lists: int = 0

    def why_empty(self) -> str:
        """Return what became of the rows where none could be used."""
        words = {
            "no_value": "without user, item or a number",
            "unknown_users": "of users that the dataset does not have",
            "unknown_items": "of items that the dataset does not have",
            "not_held_out": "of users without a held-out item",
            "seen": "of items that are masked",
        }
        found = [f"{n:,} {words[name]}" for name, n in asdict(self).items() if name in words and n]
        return ", ".join([f"{self.rows:,} row{'' if self.rows == 1 else 's'}", *found])

    def as_dict(self) -> dict[str, int]:
        """Return the counts by name."""
        return asdict(self)


@dataclass
class Lists:
    """The best K rows of every user so far, in order: user by user, the best first.

    Args:
        k: K.
        keys: Pairs of user and item that are masked, ``user · I + item``, ascending.
        held_out: Whether each user has a held-out item, ``[U]``.
        n_items: I.
    """

    k: int
    keys: Ints
    held_out: Marks
    n_items: int
    tally: Tally = field(default_factory=Tally)
    user: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    item: Ints = field(default_factory=lambda: np.zeros(0, np.int64))
    order: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))

    def add(self, user: Ints, item: Ints, order: NDArray[np.float64], known: Marks) -> None:
        """Take a block of rows.

        Args:
            user: Codes, −1 for one that the dataset does not have.
            item: The same of items.
            order: What the rows of a user are sorted by, the smallest first.
            known: Whether the row has all three.
        """
        tally, pairs = self.tally, user * self.n_items + item
        tally.rows += len(user)
        use = known.copy()
        tally.no_value += int((~known).sum())
        tally.unknown_users += _leave_out(use, user < 0)
        tally.unknown_items += _leave_out(use, item < 0)
        tally.not_held_out += _leave_out(use, ~self.held_out[user])
        place = np.searchsorted(self.keys, pairs).clip(max=max(len(self.keys) - 1, 0))
        tally.seen += _leave_out(use, self.keys[place] == pairs) if len(self.keys) else 0
        self._merge(user[use], item[use], order[use])

    def _merge(self, user: Ints, item: Ints, order: NDArray[np.float64]) -> None:
        """Put rows to those that are there, each pair once, K of a user; the first of equals."""
        user, item = np.append(self.user, user), np.append(self.item, item)
        order = np.append(self.order, order)
        by_pair = np.lexsort((order, item, user))  # stable: what came first stays first
        pairs = user[by_pair] * self.n_items + item[by_pair]
        again = np.zeros(len(pairs), np.bool_)
        again[1:] = pairs[1:] == pairs[:-1]
        self.tally.duplicates += int(again.sum())
        rows = np.sort(by_pair[~again])
        rows = rows[np.lexsort((order[rows], user[rows]))]
        rows = rows[_places(user[rows]) < self.k]
        self.user, self.item, self.order = user[rows], item[rows], order[rows]

    def matrix(self, users: NDArray[np.int32]) -> NDArray[np.int32]:
        """Return the lists of ``users [R]``, ``[R, K]``; −1 fills them. Ends the counting."""
        lists = np.full((len(self.held_out), self.k), -1, np.int32)
        lists[self.user, _places(self.user)] = self.item
        lengths = (lists[self.held_out] >= 0).sum(1)
        self.tally.missing_users = int((lengths == 0).sum())
        self.tally.short_lists = int(((lengths > 0) & (lengths < self.k)).sum())
        return np.asarray(lists[users])


def _leave_out(use: Marks, wrong: Marks) -> int:
    """Remove the wrong ones from those in use; return how many went."""
    gone = use & wrong
    use &= ~gone
    return int(gone.sum())


def _places(user: Ints) -> Ints:
    """Return the place of each row among those of its user, from 0, for ascending users."""
    starts = np.flatnonzero(np.append(True, user[1:] != user[:-1])) if len(user) else user
    lengths = np.diff(np.append(starts, len(user)))
    return np.arange(len(user)) - np.repeat(starts, lengths)


def read(path: Path, dataset: Dataset, lists: Lists) -> None:
    """Read a file into ``lists``.

    Columns ``user_id`` and ``item_id`` hold ids as in the raw data, ``user`` and ``item`` the codes
    of the dataset, as our own artifacts do.

    Raises:
        DataError: It is no Parquet file, lacks a column, has a rank below 0, or no row of use.
    """
    file = open_file(path)
    names = file.schema_arrow.names
    users, items = (_column(path, names, kind) for kind in KINDS)
    by = next((name for name in ("rank", "score") if name in names), None)
    if by is None:
        raise DataError(f"'{path}' has neither column 'rank' nor 'score'", LAYOUT)
    for name in (users, items, by):
        _check_type(path, file.schema_arrow.field(name), text=name.endswith("_id"))
    ids = [_ids(dataset, kind) for kind in KINDS]
    for batch in _batches(path, file, [users, items, by]):
        user, item = (
            _codes(batch.column(n), each, are_ids=name.endswith("_id"))
            for n, (name, each) in enumerate(zip((users, items), ids, strict=True))
        )
        value = pc.cast(batch.column(2), pa.float64()).fill_null(np.nan).to_numpy()
        known = ~np.isnan(value)
        for column in batch.columns[:2]:
            known &= column.is_valid().to_numpy(zero_copy_only=False)
        if by == "rank" and (value < 0).any():
            raise DataError(f"column 'rank' of '{path}' goes below 0: the best is 1", LAYOUT)
        lists.add(user, item, value if by == "rank" else -value, known)
    if not len(lists.user):
        raise DataError(f"no row of '{path}' can be used: {lists.tally.why_empty()}", LAYOUT)


def open_file(path: Path) -> pq.ParquetFile:
    """Open a Parquet file.

    Raises:
        DataError: It is missing, or no Parquet file.
    """
    try:
        return pq.ParquetFile(path)
    except FileNotFoundError as error:
        raise DataError(f"--recommendations '{path}' does not exist", LAYOUT) from error
    except (OSError, pa.ArrowInvalid) as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: Exception) -> DataError:
    why = str(error).splitlines()[0].rstrip(".")
    return DataError(f"--recommendations '{path}' cannot be read as Parquet: {why}", LAYOUT)


def _batches(path: Path, file: pq.ParquetFile, names: list[str]) -> Iterator[pa.RecordBatch]:
    try:
        yield from file.iter_batches(BLOCK, columns=names)
    except (OSError, pa.ArrowInvalid) as error:
        raise _unreadable(path, error) from error


def _column(path: Path, names: list[str], kind: str) -> str:
    found = [name for name in (f"{kind}_id", kind) if name in names]
    if not found:
        listed = ", ".join(names) or "none"
        raise DataError(f"'{path}' has no column '{kind}_id', only {listed}", LAYOUT)
    return found[0]


def _check_type(path: Path, found: pa.Field, *, text: bool) -> None:
    kind = found.type.value_type if pa.types.is_dictionary(found.type) else found.type
    allowed = [pa.types.is_integer] if found.name in KINDS or text else []
    allowed += [pa.types.is_string, pa.types.is_large_string] if text else []
    allowed += (
        [pa.types.is_integer, pa.types.is_floating] if found.name in ("rank", "score") else []
    )
    if not any(fits(kind) for fits in allowed):
        what = "text or integers" if text else "integers" if found.name in KINDS else "numbers"
        hint = (
            LAYOUT if found.name not in KINDS else f"call ids of your raw data '{found.name}_id'."
        )
        raise DataError(f"column '{found.name}' of '{path}' holds {found.type}, not {what}", hint)


def _ids(dataset: Dataset, kind: str) -> pa.Array:
    columns = dataset.artifact.read(f"{kind}s.parquet", [kind, f"{kind}_id"])
    return pa.array(columns[f"{kind}_id"][np.argsort(columns[kind])].astype(str))


def _codes(column: pa.Array, ids: pa.Array, *, are_ids: bool) -> Ints:
    """Return the codes of a column of ids or of codes, −1 for what is none."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if are_ids:
        found = pc.index_in(column.cast(pa.string()), value_set=ids)
        return np.asarray(found.fill_null(-1).to_numpy().astype(np.int64))
    codes = column.cast(pa.int64(), safe=False).fill_null(-1).to_numpy()
    return np.where((codes >= 0) & (codes < len(ids)), codes, -1)
