"""The losses before training, the units of those that measure losses by them."""

import dataclasses

import numpy as np
import torch
from numpy.typing import NDArray

from mobench.training.batches import Scorer
from mobench.training.loop import Loop, make_step
from mobench.training.noise import Noise
from mobench.training.state import TrainState
from mobench.training.step import Step

FIRST_STEPS = 100
"""Batches over which the losses before training are averaged."""


def first_losses(state: TrainState, loop: Loop) -> NDArray[np.float64]:
    """Return the mean loss of each objective before training, ``[M]``, over some batches."""
    config = loop.config
    batches = loop.source.epoch(state.sampler.batches()[:FIRST_STEPS], loop.data)
    step = make_step(dataclasses.replace(state, engine="torch"), loop)
    assert isinstance(step, Step)
    negatives = loop.data.negatives(config, "first losses negatives")
    Noise(loop.data.device).reseed(config.seed, "first losses dropout")
    scorer = Scorer(state.model, loop.data, negatives, config.n_negatives)
    with torch.no_grad():
        losses = [step.losses(scorer, batches[index]) for index in range(len(batches))]
    mean: NDArray[np.float64] = torch.stack(losses).to(torch.float64).mean(0).cpu().numpy()
    return mean
