"""Every number of the comparison against the oracle."""

import shutil
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from scipy import stats

from mobench.config import ReportConfig
from mobench.errors import ConfigError
from mobench.metrics.correction import holm
from mobench.report.compare import compare, load
from mobench.report.records import Comparison, Estimate
from tests.unit.report.conftest import CONFIG
from tests.unit.report.making import Shelf, usual
from tests.unit.report.oracle import NAMES, Ranking, change, draws, imp, limits, p_values
from tests.unit.report.writing import support

SEEDS = (1, 2)
ROWS = {"morec equal": "morec", "morec rev-heavy": "dear", "continue": "continue"}


def rankings(shelf: Shelf, name: str, seeds: Sequence[int] = SEEDS) -> list[Ranking]:
    return [Ranking(shelf.root / "metrics" / f"shop-mf-{name}-s{s}-test") for s in seeds]


@pytest.mark.parametrize(("label", "name"), [("base", "base"), *ROWS.items()])
def test_values_and_spreads(shelf: Shelf, comparison: Comparison, label: str, name: str) -> None:
    found = [ranking.metrics() for ranking in rankings(shelf, name)]
    row = comparison.row(label)
    for metric in NAMES:
        values = [each[metric] for each in found]
        assert row.values[metric].value == pytest.approx(np.mean(values), rel=1e-12)
        assert row.values[metric].sd == pytest.approx(np.std(values, ddof=1), rel=1e-9)
        assert [p.values[metric] for p in row.points] == pytest.approx(values, rel=1e-12)


@pytest.mark.parametrize(("label", "name"), ROWS.items())
def test_changes_imp_and_kept(shelf: Shelf, comparison: Comparison, label: str, name: str) -> None:
    pairs = list(zip(rankings(shelf, name), rankings(shelf, "base"), strict=True))
    row, over = comparison.row(label), comparison.imp_over

    def check(estimate: Estimate | None, statistic: Callable[..., float]) -> None:
        assert estimate
        measured = [statistic(run.metrics(), base.metrics()) for run, base in pairs]
        assert estimate.value == pytest.approx(np.mean(measured), rel=1e-9)
        assert estimate.sd == pytest.approx(np.std(measured, ddof=1), rel=1e-7)
        drawn = [
            np.mean([statistic(run.metrics(users), base.metrics(users)) for run, base in pairs])
            for users in draws(400, CONFIG.resamples, CONFIG.seed)
        ]
        assert (estimate.low, estimate.high) == pytest.approx(limits(drawn), rel=1e-9)
        assert estimate.low < estimate.high

    check(row.imp, lambda run, base: imp(run, base, over))
    check(row.kept, lambda run, base: run["hit"] / base["hit"])
    for metric in NAMES:
        check(row.change[metric], lambda run, base, m=metric: change(run, base, m))


def test_interval_of_a_value_is_that_of_its_mean_over_seeds(
    shelf: Shelf, comparison: Comparison
) -> None:
    runs = rankings(shelf, "morec")
    drawn = [np.mean([r.metrics(u)["rhit"] for r in runs]) for u in draws(400, 99, 0)]
    found = comparison.row("morec equal").values["rhit"]
    assert (found.low, found.high) == pytest.approx(limits(drawn), rel=1e-9)


def test_interval_of_min_hit_is_the_mean_clopper_pearson(
    shelf: Shelf, comparison: Comparison
) -> None:
    from scipy.stats import beta

    limits = []
    for ranking in rankings(shelf, "base"):
        rates = {g: ranking.hit[ranking.group == g] for g in np.unique(ranking.group)}
        worst = min(rates.values(), key=np.mean)
        hits, n = int(worst.sum()), len(worst)
        limits.append((beta.ppf(0.025, hits, n - hits + 1), beta.ppf(0.975, hits + 1, n - hits)))
    found = comparison.row("base").values["min_hit"]
    assert (found.low, found.high) == pytest.approx(tuple(np.mean(limits, axis=0)), rel=1e-9)


def test_imp_against_continue(shelf: Shelf, comparison: Comparison) -> None:
    runs, controls = rankings(shelf, "morec"), rankings(shelf, "continue")
    want = [
        imp(r.metrics(), c.metrics(), comparison.imp_over)
        for r, c in zip(runs, controls, strict=True)
    ]
    found = comparison.row("morec equal").imp_continue
    assert found
    assert found.value == pytest.approx(np.mean(want), rel=1e-9)
    assert comparison.row("continue").imp_continue is None


@pytest.mark.parametrize(("label", "name"), ROWS.items())
def test_hypervolume_of_two_runs(
    shelf: Shelf, comparison: Comparison, label: str, name: str
) -> None:
    a, b = (
        np.array([1 + change(run.metrics(), base.metrics(), m) for m in comparison.imp_over])
        for run, base in zip(rankings(shelf, name), rankings(shelf, "base"), strict=True)
    )
    union = a.prod() + b.prod() - np.minimum(a, b).prod()
    assert comparison.row(label).hv == pytest.approx(union, rel=1e-9)
    assert comparison.hv_reference == 0


def test_hypervolume_of_valid_runs_only(shelf: Shelf, comparison: Comparison) -> None:
    row = comparison.row("morec rev-heavy")
    assert [point.valid for point in row.points] == [False, False]
    assert np.isnan(row.hv_valid)
    assert not np.isnan(row.hv)
    good = comparison.row("morec equal")
    assert good.hv_valid == good.hv


@pytest.fixture(scope="module")
def raw(shelf: Shelf, comparison: Comparison) -> dict[tuple[str, str], dict[str, float]]:
    """Uncorrected p of every change and of Imp (``""``), by test."""
    found = {}
    for label, name in ROWS.items():
        pairs = list(zip(rankings(shelf, name), rankings(shelf, "base"), strict=True))
        for metric in NAMES:
            found[label, metric] = p_values(
                pairs, lambda run, base, m=metric: run[m] - base[m], CONFIG.resamples, 0
            )
        over = comparison.imp_over
        found[label, ""] = p_values(
            pairs, lambda run, base, o=over: imp(run, base, o), CONFIG.resamples, 0
        )
    return found


@pytest.mark.parametrize("correction", ["holm", "bh"])
@pytest.mark.parametrize("test", ["both", "permutation", "bootstrap"])
def test_p_values_are_corrected_for_the_whole_table(
    shelf: Shelf, raw: dict[tuple[str, str], dict[str, float]], test: str, correction: str
) -> None:
    config = ReportConfig(resamples=99, test=test, correction=correction)
    comparison = compare(load(shelf.metrics), config)
    correct = {"holm": holm, "bh": lambda p: list(stats.false_discovery_control(p))}[correction]
    for family in (NAMES, ("",)):  # all changes together, all Imp together
        mine = {key: p[test] for key, p in raw.items() if key[1] in family}
        corrected = dict(zip(mine, correct(list(mine.values())), strict=True))
        rows = {label: comparison.row(label) for label, _ in mine}
        found = {
            (label, m): (rows[label].change[m] if m else rows[label].imp).p  # type: ignore[union-attr]
            for label, m in mine
        }
        assert found == pytest.approx(corrected, rel=1e-6)
        assert min(corrected.values()) < 1


def test_effect_sizes_are_towards_the_better(shelf: Shelf, comparison: Comparison) -> None:
    for label, name in ROWS.items():
        pairs = list(zip(rankings(shelf, name), rankings(shelf, "base"), strict=True))
        row = comparison.row(label)
        gaps = np.mean([run.hit - base.hit for run, base in pairs], axis=0)
        assert row.change["hit"].size == pytest.approx(gaps.mean() / gaps.std(), rel=0.2)
        for metric in NAMES:
            change = row.change[metric]
            assert change.size is not None
            if abs(change.value) > 0.005:  # a mean of ratios and one of differences nearly agree
                assert np.sign(change.size) == np.sign(change.value)
        assert row.imp
        assert row.imp.size


def test_a_falling_pop_kl_is_an_improvement(shelf: Shelf, comparison: Comparison) -> None:
    base = comparison.row("base").values["pop_kl"].value
    for label in ROWS:
        row = comparison.row(label)
        fell = row.values["pop_kl"].value < base
        assert (row.change["pop_kl"].value > 0) == fell
    assert comparison.row("morec rev-heavy").values["pop_kl"].value != base


def test_popularity_is_paired_with_every_base(shelf: Shelf, comparison: Comparison) -> None:
    popular = rankings(shelf, "popularity", (1,))[0].metrics()
    want = [popular["hit"] / base.metrics()["hit"] for base in rankings(shelf, "base")]
    row = comparison.row("popularity")
    assert row.seeds == (1,)
    assert row.kept
    assert row.kept.value == pytest.approx(np.mean(want))
    assert row.values["hit"].sd is None
    assert row.validity is row.valid_point is None


def test_groups_are_averaged_over_seeds(shelf: Shelf, comparison: Comparison) -> None:
    runs = rankings(shelf, "morec")
    groups = comparison.row("morec equal").groups
    for g, hit in enumerate(groups.hit):
        assert hit == pytest.approx(np.mean([r.hit[r.group == g].mean() for r in runs]))
        assert groups.n[g] == (runs[0].group == g).sum()
    assert groups.label[3] == "Drug & Beauty"


def test_rows_are_in_table_order(comparison: Comparison) -> None:
    roles = [row.role for row in comparison.rows]
    assert roles == ["sanity", "reference", "control", "method", "method"]
    gains = [row.imp.value for row in comparison.of_role("method") if row.imp]
    assert gains == sorted(gains, reverse=True)


def test_metrics_without_support_are_left_out_for_all(empty: Shelf) -> None:
    rank = empty.world.ranking
    for seed, hits in ((1, 10), (2, 9)):
        val = support(rank(1.0, seed=seed)) | {"min_hit_hits": hits, "pop_kl": 0.2}
        empty.add("base", rank(1.0, seed=seed), seed=seed, val=val)
        empty.add("morec", rank(1.0, seed=seed, price=0.1), seed=seed)
    found = compare(load(empty.metrics), CONFIG)
    assert found.imp_over == ("hit", "rhit", "pop_kl")
    assert found.left_out == {
        "min_hit": "base has 9 hits in its worst group on validation, 10 needed"
    }
    looser = compare(load(empty.metrics), ReportConfig(resamples=99, min_base_hits=9))
    assert looser.imp_over == NAMES


def test_the_order_of_the_paths_does_not_matter(shelf: Shelf, comparison: Comparison) -> None:
    again = compare(load(list(reversed(shelf.metrics))), CONFIG)
    assert [row.label for row in again.rows] == [row.label for row in comparison.rows]
    for one, two in zip(again.rows, comparison.rows, strict=True):
        assert one.seeds == two.seeds
        assert one.values["hit"] == two.values["hit"]
        assert one.imp == two.imp


def test_k_can_be_chosen(empty: Shelf) -> None:
    rank = empty.world.ranking
    for method in ("base", "morec"):
        skill = 1.0 if method == "base" else 1.1
        empty.add(method, rank(skill), evaluate={"k": [10, 5]})
    assert compare(load(empty.metrics), CONFIG).k == 10
    five = compare(load(empty.metrics), ReportConfig(resamples=99, k=5))
    hits = np.mean(empty.outcomes["shop-mf-base-s1"].rank <= 5)
    assert five.row("base").values["hit"].value == pytest.approx(hits)


def test_numbers_stay_when_runs_are_gone(empty: Shelf) -> None:
    made = usual(empty.root / "other", seeds=(1,))
    before = compare(load(made.metrics), CONFIG)
    shutil.rmtree(made.root / "runs" / "shop-mf-morec-s1")
    shutil.rmtree(made.root / "datasets")
    after = compare(load(made.metrics), CONFIG)
    assert before.row("morec").traces
    assert not after.row("morec").traces
    assert after.row("morec").imp == before.row("morec").imp
    assert after.row("morec").validity == before.row("morec").validity
    assert after.row("morec").budget.seconds is None
    assert after.notes == (
        f"'{made.root}/metrics/shop-mf-morec-s1-test': its run is gone or has changed,"
        " so its training traces are left out.",
    )
    assert after.dataset.results == {}
    assert after.dataset.name == "shop"


def test_the_best_beside_the_runner_up(empty: Shelf) -> None:
    rank = empty.world.ranking
    for seed in SEEDS:
        empty.add("base", rank(1.0, seed=seed, popularity=0.3), seed=seed)
        for name, skill in (("one", 1.3), ("two", 1.2), ("three", 1.1)):
            outcome = rank(skill, seed=seed, popularity=0.3)
            train = {"aux_weight": skill}
            empty.add("morec", outcome, seed=seed, name=f"shop-mf-{name}-s{seed}", train=train)
    found = compare(load(empty.metrics), CONFIG)
    order = [row.label for row in found.of_role("method")]
    duel = found.duel
    assert duel
    assert (duel.best, duel.other, duel.seeds) == (order[0], order[1], SEEDS)
    best, second = (row.imp for row in found.of_role("method")[:2])
    assert best
    assert second
    assert duel.ahead.value == pytest.approx(best.value - second.value, rel=1e-9)
    assert f"ahead of {duel.other}: +{100 * duel.ahead.value:.1f} points of Imp" in found.verdict
    last = compare(load(empty.metrics), ReportConfig(resamples=99, against=order[2])).duel
    assert last
    assert (last.best, last.other) == (order[0], order[2])
    assert last.ahead.value > duel.ahead.value
    with pytest.raises(ConfigError, match="no row is called 'x'"):
        compare(load(empty.metrics), ReportConfig(resamples=99, against="x"))


def test_one_method_has_no_rival(comparison: Comparison) -> None:
    assert sum(row.valid_point is True for row in comparison.of_role("method")) == 1
    assert comparison.duel is None


def test_the_reference_point_is_a_setting(shelf: Shelf, comparison: Comparison) -> None:
    """From base's own place only what beats it on every axis counts."""
    strict = compare(load(shelf.metrics), ReportConfig(resamples=99, reference=1.0))
    assert strict.hv_reference == 1
    for label in ROWS:
        row, before = strict.row(label), comparison.row(label)
        a, b = (np.array([p.change[m] for m in strict.imp_over]).clip(0) for p in row.points)
        union = a.prod() + b.prod() - np.minimum(a, b).prod()
        assert row.hv == pytest.approx(union, abs=1e-12)
        assert row.hv < before.hv
        assert row.imp == before.imp


def test_budgets_are_sums_and_unknown_where_a_run_is_silent(
    shelf: Shelf, comparison: Comparison
) -> None:
    found = comparison.row("morec equal").budget
    assert (found.trainings, found.epochs, found.tries) == (2, 24, 2)
    assert found.positives is None  # these runs do not say
    assert found.seconds is not None
    assert found.seconds > 0
