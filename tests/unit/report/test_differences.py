"""Two artifacts side by side: what differs, in which direction, and whether it is noise."""

import json
import shutil
from dataclasses import replace
from math import isnan
from pathlib import Path

import numpy as np
import pytest

from mobench.config import CompareConfig, ReportConfig, build
from mobench.errors import ArtifactError, ConfigError
from mobench.metrics.resampling import HEADLINE
from mobench.report.build import build as build_report
from mobench.report.differences import Differences, differences
from mobench.report.differing import sentence, verdict
from mobench.report.numbers import Change
from tests.unit.report.making import Shelf, usual
from tests.unit.report.world import World

CONFIG = CompareConfig()


def metric(found: Differences, name: str) -> Change:
    return next(change for change in found.numbers if change.metric == name)


@pytest.fixture(scope="module")
def shelf(tmp_path_factory) -> Shelf:
    return usual(tmp_path_factory.mktemp("shelf"), seeds=(1, 2))


def of(shelf: Shelf, method: str, seed: int = 1) -> Path:
    return shelf.root / "metrics" / f"shop-mf-{method}-s{seed}-test"


def test_an_artifact_does_not_differ_from_itself_or_a_copy(shelf: Shelf, tmp_path: Path) -> None:
    path = of(shelf, "morec")
    copy = tmp_path / "copy"
    shutil.copytree(path, copy)
    for other in (path, copy):
        found = differences(path, other, CONFIG)
        assert found.same
        assert [found.settings, found.inputs, found.versions, found.beyond()] == [{}, {}, {}, []]
        assert not found.is_changed()
        assert verdict(found) == "no difference: both hold the same content."
        assert all(change.difference == 0 or isnan(change.difference) for change in found.numbers)


def test_changes_are_second_minus_first_with_their_direction(shelf: Shelf) -> None:
    """Popularity hits less and strays further than morec, far beyond the noise of 600 users."""
    there = differences(of(shelf, "popularity"), of(shelf, "morec"), CONFIG)
    back = differences(of(shelf, "morec"), of(shelf, "popularity"), CONFIG)
    assert not there.same
    assert there.unjudged == back.unjudged == ""
    for name in HEADLINE:
        one, two = metric(there, name), metric(back, name)
        assert (one.first, one.second) == (two.second, two.first)
        assert one.low <= one.difference <= one.high
        assert (one.low, one.high) == pytest.approx((-two.high, -two.low))
        assert one.is_real == two.is_real
    hit, kl = metric(there, "hit"), metric(there, "pop_kl")
    assert (hit.is_real, kl.is_real) == (True, True)
    assert hit.low > 0 > kl.high
    assert (hit.is_better, kl.is_better) == (True, True)
    assert metric(back, "pop_kl").is_better is False
    assert metric(there, "coverage").is_real is None
    assert {change.metric for change in there.beyond()} <= set(HEADLINE)
    assert there.is_changed()
    assert "hit@10 rose by" in verdict(there)
    named = [part.split("@")[0] for part in verdict(there).split("; ")]
    assert set(named[:3]) == {"hit", "rhit", "pop_kl"}, "what the objectives are about comes first"


def test_the_interval_is_that_of_resampled_users(shelf: Shelf) -> None:
    """An independent bootstrap of the mean difference of hits agrees within its own error."""
    found = metric(differences(of(shelf, "base"), of(shelf, "morec"), CONFIG), "hit")
    one, two = (shelf.outcomes[f"shop-mf-{m}-s1"].rank <= 10 for m in ("base", "morec"))
    difference = two.astype(float) - one
    assert found.difference == pytest.approx(difference.mean())
    random = np.random.default_rng(7)
    means = [random.choice(difference, len(difference)).mean() for _ in range(4000)]
    assert (found.low, found.high) == pytest.approx(
        np.quantile(means, [0.025, 0.975]), abs=0.15 * (found.high - found.low)
    )


def test_p_values_are_corrected_for_all_headline_metrics(shelf: Shelf) -> None:
    found = differences(of(shelf, "base"), of(shelf, "continue"), CONFIG)
    p = {change.metric: change.p for change in found.numbers if not isnan(change.p)}
    assert set(p) == set(HEADLINE)
    assert not found.beyond(), "trained on with the same tastes: nothing but noise"
    assert not found.is_changed()
    assert verdict(found).startswith("no difference beyond noise: the clearest is that ")
    smallest = 2 / (CONFIG.resamples + 1)
    real = differences(of(shelf, "popularity"), of(shelf, "morec"), CONFIG)
    assert min(c.p for c in real.numbers) == pytest.approx(len(HEADLINE) * smallest)
    few = build(CompareConfig, {"resamples": 50})  # 7 · 2 / 51 is above 0.05: nothing can be real
    assert not differences(of(shelf, "popularity"), of(shelf, "morec"), few).beyond()


def test_tolerance_is_a_share_of_the_first_value(shelf: Shelf) -> None:
    found = differences(of(shelf, "popularity"), of(shelf, "morec"), CONFIG)
    sizes = sorted(change.size for change in found.beyond())
    assert len(sizes) > 1
    for n, size in enumerate(sizes):
        assert len(found.beyond(size)) == len(sizes) - n - 1
        assert len(found.beyond(0.999 * size)) == len(sizes) - n
    assert not found.is_changed(sizes[-1])
    assert replace(found.numbers[0], first=0.0, second=1.0).size == float("inf")
    assert replace(found.numbers[0], first=0.0, second=0.0).size == 0


def test_settings_and_inputs_that_differ_are_named(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    rank = shelf.world.ranking
    shelf.add("base", rank(1.0, seed=1), seed=1)
    shelf.add("base", rank(1.0, seed=1), seed=2, train={"weight_decay": 0.5})
    found = differences(of(shelf, "base", 1), of(shelf, "base", 2), CONFIG)
    assert found.settings == {"run: weight_decay": (1e-5, 0.5), "run: seed": (1, 2)}
    assert list(found.inputs) == ["run"]
    runs = [shelf.root / "runs" / f"shop-mf-base-s{seed}" for seed in (1, 2)]
    assert differences(*runs, CONFIG).settings == {"weight_decay": (1e-5, 0.5), "seed": (1, 2)}
    shutil.rmtree(runs[1])
    assert "run: seed" in differences(of(shelf, "base", 1), of(shelf, "base", 2), CONFIG).settings


def test_versions_that_differ_are_named(shelf: Shelf, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(of(shelf, "base"), other)
    file = other / "manifest.json"
    content = json.loads(file.read_text())
    content["environment"] |= {"torch": "9.9", "cpus": 99}
    content["results_version"] = 99
    file.write_text(json.dumps(content))
    found = differences(of(shelf, "base"), other, CONFIG)
    assert set(found.versions) == {"torch", "results"}
    assert found.versions["torch"][1] == "9.9"
    assert found.same


def test_rankings_of_other_protocols_are_not_judged(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    rank = shelf.world.ranking
    shelf.add("base", rank(1.0, seed=1), seed=1)
    shelf.add("base", rank(1.0, seed=2), seed=2, evaluate={"split": "val"})
    found = differences(of(shelf, "base", 1), of(shelf, "base", 2), CONFIG)
    assert found.unjudged == "split"
    assert all(isnan(change.low) for change in found.numbers)
    assert found.is_changed()
    assert "measured with another split, so noise cannot be told apart" in verdict(found)
    shelf.add("base", rank(1.0, seed=3), seed=3, evaluate={"k": (7,)})
    with pytest.raises(ConfigError, match="share no k"):
        differences(of(shelf, "base", 1), of(shelf, "base", 3), CONFIG)
    with pytest.raises(ConfigError, match="k = '3' was not evaluated"):
        differences(of(shelf, "base", 1), of(shelf, "base", 1), build(CompareConfig, {"k": 3}))


def test_runs_datasets_and_reports_are_compared_by_their_numbers(shelf: Shelf, tmp_path) -> None:
    runs = [shelf.root / "runs" / f"shop-mf-{m}-s1" for m in ("base", "morec")]
    found = differences(*runs, CONFIG)
    assert {change.name for change in found.numbers} >= {"hit", "pop_kl"}
    assert verdict(found).endswith("Whether it matters is a question for their evaluations.")
    datasets = [shelf.dataset.path, Shelf(tmp_path / "b", World(n_items=59)).dataset.path]
    data = differences(*datasets, CONFIG)
    changed = {change.name for change in data.beyond()}
    assert "n_train" in changed
    assert "tie_users" not in changed
    reports = []
    for name, metrics in (("all", shelf.metrics), ("some", shelf.metrics[:4])):
        reports.append(tmp_path / name)
        build_report(ReportConfig(resamples=50), metrics, reports[-1])
    seen = differences(*reports, CONFIG)
    assert {change.name for change in seen.beyond()} & {"morec hit@10", "base hit@10", "morec imp"}
    assert verdict(seen).endswith(
        "Whether it matters is a question for the evaluations behind them."
    )
    again = tmp_path / "again"
    build_report(ReportConfig(resamples=50), shelf.metrics, again)
    assert differences(reports[0], again, CONFIG).same, "the name on the page is no content"


def test_other_kinds_and_missing_artifacts_are_refused(shelf: Shelf) -> None:
    with pytest.raises(ConfigError, match=r"is a metrics artifact and '.*' a run artifact"):
        differences(of(shelf, "base"), shelf.root / "runs" / "shop-mf-base-s1", CONFIG)
    with pytest.raises(ArtifactError, match="does not exist"):
        differences(of(shelf, "base"), shelf.root / "metrics" / "none", CONFIG)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (
            Change("hit@10", "hit", 0.0612, 0.0572, -0.007, -0.001),
            "hit@10 fell by 0.40 points (interval −0.70 to −0.10)",
        ),
        (
            Change("pop_kl@10", "pop_kl", 0.5, 1.022, 0.45, 0.6),
            "pop_kl@10 rose by 0.52 (interval +0.45 to +0.60)",
        ),
        (Change("n_rows", "", 1_000_000, 998_500), "n_rows fell by 1,500"),
        (Change("hit", "hit", 0.06, 0.06004), "hit rose by 0.004 points"),
    ],
)
def test_changes_are_said_in_their_unit(change: Change, text: str) -> None:
    assert sentence(change) == text
