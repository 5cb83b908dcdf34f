"""Spearman's rank correlation against SciPy, ties included."""

from math import isnan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from mobench.metrics.rank_correlation import spearman

PAIRS = st.lists(st.tuples(st.integers(0, 5), st.floats(-1e6, 1e6)), min_size=3, max_size=40)


@given(PAIRS)
def test_it_is_scipys_also_with_ties(pairs):
    x, y = np.array(pairs).T
    if len(set(x)) == 1 or len(set(y)) == 1:
        assert isnan(spearman(x, y))
        return
    assert spearman(x, y) == pytest.approx(spearmanr(x, y).statistic, abs=1e-12)


def test_only_the_order_counts():
    x = np.arange(9.0)
    assert spearman(x, np.exp(x)) == pytest.approx(1)
    assert spearman(x, -(x**3)) == pytest.approx(-1)
    assert spearman([1, 2, 3, 4], [2, 1, 4, 3]) == pytest.approx(1 - 6 * 4 / (4 * 15))
