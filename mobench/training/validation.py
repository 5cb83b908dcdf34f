"""One pass over the validation split: metrics, and what the objectives look at."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mobench.config import TrainConfig
from mobench.data.dataset import Dataset
from mobench.errors import TrainingError
from mobench.evaluation.outcome import outcome
from mobench.evaluation.ranking import Ranker, TopK
from mobench.metrics import METRICS
from mobench.metrics.groups import min_hit
from mobench.models import Backbone
from mobench.objectives import Validation
from mobench.training.data import TrainData

METRIC_NAMES = ("hit", "ndcg", "mrr", "rhit", "min_hit", "pop_kl")
TIE_SEED = 0
LOWER_RATE = "lower --set learning_rate=…."


class Validator:
    """Scores a model on the validation split, the same way after every epoch.

    Args:
        dataset: The dataset.
        data: Its train split on the device.
        config: Cut-off, negatives and seed.
        max_length: Items of history that models read, 0 for none.
    """

    def __init__(
        self, dataset: Dataset, data: TrainData, config: TrainConfig, max_length: int = 0
    ) -> None:
        self.dataset = dataset
        self.k = config.k
        self.ranker = Ranker(
            dataset,
            "val",
            max(config.k, config.align_k or 0),
            TIE_SEED,
            data.device,
            max_length,
            repeats=config.max_epochs,
        )
        rows = dataset.splits["val"]
        users, items = (
            torch.from_numpy(column.astype(np.int64)).to(data.device)
            for column in (rows.user, rows.item)
        )
        negatives = data.negatives(config, "validation negatives")
        drawn = negatives.draw(users, config.n_negatives)
        self.candidates = self.ranker.place[torch.cat((items.unsqueeze(1), drawn), 1)]  # [V, 1 + n]

    def __call__(
        self, model: Backbone, when: str = "", hint: str = LOWER_RATE
    ) -> tuple[dict[str, Any], Validation]:
        """Return metrics (with the hits behind them) and the record for the objectives.

        Args:
            model: The backbone.
            when: Refuse scores that are not finite, with this at the end of the message.
            hint: What to do then.

        Raises:
            TrainingError: A score that was looked at is not finite: nothing is better than NaN.
        """
        model.eval()
        losses = torch.zeros(len(self.candidates), device=self.candidates.device)

        def look(rows: Tensor, scores: Tensor) -> None:
            found = scores.gather(1, self.candidates[rows])
            losses[rows] = model.loss(found[:, 0], found[:, 1:])

        top_k = self.ranker.rank(model, look=look)
        loss = losses.to(torch.float64).cpu().numpy()
        if when and (top_k.broken or not np.isfinite(loss).all()):
            raise TrainingError(f"scores are not finite {when}", hint)
        return self.metrics(top_k), Validation(top_k.target, top_k.rank, loss, top_k.items)

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


def support(metrics: Mapping[str, Any]) -> dict[str, float]:
    """Return what decides whether a metric may enter Imp (see ``imp_over``)."""
    return {name: float(metrics[name]) for name in ("hits", "min_hit_hits", "rhit", "pop_kl")}
