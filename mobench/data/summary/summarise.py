"""The summary of a dataset, computed from its artifact."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from mobench.artifacts import Artifact
from mobench.data.dataset import SPLITS, Split
from mobench.data.summary.distributions import curve, gini, periods, spread
from mobench.data.summary.pricing import price_facts, priced
from mobench.data.summary.records import (
    Group,
    Popularity,
    Rejected,
    SplitFacts,
    Stage,
    Summary,
    Ties,
    Times,
)
from mobench.data.summary.refused import examples

Table = Mapping[str, NDArray[Any]]


def summarise(artifact: Artifact) -> Summary:
    """Compute the summary of a dataset artifact.

    Raises:
        ArtifactError: One of its tables cannot be read.
    """
    results = artifact.manifest.results
    rows = _rows(artifact)
    items = artifact.read("items.parquet", ["price", "fair_group", "pop_group", "n_train"])
    n_users, n_items = results["n_users"], results["n_items"]
    return Summary(
        rows=len(rows["user"]),
        users=n_users,
        items=n_items,
        density=len(rows["user"]) / (n_users * n_items),
        has_time=results.get("has_time", True),
        funnel=_funnel(artifact.read("funnel.parquet")),
        splits=_splits(rows, n_users, n_items),
        times=_times(rows),
        ties=_ties(rows, results),
        groups=_groups(artifact.read("groups.parquet"), items),
        category_coverage=results["category_coverage"],
        fair_level=results["fair_level"],
        prices=price_facts(items, results, artifact.manifest.config["missing_price"]),
        rows_per_user=spread(np.bincount(rows["user"], minlength=n_users)),
        rows_per_item=spread(np.bincount(rows["item"], minlength=n_items)),
        popularity=_popularity(items["n_train"].astype(np.int64)),
        rejected=Rejected(results["n_rejected"], results["rejected"], examples(artifact)),
    )


def _rows(artifact: Artifact) -> Table:
    """Return the rows; ``split`` holds places in ``SPLITS``, for text is slow to compare."""
    columns = artifact.read("interactions.parquet", ["user", "item", "timestamp"])
    text = pq.read_table(artifact.path / "interactions.parquet", columns=["split"]).column("split")
    codes = pc.index_in(text, value_set=pa.array(SPLITS, pa.string())).to_numpy()
    return {**columns, "split": codes.astype(np.int8)}


def _funnel(table: Table) -> list[Stage]:
    columns = [table[name].tolist() for name in ("stage", "rows", "users", "items")]
    read = columns[1][0]
    return [
        Stage(stage, rows, users, items, kept=rows / read)
        for stage, rows, users, items in zip(*columns, strict=True)
    ]


def _splits(rows: Table, n_users: int, n_items: int) -> list[SplitFacts]:
    """Describe each split; what has no train row is cold."""
    in_train = rows["split"] == SPLITS.index("train")
    warm_user = np.bincount(rows["user"][in_train], minlength=n_users) > 0
    warm_item = np.bincount(rows["item"][in_train], minlength=n_items) > 0
    return [_split(rows, name, warm_user, warm_item) for name in SPLITS]


def _split(
    rows: Table, name: Split, warm_user: NDArray[np.bool_], warm_item: NDArray[np.bool_]
) -> SplitFacts:
    own = rows["split"] == SPLITS.index(name)
    user, item, time = (rows[column][own] for column in ("user", "item", "timestamp"))
    per_user = np.bincount(user, minlength=len(warm_user))
    per_item = np.bincount(item, minlength=len(warm_item))
    return SplitFacts(
        name=name,
        rows=len(user),
        users=int(np.count_nonzero(per_user)),
        items=int(np.count_nonzero(per_item)),
        first=_instant(time.min()),
        last=_instant(time.max()),
        cold_items=int(np.count_nonzero(per_item[~warm_item])),
        cold_rows=int(per_item[~warm_item].sum()),
        cold_users=int(np.count_nonzero(per_user[~warm_user])),
    )


def _instant(milliseconds: np.int64) -> str:
    """Return ``2017-01-01T13:22:42``."""
    return str(np.datetime_as_string(np.datetime64(int(milliseconds), "ms"), unit="s"))


def _times(rows: Table) -> Times:
    time = rows["timestamp"]
    first, last = time.min(), time.max()
    unit, edges = periods(int(first), int(last))
    place = np.searchsorted(edges.astype("datetime64[ms]").astype(np.int64), time, side="right") - 1
    counts = {name: place[rows["split"] == code] for code, name in enumerate(SPLITS)}
    n_periods = len(edges) - 1
    return Times(
        first=_instant(first),
        last=_instant(last),
        unit=unit,
        starts=[str(start) for start in edges[:-1]],
        rows={name: np.bincount(p, minlength=n_periods).tolist() for name, p in counts.items()},
    )


def _ties(rows: Table, results: Mapping[str, Any]) -> Ties:
    """Count rows that share user and time; rows are sorted by both, so these are neighbours."""
    user, time = rows["user"], rows["timestamp"]
    as_before = (user[1:] == user[:-1]) & (time[1:] == time[:-1])
    shared = np.append(as_before, False) | np.append(False, as_before)
    return Ties(
        rule=results["tie_break"],
        users=results["tie_users"],
        rows=int(np.count_nonzero(shared)),
        rows_of_users=int(np.count_nonzero(np.bincount(user[shared]))),
        short_users=results["short_users"],
    )


def _groups(table: Table, items: Table) -> list[Group]:
    total = int(items["n_train"].astype(np.int64).sum())
    known = priced(items["price"])
    names = ("kind", "id", "label", "n_items", "n_train", "target_share")
    found = []
    for kind, code, label, n_items, n_train, target in zip(*map(table.get, names), strict=True):
        price = items["price"][known & (items[f"{kind}_group"] == code)]
        found.append(
            Group(
                kind=str(kind),
                id=int(code),
                label=str(label),
                items=int(n_items),
                train_rows=int(n_train),
                share=int(n_train) / total,
                target_share=float(target),
                priced=len(price),
                median_price=float(np.median(price)) if len(price) else None,
            )
        )
    return sorted(found, key=lambda group: (group.kind, group.id))


def _popularity(n_train: NDArray[np.int64]) -> Popularity:
    ordered = -np.sort(-n_train)
    top = ordered[: -(-len(ordered) // 10)]
    rank, rows = curve(n_train)
    return Popularity(gini(n_train), float(top.sum() / ordered.sum()), rank, rows)
