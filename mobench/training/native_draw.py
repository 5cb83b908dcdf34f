"""Negatives drawn in native code, and what else of it is needed before a step."""

from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mobench.errors import ConfigError
from mobench.training.negatives import NegativeSampler

Codes = NDArray[np.uint64]


class NativeDraw:
    """Draws what ``negatives.draw`` would, from the same stream, faster.

    Args:
        negatives: The sampler, on the CPU.
        n: Negatives per positive.
    """

    def __init__(self, negatives: NegativeSampler, n: int) -> None:
        self.negatives, self.n, seen = negatives, n, negatives.seen
        if seen.bits is not None:
            self.settle = partial(kernels().settle_by_bits, seen.bits.numpy(), seen.n_items)
            return
        starts = torch.searchsorted(seen.keys, torch.arange(seen.n_users + 1) * seen.n_items)
        keys = codes(seen.keys), codes(starts)
        self.settle = partial(kernels().settle_by_search, *keys, seen.n_items)

    def __call__(self, user: Codes, positive: Codes) -> Codes:
        """Return the positives ``[B]`` of ``user [B]`` before n negatives each, ``[B, 1 + n]``."""
        width, wrong = self.n + 1, self.n * len(user)
        items = np.empty((len(user), width), np.uint64)
        items[:, 0] = positive
        places = np.arange(items.size, dtype=np.uint64).reshape(items.shape)[:, 1:].flatten()
        owner = np.repeat(user, width)
        for _ in range(self.negatives.max_redraws + 1):
            drawn = self.negatives.candidates(wrong)
            wrong = self.settle(owner, items.reshape(-1), places, codes(drawn))
            if not wrong:
                break
        self.negatives.kept += wrong
        return items


def kernels() -> Any:
    """Return the kernels; only a resumed run can find numba gone."""
    try:
        from mobench.training import kernels
    except ModuleNotFoundError as error:
        raise ConfigError(
            "this run began with native code, which needs numba",
            "install it (pip install 'mobench[numba]'), or start over with --force.",
        ) from error
    return kernels


def codes(tensor: Tensor) -> Codes:
    """Return an int64 tensor as unsigned codes, without a copy where it is contiguous."""
    return tensor.contiguous().numpy().view(np.uint64)
