"""The dataset in memory: frozen records of NumPy arrays, read from its artifact."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mobench.artifacts import Artifact
from mobench.errors import ArtifactError

Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = ("train", "val", "test")


@dataclass(frozen=True)
class Interactions:
    """Rows of one split, sorted by user, time and source order.

    Attributes:
        user: Codes in [0, n_users), ``[N]`` int32.
        item: Codes in [0, n_items), ``[N]`` int32.
        timestamp: Milliseconds since 1970 UTC, ``[N]`` int64.
    """

    user: NDArray[np.int32]
    item: NDArray[np.int32]
    timestamp: NDArray[np.int64]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.user)


@dataclass(frozen=True)
class Items:
    """What is known about the items, arrays ``[I]``.

    Attributes:
        price: Price, 0 where it is missing (what rHit counts).
        revenue: What training for revenue counts (filled and transformed by prep), at least 0.
        fair_group: Fairness group, codes into ``Dataset.fair_labels``.
        pop_group: Popularity group, 0 the most popular.
        n_train: Train rows.
    """

    price: NDArray[np.float64]
    revenue: NDArray[np.float64]
    fair_group: NDArray[np.int16]
    pop_group: NDArray[np.int16]
    n_train: NDArray[np.int32]


@dataclass(frozen=True)
class Dataset:
    """A prepared dataset; ``kind`` leaves room for sessions and feeds."""

    name: str
    kind: Literal["interactions"]
    n_users: int
    n_items: int
    splits: dict[Split, Interactions]
    items: Items
    fair_labels: tuple[str, ...]
    target_share: NDArray[np.float64]
    artifact: Artifact

    @classmethod
    def load(cls, path: Path, *, verify: bool = True) -> "Dataset":
        """Read a dataset artifact.

        Args:
            path: Its directory.
            verify: Compare the files with their recorded hashes first.

        Raises:
            ArtifactError: It is missing, incomplete, changed or of another kind.
        """
        artifact = Artifact.open(path, "dataset")
        if verify:
            artifact.verify()
        items = _items(artifact)
        labels, share = _groups(artifact)
        return cls(
            name=path.name,
            kind="interactions",
            n_users=_rows(artifact, "users.parquet"),
            n_items=len(items.n_train),
            splits=_splits(artifact),
            items=items,
            fair_labels=labels,
            target_share=share,
            artifact=artifact,
        )

    @property
    def has_prices(self) -> bool:
        """Whether any item brings revenue."""
        return bool((self.items.revenue > 0).any())


def _items(artifact: Artifact) -> Items:
    names = ["price", "revenue", "fair_group", "pop_group", "n_train"]
    columns = artifact.read("items.parquet", names)
    columns["price"] = np.nan_to_num(columns["price"].astype(np.float64), nan=0.0)
    return Items(**columns)


def _splits(artifact: Artifact) -> dict[Split, Interactions]:
    columns = artifact.read("interactions.parquet", ["user", "item", "timestamp", "split"])
    split = columns.pop("split")
    return {
        name: Interactions(**{k: v[split == name] for k, v in columns.items()}) for name in SPLITS
    }


def _groups(artifact: Artifact) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    """Return the fairness labels and the popularity groups' wanted shares, both in id order."""
    groups = artifact.read("groups.parquet", ["kind", "id", "label", "target_share"])
    fair, pop = groups["kind"] == "fair", groups["kind"] == "pop"
    labels = groups["label"][fair][np.argsort(groups["id"][fair])]
    share = groups["target_share"][pop][np.argsort(groups["id"][pop])]
    return tuple(map(str, labels)), share.astype(np.float64)


def _rows(artifact: Artifact, name: str) -> int:
    for entry in artifact.manifest.files:
        if entry.path == name and entry.rows is not None:
            return entry.rows
    raise ArtifactError(f"'{artifact.path}' has no '{name}'", "make it again with 'mobench prep'.")
