"""The Parquet file behind ``--candidates``: scores that any model gave some items of each user.

Columns ``user`` and ``item`` hold raw ids (text or integer, as in users.parquet and items.parquet
of the dataset), ``score`` a number, the larger the better. The file may be wrong in any way: rows
that cannot be used are counted, and it is read in blocks.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import torch
from numpy.typing import NDArray

from mobench.config import TrainConfig
from mobench.data.dataset import Dataset
from mobench.errors import DataError
from mobench.manifest import Input
from mobench.models import Listed
from mobench.models.listed import UNLISTED
from mobench.tables import sha256
from mobench.training.vector_file import read_ids

COLUMNS = ("user", "item", "score")
LAYOUT = "write the columns user, item (ids as in your raw data) and score (a number)."
BLOCK = 1 << 18
"""Rows of the file that are held as text at once."""
MOST_ROWS = 1 << 28
"""Rows of a file at most: 200 for each of a million users, at 16 bytes each."""

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Tally:
    """What became of the rows of a file.

    Attributes:
        rows: Rows of the file.
        users_unknown: Rows of users that the dataset does not have.
        items_unknown: Other rows of items that it does not have.
        seen: Other rows of items that the user has in train; they are never recommended.
        beyond: Other rows behind the best ``n_candidates`` of their user.
        users_missing: Users with a held-out item and no row that is left.
    """

    rows: int
    users_unknown: int
    items_unknown: int
    seen: int
    beyond: int
    users_missing: int


@dataclass(frozen=True)
class CandidateFile:
    """What a file of scores gave for one dataset.

    Attributes:
        path: The file.
        digest: Its hash.
        codes: Items of each user, best first, ``[U, C]`` int32; I fills.
        scores: Their scores scaled per user to [0, 1], ``[U, C]`` float32.
        tally: What became of its rows.
    """

    path: Path
    digest: str
    codes: NDArray[np.int32]
    scores: NDArray[np.float32]
    tally: Tally

    def as_input(self) -> Input:
        """Return the record that a run keeps of the file."""
        return Input(role="candidates", path=str(self.path), sha256=self.digest)

    def model(self, n_items: int) -> Listed:
        """Return the model that scores as the file does."""
        return Listed(torch.from_numpy(self.codes), torch.from_numpy(self.scores), n_items)


def read_candidates(path: Path, dataset: Dataset, config: TrainConfig) -> CandidateFile:
    """Read the best ``n_candidates`` of each user of a dataset.

    Raises:
        DataError: The file cannot be read, is huge or has another layout; a pair is there twice, a
            score is no number; more than ``max_missing`` of the users to be judged have no list.
    """
    with _open(path) as file:
        known = [_ids(dataset, kind) for kind in ("user", "item")]
        blocks = list(_blocks(path, file, *known))
    user, item, score = (np.concatenate(part) for part in zip(*blocks, strict=True))
    rows = len(user)
    unknown = user < 0
    fits = ~unknown & (item >= 0)
    if not fits.any():
        raise DataError(
            f"'{path}' has no row with a user and an item of the dataset",
            f"its ids look like '{known[0][0]}' and '{known[1][0]}'; write the raw ids.",
        )
    pairs = user * dataset.n_items + item
    _check_once(path, pairs[fits])
    left = fits & ~np.isin(pairs, _pairs_of_train(dataset))
    user, item, score = user[left], item[left], score[left]
    order = np.lexsort((-score, user))
    user, item, score = user[order], item[order], score[order]
    column = _columns(user)
    width = min(config.n_candidates, dataset.n_items)
    kept = column < width
    codes = np.full((dataset.n_users, width), dataset.n_items, np.int32)
    codes[user[kept], column[kept]] = item[kept]
    scores = np.full((dataset.n_users, width), UNLISTED, np.float64)
    scores[user[kept], column[kept]] = _scaled(user[kept], column[kept], score[kept])
    tally = Tally(
        rows=rows,
        users_unknown=int(unknown.sum()),
        items_unknown=int((~unknown & ~fits).sum()),
        seen=int(fits.sum() - left.sum()),
        beyond=int((~kept).sum()),
        users_missing=_missing(path, dataset, codes, config.max_missing),
    )
    return CandidateFile(path, sha256(path), codes, scores.astype(np.float32), tally)


def _open(path: Path) -> pq.ParquetFile:
    try:
        file = pq.ParquetFile(path)
    except FileNotFoundError as error:
        raise DataError(f"--candidates '{path}' does not exist", LAYOUT) from error
    except (OSError, pa.ArrowInvalid) as error:
        why = str(error).splitlines()[0].rstrip(".")
        raise DataError(f"--candidates '{path}' is no Parquet file: {why}", LAYOUT) from error
    names = file.schema_arrow.names
    for column in COLUMNS:
        if column not in names:
            listed = ", ".join(names) or "none"
            raise DataError(f"'{path}' has no column '{column}', only {listed}", LAYOUT)
    kind = file.schema_arrow.field("score").type
    if not (pa.types.is_floating(kind) or pa.types.is_integer(kind)):
        raise DataError(f"column 'score' of '{path}' holds {kind}, not numbers", LAYOUT)
    if not 0 < file.metadata.num_rows <= MOST_ROWS:
        raise DataError(
            f"'{path}' has {file.metadata.num_rows:,} rows, and at most {MOST_ROWS:,} can be read",
            "write the best 200 or so of each user.",
        )
    return file


def _blocks(
    path: Path, file: pq.ParquetFile, users: pa.Array, items: pa.Array
) -> Iterator[tuple[Ints, Ints, NDArray[np.float64]]]:
    """Yield codes (−1 for unknown ids) and scores, block by block.

    Raises:
        DataError: A score is no number, an id is missing, or the file breaks off.
    """
    try:
        for batch in file.iter_batches(BLOCK, columns=[*COLUMNS]):
            table = pa.Table.from_batches([batch])
            codes = [
                pc.index_in(read_ids(path, table, column), value_set=known).fill_null(-1)
                for column, known in (("user", users), ("item", items))
            ]
            score = table.column("score").cast(pa.float64()).fill_null(np.nan).to_numpy()
            if not np.isfinite(score).all():
                raise DataError(
                    f"'{path}' has scores that are no finite numbers", "leave these rows out."
                )
            user, item = (code.to_numpy().astype(np.int64) for code in codes)
            yield user, item, score
    except (OSError, pa.ArrowInvalid) as error:
        why = str(error).splitlines()[0].rstrip(".")
        raise DataError(f"'{path}' cannot be read: {why}", "write it again.") from error


def _ids(dataset: Dataset, kind: str) -> pa.Array:
    """Return the raw ids of a dataset's users or items, in the order of their codes."""
    columns = dataset.artifact.read(f"{kind}s.parquet", [kind, f"{kind}_id"])
    return pa.array(columns[f"{kind}_id"][np.argsort(columns[kind])], pa.string())


def _pairs_of_train(dataset: Dataset) -> Ints:
    train = dataset.splits["train"]
    return train.user.astype(np.int64) * dataset.n_items + train.item


def _check_once(path: Path, pairs: Ints) -> None:
    again = len(pairs) - len(np.unique(pairs))
    if again:
        raise DataError(
            f"'{path}' has {again:,} rows whose user and item come twice",
            "keep one score for each pair.",
        )


def _columns(user: Ints) -> Ints:
    """Return the place of each row among those of its user, for ascending users."""
    starts = np.flatnonzero(np.append(True, user[1:] != user[:-1])) if len(user) else user
    lengths = np.diff(np.append(starts, len(user)))
    return np.arange(len(user)) - np.repeat(starts, lengths)


def _scaled(user: Ints, column: Ints, score: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return scores scaled to [0, 1] per user, 1 where all of a user are equal.

    Args:
        user: Ascending, ``[N]``.
        column: Place of each row among those of its user, the best first, ``[N]``.
        score: ``[N]``; halved first, so that no span is infinite.
    """
    if not len(score):
        return score
    first = np.flatnonzero(column == 0)
    last = np.append(first[1:], len(user)) - 1
    lengths = last - first + 1
    high, low = (np.repeat(score[at] / 2, lengths) for at in (first, last))
    span = high - low
    shares = (score / 2 - low) / np.where(span > 0, span, 1.0)
    return np.where(span > 0, shares, 1.0)


def _missing(path: Path, dataset: Dataset, codes: NDArray[np.int32], allowed: float) -> int:
    """Return how many users with a held-out item have no list.

    Raises:
        DataError: More than is allowed.
    """
    judged = np.unique(np.concatenate([dataset.splits[s].user for s in ("val", "test")]))
    missing = int((codes[judged, 0] == dataset.n_items).sum())
    if missing > allowed * len(judged):
        share = np.ceil(missing / len(judged) * 1000) / 1000
        raise DataError(
            f"'{path}' has no unseen item for {missing:,} of {len(judged):,} users",
            f"add them, or accept it with --set max_missing={share:g}.",
        )
    return missing
