"""From draws to p-values and effect sizes.

Three questions, three tests. ``permutation`` and ``bootstrap`` ask whether *these trained runs*
differ for users such as those measured. Whether the *method* differs, trained once more with
another seed, also depends on how much the seeds differ; they are few, so no resampling of them can
tell, but a t-test can. ``both`` demands that the difference survives either question.
"""

from math import nan, sqrt
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtr

Test = Literal["both", "permutation", "bootstrap"]
Vector = NDArray[np.float64]

ALPHA = 0.05
"""Differences with a corrected p below this are called better or worse."""

ROUNDING = 1e-12
"""Sums in another order differ by this much; draws this near the measured value equal it."""


def bootstrap_p(drawn: Vector, null: float) -> float:
    """Return the two-sided bootstrap p of ``null``, in [2 / (R + 1), 1].

    Twice the share of resamples on the rarer side of ``null``, which counts itself (Davison &
    Hinkley, Bootstrap Methods, 1997, section 4.2); ``nan`` if any value is.

    Args:
        drawn: The statistic on the resamples, ``[R]``.
        null: Its value if there is no effect.
    """
    return _two_sided(drawn, null, 0.0)


def permutation_p(values: Vector) -> float:
    """Return the two-sided p of exchangeable labels, in [2 / (R + 1), 1].

    Twice the share of swaps at least as far out as the measured value, on the side where there are
    fewer; the measured value counts itself, so that p is never 0 and the test never rejects too
    often (Phipson & Smyth, SAGMB 2010). ``nan`` if any value is.

    Args:
        values: The statistic measured, then under the swaps, ``[1 + R]``.
    """
    measured = float(values[0])
    finite = np.isfinite(values)
    room = ROUNDING * float(np.abs(values[finite]).max(initial=0.0))
    return _two_sided(values[1:], measured, room)


def _two_sided(drawn: Vector, center: float, room: float) -> float:
    if np.isnan(drawn).any() or np.isnan(center):
        return nan
    rarer = min(int((drawn <= center + room).sum()), int((drawn >= center - room).sum()))
    return min(1.0, 2 * (1 + rarer) / (len(drawn) + 1))


def two_level_p(each: Vector, null: float, n_users: int) -> float:
    """Return the two-sided p of ``null`` for new users *and* new seeds, in [0, 1].

    Users and seeds are crossed: each run is measured on the same users, as in Owen (The pigeonhole
    bootstrap, AOAS 2007). The variance of the mean is taken as its bootstrap variance over users
    plus its variance over seeds. With effects a of users, b of seeds and e of both that is
    σ²(a)/U + σ²(b)/S + 2 σ²(e)/(US): the last term is counted twice, so the test errs on the safe
    side. Its t has Satterthwaite's degrees of freedom (Biometrics 1946): many where users make the
    noise, S − 1 where seeds do.

    Args:
        each: The statistic of each seed, measured, then on the resamples of users, ``[S, 1 + R]``.
        null: Its value if there is no effect.
        n_users: U, at least 2.

    Returns:
        p; ``nan`` below two seeds, or where a value is not finite.
    """
    seeds = len(each)
    if seeds < 2 or n_users < 2 or not np.isfinite(each).all():
        return nan
    mean = each.mean(axis=0)
    of_users, of_seeds = float(mean[1:].var()), float(each[:, 0].var(ddof=1)) / seeds
    gap, variance = float(mean[0]) - null, of_users + of_seeds
    if variance == 0:
        return float(gap == 0)
    freedom = variance**2 / (of_users**2 / (n_users - 1) + of_seeds**2 / (seeds - 1))
    return float(min(1.0, 2 * stdtr(freedom, -abs(gap) / sqrt(variance))))


def effect_size(mean: Vector, null: float, n_users: int) -> float:
    """Return the effect in standard deviations of what it is for one user.

    (measured − null) / (bootstrap standard error · √U). For a mean of differences over users this
    is their mean over their standard deviation, d_z (Cohen, Statistical Power Analysis, 1988,
    section 2.3.5; Lakens, Frontiers in Psychology 2013); written with the standard error it also
    holds for metrics that are no means.

    Args:
        mean: The statistic measured, then on the resamples of users, ``[1 + R]``.
        null: Its value if there is no effect.
        n_users: U.

    Returns:
        Any sign; 0 if there is no effect, ``nan`` where the spread is 0 or a value not finite.
    """
    if not np.isfinite(mean).all():
        return nan
    gap, spread = float(mean[0]) - null, float(mean[1:].std())
    if gap == 0:
        return 0.0
    return gap / (spread * sqrt(n_users)) if spread > 0 else nan
