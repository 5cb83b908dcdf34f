"""Exposure per group, parallel coordinates and costs, against naive counts."""

from collections import Counter
from dataclasses import replace

import pytest

from mobench.report.costs import costs, duration
from mobench.report.evidence import Shares
from mobench.report.exposure import exposures
from mobench.report.figure import Figure
from mobench.report.figures import figures
from mobench.report.palette import styles
from mobench.report.records import Comparison
from mobench.report.runs import all_runs, runs
from tests.unit.report.making import Shelf

K = 10


@pytest.fixture(scope="module")
def shown(comparison: Comparison) -> dict[str, Figure]:
    return {figure.name: figure for figure in figures(comparison)}


def test_shares_are_counted_over_all_places(shelf: Shelf, comparison: Comparison) -> None:
    for kind in ("fair", "pop"):
        groups = getattr(shelf.world, f"{kind}_group")
        each = []
        for seed in (1, 2):
            lists = shelf.outcomes[f"shop-mf-morec-s{seed}"].lists[:, :K]
            counts = Counter(int(groups[item]) for row in lists.tolist() for item in row)
            each.append([counts[g] / lists.size for g in range(int(groups.max()) + 1)])
        found = comparison.row("morec equal").exposure[kind]
        assert found.share == pytest.approx([sum(pair) / 2 for pair in zip(*each, strict=True)])
        assert sum(found.share) == pytest.approx(1)
        assert sum(found.target) == pytest.approx(1)


def test_wanted_shares(shelf: Shelf, comparison: Comparison) -> None:
    found = comparison.row("base").exposure
    held_out = Counter(shelf.world.fair_group[shelf.world.target].tolist())
    assert found["fair"].target == pytest.approx([held_out[g] / 400 for g in range(6)])
    n_train, groups = shelf.world.n_train, shelf.world.pop_group
    wanted = [int(n_train[groups == g].sum()) / int(n_train.sum()) for g in range(5)]
    assert found["pop"].target == pytest.approx(wanted)
    assert found["fair"].label == list(shelf.world.labels)


def test_figures_say_how_many_places_are_wrong(comparison: Comparison) -> None:
    row = replace(
        comparison.row("base"),
        exposure={"fair": Shares(["a", "b"], [0.75, 0.25], [0.5, 0.5])},
    )
    (figure,) = exposures([row])
    assert figure.data["share"] == [75.0, 25.0]
    assert figure.data["target"] == [50.0, 50.0]
    assert "base 25.0 %" in figure.alt


def test_coordinates_run_from_worst_to_best(
    comparison: Comparison, shown: dict[str, Figure]
) -> None:
    data = shown["parallel"].data
    rows = list(zip(*(data[key] for key in ("kind", "metric", "value", "at")), strict=True))
    for metric, rises in (("Hit", True), ("Pop-KL", False)):
        own = [(value, at) for kind, name, value, at in rows if (kind, name) == ("run", metric)]
        best = max(own) if rises else min(own)
        assert best[1] == pytest.approx(1)
        assert all(0 <= at <= 1 for _, at in own)
        ordered = sorted(own, reverse=not rises)
        assert [at for _, at in ordered] == sorted(at for _, at in own)
    edge = 97 * comparison.row("base").values["hit"].value
    hits = [100 * run.point.values["hit"] for run in all_runs(comparison)]
    low, high = min([*hits, edge]), max(hits)
    assert shown["parallel"].facts["kept_at"] == pytest.approx((edge - low) / (high - low))


def test_runs_have_names_of_their_own(comparison: Comparison) -> None:
    names = [run.id for run in all_runs(comparison)]
    assert len(names) == len(set(names)) == 2 * 4
    first = next(runs(comparison.row("base")))
    assert (first.status, first.valid, first.preference) == ("reference", True, "—")
    assert first.command == "mobench train 'data/x y' --seed 1"


def test_costs_add_up(comparison: Comparison) -> None:
    row = comparison.row("base")
    first, second = (
        replace(o, train_seconds=t, train_cpu_seconds=2 * t, train_memory_mb=m, eval_memory_mb=9.0)
        for o, t, m in zip(row.origins, (50.0, 70.0), (512.4, 100.0), strict=True)
    )
    only = replace(comparison, rows=(replace(row, origins=(first, second)),))
    text = costs(only, styles(["base"]))
    for words in (">2<", ">1 min 0 s<", ">2 min 0 s<", ">512 MB<", 'data-value="120.0"'):
        assert words in text
    gone = replace(comparison, rows=(replace(row, origins=(replace(first, train_seconds=None),)),))
    assert 'data-value="">—<' in costs(gone, styles(["base"]))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "—"),
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (59.4, "59 s"),
        (80.2, "1 min 20 s"),
        (7260, "2 h 1 min"),
    ],
)
def test_durations(seconds: float | None, words: str) -> None:
    assert duration(seconds) == words
