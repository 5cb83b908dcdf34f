"""P-values corrected for their number."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from mobench.metrics.correction import (
    CORRECTIONS,
    Correction,
    benjamini_hochberg,
    holm,
    least_corrected,
    resamples_needed,
)


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.7]) == [1.0, 1.0]
    assert holm([0.2]) == [0.2]
    assert holm([]) == []


@given(p=st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_by_definition(p: list[float]) -> None:
    for raw, corrected in zip(p, holm(p), strict=True):
        steps = [q * sum(other >= q for other in p) for q in p if q <= raw]
        assert corrected == pytest.approx(min(1.0, max(steps)), rel=1e-12)


def test_benjamini_hochberg_by_hand() -> None:
    # 0.039 · 5/3 = 0.065 and 0.041 · 5/4 = 0.05125: the larger p has the smaller one
    assert benjamini_hochberg([0.042, 0.001, 0.041, 0.008, 0.039]) == pytest.approx(
        [0.042, 0.005, 0.042, 0.02, 0.042]
    )
    assert benjamini_hochberg([0.2]) == [0.2]
    assert benjamini_hochberg([]) == []


@given(p=st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_benjamini_hochberg_equals_scipy(p: list[float]) -> None:
    assert benjamini_hochberg(p) == pytest.approx(false_discovery_control(p), rel=1e-12)
    pairs = zip(p, benjamini_hochberg(p), holm(p), strict=True)
    assert all(raw <= bh * (1 + 1e-12) and bh <= fwe * (1 + 1e-12) for raw, bh, fwe in pairs)


@pytest.mark.parametrize("correction", ["holm", "bh"])
def test_the_least_that_can_come_out(correction: Correction) -> None:
    _, correct = CORRECTIONS[correction]
    floor, tests = 0.004, 20
    rng = np.random.default_rng(0)
    for n_low in range(1, tests + 1):
        p = [floor] * n_low + list(rng.uniform(floor, 1, tests - n_low))
        assert min(correct(p)) >= least_corrected(floor, tests, correction) * (1 - 1e-12)
    assert min(correct([floor] * tests)) == pytest.approx(least_corrected(floor, tests, correction))
    assert least_corrected(0.2, 20, "holm") == 1.0


@pytest.mark.parametrize("correction", ["holm", "bh"])
@pytest.mark.parametrize("tests", [1, 4, 12, 88, 96])
def test_so_many_resamples_let_a_p_fall_below_alpha_and_one_fewer_does_not(
    tests: int, correction: Correction
) -> None:
    _, correct = CORRECTIONS[correction]
    enough = resamples_needed(0.05, tests, correction)
    least = [min(correct([2 / (n + 1)] * tests)) for n in (enough, enough - 1)]
    assert least[0] < 0.05 <= least[1] * (1 + 1e-12)
