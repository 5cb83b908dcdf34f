"""The other ways of ``bench_prep.py``, one a process: ``python bench_prep_ways.py WAY SOURCE OUT``.

The loops do the whole job of ``mobench prep`` without its checks and records: ratings of at least
3, the latest row per pair, the 5-core, a user's last row to test and the one before to val, codes,
Parquet. They print their counts as JSON.
"""

import hashlib
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

USER, ITEM, TIME = "user_id", "parent_asin", "timestamp"
KEEP, CORE = 3.0, 5
SPLITS = {"test": 0, "val": 1}


def rewrite(source: Path, out: Path) -> Mapping[str, int]:
    """Read the file and write it as Parquet: no way can do less."""
    import polars as pl

    pl.read_csv(source).write_parquet(out / "rows.parquet", compression="lz4")
    return {}


def sha256(source: Path, out: Path) -> Mapping[str, int]:
    """Hash the file."""
    with source.open("rb") as file:
        (out / "sha256").write_text(hashlib.file_digest(file, "sha256").hexdigest())
    return {}


def integers(source: Path, out: Path) -> Mapping[str, int]:
    """Read and filter the file, and write as many rows of three integers: all that any way must."""
    import numpy as np
    import polars as pl

    rated = pl.scan_csv(source).filter(pl.col("rating") >= KEEP).select(USER, ITEM, TIME)
    frame = rated.collect(engine="streaming")
    codes = np.arange(frame.height, dtype=np.int32)
    columns = {USER: codes // 8, ITEM: codes % 40_000, TIME: frame[TIME]}
    pl.DataFrame(columns).write_parquet(out / "rows.parquet", compression="lz4", statistics=False)
    return {}


def polars(source: Path, out: Path) -> Mapping[str, int]:
    """Count with window functions until nothing changes."""
    import polars as pl

    frame = pl.read_csv(source).filter(pl.col("rating") >= KEEP).sort(TIME, maintain_order=True)
    frame = frame.unique([USER, ITEM], keep="last", maintain_order=True)
    before = -1
    while frame.height != before:
        before = frame.height
        frame = frame.filter(pl.len().over(USER) >= CORE)
        frame = frame.filter(pl.len().over(ITEM) >= CORE)
    frame = frame.with_columns(pl.col(USER, ITEM).rank("dense").cast(pl.Int32))
    frame = frame.sort(USER, TIME, maintain_order=True)
    left = pl.len().over(USER).cast(pl.Int64) - pl.int_range(pl.len()).over(USER) - 1
    frame = frame.with_columns(left=left)
    parts = {name: frame.filter(left=place) for name, place in SPLITS.items()}
    parts["train"] = frame.filter(pl.col("left") > 1)
    for name, part in parts.items():
        part.drop("left").write_parquet(out / f"{name}.parquet")
    sizes = {f"n_{name}": part.height for name, part in parts.items()}
    return {"n_users": frame[USER].n_unique(), "n_items": frame[ITEM].n_unique(), **sizes}


def pandas(source: Path, out: Path) -> Mapping[str, int]:
    """Group and filter until nothing changes, as most published scripts do."""
    import pandas as pd

    frame = pd.read_csv(source)
    frame = frame[frame["rating"] >= KEEP].sort_values(TIME, kind="stable")
    frame = frame.drop_duplicates([USER, ITEM], keep="last")
    before = -1
    while len(frame) != before:
        before = len(frame)
        for column in (USER, ITEM):
            frame = frame[frame.groupby(column)[column].transform("size") >= CORE]
    frame = frame.assign(**{name: pd.factorize(frame[name])[0] for name in (USER, ITEM)})
    frame = frame.sort_values([USER, TIME], kind="stable")
    left = frame.groupby(USER).cumcount(ascending=False)
    parts = {name: frame[left == place] for name, place in SPLITS.items()}
    parts["train"] = frame[left > 1]
    for name, part in parts.items():
        part.to_parquet(out / f"{name}.parquet", index=False)
    sizes = {f"n_{name}": len(part) for name, part in parts.items()}
    return {"n_users": frame[USER].nunique(), "n_items": frame[ITEM].nunique(), **sizes}


def replay(source: Path, out: Path) -> Mapping[str, int]:
    """Do it with RePlay's filters, encoder and splitter on polars frames (no check for repeats)."""
    import polars as pl
    from replay.preprocessing.filters import InteractionEntriesFilter, LowRatingFilter
    from replay.preprocessing.label_encoder import LabelEncoder, LabelEncodingRule
    from replay.splitters import LastNSplitter

    frame = pl.read_csv(source)
    frame = LowRatingFilter(value=KEEP, rating_column="rating").transform(frame)
    core = {"min_inter_per_user": CORE, "min_inter_per_item": CORE}
    frame = InteractionEntriesFilter(USER, ITEM, **core).transform(frame)
    rules = [LabelEncodingRule(USER), LabelEncodingRule(ITEM)]
    frame = LabelEncoder(rules).fit_transform(frame)
    names = {"divide_column": USER, "query_column": USER, "item_column": ITEM}
    splitter = LastNSplitter(N=1, timestamp_column=TIME, **names)
    rest, test = splitter.split(frame)
    train, val = splitter.split(rest)
    parts = {"train": train, "val": val, "test": test}
    for name, part in parts.items():
        part.write_parquet(out / f"{name}.parquet")
    sizes = {f"n_{name}": part.height for name, part in parts.items()}
    return {"n_users": frame[USER].n_unique(), "n_items": frame[ITEM].n_unique(), **sizes}


WAYS: dict[str, Callable[[Path, Path], Mapping[str, int]]] = {
    "rewrite": rewrite,
    "integers": integers,
    "sha256": sha256,
    "polars": polars,
    "pandas": pandas,
    "replay": replay,
}

if __name__ == "__main__":
    way, source, out = sys.argv[1:]
    print(json.dumps(WAYS[way](Path(source), Path(out))))
