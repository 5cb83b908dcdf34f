"""The hot loops of a step of MF in numba, an optional extra (``pip install 'mobench[numba]'``).

They do in one pass over the vectors of a batch what torch does in several, and write nothing of
size ``[B, N, D]``. Every sum has a fixed order. Letters as in ``mobench.models.base``. Codes come
unsigned: with signed ones numba allows for negative indices.
"""

from mobench.training.kernels.adam import adam
from mobench.training.kernels.draw import settle_by_bits, settle_by_search
from mobench.training.kernels.pairs import (
    add_gradients,
    add_products,
    gaps,
    score,
    slopes_of_gaps,
)

__all__ = [
    "adam",
    "add_gradients",
    "add_products",
    "gaps",
    "score",
    "settle_by_bits",
    "settle_by_search",
    "slopes_of_gaps",
]
