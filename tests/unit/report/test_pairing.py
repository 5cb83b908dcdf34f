"""Which run is compared with which, and what rows are called."""

import re
import shutil
from pathlib import Path

import pytest

from mobench.errors import ArtifactError, ConfigError, DataError
from mobench.report.compare import compare, load
from tests.unit.report.conftest import CONFIG
from tests.unit.report.making import Shelf
from tests.unit.report.world import World
from tests.unit.report.writing import write_dataset, write_metrics


def labels(shelf: Shelf) -> list[str]:
    return sorted(row.label for row in compare(load(shelf.metrics), CONFIG).rows)


def fails(shelf: Shelf, kind: type[Exception], *words: str) -> None:
    with pytest.raises(kind) as caught:
        compare(load(shelf.metrics), CONFIG)
    message = str(caught.value)
    for word in words:
        assert word in message
    assert "\n" not in message


def with_base(shelf: Shelf, seeds: tuple[int, ...] = (1,)) -> Shelf:
    for seed in seeds:
        shelf.add("base", shelf.world.ranking(1.0, seed=seed), seed=seed)
    return shelf


def test_one_configuration_needs_no_words(empty: Shelf) -> None:
    with_base(empty, (1, 2))
    for seed in (1, 2):
        empty.add("morec", empty.world.ranking(1.1, seed=seed), seed=seed)
    assert labels(empty) == ["base", "morec"]


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ([{"sampler_mode": "draw"}, {"sampler_mode": "reweight"}], ["draw", "reweight"]),
        ([{}, {"preference": [0.6, 0.2, 0.2]}], ["equal", "rev-heavy"]),
        (
            [{"preference": [0.6, 0.2, 0.2]}, {"preference": [0.7, 0.2, 0.1]}],
            ["0.6/0.2/0.2", "0.7/0.2/0.1"],
        ),
        ([{}, {"beta_min": 0.3}], ["beta_min 0.1", "beta_min 0.3"]),
        ([{}, {"keep_accuracy": 0.97}], ["keep_accuracy 0.97", "keep_accuracy none"]),
        (
            [{"objectives": ["acc", "rev"]}, {"objectives": ["acc", "fair"]}],
            ["acc+fair", "acc+rev"],
        ),
    ],
)
def test_configurations_are_told_apart_by_what_differs(
    empty: Shelf, settings: list[dict[str, object]], names: list[str]
) -> None:
    with_base(empty)
    for n, train in enumerate(settings):
        empty.add("morec", empty.world.ranking(1.1), name=f"run-{n}", train=train)
    assert labels(empty) == ["base", *(f"morec {name}" for name in names)]


def test_what_comes_from_the_base_does_not_split_a_row(empty: Shelf) -> None:
    for seed, rate in ((1, 1e-3), (2, 3e-3)):
        tuned = {"learning_rate": rate}
        empty.add("base", empty.world.ranking(1.0, seed=seed), seed=seed, train=tuned)
        empty.add("morec", empty.world.ranking(1.1, seed=seed), seed=seed, train=tuned)
    assert labels(empty) == ["base", "morec"]


def test_tuned_seeds_of_one_configuration_stay_together_beside_another(empty: Shelf) -> None:
    for seed, rate in ((1, 1e-3), (2, 3e-3)):
        tuned = {"learning_rate": rate}
        empty.add("base", empty.world.ranking(1.0, seed=seed), seed=seed, train=tuned)
        empty.add("morec", empty.world.ranking(1.1, seed=seed), seed=seed, train=tuned)
        empty.add(
            "morec",
            empty.world.ranking(1.1, seed=seed),
            seed=seed,
            name=f"fast-{seed}",
            train={"learning_rate": 0.01},
        )
    rows = compare(load(empty.metrics), CONFIG).rows
    assert {row.label: row.seeds for row in rows} == {
        "base": (1, 2),
        "morec learning_rate 0.01": (1, 2),
        "morec learning_rate as base": (1, 2),
    }


def test_what_was_tried_and_kept_per_seed_does_not_split_a_row(empty: Shelf) -> None:
    for seed, weight, rate in ((1, 0.1, 3e-3), (2, 0.4, 1e-3)):
        empty.add("base", empty.world.ranking(1.0, seed=seed), seed=seed)
        rank, tries = empty.world.ranking(1.1, seed=seed), {"tries": 4}
        kept = {"aux_weight": weight}
        empty.add("morec", rank, seed=seed, train=tries, kept=kept)
        kept = {"learning_rate": rate}
        empty.add("continue", rank, seed=seed, train=tries, kept=kept)
    rows = compare(load(empty.metrics), CONFIG).rows
    assert {row.label: row.seeds for row in rows} == dict.fromkeys(
        ("base", "continue", "morec"), (1, 2)
    )
    morec = next(row for row in rows if row.label == "morec")
    used = [origin.settings["aux_weight"] for origin in morec.origins if origin.settings]
    assert used == [(0.1, 0.2), (0.4, 0.2)]


def test_a_front_whose_settings_were_tried_is_one_front(empty: Shelf) -> None:
    for seed, weight in ((1, 0.1), (2, 0.4)):
        empty.add("base", empty.world.ranking(1.0, seed=seed), seed=seed)
        for n, wish in enumerate(([0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8])):
            empty.add(
                "morec",
                empty.world.ranking(1.1, seed=seed),
                seed=seed,
                name=f"p{n}-s{seed}",
                train={"preference": wish, "tries": 8, "tries_at": "equal"},
                kept={"aux_weight": weight},
                results={"tries": 8, "tries_at": "equal"},
            )
    (front,) = compare(load(empty.metrics), CONFIG).fronts
    assert (len(front.members), front.seeds) == (3, (1, 2))
    assert (front.budget.trainings, front.budget.tries) == (6, 16)  # once per seed


def test_a_batched_run_took_its_share_of_the_time(empty: Shelf) -> None:
    with_base(empty)
    batch = {"batched": 8, "seconds": 1234.5}
    empty.add("morec", empty.world.ranking(1.1), results=batch)
    rows = {row.label: row for row in compare(load(empty.metrics), CONFIG).rows}
    (batched,), (alone,) = rows["morec"].origins, rows["base"].origins
    assert batched.train_seconds == rows["morec"].budget.seconds == 1234.5
    assert batched.train_cpu_seconds is None
    assert alone.train_seconds != 1234.5
    assert alone.train_cpu_seconds is not None


def test_lists_of_settings_are_words(empty: Shelf) -> None:
    with_base(empty)
    for n, options in enumerate([[], ["c=0.4", "rescale=1"]]):
        train = {"solver_options": options}
        empty.add("cagrad", empty.world.ranking(1.1), name=f"run-{n}", train=train)
    said = ("none", "c=0.4,rescale=1")
    assert set(labels(empty)) == {"base", *(f"cagrad solver_options {words}" for words in said)}


def test_configurations_are_told_apart_without_their_base(empty: Shelf) -> None:
    with_base(empty)
    for mode in ("draw", "reweight"):
        train = {"sampler_mode": mode}
        empty.add("morec", empty.world.ranking(1.1), name=mode, train=train)
    shutil.rmtree(empty.root / "runs" / "shop-mf-base-s1")
    assert labels(empty) == ["base", "morec draw", "morec reweight"]


def test_preferences_that_print_alike_are_numbered(empty: Shelf) -> None:
    with_base(empty)
    for n, first in enumerate((0.5, 0.50001)):
        train = {"preference": [first, 0.25, 0.25]}
        empty.add("morec", empty.world.ranking(1.1), name=f"run-{n}", train=train)
    assert labels(empty) == ["base", "morec 0.5/0.25/0.25 #1", "morec 0.5/0.25/0.25 #2"]


def test_device_is_no_configuration(empty: Shelf) -> None:
    with_base(empty, (1, 2))
    for seed, device in ((1, "cpu"), (2, "cuda")):
        empty.add("morec", empty.world.ranking(1.1), seed=seed, train={"device": device})
    assert labels(empty) == ["base", "morec"]


def test_a_run_that_is_gone_belongs_to_the_only_configuration(empty: Shelf) -> None:
    with_base(empty, (1, 2))
    for seed in (1, 2):
        empty.add("morec", empty.world.ranking(1.1, seed=seed), seed=seed)
    shutil.rmtree(empty.root / "runs" / "shop-mf-morec-s2")
    assert labels(empty) == ["base", "morec"]


def test_a_run_that_is_gone_cannot_choose_a_configuration(empty: Shelf) -> None:
    with_base(empty)
    for name in ("draw", "reweight", "lost"):
        train = {"sampler_mode": "reweight" if name == "reweight" else "draw"}
        empty.add("morec", empty.world.ranking(1.1), name=name, train=train)
    shutil.rmtree(empty.root / "runs" / "lost")
    fails(empty, ArtifactError, "lost-test", "its run is gone")


def test_same_artifact_twice_counts_once(empty: Shelf) -> None:
    with_base(empty)
    empty.metrics.append(empty.metrics[0].parent / "." / empty.metrics[0].name)
    assert labels(empty) == ["base"]


def test_no_metrics() -> None:
    with pytest.raises(ConfigError, match="no metrics"):
        load([])


def test_other_kinds_of_artifacts_are_refused(empty: Shelf) -> None:
    with_base(empty)
    with pytest.raises(ArtifactError, match="is a run artifact"):
        load([empty.root / "runs" / "shop-mf-base-s1"])


def test_changed_metrics_are_refused(empty: Shelf) -> None:
    with_base(empty)
    table = empty.metrics[0] / "targets.parquet"
    table.write_bytes(table.read_bytes() + b" ")
    with pytest.raises(ArtifactError, match=re.escape("targets.parquet' has changed")):
        load(empty.metrics)


def test_datasets_must_be_the_same(empty: Shelf, tmp_path: Path) -> None:
    with_base(empty)
    other = Shelf(tmp_path / "other")
    shutil.rmtree(other.root / "datasets")
    other.dataset = write_dataset(other.root / "datasets" / "shop", other.world, stamp=1)
    with_base(other, (2,))
    empty.metrics += other.metrics
    fails(empty, ConfigError, "differ in dataset", str(empty.metrics[0]), str(empty.metrics[1]))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"split": "val"}, "differ in split (test, val)"),
        ({"seed": 3}, "differ in tie order (0, 3)"),
    ],
)
def test_protocols_must_be_the_same(empty: Shelf, settings: dict[str, object], words: str) -> None:
    with_base(empty)
    empty.add("morec", empty.world.ranking(1.1), evaluate=settings)
    fails(empty, ConfigError, words, *map(str, empty.metrics))


def test_runs_must_share_a_k(empty: Shelf) -> None:
    with_base(empty)
    empty.add("morec", empty.world.ranking(1.1), evaluate={"k": [5]})
    fails(empty, ConfigError, "share no k")


def test_there_must_be_a_base(empty: Shelf) -> None:
    empty.add("popularity", empty.world.ranking(0.0, popularity=9.0))
    fails(empty, ConfigError, "no base among the runs")


def test_every_seed_needs_its_base(empty: Shelf) -> None:
    with_base(empty, (1, 2))
    empty.add("morec", empty.world.ranking(1.1), seed=2)
    del empty.metrics[1]
    fails(empty, ConfigError, "morec-s2-test' has seed 2, the bases given on mf have 1")


def test_a_run_must_have_started_from_the_base_given(empty: Shelf) -> None:
    with_base(empty)
    empty.add("morec", empty.world.ranking(1.1))
    empty.add("base", empty.world.ranking(1.0), name="late", train={"patience": 3})
    del empty.metrics[0]
    fails(empty, ConfigError, "morec-s1-test' started from", "runs/shop-mf-base-s1", "late-test")


def test_two_bases_of_one_seed(empty: Shelf) -> None:
    with_base(empty)
    empty.add("base", empty.world.ranking(1.0), name="late", train={"patience": 3})
    fails(empty, ConfigError, *map(str, empty.metrics), "are both base with seed 1")


def test_two_runs_of_one_configuration(empty: Shelf) -> None:
    with_base(empty)
    for name in ("one", "two"):
        empty.add("morec", empty.world.ranking(1.1), name=name)
    fails(empty, ConfigError, *map(str, empty.metrics[1:]), "same configuration and seed")


def test_users_must_be_the_same(empty: Shelf) -> None:
    with_base(empty)
    other = World(n_users=399)
    empty.add("morec", other.ranking(1.1))
    fails(empty, DataError, "different users or targets")


def test_short_lists_are_filled(empty: Shelf) -> None:
    with_base(empty)
    short = empty.world.ranking(1.0)
    lists = short.lists.copy()
    run = empty.bases["mf", 1]
    path = empty.root / "metrics" / "short"
    write_metrics(path, run, empty.dataset, short)
    import pyarrow.parquet as pq

    table = pq.read_table(path / "recommendations.parquet")
    kept = table.filter(
        [
            not (u == 3 and r > 7)
            for u, r in zip(table["user"].to_pylist(), table["rank"].to_pylist(), strict=True)
        ]
    )
    pq.write_table(kept, path / "recommendations.parquet")
    from mobench.artifacts import Artifact
    from mobench.report.inputs import _lists

    found = _lists(Artifact.open(path), short.target * 0 + range(len(lists)))
    lists[3, 7:] = -1
    assert (found == lists).all()
