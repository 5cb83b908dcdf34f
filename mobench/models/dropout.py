"""Dropout with cheap random bits."""

import torch
import torch.nn.functional as F
from torch import Tensor

LEVELS = 1 << 16


def dropout(x: Tensor, p: float, *, training: bool) -> Tensor:
    """Set a share ``p`` of ``x`` to zero and scale up the rest (Srivastava et al. 2014).

    On a CPU, torch draws a Bernoulli number per value, a tenth of a step of SASRec. Here 64 random
    bits serve four values, so p is rounded to 1/65536, and the scale goes with the rounded one.
    """
    cut = round(p * LEVELS)
    if not training or cut == 0:
        return x
    if x.device.type != "cpu":
        return F.dropout(x, p)
    words = torch.empty(-(-x.numel() // 4), dtype=torch.int64).random_(-(2**63), None)
    bits = words.view(torch.int16)[: x.numel()].view(x.shape)
    keep = torch.ge(bits, cut - LEVELS // 2).to(x.dtype)
    return x * keep.mul_(LEVELS / (LEVELS - cut))
