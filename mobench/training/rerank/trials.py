"""Trying mixes on validation: candidates are found once, a mix is a pass over them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mobench.evaluation.ranking import TopK
from mobench.metrics.comparison import accuracy_kept, imp, is_valid
from mobench.models import Backbone
from mobench.models.around import Around
from mobench.models.reranked import floor, mixed, scaled
from mobench.training.selection import Selection
from mobench.training.state import Row
from mobench.training.validation import Validator

Mix = Sequence[float]


class Collector(Around):
    """A backbone that is ranked as it is, and notes the best candidates of every row.

    Args:
        base: What scores the items.
        n_rows: V, rows that will be ranked.
        place: Place of each item among equals, ``[I]``.
        n_candidates: C.
    """

    def __init__(self, base: Backbone, n_rows: int, place: Tensor, n_candidates: int) -> None:
        super().__init__(base)
        self.place = place
        n = min(n_candidates, len(place))
        self.best = torch.empty((n_rows, n), device=place.device)
        self.items = torch.empty((n_rows, n), dtype=torch.int32, device=place.device)
        self.rows = torch.empty(0)

    def look(self, rows: Tensor, scores: Tensor) -> None:
        """Remember which rows the next block has."""
        self.rows = rows

    def rerank(self, scores: Tensor, items: Tensor) -> Tensor:
        """Note the candidates, best first and equals by place; return the scores as they are."""
        best, columns = scores.topk(self.best.shape[1], dim=1)
        best, found = best.masked_fill(best <= floor(self.base), -torch.inf), items[columns]
        by_place = self.place[found].argsort(dim=1)
        best, found = best.gather(1, by_place), found.gather(1, by_place)
        order = best.argsort(dim=1, descending=True, stable=True)
        self.best[self.rows] = best.gather(1, order)
        self.items[self.rows] = found.gather(1, order).to(torch.int32)
        return scores


@dataclass(frozen=True)
class Candidates:
    """The base's best unseen items of each validation row, in its order.

    Attributes:
        base: The base's ranking.
        shares: Scores scaled per user to [0, 1], ``[V, C]`` float32; −inf for no candidate.
        items: The items, ``[V, C]`` int64.
        spot: Column of the target, ``[V]``; C where it is no candidate.
    """

    base: TopK
    shares: Tensor
    items: Tensor
    spot: Tensor

    @classmethod
    def collect(cls, validator: Validator, model: Backbone, n_candidates: int) -> "Candidates":
        """Rank with a base once, and keep its candidates."""
        ranker = validator.ranker
        found = Collector(model, len(ranker.rows), ranker.place, n_candidates).eval()
        base = ranker.rank(found, look=found.look)
        items = found.items.to(torch.int64)
        target = torch.from_numpy(base.target.astype(np.int64)).to(items.device)
        is_target = (items == target.unsqueeze(1)) & (found.best != -torch.inf)
        spot = torch.where(is_target.any(1), is_target.to(torch.int8).argmax(1), items.shape[1])
        return cls(base, scaled(found.best), items, spot)

    def ordered(self, values: Tensor, mix: Tensor, k: int) -> TopK:
        """Return the ranking under a mix, what ``Reranked`` is ranked as, without its scores.

        Args:
            values: Values of the items under the terms, ``[T, I]``.
            mix: ``[1 + T]``.
            k: Length of the lists, at most C.
        """
        found = mixed(self.shares, self.items, values, mix)
        best, columns = leading(found, k)
        base = self.base
        first = torch.from_numpy(base.items[:, :k].astype(np.int64)).to(columns.device)
        lists = torch.where(best == -torch.inf, first, self.items.gather(1, columns))
        return TopK(
            user=base.user,
            target=base.target,
            rank=self._ranks(found).to(torch.int32).cpu().numpy(),
            tied=base.tied,
            items=lists.to(torch.int32).cpu().numpy(),
            scores=best.to(torch.float32).cpu().numpy(),
        )

    def _ranks(self, found: Tensor) -> Tensor:
        """Return the targets' ranks, ``[V]``; those of no candidate stay below all that are.

        Columns stand in the base's order and equals by place, so of equals the first column wins.
        """
        n = found.shape[1]
        spot = self.spot.unsqueeze(1)
        wanted = found.gather(1, spot.clamp(max=n - 1))
        before = torch.arange(n, device=found.device) < spot
        rank = 1 + ((found > wanted) | ((found == wanted) & before)).sum(1)
        stays = torch.from_numpy(self.base.rank.astype(np.int64)).to(found.device)
        there = (self.shares != -torch.inf).sum(1)
        return torch.where(self.spot < n, rank, stays.maximum(there + 1))


def leading(found: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Return the k largest values and their columns, of equals the first column, ``[V, k]`` each.

    ``topk`` leaves the order of equals open, so rows that have some there are sorted.
    """
    best, columns = found.topk(min(k + 1, found.shape[1]), dim=1)
    rows = (best[:, 1:] == best[:, :-1]).any(1).nonzero().squeeze(1)
    best, columns = best[:, :k], columns[:, :k]
    if len(rows):
        columns[rows] = found[rows].argsort(dim=1, descending=True, stable=True)[:, :k]
        best[rows] = found[rows].gather(1, columns[rows])
    return best, columns


@dataclass
class Trials:
    """Measures mixes, and keeps the best as training keeps epochs.

    Attributes:
        names: What the shares of a mix are called: acc, and the other objectives.
        rows: What was tried, a row of trials.parquet each.
    """

    candidates: Candidates
    validator: Validator
    values: Tensor
    names: Sequence[str]
    selection: Selection
    keep_metric: str
    rows: list[Row] = field(default_factory=list)

    def __call__(self, mix: Mix) -> Row:
        """Measure a mix on validation; return its row."""
        wanted = torch.tensor(mix, dtype=torch.float64, device=self.values.device)
        ranked = self.candidates.ordered(self.values, wanted, self.validator.ranker.k)
        row = {f"mix_{name}": share for name, share in zip(self.names, mix, strict=True)}
        row |= self.judged(self.validator.metrics(ranked))
        self.selection.offer(len(self.rows), row)
        self.rows.append(row)
        return row

    def judged(self, metrics: Mapping[str, Any]) -> Row:
        """Return the metrics beside what they come to against the base."""
        base, over = self.selection.base or {}, self.selection.over
        kept = accuracy_kept(metrics[self.keep_metric], base[self.keep_metric])
        return {
            **metrics,
            "imp": imp(metrics, base, over) if over else float("nan"),
            "accuracy_kept": accuracy_kept(metrics["hit"], base["hit"]),
            "kept": kept,
            "valid": is_valid(kept, self.selection.keep),
        }

    @property
    def best(self) -> tuple[float, ...]:
        """The selected mix."""
        row = self.rows[self.selection.best_epoch]
        return tuple(row[f"mix_{name}"] for name in self.names)

    def goals(self, row: Row) -> list[float]:
        """Return the metrics of the objectives, each the smaller the better."""
        metrics = {"acc": "hit", "rev": "rhit", "fair": "min_hit", "align": "pop_kl"}
        signs = {"pop_kl": 1.0}
        return [signs.get(m, -1.0) * row[m] for m in (metrics[name] for name in self.names)]
