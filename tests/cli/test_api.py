"""The commands as functions: the same artifacts, the same checks, nothing printed."""

import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mobench
import mobench.api
from mobench.api.settings import words_of
from mobench.artifacts import Artifact
from mobench.cli.options import collect
from mobench.config import (
    CompareConfig,
    Config,
    EvalConfig,
    PrepConfig,
    RecommendConfig,
    ReportConfig,
    TrainConfig,
)
from mobench.config.base import extra, kinds
from mobench.errors import ArtifactError, ConfigError, DataError
from tests.configs import configs

EXAMPLE = """\
import mobench

dataset = mobench.prep("demo")
base = mobench.train(dataset, method="base", on_epoch=print)
morec = mobench.train(dataset, keep_accuracy=0.97, sampler_mode="reweight")
metrics = [mobench.evaluate(run, k=20) for run in (base, morec)]

metrics[1].table()  # every metric with its interval, as a polars frame
mobench.recommend(morec, k=5)  # lists with titles and prices, of some users
mobench.compare(*metrics).beyond()  # what changed beyond noise
mobench.make_report(*metrics, name="notebook").path
"""
"""What the README shows."""

MODELS = [PrepConfig, TrainConfig, EvalConfig, ReportConfig, CompareConfig, RecommendConfig]
RAW = {"meta": "raw/meta.jsonl", "k_core": 2, "pop_groups": 5, "name": "toy"}


def test_what_the_commands_made_is_up_to_date(pipeline: Path, capsys) -> None:
    dataset = mobench.prep("raw/reviews.csv.gz", **RAW)
    base = mobench.train(dataset, method="base", epochs=3, batch_size=64)
    morec = mobench.train(dataset, epochs=2, min_group_size=1)
    made = [dataset, base, morec, *(mobench.evaluate(run, k=5) for run in (base, morec))]
    assert [(one.path, one.kind, one.fresh) for one in made] == [
        (Path("data/datasets/toy"), "dataset", False),
        (Path("data/runs/toy-mf-base-s1"), "run", False),
        (Path("data/runs/toy-mf-morec-s1"), "run", False),
        (Path("data/metrics/toy-mf-base-s1-test"), "metrics", False),
        (Path("data/metrics/toy-mf-morec-s1-test"), "metrics", False),
    ]
    for one in made:
        assert one.results == Artifact.open(one.path).manifest.results
    assert capsys.readouterr() == ("", "")


def test_what_a_function_makes_is_up_to_date_for_the_commands(run_json, pipeline: Path) -> None:
    """And the command that the manifest names makes it."""
    path = Path("raw/reviews.csv.gz")
    dataset = mobench.prep(path, meta=(Path("raw/meta.jsonl"),), k_core=2, name="own")
    base = mobench.train(dataset, method="base", epochs=1, n_negatives=3)
    morec = mobench.train(dataset, objectives=("acc", "fair"), epochs=1, base=base, beta_start=None)
    metrics = [mobench.evaluate(run, k=(5, 10), name=f"{run.path.name}-m") for run in (base, morec)]
    report = mobench.make_report(*metrics, resamples=50, name="own-report")
    for one in (dataset, base, morec, *metrics, report):
        assert one.fresh
        words = Artifact.open(one.path).manifest.argv
        assert words[0] == "mobench"
        found = run_json(" ".join(words[1:]))
        assert (found["artifact"], found["fresh"]) == (str(one.path), False)


def test_a_function_makes_the_bytes_of_the_command(pipeline: Path) -> None:
    mine = mobench.train("data/datasets/toy", method="base", epochs=3, batch_size=64, name="mine")
    theirs = Artifact.open(Path("data/runs/toy-mf-base-s1"))
    assert Artifact.open(mine.path).digest == theirs.digest
    scored = mobench.evaluate(mine, k=5)
    for name in ("metrics", "recommendations", "targets"):
        expected = pl.read_parquet(f"data/metrics/toy-mf-base-s1-test/{name}.parquet")
        assert scored.table(name).equals(expected)


def test_tables_are_polars_frames(pipeline: Path) -> None:
    dataset = mobench.prep("raw/reviews.csv.gz", **RAW)
    assert dataset.table()["stage"].to_list()[0] == "read"
    assert dataset.tables == ["funnel", "groups", "interactions", "items", "users"]
    assert dataset.table("items").height == dataset.results["n_items"]
    run = mobench.train(dataset, method="base", epochs=3, batch_size=64)
    assert run.table()["epoch"].to_list()[-1] == 3
    metrics = mobench.evaluate(run, k=5)
    hit = metrics.table().filter(pl.col("metric") == "hit")["value"][0]
    assert hit == metrics.results["metrics"]["hit@5"]
    report = mobench.make_report("data/metrics/**")
    assert set(report.table()["method"]) == {"popularity", "base", "continue", "morec"}
    with pytest.raises(ConfigError, match="has no table 'metric'") as caught:
        metrics.table("metric")
    assert "did you mean 'metrics'? " in caught.value.hint


def test_the_example_runs(workdir: Path, capsys) -> None:
    small = "synthetic:rows=3000,users=120,items=60,seed=2"
    text = EXAMPLE.replace('"demo"', f'"{small}"').replace('"base"', '"base", epochs=2')
    exec(compile(text.replace("keep_accuracy", "epochs=2, keep_accuracy"), "README.md", "exec"), {})
    assert capsys.readouterr().out.count("EpochRecord(") == 2
    assert Path("data/reports/notebook/report.html").is_file()


def test_epochs_can_be_watched(pipeline: Path) -> None:
    seen: list[int] = []
    kept: list[float] = []

    def look(record) -> None:
        seen.append(record.epoch)
        kept.append(record.accuracy_kept)

    mobench.train("data/datasets/toy", epochs=2, seed=1, name="w", on_epoch=look)
    assert seen == [0, 1, 2]
    assert kept[0] == 1.0
    mobench.train("data/datasets/toy", epochs=2, seed=1, name="w", on_epoch=look)
    assert seen == [0, 1, 2], "up to date: no epoch to tell of"


def test_recommend_gives_the_rows_of_the_command(run, pipeline: Path) -> None:
    (pipeline / "u.txt").write_text("U5\nnobody\nU1\n")
    base = "data/runs/toy-mf-base-s1"
    assert run(f"recommend {base} --users u.txt -k 3 --out a.parquet")[0] == 0
    found = mobench.recommend(base, ["U5", "nobody", "U1"], k=3)
    assert found.equals(pl.read_parquet("a.parquet"))
    assert mobench.recommend(base, ["nobody"], k=3).equals(found.clear())
    assert mobench.recommend(base, sample=2, k=1)["user"].n_unique() == 2


def test_compare_gives_what_the_command_says(run_json, pipeline: Path) -> None:
    paths = [Path(f"data/metrics/toy-mf-{m}-s1-test") for m in ("popularity", "base")]
    found = mobench.compare(*paths)
    said = run_json(f"compare {paths[0]} {paths[1]}")
    assert [change.name for change in found.beyond()] == [
        n["name"] for n in said["numbers"] if n["is_real"]
    ]


def test_failures_are_raised_with_their_hint(pipeline: Path) -> None:
    with pytest.raises(DataError):
        mobench.prep("nothing.csv")
    with pytest.raises(ConfigError, match="missing argument 'SOURCE…'"):
        mobench.prep()
    with pytest.raises(ConfigError, match="unknown setting 'kcore'") as caught:
        mobench.prep("raw/reviews.csv.gz", kcore=3)
    assert caught.value.__notes__ == [f"hint: {caught.value.hint}"]
    with pytest.raises(ConfigError, match="not fit for a directory"):
        mobench.train("data/datasets/toy", method="base", name="../x")
    with pytest.raises(ArtifactError, match="made with other settings"):
        mobench.train("data/datasets/toy", method="base", epochs=1, batch_size=64)
    forced = mobench.train("data/datasets/toy", method="base", epochs=1, batch_size=64, force=True)
    assert forced.fresh
    with pytest.raises(ArtifactError, match="starts from a base run"):
        mobench.train("data/datasets/toy", seed=9)
    with pytest.raises(ArtifactError, match="no metrics in 'data/reports/"):
        mobench.make_report("data/reports/**")
    with pytest.raises(DataError, match="is not in"):
        mobench.prep("amazon-2014/Electronics")


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.__name__)
@given(data=st.data())
def test_the_words_say_the_settings(model: type[Config], data: st.DataObject) -> None:
    """What a manifest names as its command is read back to the same config."""
    config = data.draw(configs(model))
    words = words_of(config)
    flags: dict[str, str] = {}
    settings: list[str] = []
    for flag, text in zip(words[::2], words[1::2], strict=True):
        if flag == "--set":
            settings.append(text)
        else:
            flags[flag[2:].replace("-", "_")] = text
    for name in flags:
        info = model.model_fields[name]
        assert extra(info, "panel")
        assert bool not in kinds(info)
    assert collect(model, None, settings, flags) == config


def test_the_functions_are_there_and_light() -> None:
    probe = (
        "import sys, mobench\n"
        "assert {'prep', 'train', 'evaluate'} <= set(mobench.__all__)\n"
        "heavy = ('torch', 'polars', 'matplotlib', 'numpy', 'typer', 'rich', 'pydantic')\n"
        "print([n for n in heavy if n in sys.modules])\n"
        "mobench.train\n"
        "print([n for n in ('torch', 'polars', 'typer', 'rich') if n in sys.modules])\n"
        "print(sorted(n for n in sys.modules if n.startswith('mobench.cli')))\n"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n[]\n[]\n"
    with pytest.raises(AttributeError, match="has no attribute 'trian'"):
        mobench.trian  # noqa: B018


@pytest.mark.parametrize("name", mobench.api.__all__)
def test_every_function_explains_itself(name: str) -> None:
    assert getattr(mobench, name) is getattr(mobench.api, name)
    text = getattr(mobench, name).__doc__
    if name != "Made":
        assert "Args:" in text
        assert "Returns:" in text
        assert "Raises:" in text
