"""Batches of backbones that read histories: one target a row, or all positions of a window."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mobench.data.sequences import Sequences
from mobench.models import Histories
from mobench.training.batches import Predictions, Scorer, Source, block_means, even_shares
from mobench.training.data import TrainData

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Part:
    """The histories of one width.

    Attributes:
        width: Items of each history, padding included.
        ends: Train row before which each history ends, ``[b]``.
        places: Which positions are used, ``[v]``, counted through ``[b · width]``.
    """

    width: int
    ends: Tensor
    places: Tensor


@dataclass(frozen=True)
class Batch:
    """Histories by width, and what is predicted after them.

    Attributes:
        blocks: Train rows of the blocks that predict a row each, ``[M', B]``.
        parts: Their histories; places are those of the rows in ``blocks``, flattened.
        order: For each row of ``blocks`` its place in the parts put together, ``[M' · B]``.
        windows: The windows of block 0, in mode positions.
        targets: Their train rows in the order of the windows' places, ``[V]``.
    """

    blocks: Tensor
    parts: Sequence[Part]
    order: Tensor
    windows: Sequence[Part] = ()
    targets: Tensor | None = None


@dataclass(frozen=True)
class HistoryEpoch(Sequence[Batch]):
    """An epoch whose batches are made when they are asked for, on the host and without waiting."""

    source: "HistoryRows"
    ids: Ints

    def __len__(self) -> int:
        """Return the number of steps."""
        return len(self.ids)

    def __getitem__(self, step: int) -> Batch:  # type: ignore[override]
        """Return the batch of a step."""
        return self.source.batch(self.ids[step])


class HistoryRows(Source):
    """Every target is a train row after its own history (as MoRec does): ``ids`` are rows.

    Args:
        sequences: The train split.
        histories: The same on the device.
    """

    def __init__(self, sequences: Sequences, histories: Histories) -> None:
        self.histories = histories
        self.lengths = sequences.lengths(histories.max_length)

    def epoch(self, ids: Tensor, data: TrainData) -> Sequence[Batch]:
        """Return the epoch's batches."""
        return HistoryEpoch(self, ids.numpy())

    def batch(self, ids: Ints) -> Batch:
        """Return the batch of rows ``ids [M, B]``."""
        flat = ids.reshape(-1)
        classes = self.histories.classes(self.lengths[flat])
        parts = [Part(width, self.put(flat[places]), self.put(places)) for width, places in classes]
        together = np.concatenate([flat[:0], *(places for _, places in classes)])
        return Batch(self.put(ids), parts, self.put(np.argsort(together)))

    def put(self, array: Ints) -> Tensor:
        """Return an array on the device; a GPU is given it without being waited for."""
        tensor = torch.from_numpy(np.ascontiguousarray(array))
        device = self.histories.items.device
        if device.type != "cuda":
            return tensor.to(device)
        return tensor.pin_memory().to(device, non_blocking=True)

    def losses(
        self, scorer: Scorer, batch: Batch, weights: Tensor | None, *, pooled: bool
    ) -> Tensor:
        """Return the means over the blocks."""
        return block_means(self.per_row(scorer, batch), batch.blocks, weights, pooled=pooled)

    def per_row(self, scorer: Scorer, batch: Batch) -> Tensor:
        """Return the loss of each row of the blocks, ``[M', B]``."""
        return scorer.loss(self.scored(scorer, batch)[0]).view(batch.blocks.shape)

    def scored(self, scorer: Scorer, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return scores and items of each row of the blocks, ``[M' · B, 1 + n]`` both."""
        users, items = scorer.candidates(batch.blocks.reshape(-1))
        score, before = scorer.model.score, self.histories.before
        scores = [
            score(users[part.places], before(part.ends, part.width), items[part.places])
            for part in batch.parts
        ]
        return torch.cat(scores).index_select(0, batch.order), items

    def predict(self, scorer: Scorer, batch: Batch) -> Predictions:
        """Return the predictions for the rows of all blocks."""
        scores, items = self.scored(scorer, batch)
        return Predictions(scores, items, batch.blocks.reshape(-1), even_shares(scores))


class Positions(HistoryRows):
    """All positions of a window are targets: block 0 holds windows, the others drawn rows.

    The loss of block 0 is the sum over its targets, divided by B times the mean number of targets
    of a window, so that every target of an epoch weighs the same. Only rows with a history are
    targets: the others' loss would be a constant. Drawn rows are numbered among these.

    Args:
        sequences: The train split.
        histories: The same on the device; a window has as many targets as a history has items.
    """

    def __init__(self, sequences: Sequences, histories: Histories) -> None:
        super().__init__(sequences, histories)
        self.rows = sequences.targets()
        self.ends = sequences.window_ends(histories.max_length)
        self.mean_targets = len(self.rows) / max(1, len(self.ends))

    def batch(self, ids: Ints) -> Batch:
        """Return the batch of windows ``ids [0]`` and drawn rows ``ids [1:]``."""
        ends = self.ends[ids[0]]
        lengths = self.lengths[ends]
        windows, targets = [], []
        for width, places in self.histories.classes(lengths):
            used, rows = used_places(ends[places], lengths[places], width)
            windows.append(Part(width, self.put(ends[places]), self.put(used)))
            targets.append(rows)
        drawn = super().batch(self.rows[ids[1:]])
        return replace(drawn, windows=windows, targets=self.put(np.concatenate(targets)))

    def losses(
        self, scorer: Scorer, batch: Batch, weights: Tensor | None, *, pooled: bool
    ) -> Tensor:
        """Return the loss of block 0, weighted ones of it, and the means over drawn blocks."""
        divisor = batch.blocks.shape[1] * self.mean_targets
        per_target, rows = self.per_target(scorer, batch)
        losses = [per_target.sum().unsqueeze(0) / divisor]
        if len(batch.blocks):
            losses.append(self.per_row(scorer, batch).mean(1))
        if weights is not None:
            losses.append((weights.index_select(1, rows) * per_target).sum(1) / divisor)
        together = torch.cat(losses)
        return together.mean().unsqueeze(0) if pooled else together

    def per_target(self, scorer: Scorer, batch: Batch) -> tuple[Tensor, Tensor]:
        """Return loss and train row of each target of block 0, ``[V]`` both."""
        scores, _, rows = self.scored_targets(scorer, batch)
        return scorer.loss(scores), rows

    def scored_targets(self, scorer: Scorer, batch: Batch) -> tuple[Tensor, Tensor, Tensor]:
        """Return scores and items ``[V, 1 + n]`` and train row ``[V]`` of block 0's targets."""
        if batch.targets is None:
            raise TypeError("a batch of positions has windows")
        _, items = scorer.candidates(batch.targets)
        states, before = scorer.model.states, self.histories.before
        used = [
            states(before(part.ends, part.width)).flatten(0, 1).index_select(0, part.places)
            for part in batch.windows
        ]
        return scorer.model.score_states(torch.cat(used), items), items, batch.targets

    def predict(self, scorer: Scorer, batch: Batch) -> Predictions:
        """Return the predictions for the targets of the windows, then for the drawn rows."""
        scores, items, rows = self.scored_targets(scorer, batch)
        n_blocks = 1 + len(batch.blocks)
        share = 1 / (batch.blocks.shape[1] * self.mean_targets * n_blocks)
        windows = Predictions(scores, items, rows, scores.new_full((len(rows),), share))
        if n_blocks == 1:
            return windows
        drawn = super().predict(scorer, batch)
        shares = drawn.shares * (1 - 1 / n_blocks)
        return Predictions(
            torch.cat((scores, drawn.scores)),
            torch.cat((items, drawn.items)),
            torch.cat((rows, drawn.rows)),
            torch.cat((windows.shares, shares)),
        )

    def targets(self, data: TrainData) -> Tensor:
        """Return the rows that have a history."""
        return torch.from_numpy(self.rows).to(data.items.device)

    def row_weights(self, weights: Tensor, data: TrainData) -> Tensor:
        """Return the weights of the targets as weights of all train rows; others have 0."""
        spread = weights.new_zeros((len(weights), len(data.items)))
        if len(weights):
            spread[:, torch.from_numpy(self.rows).to(weights.device)] = weights
        return spread


def used_places(ends: Ints, lengths: Ints, width: int) -> tuple[Ints, Ints]:
    """Return which positions of windows predict a target, and these targets.

    Args:
        ends: Train rows of the windows' last targets, ``[b]``.
        lengths: Targets of the windows, ``[b]``; the last positions are theirs.
        width: Positions of every window.

    Returns:
        Places in ``[b · width]`` and train rows, ``[Σ lengths]`` both.
    """
    window = np.repeat(np.arange(len(ends)), lengths)
    before = np.repeat(np.cumsum(lengths), lengths) - 1 - np.arange(lengths.sum())
    return window * width + width - 1 - before, ends[window] - before
