"""Small raw files for the tests."""

import gzip
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from mobench.config import PrepConfig
from mobench.data.prep import Prepared, prepare

HEADER = "user_id,parent_asin,rating,timestamp\n"
START = 1_546_300_800_000  # 2019-01-01 UTC
DAY = 86_400_000
TABLES = ("interactions", "users", "items", "groups", "funnel")
SMALL = {"source": ("reviews.csv",), "meta": ("meta.jsonl",), "k_core": 3}


def write_csv(path: Path, rows: Iterable[Sequence[object]], header: str = HEADER) -> Path:
    text = header + "".join(",".join(map(str, row)) + "\n" for row in rows)
    return write(path, text)


def write_jsonl(path: Path, records: Iterable[Any]) -> Path:
    return write(path, "".join(json.dumps(record) + "\n" for record in records))


def write(path: Path, text: str | bytes) -> Path:
    data = text.encode() if isinstance(text, str) else text
    path.write_bytes(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)
    return path


def reviews(
    n_users: int = 30, n_items: int = 20, share: float = 0.5, seed: int = 0
) -> list[tuple[str, str, float, int]]:
    """Rows in random order, each user's times distinct."""
    rng = np.random.default_rng(seed)
    rows = []
    for user in range(n_users):
        for item in np.flatnonzero(rng.random(n_items) < share):
            time = START + int(rng.integers(900)) * DAY + int(item)
            rows.append((f"U{user}", f"I{item}", float(rng.integers(1, 6)), time))
    return [rows[i] for i in rng.permutation(len(rows))]


def metadata(n_items: int = 20) -> list[dict[str, Any]]:
    """Items in four leaf categories below one root; every fourth has no price."""
    return [
        {
            "parent_asin": f"I{item}",
            "title": f"Thing &amp; {item}",
            "price": None if item % 4 == 3 else 10.0 + item,
            "categories": ["Shop", f"Leaf {item % 4}"],
        }
        for item in range(n_items)
    ]


def run(name: str = "out", **values: Any) -> Prepared:
    return prepare(PrepConfig(**{**SMALL, **values}), Path(name), replace=True)


def table(name: str, where: str = "out") -> pl.DataFrame:
    return pl.read_parquet(Path(where) / f"{name}.parquet")


def hashes(made: Prepared) -> dict[str, str]:
    return {entry.path: entry.sha256 for entry in made.artifact.manifest.files}


def csv_text(rows: list[tuple[str, str, float, int]]) -> str:
    return "".join(",".join(map(str, row)) + "\n" for row in rows)
