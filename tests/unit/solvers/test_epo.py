"""EPO: the linear programs against other solvers of theirs, and the toy's front."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mobench.errors import TrainingError
from mobench.solvers import program
from mobench.solvers.epo import EPO, nonuniformity, search
from tests.unit.solvers.samples import KINDS, Toy, Vector, gradients, gram, problems, wish


def brute_force(gain: Vector, matrix: Vector, bounds: Vector) -> float:
    """Largest gain · w on the simplex with matrix · w ≥ bounds, by trying all vertices."""
    m = len(gain)
    rows, values = np.vstack([matrix, np.eye(m)]), np.append(bounds, np.zeros(m))
    best = -np.inf
    for chosen in combinations(np.flatnonzero(np.isfinite(values)), m - 1):
        system = np.vstack([rows[list(chosen)], np.ones(m)])
        if np.linalg.cond(system) > 1e12:
            continue
        w = np.linalg.solve(system, np.append(values[list(chosen)], 1.0))
        if (rows @ w >= values - 1e-9).all():
            best = max(best, float(gain @ w))
    return best


def balance(losses: Vector, gramian: Vector, preference: Vector) -> tuple[Vector, Vector]:
    """Gain and bounds of (Gw)_k while balancing, written down from the paper."""
    shares = preference * losses / (preference @ losses)
    logs = np.log(len(losses) * shares)
    pull = gramian @ (preference * (logs - shares @ logs))
    if (pull <= 0).all():
        return pull, np.zeros_like(pull)
    bounds = np.where(pull > 0, -np.inf, pull)
    bounds[shares.argmax()] = 0
    return pull, bounds


def losses_off_the_ray(seed: int, m: int) -> Vector:
    return np.random.default_rng(seed).uniform(0.1, 2, m)


@settings(deadline=None, max_examples=100)
@given(
    seed=st.integers(0, 2**32),
    m=st.integers(2, 4),
    kind=st.sampled_from(["unrelated", "conflicting"]),
)
def test_balances_as_well_as_any_vertex(seed: int, m: int, kind: str) -> None:
    gramian, preference = gram(gradients(seed, m, 0, kind)), wish(seed, m)
    losses = losses_off_the_ray(seed, m)
    assume(nonuniformity(losses, preference)[0] > 1e-4)
    gain, bounds = balance(losses, gramian, preference)
    weights = EPO().weights(losses, gramian, preference)
    assert (gramian @ weights >= bounds - 1e-8).all()
    best = brute_force(gain, gramian, bounds)
    assert gain @ weights == pytest.approx(best, rel=1e-8, abs=1e-9)


@settings(deadline=None, max_examples=100)
@given(
    seed=st.integers(0, 2**32),
    m=st.integers(2, 4),
    kind=st.sampled_from(["unrelated", "conflicting"]),
)
def test_descends_as_well_as_any_vertex(seed: int, m: int, kind: str) -> None:
    rng = np.random.default_rng(seed)
    gramian, preference = gram(gradients(seed, m, 0, kind)), wish(seed, m)
    losses = (1 + 1e-3 * rng.normal(size=m)) / preference
    mu, adjustment = nonuniformity(losses, preference)
    assert 0 < mu < 1e-4
    pull = gramian @ adjustment
    weights = EPO().weights(losses, gramian, preference)
    least = min(0.0, brute_force(pull, gramian, np.zeros(m)))
    size = np.abs(pull).max()
    assert (gramian @ weights >= -1e-8).all()
    assert pull @ weights >= least - 1e-8 * size
    rows, bounds = np.vstack([gramian, pull / size]), np.append(np.zeros(m), least / size - 1e-9)
    best = brute_force(gramian.sum(axis=0), rows, bounds)
    assert (gramian @ weights).sum() == pytest.approx(best, rel=1e-6)


@settings(deadline=None, max_examples=80)
@given(
    seed=st.integers(0, 2**32),
    m=st.sampled_from([2, 3, 4, 8]),
    spread=st.sampled_from([0, 1, 2]),
    kind=st.sampled_from(KINDS),
    descend=st.booleans(),
)
def test_enumeration_and_highs_agree(
    seed: int, m: int, spread: float, kind: str, descend: bool
) -> None:
    """Ill-scaled and dependent gradients, in units of what cancels."""
    gramian, preference = gram(gradients(seed, m, spread, kind)), wish(seed, m)
    losses = 1 / preference if descend else losses_off_the_ray(seed, m)
    losses = losses * (1 + 1e-4 * np.random.default_rng(seed).normal(size=m))
    assume((nonuniformity(losses, preference)[0] > 1e-4) != descend)
    both = []
    with pytest.MonkeyPatch.context() as patch:
        for limit in (0, 8):
            patch.setattr(program, "ENUMERATED", limit)
            both.append(search(losses, gramian, preference, 1e-4))
    norms = np.sqrt(gramian.diagonal())
    adjustment = nonuniformity(losses, preference)[1]
    gain = gramian.sum(axis=0) if descend else gramian @ adjustment
    size = norms.sum() if descend else norms @ np.abs(adjustment)
    floors = np.zeros(m) if descend else balance(losses, gramian, preference)[1]
    for weights in both:
        unit = norms * (weights @ norms)
        assert ((floors - gramian @ weights) / unit).max() <= 1e-8
    largest = max(weights @ norms for weights in both) * size
    assert gain @ both[0] / largest == pytest.approx(gain @ both[1] / largest, abs=1e-8)


@settings(deadline=None, max_examples=100)
@given(rows=problems, seed=st.integers(0, 2**32))
def test_always_has_a_solution(rows: Vector, seed: int) -> None:
    losses = losses_off_the_ray(seed, len(rows))
    weights = EPO().weights(losses, gram(rows), wish(seed, len(rows)))
    assert weights.min() >= 0
    assert weights.sum() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("share", [0.8, 0.9, 0.5, 0.2, 0.35, 0.95])
def test_reaches_the_wanted_point_of_a_concave_front(share: float) -> None:
    toy, preference = Toy(), np.array([share, 1 - share])
    target = toy.target(preference)
    for seed in range(3):
        end = toy.descend(EPO(), preference, toy.start(seed), 0.1, 300)[-1]
        assert np.abs(toy.losses(end) - target).max() < 0.01
        assert nonuniformity(toy.losses(end), preference)[0] < 2e-4


def test_targets_are_those_of_the_closed_form() -> None:
    """So that the test above does not lean on a wrong front."""
    toy = Toy()
    assert toy.target(np.array([0.8, 0.2])) == pytest.approx([0.22342, 0.89370], abs=1e-4)
    assert toy.target(np.array([0.9, 0.1])) == pytest.approx([0.10424, 0.93814], abs=1e-4)
    assert toy.target(np.array([0.5, 0.5])) == pytest.approx([0.632121, 0.632121], abs=1e-4)


def test_nonuniformity() -> None:
    preference = np.array([0.5, 0.3, 0.2])
    mu, adjustment = nonuniformity(2 / preference, preference)
    assert mu == pytest.approx(0, abs=1e-15)
    assert adjustment == pytest.approx(0, abs=1e-15)
    mu, adjustment = nonuniformity(np.array([1.0, 0.0]), np.array([0.5, 0.5]))
    assert mu == pytest.approx(np.log(2))
    assert np.isfinite(adjustment).all()
    losses = np.array([0.4, 1.1, 2.0])
    assert nonuniformity(losses, preference)[1] @ losses == pytest.approx(0, abs=1e-14)


def test_objectives_without_a_wish_are_left_out() -> None:
    gramian, losses = gram(gradients(1, 3, 0, "conflicting")), np.array([0.3, 0.7, 0.4])
    weights = EPO().weights(losses, gramian, np.array([0.6, 0.0, 0.4]))
    pair = np.ix_([0, 2], [0, 2])
    two = EPO().weights(losses[[0, 2]], gramian[pair], np.array([0.6, 0.4]))
    assert weights.tolist() == [two[0], 0, two[1]]


@pytest.mark.parametrize("losses", [[-0.1, 1.0], [0.0, 0.0]])
def test_losses_without_a_ray(losses: list[float]) -> None:
    with pytest.raises(TrainingError, match="EPO needs losses of at least 0"):
        EPO().weights(np.array(losses), np.eye(2), np.ones(2))


def test_a_program_without_solution_is_an_error() -> None:
    for m in (2, 7, 9):  # by vertices, by HiGHS and then vertices, by HiGHS alone
        impossible = (np.ones(m), np.eye(m), np.full(m, 0.9), np.ones(m), np.eye(m))
        with pytest.raises(TrainingError, match=r"linear program.*Gramian '\[\[1\.0, 0\.0"):
            program.maximise(*impossible)
    with pytest.raises(TrainingError, match="all gradients are 0"):
        EPO().weights(np.ones(2), np.zeros((2, 2)), np.ones(2))
