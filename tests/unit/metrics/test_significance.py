"""Intervals and paired comparison, against loops and by simulation."""

from dataclasses import replace
from math import isnan, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobench.errors import ConfigError, DataError
from mobench.metrics import METRICS, OBJECTIVE_METRICS, Outcome, evaluate
from mobench.metrics import resampling as resampling_module
from mobench.metrics.comparison import imp
from mobench.metrics.groups import clopper_pearson, min_hit
from mobench.metrics.resampling import HEADLINE, Features, Samples, resample
from mobench.metrics.significance import (
    bootstrap,
    compare,
    holm,
    p_value,
    paired,
    paired_mean,
    percentiles,
)
from mobench.seeds import Seeds
from tests.unit.metrics.outcomes import outcomes, random_outcome, take

CATALOGUE = tuple(name for name in METRICS if name not in HEADLINE)


def drawn_users(n_users: int, resamples: int, seed: int) -> list[np.ndarray]:
    """The draws, one resample after the other."""
    random = Seeds(seed).numpy("bootstrap")
    return [random.integers(n_users, size=n_users) for _ in range(resamples)]


def other_model(outcome: Outcome, seed: int) -> Outcome:
    """Another model's ranking of the same users."""
    rng = np.random.default_rng(seed)
    lists = rng.permuted(np.tile(np.arange(len(outcome.price)), (len(outcome.rank), 1)), axis=1)
    return replace(
        outcome,
        rank=rng.permutation(outcome.rank),
        lists=lists[:, : outcome.lists.shape[1]].astype(np.int32),
    )


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


def test_paired_equals_a_loop() -> None:
    base = random_outcome(6, n_users=150)
    run = other_model(base, 1)
    over = ("hit", "rhit", "pop_kl")
    got = paired(run, base, 5, over, resamples=199, confidence=0.9, seed=4)
    differences, imps, kept = [], [], []
    for users in drawn_users(150, 199, seed=4):
        a, b = evaluate(take(run, users), 5), evaluate(take(base, users), 5)
        differences.append(a["ndcg"] - b["ndcg"])
        imps.append(imp(a, b, over))
        kept.append(a["hit"] / b["hit"])
    a, b = evaluate(run, 5), evaluate(base, 5)

    def limits(values: list[float]) -> tuple[float, float]:  # the 10th of 199 from either side
        return sorted(values)[9], sorted(values)[-10]

    wanted = (a["ndcg"] - b["ndcg"], *limits(differences))
    assert got.difference["ndcg"][:3] == pytest.approx(wanted, rel=1e-9)
    assert got.imp[:3] == pytest.approx((imp(a, b, over), *limits(imps)), rel=1e-9)
    assert got.accuracy_kept[:3] == pytest.approx((a["hit"] / b["hit"], *limits(kept)), rel=1e-9)
    assert got.change["pop_kl"].value == pytest.approx((b["pop_kl"] - a["pop_kl"]) / b["pop_kl"])
    rarer = min(sum(d <= 0 for d in differences), sum(d >= 0 for d in differences))
    assert got.difference["ndcg"].p_value == pytest.approx(min(1, 2 * (1 + rarer) / 200))


def test_a_run_against_itself() -> None:
    outcome = random_outcome(7)
    got = paired(outcome, outcome, 5, OBJECTIVE_METRICS, resamples=50)
    assert got.imp == (0.0, 0.0, 0.0, 1.0)
    assert got.accuracy_kept == (1.0, 1.0, 1.0, 1.0)
    assert set(got.difference) == set(got.change) == set(HEADLINE)
    for name in HEADLINE:
        assert got.difference[name] == got.change[name] == (0.0, 0.0, 0.0, 1.0)


def test_pairing_removes_what_runs_have_in_common() -> None:
    base = random_outcome(8, n_users=1000)
    rank = base.rank.copy()
    rank[np.flatnonzero(rank > 5)[:30]] = 1
    run = replace(base, rank=rank)
    got = paired(run, base, 5, ("hit",)).difference["hit"]
    alone = bootstrap(run, 5)["hit"]
    assert got.high - got.low < (alone.high - alone.low) / 2
    assert got.value == pytest.approx(0.03)
    assert 0 < got.low < 0.03 < got.high
    assert got.p_value == pytest.approx(2 / 1001)  # 30 more hits, none lost


def test_p_values_of_no_effect_are_uniform() -> None:
    rng = np.random.default_rng(1)
    template, p_values = random_outcome(0, n_users=300), []
    for seed in range(200):
        ranks = np.where(rng.random((2, 300)) < 0.3, 1, 20).astype(np.int32)
        run, base = (replace(template, rank=rank) for rank in ranks)
        p_values.append(paired(run, base, 5, ("hit",), 200, seed=seed).difference["hit"].p_value)
    assert np.mean(np.array(p_values) < 0.05) == pytest.approx(0.05, abs=0.04)
    assert np.mean(np.array(p_values) < 0.5) == pytest.approx(0.5, abs=0.12)


def test_mean_over_seeds_uses_one_draw_of_users() -> None:
    bases = [random_outcome(9, n_users=120)]
    bases.append(other_model(bases[0], 5))
    runs = [other_model(bases[0], seed) for seed in (6, 7)]
    pairs = list(zip(runs, bases, strict=True))
    over = ("hit", "pop_kl")
    got = paired_mean(pairs, 5, over, resamples=99, seed=3)
    means = []
    for users in drawn_users(120, 99, seed=3):
        values = [[evaluate(take(o, users), 5) for o in pair] for pair in pairs]
        means.append(np.mean([imp(run, base, over) for run, base in values]))
    measured = np.mean([imp(evaluate(r, 5), evaluate(b, 5), over) for r, b in pairs])
    assert got.imp[:3] == pytest.approx((measured, sorted(means)[1], sorted(means)[-2]), rel=1e-9)
    each = [paired(run, base, 5, over, 99, seed=3) for run, base in pairs]
    for name in HEADLINE:
        halves = [one.change[name].value for one in each]
        assert got.change[name].value == pytest.approx(sum(halves) / 2)
    assert paired_mean(pairs[:1], 5, over, 99, seed=3) == each[0]


def test_imp_over_nothing_is_unknown() -> None:
    outcome = random_outcome(7)
    assert all(isnan(x) for x in paired(outcome, outcome, 5, (), resamples=20).imp)


def test_runs_of_other_users_are_refused() -> None:
    outcome = random_outcome(1)
    shuffled = take(outcome, np.arange(len(outcome.rank))[::-1])
    with pytest.raises(DataError, match="different users or targets"):
        paired(outcome, shuffled, 5, ("hit",), resamples=10)
    with pytest.raises(DataError, match="different users or targets"):
        paired(outcome, take(outcome, np.arange(10)), 5, ("hit",), resamples=10)


def test_other_misuse_is_refused() -> None:
    outcome = random_outcome(1)
    with pytest.raises(ConfigError, match="nothing to compare"):
        paired_mean([], 5, ("hit",))
    with pytest.raises(ConfigError, match="resamples is '1'"):
        bootstrap(outcome, 5, resamples=1)
    one, two, three = (resample(outcome, 5, n, seed) for n, seed in ((10, 0), (10, 1), (11, 0)))
    for other in (two, three):
        with pytest.raises(ConfigError, match="resampled differently"):
            compare([(one, other)], ("hit",))
    with pytest.raises(ConfigError, match=r"k = '9'"):
        bootstrap(outcome, 9)


def test_percentiles_survive_infinity_but_not_nan() -> None:
    drawn = np.array([np.inf, *range(98)], dtype=float)  # R = 99: the 2nd from either side
    assert percentiles(drawn, 0.95) == (1.0, 97.0)
    assert percentiles(drawn[:5], 0.95) == (0.0, np.inf)
    assert all(isnan(limit) for limit in percentiles(np.array([nan, 1.0]), 0.9))
    assert isnan(p_value(np.array([nan, 1.0]), 0.0))


def test_base_without_hits_in_some_resamples() -> None:
    samples = [
        Samples({**dict.fromkeys(HEADLINE, 0.5)}, {n: np.array(v) for n in HEADLINE}, 0, np.ones(1))
        for v in ([0.5, 0.5, 0.0], [0.5, 0.0, 0.0])
    ]
    got = compare([(samples[0], samples[1])], ("hit", "min_hit"), confidence=0.5)
    assert got.imp == (0.0, 0.0, np.inf, 1.0)
    assert isnan(got.accuracy_kept.low)


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
