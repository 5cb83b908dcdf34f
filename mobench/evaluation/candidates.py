"""Sampled candidates: the target among a few drawn items, as many older papers rank.

Such numbers are for comparison with those papers only: they depend on the number of candidates, and
may even order two models the other way round (Krichene & Rendle, "On sampled metrics for item
recommendation", KDD 2020).
"""

import numpy as np
from numpy.typing import NDArray

from mobench.data.dataset import Dataset, Interactions
from mobench.errors import ConfigError
from mobench.seeds import Seeds

CHUNK_FLOATS = 1 << 22
"""Random numbers held at once."""


def draw(
    candidates: str,
    dataset: Dataset,
    rows: Interactions,
    seen: tuple[NDArray[np.int64], NDArray[np.int64]],
    seed: int,
) -> NDArray[np.int64]:
    """Return the target of each row and n items that its user has not seen, ``[R, 1 + n]``.

    They are drawn one after the other without replacement, all with one chance (``uniform``) or
    each in proportion to its train rows (``popularity``), by the n smallest of exponential
    variables divided by the weights (Efraimidis & Spirakis, IPL 2006). The draws depend on the
    seed and the rows alone, so that models are ranked on the same ones. Where fewer than n items
    are left, the target stands in the places that stay empty.

    Args:
        candidates: ``uniform:n`` or ``popularity:n``.
        dataset: The dataset.
        rows: The held-out rows, ``[R]``.
        seen: What must not be drawn, by user: starts ``[U + 1]`` and items.
        seed: Seed of the draws.

    Raises:
        ConfigError: A user has several held-out rows: his lists would differ. Or there are no
            so many items: it would be called sampled and rank them all.
    """
    kind, _, number = candidates.partition(":")
    n = int(number)
    if n >= dataset.n_items:
        raise ConfigError(
            f"--candidates '{candidates}' draws more items than '{dataset.name}' has beside the"
            f" target ({dataset.n_items - 1:,})",
            "leave it out to rank all items, or draw fewer.",
        )
    if len(np.unique(rows.user)) < len(rows):
        raise ConfigError(
            f"--candidates '{candidates}' ranks one held-out item a user, and '{dataset.name}' has"
            " users with several",
            "leave it out, or split by leave-one-out.",
        )
    counts = dataset.items.n_train.astype(np.float64)
    weights = np.ones(dataset.n_items) if kind == "uniform" else counts
    random = Seeds(seed).numpy("candidates")
    step = max(1, CHUNK_FLOATS // dataset.n_items)
    parts = [
        _draw(random, weights, rows.user[at : at + step], rows.item[at : at + step], seen, n)
        for at in range(0, len(rows), step)
    ]
    return np.concatenate(parts)


def _draw(
    random: np.random.Generator,
    weights: NDArray[np.float64],
    users: NDArray[np.int32],
    targets: NDArray[np.int32],
    seen: tuple[NDArray[np.int64], NDArray[np.int64]],
    n: int,
) -> NDArray[np.int64]:
    starts, items = seen
    keys = random.standard_exponential((len(users), len(weights)))
    with np.errstate(divide="ignore"):
        keys /= weights  # no weight: infinitely late
    for row, user in enumerate(users):
        keys[row, items[starts[user] : starts[user + 1]]] = np.inf
    places = np.arange(len(users))[:, None]
    keys[places[:, 0], targets] = np.inf
    drawn = np.argpartition(keys, n - 1, axis=1)[:, :n]
    drawn = np.where(np.isinf(keys[places, drawn]), targets[:, None], drawn)
    return np.column_stack((targets, drawn))
