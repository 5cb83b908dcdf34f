"""A base whose best candidates are put in another order by a mix of its score and of item values.

Two-stage re-ranking: the base chooses the candidates, and ``s_ui · m_0 + Σ_t m_t · v_t(i)`` orders
them, as in Abdollahpouri, Burke and Mobasher ("Managing popularity bias in recommender systems with
personalized re-ranking", FLAIRS 2019) and, for prices, in the work that Jannach and Adomavicius
survey ("Price and profit awareness in recommender systems", 2017). Here every term lies in [0, 1]
and the mix on the simplex, so that its shares can be compared.
"""

from typing import Self

import torch
from torch import Tensor

from mobench.config import TrainConfig
from mobench.models.around import Around
from mobench.models.base import Backbone
from mobench.models.listed import UNLISTED, Listed

BELOW = 2.0**-64
"""Scales what is no candidate below 1 and, a power of two, changes no digit of a usual score."""
LEAST = 1e-30
"""Stands for no share of the score: too small to move anything, and −inf stays what it is."""


class Reranked(Around):
    """A backbone with its candidates re-ranked.

    Args:
        base: What scores the items.
        values: Value of each item under each term after the score, in [0, 1], ``[T, I]`` float64.
        mix: Shares of the score and of the terms, sum 1, ``[1 + T]`` float64.
        n_candidates: C, how many of the best are re-ranked.
    """

    def __init__(self, base: Backbone, values: Tensor, mix: Tensor, n_candidates: int) -> None:
        super().__init__(base)
        self.n_candidates = n_candidates
        self.register_buffer("values", values)
        self.register_buffer("mix", mix)
        self.values: Tensor
        self.mix: Tensor

    @classmethod
    def around(cls, base: Backbone, n_items: int, config: TrainConfig) -> Self:
        """Return ``base`` in its own order; values and mix come with the state dict."""
        n_terms = len(config.auxiliary)
        values = torch.zeros((n_terms, n_items), dtype=torch.float64)
        mix = torch.zeros(1 + n_terms, dtype=torch.float64)
        mix[0] = 1
        return cls(base, values, mix, config.n_candidates)

    def rerank(self, scores: Tensor, items: Tensor) -> Tensor:
        """Return places in place of scores: C for the first candidate, 1 for the last.

        Equals under the mix stand in the base's order, equals there, too, stay equal. What is no
        candidate stands below in the base's order, items that a list does not have among it.
        Infinite scores stay, and so does NaN.
        """
        best, columns = scores.topk(min(self.n_candidates, scores.shape[1]), dim=1)
        below = best * BELOW
        best = best.masked_fill(best <= floor(self.base), -torch.inf)
        found = mixed(scaled(best), items[columns], self.values, self.mix)
        places = levels(found, best)
        places = torch.where(best.isfinite(), places.to(best.dtype), below)
        return (scores * BELOW).scatter_(1, columns, places)


def floor(base: Backbone) -> float:
    """Return the score that makes no candidate, and none below it does."""
    return UNLISTED if isinstance(base, Listed) else -torch.inf


def scaled(best: Tensor) -> Tensor:
    """Return the candidates' scores scaled per user to [0, 1], ``[B, C]`` float32.

    Args:
        best: Their scores, descending, −inf where there are fewer candidates; 0 where all are
            equal.
    """
    exact = best.to(torch.float64)
    high, low = exact[:, :1], exact.masked_fill(exact == -torch.inf, torch.inf).amin(1, True)
    span = high - low
    shares = torch.where(span > 0, (exact - low) / torch.where(span > 0, span, 1), 0)
    return torch.where(exact == -torch.inf, exact, shares).to(torch.float32)


def mixed(shares: Tensor, items: Tensor, values: Tensor, mix: Tensor) -> Tensor:
    """Return what candidates are ordered by, ``[B, C]`` float32; −inf for no candidate.

    Args:
        shares: Scaled scores, ``[B, C]``.
        items: The candidates, ``[B, C]``.
        values: ``[T, I]``.
        mix: ``[1 + T]``.
    """
    worth = (values * mix[1:].unsqueeze(1)).sum(0).to(torch.float32)
    weight = mix[0].clamp(min=LEAST).to(torch.float32)
    return torch.take(worth, items).add_(shares * weight)


def levels(found: Tensor, best: Tensor) -> Tensor:
    """Return the places of candidates, C the first, equal for equals in both, ``[B, C]`` int64.

    Args:
        found: What they are ordered by.
        best: The base's scores in descending order, which order equals of the first.
    """
    order = found.argsort(dim=1, descending=True, stable=True)
    one, other = found.gather(1, order), best.gather(1, order)
    new = (one[:, 1:] != one[:, :-1]) | (other[:, 1:] != other[:, :-1])
    place = torch.cat((torch.zeros_like(order[:, :1]), new.cumsum(1)), 1)
    return torch.empty_like(order).scatter_(1, order, found.shape[1] - place)
