"""Swapped labels against enumeration, SciPy and simulation."""

from itertools import product

import numpy as np
import pytest
from scipy.stats import kstest, permutation_test, ttest_1samp

from mobench.metrics import METRICS, Outcome, evaluate
from mobench.metrics import permutation as permutation_module
from mobench.metrics.p_values import effect_size, permutation_p, two_level_p
from mobench.metrics.paired import paired, paired_mean
from mobench.metrics.permutation import swapped
from mobench.metrics.ranking import PER_USER
from mobench.metrics.resampling import HEADLINE, Features
from mobench.seeds import Seeds
from tests.unit.metrics.outcomes import frozen, other_model, random_outcome


def exchanged(run: Outcome, base: Outcome, coins: np.ndarray) -> tuple[Outcome, Outcome]:
    """Both rankings with some users' lists and ranks exchanged, the slow way."""

    def mixed(a: Outcome, b: Outcome) -> Outcome:
        return frozen(
            target=a.target,
            rank=np.where(coins, b.rank, a.rank),
            lists=np.where(coins[:, None], b.lists, a.lists),
            price=a.price.copy(),
            fair_group=a.fair_group.copy(),
            pop_group=a.pop_group.copy(),
            n_train=a.n_train.copy(),
            target_share=a.target_share.copy(),
        )

    return mixed(run, base), mixed(base, run)


def better(base: Outcome, seed: int, by: int = 2) -> Outcome:
    """Another model's ranking whose targets stand a little higher."""
    run = other_model(base, seed)
    return frozen(**(run.__dict__ | {"rank": np.maximum(1, run.rank - by)}))


def coins(n_users: int, resamples: int, seed: int) -> list[np.ndarray]:
    """The users that each swap exchanges, from the stream that the module documents."""
    random = Seeds(seed).numpy("permutation")
    drawn = [random.bytes(-(-n_users // 8)) for _ in range(resamples)]
    return [np.unpackbits(np.frombuffer(d, np.uint8))[:n_users].astype(bool) for d in drawn]


def both_sides(measured: float, drawn: list[float]) -> tuple[int, int]:
    room = 1e-12 * max(abs(measured), *map(abs, drawn))
    return sum(d <= measured + room for d in drawn), sum(d >= measured - room for d in drawn)


def test_swaps_equal_exchanged_rankings() -> None:
    base = random_outcome(2, n_users=45)
    run = other_model(base, 3)
    got = swapped(Features.of(run, 5), Features.of(base, 5), 12, seed=8)
    for place, chosen in enumerate([np.zeros(45, bool), *coins(45, 12, 8)]):
        wanted = [evaluate(one, 5) for one in exchanged(run, base, chosen)]
        for found, values in zip(got, wanted, strict=True):
            for name in HEADLINE:
                assert found[name][place] == pytest.approx(values[name], rel=1e-9, abs=1e-12)
    assert len(got[0]["hit"]) == 13


def test_memory_limit_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    base = random_outcome(2, n_users=45)
    features = Features.of(other_model(base, 3), 5), Features.of(base, 5)
    whole = swapped(*features, 40, seed=1)
    monkeypatch.setattr(permutation_module, "CHUNK_BYTES", 7 * 8 * 45)
    for one, other in zip(whole, swapped(*features, 40, seed=1), strict=True):
        for name in HEADLINE:
            assert other[name] == pytest.approx(one[name], rel=1e-13)


@pytest.mark.parametrize("metric", ["hit", "ndcg", "min_hit", "pop_kl"])
def test_p_comes_near_that_of_all_swaps(metric: str) -> None:
    """Nine users can be swapped in 512 ways: the exact p, by enumeration."""
    base = random_outcome(12, n_users=9, n_items=8, k=3, groups=2)
    run = other_model(base, 5)
    measure = METRICS[metric].compute
    each = []
    for chosen in product([False, True], repeat=9):
        one, two = exchanged(run, base, np.array(chosen))
        each.append(measure(one, 3) - measure(two, 3))
    exact = min(1.0, 2 * min(both_sides(each[0], each)) / len(each))
    got = paired(run, base, 3, ("hit",), resamples=20_000, seed=1).difference[metric].p_value
    assert exact > 0.02
    assert got == pytest.approx(exact, abs=4 * np.sqrt(exact / 20_000) + 0.01)


@pytest.mark.parametrize("metric", ["hit", "ndcg", "rhit"])
def test_p_of_means_equals_scipy(metric: str) -> None:
    base = random_outcome(4, n_users=14)
    run = better(base, 2, by=9)
    gaps = PER_USER[metric](run, 5) - PER_USER[metric](base, 5)
    exact = permutation_test(
        (gaps,), np.mean, permutation_type="samples", n_resamples=np.inf, vectorized=True
    ).pvalue
    got = paired(run, base, 5, ("hit",), resamples=20_000, seed=3).difference[metric].p_value
    assert got == pytest.approx(exact, abs=0.02)
    assert exact < 1


def test_seeds_are_swapped_together() -> None:
    """Two equal pairs are no more evidence than one."""
    base = random_outcome(6, n_users=80)
    run = better(base, 9, by=1)
    one = paired(run, base, 5, ("hit", "rhit"), 499, seed=2)
    two = paired_mean([(run, base)] * 2, 5, ("hit", "rhit"), 499, seed=2)
    assert one.imp == pytest.approx(two.imp)
    assert one.difference["ndcg"].p_value == two.difference["ndcg"].p_value < 1


def test_p_is_never_zero_and_never_above_one() -> None:
    assert permutation_p(np.array([5.0, *np.zeros(99)])) == pytest.approx(2 / 100)
    assert permutation_p(np.zeros(100)) == 1.0
    assert np.isnan(permutation_p(np.array([1.0, np.nan])))
    # A swap that gives the measured value again, added in another order, is no evidence against it.
    assert permutation_p(np.array([0.3, *[0.1 + 0.2] * 99])) == 1.0
    assert permutation_p(np.array([0.1 + 0.2, *[0.3] * 99])) == 1.0


def test_p_of_no_effect_is_uniform() -> None:
    found = []
    for seed in range(200):
        run, base = (random_outcome(1000 + seed, n_users=50) for _ in range(2))
        coin = np.random.default_rng(seed).random(50) < 0.5
        run, base = exchanged(other_model(run, seed), base, coin)
        found.append(paired(run, base, 5, ("hit",), 199, seed=seed).difference["rndcg"].p_value)
    assert kstest(found, "uniform").pvalue > 0.01
    assert np.mean(np.array(found) <= 0.05) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 200)
    assert np.mean(np.array(found) <= 0.05) > 0.02


def crossed(
    rng: np.random.Generator, users: float, seeds: float, noise: float, shape: tuple[int, int]
) -> np.ndarray:
    """Differences of each seed and user, ``[S, U]``, with three kinds of chance."""
    s, u = shape
    own = rng.normal(0, noise, shape) + rng.normal(0, users, (1, u)) + rng.normal(0, seeds, (s, 1))
    return np.asarray(own)


def resampled_means(differences: np.ndarray, rng: np.random.Generator, n: int = 200) -> np.ndarray:
    s, u = differences.shape
    counts = rng.multinomial(u, [1 / u] * u, size=n)
    return np.column_stack([differences.mean(axis=1), differences @ counts.T / u]).reshape(s, n + 1)


@pytest.mark.parametrize(
    ("users", "seeds", "noise", "share"),
    [(1.0, 0.0, 0.3, 0.05), (0.3, 1.0, 0.3, 0.05), (0.5, 0.1, 0.5, 0.05)],
)
def test_p_over_users_and_seeds_rejects_no_more_than_it_says(
    users: float, seeds: float, noise: float, share: float
) -> None:
    """Three seeds, 200 users; the same whether users or seeds make the noise."""
    rng = np.random.default_rng(17)
    found = []
    for _ in range(250):
        differences = crossed(rng, users, seeds, noise, (3, 200))
        found.append(two_level_p(resampled_means(differences, rng), 0.0, 200))
    rejected = np.mean(np.array(found) <= share)
    assert 0.004 <= rejected <= share + 3 * np.sqrt(share * (1 - share) / 250)


def test_users_alone_would_reject_far_too_often_where_seeds_differ() -> None:
    """Why ``both`` exists: the runs do differ, their methods do not."""
    rng = np.random.default_rng(18)
    by_users, by_both = [], []
    for _ in range(100):
        differences = crossed(rng, 0.3, 0.1, 0.3, (3, 400))
        means = differences.mean(axis=0)
        by_users.append(ttest_1samp(means, 0).pvalue)
        by_both.append(two_level_p(resampled_means(differences, rng), 0.0, 400))
    assert np.mean(np.array(by_users) <= 0.05) > 0.5
    assert np.mean(np.array(by_both) <= 0.05) < 0.15


def test_p_over_users_and_seeds_in_the_limits() -> None:
    rng = np.random.default_rng(3)
    # Seeds alone: the one-sample t-test of their values.
    values = np.array([0.5, 0.9, 1.3, 0.2])
    each = np.repeat(values[:, None], 101, axis=1)
    assert two_level_p(each, 0.0, 50) == pytest.approx(ttest_1samp(values, 0).pvalue, rel=1e-9)
    # Users alone: the z-test of the mean, and the t-test has many degrees of freedom.
    drawn = np.append(0.2, rng.normal(0.2, 0.1, 4000))
    alike = np.stack([drawn, drawn])
    assert two_level_p(alike, 0.0, 10_000) == pytest.approx(0.0455, abs=0.006)
    assert two_level_p(alike, 0.2, 10_000) == 1.0
    assert np.isnan(two_level_p(alike[:1], 0.0, 100))
    assert np.isnan(two_level_p(alike * [[1], [np.inf]], 0.0, 100))
    assert two_level_p(np.ones((2, 50)), 1.0, 100) == 1.0
    assert two_level_p(np.ones((2, 50)), 0.0, 100) == 0.0


def test_both_is_the_larger_of_the_two() -> None:
    base = random_outcome(6, n_users=300)
    better = frozen(**(base.__dict__ | {"rank": np.maximum(1, base.rank - 3)}))
    pairs = [(better, base), (base, base)]
    found = {
        test: paired_mean(pairs, 5, ("hit",), 199, test=test).difference["hit"].p_value
        for test in ("bootstrap", "permutation", "both")
    }
    assert found["permutation"] == pytest.approx(0.01)
    assert found["both"] > 0.2  # two seeds that disagree
    alone = paired_mean(pairs[:1], 5, ("hit",), 199, test="both").difference["hit"].p_value
    assert alone == found["permutation"]


def test_effect_size_of_a_mean_is_that_of_cohen() -> None:
    base = random_outcome(8, n_users=500)
    run = better(base, 4)
    found = paired(run, base, 5, ("hit",), resamples=4000).difference
    for name in ("hit", "ndcg", "rhit"):
        gaps = PER_USER[name](run, 5) - PER_USER[name](base, 5)
        assert found[name].size == pytest.approx(gaps.mean() / gaps.std(), rel=0.05, abs=0.002)
        assert found[name].size > 0.05
    assert effect_size(np.array([1.0, 1.0, 1.0]), 1.0, 10) == 0.0
    assert np.isnan(effect_size(np.array([1.0, 1.0, 1.0]), 0.0, 10))
    assert np.isnan(effect_size(np.array([1.0, np.inf, 1.0]), 0.0, 10))
