"""Ranks and lists from a block of scores, each in one or two passes over memory.

The columns stand in the order in which equal scores are ranked, so that of two equal ones the left
one comes first. They are W wide. Columns beyond the last whole group of ``GROUP`` are not looked
at; −inf fills those before it that stand for no item.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

GROUP = 64
"""Columns of which the best one is looked at first."""

CHUNK = 1 << 19
"""Scores worked on at once on a CPU, 2 MiB: the second pass finds them in the cache."""

BYTES = 255
"""Ones that a byte can count."""


class Selected(NamedTuple):
    """What a block yields, for its B rows.

    Attributes:
        rank: Rank of the target, ``[B]`` int32.
        tied: Whether another column has its score, ``[B]`` bool.
        columns: The best columns, best first, ``[B, k]`` int32; −1 where the score is −inf.
        scores: Their scores, ``[B, k]`` float32.
        broken: Whether a score of the row is NaN, ``[B]`` bool.
    """

    rank: Tensor
    tied: Tensor
    columns: Tensor
    scores: Tensor
    broken: Tensor


Select = Callable[[Tensor, Tensor, Tensor, int], Selected]


def select(scores: Tensor, target: Tensor, wanted: Tensor, k: int) -> Selected:
    """Rank the targets and find the k best columns of each row.

    Args:
        scores: ``[B, W]`` float32, contiguous, −inf where masked and where no item stands.
        target: Column of the target, ``[B]`` int64.
        wanted: Its score, ``[B, 1]``.
        k: Length of the lists.
    """
    above, equal, maxima = _survey(scores, wanted)
    tied = equal > 1
    rank = 1 + above + _earlier(scores, target, wanted, tied)
    best, columns = top_columns(scores, maxima, k)
    columns = torch.where(best == -torch.inf, -1, columns).to(torch.int32)
    return Selected(rank.to(torch.int32), tied, columns, best, maxima.amax(1).isnan())


def groups_of(scores: Tensor) -> Tensor:
    """Return a view of the whole groups, ``[B, W // GROUP, GROUP]``."""
    n_groups = scores.shape[1] // GROUP
    return scores[:, : n_groups * GROUP].view(len(scores), n_groups, GROUP)


def _survey(scores: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return all that takes a look at every score.

    Returns:
        How many scores of each row are above and equal to ``wanted [B, 1]``, and the best of each
        group of columns, ``[B, W // GROUP]``; NaN where one is.
    """
    grouped = groups_of(scores)
    if scores.is_cuda:
        return (scores > wanted).sum(1), (scores == wanted).sum(1), grouped.amax(2)
    scores = grouped.flatten(1)
    above, at_least = np.empty((2, len(scores)), np.int64)
    maxima = torch.empty(grouped.shape[:2])
    step = max(1, CHUNK // scores.shape[1])
    marks = np.empty((step, scores.shape[1]), np.bool_)
    for start in range(0, len(scores), step):
        rows = slice(start, min(start + step, len(scores)))
        plain, limit, out = scores[rows].numpy(), wanted[rows].numpy(), marks[: rows.stop - start]
        above[rows] = _ones(np.greater(plain, limit, out=out))
        at_least[rows] = _ones(np.greater_equal(plain, limit, out=out))
        torch.amax(grouped[rows], 2, out=maxima[rows])
    return torch.from_numpy(above), torch.from_numpy(at_least - above), maxima


def _ones(marks: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the number of ones in each row of ``marks [B, W]``: eight at a time, byte by byte."""
    words = marks.view(np.uint64)
    sums = np.add.reduceat(words, np.arange(0, words.shape[1], BYTES), axis=1)
    return np.asarray(sums.view(np.uint8).sum(1, dtype=np.int64))


def _earlier(scores: Tensor, target: Tensor, wanted: Tensor, tied: Tensor) -> Tensor:
    """Return how many columns left of the target have its score, ``[B]``."""
    place = torch.arange(scores.shape[1], device=scores.device)
    if scores.is_cuda:  # which rows tie is not asked for: the answer would have to be waited for
        return ((scores == wanted) & (place < target.unsqueeze(1))).sum(1)
    found = torch.zeros_like(target)
    rows = tied.nonzero().squeeze(1)
    left = place < target[rows].unsqueeze(1)
    found[rows] = ((scores[rows] == wanted[rows]) & left).sum(1)
    return found


def top_columns(scores: Tensor, maxima: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Return scores and columns of the k best, ``[B, k]``.

    The k best lie in the k groups with the best ``maxima [B, W // GROUP]`` (equal ones: the left
    ones), since each of these holds a column that comes before all of the others'.
    """
    groups = largest(maxima, min(k, maxima.shape[1]))[1].sort(1).values
    rows = torch.arange(len(scores), device=scores.device).unsqueeze(1)
    held = groups_of(scores)[rows, groups]  # [B, k, GROUP]
    best, spots = largest(held.flatten(1), k)
    return best, groups.gather(1, spots // GROUP) * GROUP + spots % GROUP


def largest(values: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Return the k largest of each row of ``values [B, N]`` and their places, equal ones in order.

    ``torch.topk`` leaves the order of equal values open.
    """
    if values.is_cuda:
        return _by_keys(values, k)
    best, places = values.topk(min(k + 1, values.shape[1]), dim=1)
    rows = (best[:, 1:] == best[:, :-1]).any(1).nonzero().squeeze(1)
    best, places = best[:, :k], places[:, :k]
    if len(rows):
        best[rows], places[rows] = _by_keys(values[rows], k)
    return best, places


def _by_keys(values: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Do as ``largest`` by integers that are all different: value first, then place."""
    bits = (values + 0.0).view(torch.int32)  # −0 becomes 0
    ordered = bits ^ ((bits >> 31) & 0x7FFFFFFF)
    places = torch.arange(values.shape[1], device=values.device)
    found = ((ordered.to(torch.int64) << 32) - places).topk(k, dim=1).indices
    return values.gather(1, found), found
