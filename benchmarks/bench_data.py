"""Synthetic reviews in the files of Amazon Reviews 2023: power-law users and items, text ids."""

import json
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

LETTERS = np.array(list("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"))
LEAVES, START, SPAN = 12, 1_300_000_000_000, 380_000_000_000


def power_law(
    n: int, size: int, exponent: float, shift: float, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Draw ``size`` of ``n`` things, the r-th most frequent in proportion to (r + shift)^−exponent.

    Which of them is the r-th is random.
    """
    edges = np.cumsum((np.arange(n) + shift) ** -exponent)
    drawn = np.searchsorted(edges / edges[-1], rng.random(size)).clip(max=n - 1)
    return np.asarray(rng.permutation(n)[drawn])


def names(prefix: str, n: int, length: int, rng: np.random.Generator) -> list[str]:
    """Return ``n`` random texts of one length, as good as surely distinct."""
    letters = LETTERS[rng.integers(len(LETTERS), size=(n, length - len(prefix)))]
    return [prefix + "".join(row) for row in letters.tolist()]


def distinct(
    user: NDArray[np.int64], item: NDArray[np.int64], n_rows: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return at most ``n_rows`` different pairs in random order."""
    stride = int(item.max()) + 1
    keys = rng.permutation(np.unique(user * stride + item))[:n_rows]
    return keys // stride, keys % stride


def write_sparse(path: Path, n_rows: int, seed: int) -> None:
    """Write a shop's reviews: 8 rows a user, 24 an item, pairs all different, random order."""
    rng = np.random.default_rng(seed)
    n_users, n_items = max(n_rows // 8, 20), max(n_rows // 24, 20)
    more = n_rows + n_rows // 3
    user = power_law(n_users, more, 0.7, n_users / 400, rng)
    item = power_law(n_items, more, 0.95, 10, rng)
    user, item = distinct(user, item, n_rows, rng)
    _write(path, user, item, names("AE", n_users, 28, rng), names("B0", n_items, 10, rng), rng)


def write_dense(path: Path, meta: Path, n_rows: int, seed: int) -> None:
    """Write reviews as dense as MovieLens-1M (a pair in 23), and metadata of their items."""
    rng = np.random.default_rng(seed)
    n_users, n_items = (int(n * (n_rows / 950_000) ** 0.5) for n in (6040, 3700))
    user = power_law(n_users, 2 * n_rows, 0.6, n_users / 60, rng)
    item = power_law(n_items, 2 * n_rows, 0.9, n_items / 20, rng)
    user, item = distinct(user, item, n_rows, rng)
    items = names("B0", n_items, 10, rng)
    _write(path, user, item, names("AE", n_users, 28, rng), items, rng)
    _write_meta(meta, items, rng)


def write_sized(path: Path, meta: Path, shape: tuple[int, int], n_rows: int, seed: int) -> None:
    """Write exactly ``n_rows`` reviews of (users, items) and metadata; 3 rows a user at least."""
    rng = np.random.default_rng(seed)
    n_users, n_items = shape
    keys = np.concatenate((np.arange(n_users), rng.integers(n_users, size=n_items))) * n_items
    keys[n_users:] += np.arange(n_items)  # every item once
    keys[:n_users] += power_law(n_items, n_users, 0.95, 10, rng)
    while len(keys := np.unique(keys)) < n_rows:
        poor = np.flatnonzero(np.bincount(keys // n_items, minlength=n_users) < 3)
        missing = n_rows - len(keys)
        user = poor if len(poor) else power_law(n_users, missing, 0.7, n_users / 400, rng)
        item = power_law(n_items, len(user), 0.95, 10, rng)
        keys = np.concatenate((keys, user * n_items + item))
    keys = rng.permutation(keys)
    items = names("B0", n_items, 10, rng)
    users = names("AE", n_users, 28, rng)
    _write(path, keys // n_items, keys % n_items, users, items, rng)
    _write_meta(meta, items, rng)


def _write_meta(meta: Path, items: list[str], rng: np.random.Generator) -> None:
    n_items = len(items)
    leaf, price = rng.integers(LEAVES, size=n_items), rng.lognormal(2.8, 1.0, n_items)
    with meta.open("w", encoding="utf-8") as out:
        for code, name in enumerate(items):
            path_to = ["All", f"Leaf {leaf[code]}"]
            record = {"parent_asin": name, "price": round(price[code], 2), "categories": path_to}
            out.write(json.dumps(record) + "\n")


def _write(
    path: Path,
    user: NDArray[np.int64],
    item: NDArray[np.int64],
    users: list[str],
    items: list[str],
    rng: np.random.Generator,
) -> None:
    stars = rng.choice([1.0, 2.0, 3.0, 4.0, 5.0], len(user), p=[0.08, 0.07, 0.15, 0.27, 0.43])
    columns = {
        "user_id": pl.Series(users).gather(user),
        "parent_asin": pl.Series(items).gather(item),
        "rating": stars,
        "timestamp": START + (rng.beta(3, 1.3, len(user)) * SPAN).astype(np.int64),
    }
    pl.DataFrame(columns).write_csv(path)
