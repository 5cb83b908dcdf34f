"""From a ranking to the record that metrics are computed from."""

import numpy as np
from numpy.typing import NDArray

from mobench.data.dataset import Dataset, Split
from mobench.evaluation.ranking import TopK
from mobench.metrics.base import Outcome


def outcome(top_k: TopK, dataset: Dataset, split: Split | None = None) -> Outcome:
    """Return ranking and items as one record of plain arrays.

    Args:
        top_k: The ranking.
        dataset: Its dataset.
        split: The split that was ranked, for the metrics that look at what came before; ``None``
            leaves these out.
    """
    items = dataset.items
    return Outcome(
        target=top_k.target,
        rank=top_k.rank,
        lists=top_k.items,
        price=items.price,
        fair_group=items.fair_group,
        pop_group=items.pop_group,
        n_train=items.n_train,
        target_share=dataset.target_share,
        user=top_k.user,
        profile=profiles(dataset, split)[top_k.user] if split else None,
    )


def profiles(dataset: Dataset, split: Split) -> NDArray[np.int64]:
    """Return the rows of each user before ``split`` by fairness group, ``[U, G]``."""
    group = dataset.items.fair_group
    n_groups = int(group.max()) + 1
    counts = np.zeros(dataset.n_users * n_groups, np.int64)
    for name in ("train", "val") if split == "test" else ("train",):
        rows = dataset.splits[name]
        cells = rows.user.astype(np.int64) * n_groups + group[rows.item]
        counts += np.bincount(cells, minlength=len(counts))
    return counts.reshape(-1, n_groups)
