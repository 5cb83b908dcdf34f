"""User and item vectors made by any tool, as the base of an MF run.

One Parquet file with a row per vector: ``kind`` is ``user`` or ``item``, ``id`` is the raw id (text
or integer, as in users.parquet and items.parquet of the dataset), ``vector`` is a list of numbers
that is equally long everywhere. The score of a pair is the inner product of its two vectors.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from mobench.config import TrainConfig, build
from mobench.data.dataset import Dataset
from mobench.errors import DataError
from mobench.manifest import Input
from mobench.tables import sha256
from mobench.training.inherit import SHARED
from mobench.training.vector_file import blocks, open_file, read_ids, read_kinds

Kind = Literal["user", "item"]
KINDS: tuple[Kind, ...] = ("user", "item")


@dataclass(frozen=True)
class Side:
    """The vectors of all users, or of all items, of a dataset.

    Attributes:
        table: By code, float32, ``[U, D]`` or ``[I, D]``; who has no vector has the mean.
        missing: How many have no vector of their own.
        unused: Vectors in the file whose id the dataset does not have.
    """

    table: NDArray[np.float32]
    missing: int
    unused: int


@dataclass(frozen=True)
class Vectors:
    """What a file of vectors gave for one dataset."""

    path: Path
    digest: str
    users: Side
    items: Side

    @property
    def width(self) -> int:
        """D, the length of the vectors."""
        return int(self.users.table.shape[1])

    def as_input(self) -> Input:
        """Return the record that a run keeps of the file."""
        return Input(role="vectors", path=str(self.path), sha256=self.digest)

    def counts(self) -> dict[str, int]:
        """Return how well the file and the dataset cover each other."""
        return {
            "users_missing": self.users.missing,
            "items_missing": self.items.missing,
            "users_unused": self.users.unused,
            "items_unused": self.items.unused,
        }


def read_vectors(path: Path, dataset: Dataset, max_missing: float) -> Vectors:
    """Read vectors for the users and items of a dataset.

    A user without a vector gets the mean of the other users', an item that of the other items'.

    Args:
        path: The Parquet file.
        dataset: Whose users and items need vectors.
        max_missing: Share of the users, and of the items, that may lack one, in [0, 1].

    Raises:
        DataError: The file cannot be read or has another layout; a vector is there twice, has
            another length than the others or is not finite; too many are missing.
    """
    with open_file(path) as file:
        known = {kind: _ids(dataset, kind) for kind in KINDS}
        found = file.read(["kind", "id"])
        kinds, ids = read_kinds(path, found), read_ids(path, found)
        codes = {kind: _codes(path, kind, kinds, ids, known[kind]) for kind in KINDS}
        for kind in KINDS:
            _check_missing(
                path, kind, codes[kind], ids.filter(pc.equal(kinds, kind)), known[kind], max_missing
            )
        tables = _tables(path, file, ids, codes, {k: len(v) for k, v in known.items()})
    sides = [_side(tables[kind], codes[kind], pc.equal(kinds, kind)) for kind in KINDS]
    return Vectors(path, sha256(path), *sides)


def base_config(config: TrainConfig) -> TrainConfig:
    """Return the config of the base of vectors that a run starts from: what both look at."""
    also = (
        "seed",
        "device",
        "threads",
        "preset",
        "k",
        "max_missing",
        "n_candidates",
    )
    names = config.model_fields_set.intersection((*SHARED, *also))
    given = {name: getattr(config, name) for name in names}
    return build(TrainConfig, {**given, "method": "base"})


def _ids(dataset: Dataset, kind: Kind) -> pa.Array:
    """Return the raw ids of a dataset's users or items, in the order of their codes."""
    columns = dataset.artifact.read(f"{kind}s.parquet", [kind, f"{kind}_id"])
    return pa.array(columns[f"{kind}_id"][np.argsort(columns[kind])], pa.string())


def _codes(
    path: Path, kind: Kind, kinds: pa.Array, ids: pa.Array, known: pa.Array
) -> NDArray[np.int64]:
    """Return the code of each row of the file, −1 where it is of the other kind or not known.

    Raises:
        DataError: An id is there twice.
    """
    places = pc.index_in(ids, value_set=known)
    codes = pc.if_else(pc.equal(kinds, kind), places, None).fill_null(-1).to_numpy()
    used = np.sort(codes[codes >= 0])
    again = used[1:][used[1:] == used[:-1]]
    if len(again):
        raise DataError(
            f"'{path}' has {len(again):,} {kind} vectors more than ids,"
            f" for example a second one of '{known[int(again[0])]}'",
            "keep one vector for each id.",
        )
    return np.asarray(codes, dtype=np.int64)


def _check_missing(
    path: Path,
    kind: Kind,
    codes: NDArray[np.int64],
    given: pa.Array,
    known: pa.Array,
    allowed: float,
) -> None:
    """Raise ``DataError`` where too many users or items have no vector."""
    found = np.zeros(len(known), dtype=np.bool_)
    found[codes[codes >= 0]] = True
    missing = int((~found).sum())
    if missing <= allowed * len(known) and missing < len(known):
        return
    example = known[int(np.argmin(found))]
    message = f"'{path}' has no vector for {missing:,} of {len(known):,} {kind}s"
    if missing == len(known):
        theirs = f"its ids look like '{given[0]}'" if len(given) else "it has none at all"
        raise DataError(
            f"{message}: the dataset's ids look like '{example}', {theirs}",
            f"write the raw ids, those of {kind}s.parquet in the dataset.",
        )
    raise DataError(
        f"{message}, for example '{example}'",
        f"export them too; or let {missing / len(known):.0%} of them have the mean vector with"
        f" --set max_missing={min(1.0, np.ceil(100 * missing / len(known)) / 100):g}.",
    )


def _tables(
    path: Path,
    file: pq.ParquetFile,
    ids: pa.Array,
    codes: dict[Kind, NDArray[np.int64]],
    sizes: dict[Kind, int],
) -> dict[Kind, NDArray[np.float32]]:
    """Return the vectors by code; rows of who has none are zero."""
    tables: dict[Kind, NDArray[np.float32]] = {}
    for start, block in blocks(path, file, ids):
        if not tables:
            shape = block.shape[1]
            tables = {k: np.zeros((n, shape), dtype=np.float32) for k, n in sizes.items()}
        for kind, table in tables.items():
            rows = codes[kind][start : start + len(block)]
            table[rows[rows >= 0]] = block[rows >= 0]
    return tables


def _side(table: NDArray[np.float32], codes: NDArray[np.int64], mine: pa.Array) -> Side:
    """Give the mean to who has no vector, and count."""
    found = np.zeros(len(table), dtype=np.bool_)
    found[codes[codes >= 0]] = True
    missing = int((~found).sum())
    if missing:
        table[~found] = table.mean(0, dtype=np.float64, where=found[:, None])
    return Side(table, missing, int(pc.sum(mine).as_py() or 0) - int(found.sum()))
