"""The items of synthetic data: class, category, popularity and price, and who chooses what.

Popularity is exactly Zipf whatever the classes do. In category k a user of class c picks the item's
class z from ``a_k M[c, z] + (1 − a_k) q[z]``, where q are the shares of the category's popularity
that the item classes hold, a_k is how far the category can be predicted, and M is the maximal
coupling of q with equal user classes: as often z = c as it can be while the mean over users is
still q. Within class and category items are picked by popularity.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mobench.data.synthetic.spec import Spec
from mobench.seeds import Seeds

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class SyntheticItems:
    """What is true of the items; arrays ``[I]`` unless they say otherwise.

    Attributes:
        category: Codes in [0, K).
        latent: Class, codes in [0, C).
        popularity: Share of the choices, sum 1.
        price: NaN where it is missing.
        affinity: How far each category ``[K]`` follows the class.
        cell_given_class: ``[C, K·C]``: chance that a user of a class picks the cell
            category·C + class of the item.
        cell_share: Share of the popularity that each cell has, ``[K·C]``.
    """

    category: Ints
    latent: Ints
    popularity: Floats
    price: Floats
    affinity: Floats
    cell_given_class: Floats
    cell_share: Floats

    @property
    def cell(self) -> Ints:
        """The cell of each item."""
        cell: Ints = self.category * len(self.cell_given_class) + self.latent
        return cell


def synthetic_items(spec: Spec) -> SyntheticItems:
    """Return the items of a spec."""
    draw = Seeds(spec.seed).numpy("synthetic items")
    n_cells = spec.categories * spec.classes
    ranks = draw.permutation(spec.items)
    weights = (ranks + 1.0) ** -spec.zipf
    popularity = weights / weights.sum()
    # one item of every cell among any n_cells neighbours in popularity: cells are alike
    turns = np.tile(np.arange(n_cells), (-(-spec.items // n_cells), 1))
    cell = draw.permuted(turns, axis=1).ravel()[ranks]
    share = np.zeros(n_cells)
    np.add.at(share, cell, popularity)
    affinity = spec.affinity * (1 - spec.difficulty * np.linspace(0, 1, spec.categories))
    return SyntheticItems(
        category=cell // spec.classes,
        latent=cell % spec.classes,
        popularity=popularity,
        price=_prices(spec, ranks, draw),
        affinity=affinity,
        cell_given_class=_choices(share.reshape(spec.categories, spec.classes), affinity),
        cell_share=share,
    )


def _choices(share: Floats, affinity: Floats) -> Floats:
    """Return the chance of each cell for each class of users ``[C, K·C]``.

    Args:
        share: Share of the popularity of each category and item class ``[K, C]``.
        affinity: How far each category follows the class ``[K]``.
    """
    n_classes = share.shape[1]
    total = share.sum(1, keepdims=True)
    q = np.divide(share, total, out=np.full_like(share, 1 / n_classes), where=total > 0)
    equal = np.full(n_classes, 1 / n_classes)
    both = np.minimum(q, equal)
    left = 1 - both.sum(1)
    # what the diagonal leaves over, spread in proportion on both sides
    spread = (equal - both)[:, :, None] * (q - both)[:, None, :]
    spread /= np.where(left > 0, left, 1)[:, None, None]
    coupling = n_classes * (spread + both[:, :, None] * np.eye(n_classes))
    mixed = affinity[:, None, None] * coupling + (1 - affinity)[:, None, None] * q[:, None, :]
    chances: Floats = (total[:, :, None] * mixed).transpose(1, 0, 2).reshape(n_classes, -1)
    return chances


def _prices(spec: Spec, ranks: Ints, draw: np.random.Generator) -> Floats:
    """Return log-normal prices whose normal scores correlate with those of popularity.

    The noise is made orthogonal to popularity first, so that the correlation in the sample is the
    one asked for, not only the expected one.
    """
    from scipy.special import ndtri  # here: scipy takes longer to load than prep to start

    popular = -ndtri((ranks + 0.5) / spec.items)
    noise = draw.standard_normal(spec.items)
    noise -= noise.mean()
    noise -= popular * (noise @ popular) / (popular @ popular)
    if spec.items > 2:
        noise *= np.sqrt((popular @ popular) / (noise @ noise))
    score = spec.price_corr * popular + np.sqrt(1 - spec.price_corr**2) * noise
    price: Floats = np.round(spec.price_median * np.exp(spec.price_sigma * score), 2)
    price[draw.permutation(spec.items)[: round(spec.price_missing * spec.items)]] = np.nan
    return price
