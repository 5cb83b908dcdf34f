"""Runs beside their bases, against loops and by simulation."""

from dataclasses import replace
from math import isnan

import numpy as np
import pytest

from mobench.errors import ConfigError, DataError
from mobench.metrics import OBJECTIVE_METRICS, Outcome, evaluate
from mobench.metrics.comparison import imp
from mobench.metrics.paired import compare, compare_imp, paired, paired_mean
from mobench.metrics.permutation import swapped
from mobench.metrics.resampling import HEADLINE, Features, Samples, resample
from mobench.metrics.significance import bootstrap
from tests.unit.metrics.outcomes import drawn_users, other_model, random_outcome, take


def test_paired_equals_a_loop() -> None:
    base = random_outcome(6, n_users=150)
    run = other_model(base, 1)
    over = ("hit", "rhit", "pop_kl")
    got = paired(run, base, 5, over, resamples=199, confidence=0.9, seed=4, test="bootstrap")
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
    assert got.imp == (0.0, 0.0, 0.0, 1.0, 0.0)
    assert got.accuracy_kept == (1.0, 1.0, 1.0, 1.0, 0.0)
    assert set(got.difference) == set(got.change) == set(HEADLINE)
    for name in HEADLINE:
        assert got.difference[name] == got.change[name] == (0.0, 0.0, 0.0, 1.0, 0.0)


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


def test_bootstrap_p_of_no_effect_is_uniform() -> None:
    rng = np.random.default_rng(1)
    template, p_values = random_outcome(0, n_users=300), []
    for seed in range(200):
        ranks = np.where(rng.random((2, 300)) < 0.3, 1, 20).astype(np.int32)
        run, base = (replace(template, rank=rank) for rank in ranks)
        found = paired(run, base, 5, ("hit",), 200, seed=seed, test="bootstrap")
        p_values.append(found.difference["hit"].p_value)
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


def test_runs_of_other_users_with_the_same_targets_are_refused() -> None:
    outcome = random_outcome(1)
    people = np.arange(len(outcome.target), dtype=np.int32)
    mine = replace(outcome, user=people)
    assert paired(mine, mine, 5, ("hit",), resamples=10).imp.value == 0
    for other in (people + 1, people // 2, people[::-1].copy()):
        with pytest.raises(DataError, match="different users or targets"):
            paired(mine, replace(outcome, user=other), 5, ("hit",), resamples=10)


def test_other_misuse_is_refused() -> None:
    outcome = random_outcome(1)
    with pytest.raises(ConfigError, match="nothing to compare"):
        paired_mean([], 5, ("hit",))
    one, two, three = (resample(outcome, 5, n, seed) for n, seed in ((10, 0), (10, 1), (11, 0)))
    for other in (two, three):
        with pytest.raises(ConfigError, match="resampled differently"):
            compare([(one, other)], ("hit",))


def test_base_without_hits_in_some_resamples() -> None:
    one = np.ones(1), 1, np.zeros(1)
    samples = [
        Samples({**dict.fromkeys(HEADLINE, 0.5)}, {n: np.array(v) for n in HEADLINE}, 0, *one)
        for v in ([0.5, 0.5, 0.0], [0.5, 0.0, 0.0])
    ]
    got = compare([(samples[0], samples[1])], ("hit", "min_hit"), confidence=0.5)
    assert got.imp[:4] == (0.0, 0.0, np.inf, 1.0)
    assert isnan(got.imp.size)
    assert isnan(got.accuracy_kept.low)


def test_imp_of_one_method_beside_another_equals_a_loop() -> None:
    first = random_outcome(3, n_users=90)
    rankings = [[other_model(first, 10 * seed + n) for n in range(3)] for seed in range(2)]
    over = ("hit", "pop_kl")
    triples = [tuple(resample(one, 5, 99, 2) for one in three) for three in rankings]
    got = compare_imp(triples, over, 0.9)

    def ahead(users: np.ndarray) -> float:
        values = [[evaluate(take(one, users), 5) for one in three] for three in rankings]
        return float(np.mean([imp(r, b, over) - imp(o, b, over) for r, o, b in values]))

    drawn = sorted(ahead(users) for users in drawn_users(90, 99, 2))
    assert got.value == pytest.approx(ahead(np.arange(90)), rel=1e-9)
    assert (got.low, got.high) == pytest.approx((drawn[4], drawn[-5]), rel=1e-9)
    swaps = [
        swapped(Features.of(run, 5), Features.of(other, 5), 99, 2) for run, other, _ in rankings
    ]
    tested = compare_imp(triples, over, 0.9, swaps, "permutation")
    assert tested[:3] == got[:3]
    same = [(one, one, base) for one, _, base in triples]
    nothing = compare_imp(same, over)
    assert nothing[:4] == (0.0, 0.0, 0.0, 1.0)


def test_a_test_without_its_swaps_is_a_mistake() -> None:
    samples = resample(random_outcome(1), 5, 10, 0)
    with pytest.raises(ValueError, match="0 swaps of 1 pairs"):
        compare([(samples, samples)], ("hit",), test="permutation")


def test_rows_of_one_user_do_not_pass_for_users() -> None:
    """Each row twice is twice the same: effects, their size and p stay as they are."""
    base = random_outcome(11, n_users=40)
    once = [(other_model(base, seed), base) for seed in (5, 6)]
    twice = [(_twice(run), _twice(base)) for run, base in once]
    assert {one.n_users for pair in (*once, *twice) for one in pair} == {40}
    few, many = (paired_mean(pairs, 5, ("hit",), 99, test="both") for pairs in (once, twice))
    for name, effect in few.difference.items():
        assert many.difference[name] == pytest.approx(effect, nan_ok=True), name


def _twice(outcome: Outcome) -> Outcome:
    rows = np.repeat(np.arange(len(outcome.target)), 2)
    names = ("target", "rank", "lists", "user", "profile")
    return replace(outcome, **{name: getattr(outcome, name)[rows] for name in names})
