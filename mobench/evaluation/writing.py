"""The tables of a metrics artifact: enough to recompute every number without mobench."""

import numpy as np

from mobench.artifacts import Draft
from mobench.config import EvalConfig
from mobench.data.dataset import Dataset
from mobench.evaluation.ranking import TopK
from mobench.metrics.base import Outcome
from mobench.metrics.groups import group_hits, slot_shares
from mobench.metrics.significance import Interval, bootstrap


def write_metrics(draft: Draft, record: Outcome, config: EvalConfig) -> dict[str, float]:
    """Write metrics.parquet; return the values as ``{"hit@10": …}``."""
    intervals: dict[tuple[str, int], Interval] = {
        (name, k): interval
        for k in config.k
        for name, interval in bootstrap(
            record, k, config.resamples, config.confidence, config.seed
        ).items()
    }
    found = list(intervals.values())
    draft.write_table(
        "metrics.parquet",
        {
            "metric": [name for name, _ in intervals],
            "k": np.array([k for _, k in intervals], dtype=np.int32),
            "split": [config.split] * len(found),
            "value": np.array([interval.value for interval in found]),
            "ci_low": np.array([interval.low for interval in found]),
            "ci_high": np.array([interval.high for interval in found]),
            "n": np.full(len(found), len(record.rank), dtype=np.int64),
        },
    )
    return {f"{name}@{k}": interval.value for (name, k), interval in intervals.items()}


def write_lists(draft: Draft, top_k: TopK) -> None:
    """Write recommendations.parquet and targets.parquet.

    A user with several held-out rows has several targets and one list.
    """
    users, first = np.unique(top_k.user, return_index=True)
    items, scores = top_k.items[first], top_k.scores[first]
    shown = items >= 0
    user = np.repeat(users, shown.sum(1))
    rank = np.broadcast_to(np.arange(1, shown.shape[1] + 1, dtype=np.int32), shown.shape)
    draft.write_table(
        "recommendations.parquet",
        {
            "user": user,
            "rank": rank[shown],
            "item": items[shown],
            "score": scores[shown],
        },
    )
    draft.write_table(
        "targets.parquet", {"user": top_k.user, "item": top_k.target, "rank": top_k.rank}
    )


def write_groups(draft: Draft, record: Outcome, dataset: Dataset, k: int) -> None:
    """Write groups.parquet, pop_groups.parquet and items.parquet."""
    hits, n = group_hits(record, k)
    slots = np.bincount(record.fair_group[(top := record.lists[:, :k])[top >= 0]], minlength=len(n))
    draft.write_table(
        "groups.parquet",
        {
            "group": np.arange(len(n), dtype=np.int16),
            "label": list(dataset.fair_labels),
            "n": n,
            "hits": hits,
            "hit": np.divide(hits, n, out=np.full(len(n), np.nan), where=n > 0),
            "slots": slots,
            "exposure": slots / max(1, slots.sum()),
        },
    )
    draft.write_table(
        "pop_groups.parquet",
        {
            "group": np.arange(len(record.target_share), dtype=np.int16),
            "target_share": record.target_share,
            "share": slot_shares(record, k),
        },
    )
    draft.write_table(
        "items.parquet",
        {
            "item": np.arange(dataset.n_items, dtype=np.int32),
            "price": record.price,
            "fair_group": record.fair_group,
            "pop_group": record.pop_group,
            "n_train": record.n_train,
        },
    )


def write_profiles(draft: Draft, record: Outcome) -> None:
    """Write profiles.parquet: what came before, per user and fairness group; zeros are left out."""
    if record.user is None or record.profile is None:
        return
    users, first = np.unique(record.user, return_index=True)
    row, group = record.profile[first].nonzero()
    draft.write_table(
        "profiles.parquet",
        {
            "user": users[row],
            "group": group.astype(np.int16),
            "n": record.profile[first][row, group].astype(np.int32),
        },
    )
