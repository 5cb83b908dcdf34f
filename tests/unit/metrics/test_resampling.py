"""Users are resampled with all their held-out rows."""

from dataclasses import replace

import numpy as np
import pytest

from mobench.errors import DataError
from mobench.metrics import evaluate
from mobench.metrics.resampling import HEADLINE, resample
from mobench.metrics.significance import bootstrap
from mobench.seeds import Seeds
from tests.unit.metrics.outcomes import random_outcome, take


def test_copies_of_a_row_tell_nothing_new() -> None:
    """Four rows of each user that are all alike: the same intervals as one row of each."""
    one = random_outcome(3, n_users=200)
    rows = np.random.default_rng(0).permutation(np.repeat(np.arange(200), 4))
    four = replace(take(one, rows), user=rows.astype(np.int32) + 7)
    alone = take(one, rows)
    narrow, right, want = (bootstrap(o, 5, 300, seed=2) for o in (alone, four, one))
    for name in HEADLINE:
        if name != "min_hit":  # its interval is not resampled
            assert right[name] == pytest.approx(want[name], rel=1e-9)
            width, wrong = (i.high - i.low for i in (right[name], narrow[name]))
            assert width > 1.5 * wrong, name


def test_equals_a_loop_over_users_of_several_rows() -> None:
    outcome = random_outcome(5, n_users=90)
    user = np.random.default_rng(1).integers(40, size=90).astype(np.int32)
    outcome = replace(outcome, user=user)
    people = [np.flatnonzero(user == u) for u in np.unique(user)]
    random = Seeds(9).numpy("bootstrap")
    got = resample(outcome, 4, 30, 9).resampled
    for r in range(30):
        drawn = random.integers(len(people), size=len(people))
        want = evaluate(take(outcome, np.concatenate([people[u] for u in drawn])), 4)
        assert {n: got[n][r] for n in HEADLINE} == pytest.approx({n: want[n] for n in HEADLINE})


def test_users_must_fit_the_targets() -> None:
    with pytest.raises(DataError, match="users and targets differ in length"):
        replace(random_outcome(1), user=np.zeros(3, np.int32))
