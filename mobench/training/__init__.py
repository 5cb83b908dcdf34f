"""Training: the adaptive sampler, the controller, the loop (torch lives here).

``AdaptiveSampler`` and ``PIController`` work in anybody's own PyTorch loop.
"""

from mobench.training.controller import PIController
from mobench.training.sampler import AdaptiveSampler

__all__ = ["AdaptiveSampler", "PIController"]
