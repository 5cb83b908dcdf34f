"""One pass over the validation split: metrics, and what the objectives look at."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from mobench.config import TrainConfig
from mobench.data.dataset import Dataset
from mobench.evaluation.outcome import outcome
from mobench.evaluation.ranking import Ranker, TopK
from mobench.metrics import METRICS
from mobench.metrics.groups import min_hit
from mobench.models import Backbone, bpr_loss
from mobench.objectives import Validation
from mobench.training.data import TrainData

METRIC_NAMES = ("hit", "ndcg", "mrr", "rhit", "min_hit", "pop_kl")
TIE_SEED = 0
BLOCK = 8192


class Validator:
    """Scores a model on the validation split, the same way after every epoch.

    Args:
        dataset: The dataset.
        data: Its train split on the device.
        config: Cut-off, negatives and seed.
    """

    def __init__(self, dataset: Dataset, data: TrainData, config: TrainConfig) -> None:
        self.dataset = dataset
        self.k = config.k
        self.ranker = Ranker(
            dataset, "val", max(config.k, config.align_k or 0), TIE_SEED, data.device
        )
        rows = dataset.splits["val"]
        self.users = torch.from_numpy(rows.user.astype(np.int64)).to(data.device)
        self.items = torch.from_numpy(rows.item.astype(np.int64)).to(data.device)
        negatives = data.negatives(config, "validation negatives")
        self.drawn = negatives.draw(self.users, config.n_negatives)

    def __call__(self, model: Backbone) -> tuple[dict[str, Any], Validation]:
        """Return metrics (with the hits behind them) and the record for the objectives."""
        model.eval()
        top_k = self.ranker.rank(model)
        seen = Validation(top_k.target, top_k.rank, self._losses(model), top_k.items)
        return self.metrics(top_k), seen

    def metrics(self, top_k: TopK) -> dict[str, Any]:
        """Return the metric values at k, and on how many hits they rest."""
        record = outcome(top_k, self.dataset)
        worst = min_hit(record, self.k)
        values: dict[str, Any] = {n: METRICS[n].compute(record, self.k) for n in METRIC_NAMES}
        return values | {
            "hits": int((top_k.rank <= self.k).sum()),
            "min_hit_hits": worst.hits,
            "min_hit_group": worst.group,
        }

    @torch.inference_mode()
    def _losses(self, model: Backbone) -> np.ndarray:
        candidates = torch.cat((self.items.unsqueeze(1), self.drawn), 1)
        losses = []
        for start in range(0, len(self.users), BLOCK):
            block = slice(start, start + BLOCK)
            scores = model.score(self.users[block], None, candidates[block])
            losses.append(bpr_loss(scores[:, 0], scores[:, 1:]))
        return torch.cat(losses).to(torch.float64).cpu().numpy()


def support(metrics: Mapping[str, Any]) -> dict[str, float]:
    """Return what decides whether a metric may enter Imp (see ``imp_over``)."""
    return {name: float(metrics[name]) for name in ("hits", "min_hit_hits", "rhit", "pop_kl")}
