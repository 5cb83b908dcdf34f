"""From a ranking to the record that metrics are computed from."""

from mobench.data.dataset import Dataset
from mobench.evaluation.ranking import TopK
from mobench.metrics.base import Outcome


def outcome(top_k: TopK, dataset: Dataset) -> Outcome:
    """Return ranking and items as one record of plain arrays."""
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
    )
