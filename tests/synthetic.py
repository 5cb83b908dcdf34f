"""A small dataset with a planted answer, written as a real artifact."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from mobench.artifacts import Artifact, Draft, draft_manifest

N_CLASSES = 4


def planted(
    path: Path, n_users: int = 120, n_items: int = 60, per_user: int = 12, seed: int = 0
) -> Artifact:
    """Users of class c mostly take items of class c; class 0 items are popular and cheap."""
    rng = np.random.default_rng(seed)
    item_class = np.arange(n_items) % N_CLASSES
    appeal = 1.0 / (1 + np.arange(n_items) // N_CLASSES)
    user, item = [], []
    for u in range(n_users):
        match = np.where(item_class == u % N_CLASSES, 8.0, 1.0) * appeal
        user += [u] * per_user
        item += rng.choice(n_items, per_user, replace=False, p=match / match.sum()).tolist()
    split = np.tile(["train"] * (per_user - 2) + ["val", "test"], n_users)
    return write(
        path, np.array(user), np.array(item), split, rng.lognormal(2, 1, n_items), item_class
    )


def write(
    path: Path,
    user: np.ndarray,
    item: np.ndarray,
    split: np.ndarray,
    price: np.ndarray,
    fair: np.ndarray,
    n_pop: int = 5,
) -> Artifact:
    """Write arrays as a dataset artifact."""
    n_items, train = len(price), split == "train"
    n_train = np.bincount(item[train], minlength=n_items).astype(np.int32)
    pop = np.zeros(n_items, np.int16)
    for group, members in enumerate(np.array_split(np.argsort(-n_train, kind="stable"), n_pop)):
        pop[members] = group
    with Draft.start(path, draft_manifest("dataset", {}, {}, [])) as draft:
        draft.write_table(
            "interactions.parquet",
            {
                "user": user.astype(np.int32),
                "item": item.astype(np.int32),
                "timestamp": np.arange(len(user), dtype=np.int64),
                "rating": np.full(len(user), 5, np.float32),
                "split": pa.array(split.tolist()).dictionary_encode(),
            },
        )
        users = np.unique(user).astype(np.int32)
        draft.write_table(
            "users.parquet",
            {
                "user": users,
                "user_id": [f"u{u}" for u in users],
                "n_train": np.bincount(user[train], minlength=len(users)).astype(np.int32),
            },
        )
        draft.write_table(
            "items.parquet",
            {
                "item": np.arange(n_items, dtype=np.int32),
                "item_id": [f"i{i}" for i in range(n_items)],
                "price": price,
                "revenue": price,
                "fair_group": fair.astype(np.int16),
                "pop_group": pop,
                "n_train": n_train,
            },
        )
        draft.write_table("groups.parquet", groups(fair, pop, n_train))
        return draft.finish({"n_users": len(users), "n_items": n_items})


def groups(fair: np.ndarray, pop: np.ndarray, n_train: np.ndarray) -> pa.Table:
    """Return the rows of groups.parquet."""
    rows = [
        {
            "kind": kind,
            "id": group,
            "label": f"{kind} {group}",
            "n_items": int((codes == group).sum()),
            "n_train": int(n_train[codes == group].sum()),
            "target_share": float(n_train[codes == group].sum() / n_train.sum()),
        }
        for kind, codes in (("fair", fair), ("pop", pop))
        for group in range(int(codes.max()) + 1)
    ]
    return pa.Table.from_pylist(rows)
