"""Intervals and paired comparison, against loops and by simulation."""

from dataclasses import replace
from math import isnan, nan

import numpy as np
import pytest
from hypothesis import given, settings

from mobench.errors import ConfigError
from mobench.metrics import METRICS, Outcome, evaluate
from mobench.metrics import resampling as resampling_module
from mobench.metrics.groups import clopper_pearson, min_hit
from mobench.metrics.p_values import bootstrap_p
from mobench.metrics.resampling import HEADLINE, Features, resample
from mobench.metrics.significance import bootstrap, percentiles
from tests.unit.metrics.outcomes import drawn_users, outcomes, random_outcome, take

CATALOGUE = tuple(name for name in METRICS if name not in HEADLINE)


@settings(deadline=None, max_examples=40)
@given(outcome=outcomes())
def test_features_determine_the_headline(outcome: Outcome) -> None:
    k = outcome.lists.shape[1]
    features = Features.of(outcome, k)
    got = features.statistic(features.per_user.sum(axis=0))
    wanted = evaluate(outcome, k)
    assert tuple(got) == HEADLINE
    for name, value in got.items():
        assert value == pytest.approx(wanted[name], rel=1e-12, abs=1e-12)


def test_resamples_equal_a_loop() -> None:
    outcome = random_outcome(3, n_users=80)
    samples = resample(outcome, 5, 30, seed=9)
    for column, users in enumerate(drawn_users(80, 30, seed=9)):
        wanted = evaluate(take(outcome, users), 5)
        for name in HEADLINE:
            assert samples.resampled[name][column] == pytest.approx(wanted[name], rel=1e-10)


def test_memory_limit_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    outcome = random_outcome(3, n_users=50)
    whole = resample(outcome, 5, 40, seed=1).resampled
    monkeypatch.setattr(resampling_module, "CHUNK_BYTES", 7 * 8 * 50)
    for name, values in resample(outcome, 5, 40, seed=1).resampled.items():
        assert values == pytest.approx(whole[name], rel=1e-13)


def test_bootstrap_of_every_metric() -> None:
    outcome = random_outcome(4, n_users=400)
    got = bootstrap(outcome, 5, resamples=300, confidence=0.9, seed=2)
    assert {name: value for name, (value, _, _) in got.items()} == evaluate(outcome, 5)
    for name in HEADLINE:
        assert got[name].low < got[name].value < got[name].high
    for name in CATALOGUE:
        assert isnan(got[name].low)
        assert isnan(got[name].high)
    worst = min_hit(outcome, 5)
    assert got["min_hit"][1:] == clopper_pearson(worst.hits, worst.n, 0.9)
    again = bootstrap(outcome, 5, 300, 0.9, seed=2)
    assert {n: got[n] for n in HEADLINE} == {n: again[n] for n in HEADLINE}
    assert got["ndcg"] != bootstrap(outcome, 5, 300, 0.9, seed=3)["ndcg"]


def test_interval_has_the_width_of_the_standard_error() -> None:
    outcome = random_outcome(5, n_users=2000)
    interval = bootstrap(outcome, 5)["rhit"]
    gains = np.where(outcome.rank <= 5, outcome.price[outcome.target], 0)
    half = 1.96 * gains.std() / np.sqrt(2000)
    assert interval.high - interval.value == pytest.approx(half, rel=0.15)
    assert interval.value - interval.low == pytest.approx(half, rel=0.15)


def test_interval_covers_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    template, covered = random_outcome(0, n_users=300), 0
    for seed in range(200):
        rank = np.where(rng.random(300) < 0.3, 1, 20).astype(np.int32)
        interval = bootstrap(replace(template, rank=rank), 5, 200, 0.9, seed)["hit"]
        covered += interval.low <= 0.3 <= interval.high
    assert 0.83 <= covered / 200 <= 0.95


def test_percentiles_survive_infinity_but_not_nan() -> None:
    drawn = np.array([np.inf, *range(98)], dtype=float)  # R = 99: the 2nd from either side
    assert percentiles(drawn, 0.95) == (1.0, 97.0)
    assert percentiles(drawn[:5], 0.95) == (0.0, np.inf)
    assert all(isnan(limit) for limit in percentiles(np.array([nan, 1.0]), 0.9))
    assert isnan(bootstrap_p(np.array([nan, 1.0]), 0.0))


def test_misuse_is_refused() -> None:
    outcome = random_outcome(1)
    with pytest.raises(ConfigError, match="resamples is '1'"):
        bootstrap(outcome, 5, resamples=1)
    with pytest.raises(ConfigError, match=r"k = '9'"):
        bootstrap(outcome, 9)
