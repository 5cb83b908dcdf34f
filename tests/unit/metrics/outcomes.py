"""Rankings to test metrics on; every array is read-only, so a metric that writes into one fails."""

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from mobench.metrics import Outcome
from mobench.seeds import Seeds


def frozen(**columns: NDArray[np.generic]) -> Outcome:
    for column in columns.values():
        column.setflags(write=False)
    return Outcome(**columns)


def random_outcome(
    seed: int, n_users: int = 60, n_items: int = 25, k: int = 6, groups: int = 4, several: int = 1
) -> Outcome:
    """A ranking of random scores: ranks and lists agree, some lists are short or empty.

    With ``several`` up to so many rows are of one user, who has one list and distinct targets.
    """
    rng = np.random.default_rng(seed)
    scores = rng.normal(size=(n_users, n_items))
    order = np.argsort(-scores, axis=1)
    target = rng.integers(n_items, size=n_users)
    several = min(several, n_items)
    person = np.arange(n_users) // several
    if several > 1:
        order = order[person]
        target = (target[person] + np.arange(n_users) % several) % n_items
    rank = 1 + (order == target[:, None]).argmax(axis=1)
    lists = order[:, :k].copy()
    length = rng.choice([k, k, k, k - 1, k // 2, 0], size=n_users)
    length[0] = k
    lists[np.arange(k) >= length[person, None]] = -1
    share = rng.dirichlet(np.ones(groups))
    return frozen(
        target=target.astype(np.int32),
        rank=rank.astype(np.int32),
        lists=lists.astype(np.int32),
        price=rng.lognormal(2, 1, n_items) * (rng.random(n_items) < 0.9),
        fair_group=np.append(rng.integers(groups, size=n_items - 1), groups - 1).astype(np.int16),
        pop_group=rng.integers(groups, size=n_items).astype(np.int16),
        n_train=rng.integers(0, 50, size=n_items).astype(np.int32) + (np.arange(n_items) == 0),
        target_share=share,
        user=(3 * person + 5).astype(np.int32),
        profile=rng.poisson(0.8, (n_users, groups))[person],
    )


def take(outcome: Outcome, users: NDArray[np.intp]) -> Outcome:
    """The ranking of these users, in this order, with repetitions."""
    return replace(
        outcome,
        target=outcome.target[users],
        rank=outcome.rank[users],
        lists=outcome.lists[users],
        # a user drawn twice counts as two
        user=outcome.user[users] if len(np.unique(users)) == len(users) else None,
        profile=None if outcome.profile is None else outcome.profile[users],
    )


def other_model(outcome: Outcome, seed: int) -> Outcome:
    """Another model's ranking of the same users."""
    rng = np.random.default_rng(seed)
    lists = rng.permuted(np.tile(np.arange(len(outcome.price)), (len(outcome.rank), 1)), axis=1)
    return replace(
        outcome,
        rank=rng.permutation(outcome.rank),
        lists=lists[:, : outcome.lists.shape[1]].astype(np.int32),
    )


def drawn_users(n_users: int, resamples: int, seed: int) -> list[NDArray[np.intp]]:
    """The draws of the bootstrap, one resample after the other."""
    random = Seeds(seed).numpy("bootstrap")
    return [random.integers(n_users, size=n_users) for _ in range(resamples)]


@st.composite
def outcomes(draw: st.DrawFn) -> Outcome:
    n_items = draw(st.integers(1, 30))
    return random_outcome(
        seed=draw(st.integers(0, 2**32)),
        n_users=draw(st.integers(1, 40)),
        n_items=n_items,
        k=draw(st.integers(1, min(n_items, 8))),
        groups=draw(st.integers(1, 6)),
        several=draw(st.integers(1, 3)),
    )
