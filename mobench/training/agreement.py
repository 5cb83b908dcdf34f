"""How far losses are from what a preference asks for: terms beside their weighted sum.

A weighted sum alone lets many preferences end at one point of a front; these terms pull the model
for each preference towards its own ray ``r_k l_k = const``, on which an objective has the smaller
loss, the more it is wished for.
"""

from collections.abc import Callable

import torch
from torch import Tensor

EPSILON = 0.01
"""A wish below one per cent asks for no more room than a hundredfold loss."""
TINY = 1e-30


def cosine(wishes: Tensor, losses: Tensor) -> Tensor:
    """Return ``1 − cos(1 / (r + ε), l)``, ``[]`` in [0, 1] (COSMOS: Ruchte & Grabocka 2021, Eq. 5).

    The paper has r itself, in which a larger value allows a larger loss; but its weights are r,
    too, in which a larger value asks for a smaller one. With 1 / r both ask for the same.

    Args:
        wishes: r, ``[M]``, sum 1.
        losses: l, above 0, ``[M]``, in comparable units.
    """
    ray = 1 / (wishes + EPSILON)
    agreed: Tensor = (ray @ losses) / (ray.norm() * losses.norm()).clamp(min=TINY)
    return 1 - agreed


def nonuniformity(wishes: Tensor, losses: Tensor) -> Tensor:
    """Return ``Σ q_k ln(M q_k)`` with ``q = r∘l / Σ r_j l_j``, ``[]`` in [0, ln M].

    EPO's measure (Mahapatra & Rajan 2020, Eq. 13): 0 where ``r_k l_k`` is the same for all k.

    Args:
        wishes: r, ``[M]``, sum 1.
        losses: l, above 0, ``[M]``, in comparable units.
    """
    products = wishes * losses
    shares = products / products.sum()
    return (shares * (len(shares) * shares).clamp(min=TINY).log()).sum()


AGREEMENTS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "cosine": cosine,
    "nonuniformity": nonuniformity,
}


def pull(wishes: Tensor, losses: Tensor, agreement: str, strength: float) -> Tensor:
    """Return the gradient of ``Σ r_k l_k + strength · term(r, l)`` with respect to l, ``[M]``.

    With these numbers as weights of the losses a step goes down that sum, term included. Some may
    be below 0: the term would rather have that loss larger.

    Args:
        wishes: r, ``[M]``, sum 1.
        losses: l, ``[M]``, detached.
        agreement: ``none``, or an entry of the table.
        strength: Factor of the term.
    """
    if agreement == "none":
        return wishes
    with torch.enable_grad():
        at = losses.detach().requires_grad_()
        (gradient,) = torch.autograd.grad(AGREEMENTS[agreement](wishes, at), at)
    return wishes + strength * gradient
