"""Static weights and the checks that all solvers share."""

import numpy as np
import pytest

from mobench.errors import ConfigError, TrainingError
from mobench.solvers.static import Static


def test_weights_are_the_preference() -> None:
    weights = Static().weights(np.array([5.0, 0.1, 1.0]), None, np.array([3.0, 0.0, 1.0]))
    assert weights.tolist() == [0.75, 0.0, 0.25]


@pytest.mark.parametrize(
    ("preference", "message"),
    [
        ([1.0], "^preference has 1 values for 2 objectives\n"),
        ([1.0, -0.5], r"^preference '\[1\.0, -0\.5\]' is no mix of wishes\n"),
        ([0.0, 0.0], "no mix of wishes"),
        ([np.inf, 1.0], "no mix of wishes"),
        ([np.nan, 1.0], "no mix of wishes"),
    ],
)
def test_bad_preference(preference: list[float], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        Static().weights(np.ones(2), None, np.array(preference))
    assert caught.value.hint


def test_loss_that_is_not_finite() -> None:
    with pytest.raises(TrainingError, match=r"^a loss is not finite: '\[1\.0, nan\]'\n"):
        Static().weights(np.array([1.0, np.nan]), None, np.ones(2))
