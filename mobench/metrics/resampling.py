"""Bootstrap over users: the headline metrics on many resamples at once.

Every headline metric is a function of sums over users, so a resample is a vector of counts (how
often each user was drawn), and R resamples are one product ``counts [R, U] @ features [U, F]``.
A user with several held-out rows is drawn with all of them: rows of one user are not independent,
and drawing them one by one would make the intervals too narrow (Field & Welsh, "Bootstrapping
clustered data", JRSS B 2007).
The counts depend on U, R and the seed only: runs over the same users are therefore resampled
alike, which is what makes their differences paired.
"""

from dataclasses import dataclass, field
from typing import Self

import numpy as np
from numpy.typing import NDArray

from mobench.errors import ConfigError
from mobench.metrics import METRICS, Outcome
from mobench.metrics.groups import kl_divergence, n_fair, slots_per_user
from mobench.metrics.ranking import PER_USER
from mobench.seeds import Seeds

HEADLINE = (*PER_USER, "min_hit", "pop_kl")
"""The metrics that can be resampled."""

CHUNK_BYTES = 2**25
"""Memory for the counts of the resamples in work; more is not faster."""

Vector = NDArray[np.float64]


@dataclass(frozen=True)
class Features:
    """Per-user numbers whose sums determine the headline metrics.

    Attributes:
        per_user: ``[U, F]``, summed over the user's rows: their number, the per-user metrics, hits
            then targets per fairness group, slots per popularity group.
        n_fair: G, the number of fairness groups.
        target_share: Q, ``[P]``.
    """

    per_user: Vector
    n_fair: int
    target_share: Vector

    @classmethod
    def of(cls, outcome: Outcome, k: int) -> Self:
        """Take the features of a ranking at cutoff ``k``."""
        slots = slots_per_user(outcome, outcome.pop_group, len(outcome.target_share), k)
        rows = [np.ones(len(outcome.target))]
        rows += [metric(outcome, k) for metric in PER_USER.values()]
        groups = n_fair(outcome)
        targets = np.zeros((len(outcome.target), groups))
        targets[np.arange(len(targets)), outcome.fair_group[outcome.target]] = 1.0
        hits = targets * (outcome.rank <= k)[:, None]
        features = np.column_stack([*rows, hits, targets, slots])
        return cls(_by_user(features, outcome.person), groups, outcome.target_share)

    def statistic(self, sums: Vector) -> dict[str, Vector]:
        """Return the headline metrics from sums over U drawn users.

        Args:
            sums: ``[..., F]``; each the sum of ``per_user`` over U draws with replacement.

        Returns:
            Arrays ``[...]`` by name, keys as in ``HEADLINE``.
        """
        edges = np.cumsum([1, len(PER_USER), self.n_fair, self.n_fair])
        rows, totals, hits, targets, slots = np.split(sums, edges, axis=-1)
        means = totals / rows
        values = {name: means[..., column] for column, name in enumerate(PER_USER)}
        unserved = np.full(hits.shape, np.inf)  # a group that nobody drawn belongs to
        rate = np.divide(hits, targets, out=unserved, where=targets > 0)
        values["min_hit"] = rate.min(axis=-1)
        shares = slots / slots.sum(axis=-1, keepdims=True)
        values["pop_kl"] = kl_divergence(self.target_share, shares)
        return values


@dataclass(frozen=True)
class Samples:
    """The headline metrics of one ranking, measured and on R resamples of its users.

    Attributes:
        values: Measured values by name.
        resampled: Values on the resamples by name, ``[R]``.
        seed: Seed of the draws.
        target: The ranking's targets, one a row: what makes two runs comparable user by user.
        n_users: U; users may have several rows.
        user: The user of each row; numbers from 0 where the ranking does not name them.
    """

    values: dict[str, float]
    resampled: dict[str, Vector]
    seed: int
    target: NDArray[np.int32] = field(repr=False)
    n_users: int
    user: NDArray[np.integer] = field(repr=False)


def resample(outcome: Outcome, k: int, resamples: int, seed: int) -> Samples:
    """Measure the headline metrics and resample them.

    Args:
        outcome: The ranking.
        k: Cutoff.
        resamples: R, at least 2.
        seed: Equal for runs that are to be compared.

    Raises:
        ConfigError: ``k`` is not in 1..K, or fewer than two resamples.
    """
    if resamples < 2:
        raise ConfigError(f"resamples is '{resamples}'", "an interval needs at least 2.")
    features = Features.of(outcome, k)
    resampled = features.statistic(_sums(features.per_user, resamples, seed))
    values = {name: METRICS[name].compute(outcome, k) for name in HEADLINE}
    user = outcome.person if outcome.user is None else outcome.user
    return Samples(values, resampled, seed, outcome.target, outcome.n_users, user)


def _by_user(rows: Vector, person: NDArray[np.int64]) -> Vector:
    """Return the sums of ``rows [R, F]`` over the rows of each user, ``[U, F]``."""
    order = np.argsort(person, kind="stable")
    starts = np.searchsorted(person[order], np.arange(person.max() + 1))
    return np.asarray(np.add.reduceat(rows[order], starts, axis=0))


def _sums(per_user: Vector, resamples: int, seed: int) -> Vector:
    """Return the sums of ``per_user`` over U users drawn with replacement, ``[R, F]``."""
    random = Seeds(seed).numpy("bootstrap")
    n_users = len(per_user)
    step = max(1, CHUNK_BYTES // (8 * n_users))
    sums = np.empty((resamples, per_user.shape[1]))
    for start in range(0, resamples, step):
        block = sums[start : start + step]
        counts = np.empty((len(block), n_users))
        for row in counts:
            row[:] = np.bincount(random.integers(n_users, size=n_users), minlength=n_users)
        block[:] = counts @ per_user
    return sums
