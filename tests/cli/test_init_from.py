"""`--init-from`: vectors of any tool, MoRec from them in one command."""

from pathlib import Path

import polars as pl
import pytest

from mobench.artifacts import Artifact

EXPORT = """\
import polars as pl
from safetensors.numpy import load_file

run, dataset = "data/runs/demo-mf-base-s1", "data/datasets/demo"
vectors = load_file(f"{run}/model.safetensors")  # yours: any matrix [users, D], [items, D]


def table(kind):
    ids = pl.read_parquet(f"{dataset}/{kind}s.parquet").sort(kind)
    return ids.select(kind=pl.lit(kind), id=f"{kind}_id", vector=pl.Series(vectors[f"{kind}s"]))


pl.concat([table("user"), table("item")]).write_parquet("vectors.parquet")
"""
"""What the README shows."""

BASE, RUN = "data/runs/toy-vectors-base-s1", "data/runs/toy-vectors-morec-s1"
PLAIN = "train data/datasets/toy --init-from vectors.parquet"
TRAIN = f"{PLAIN} --set batch_size=64"


@pytest.fixture
def vectors(pipeline: Path) -> Path:
    """The vectors of the toy base, written as the README says."""
    exec(EXPORT.replace("demo", "toy"), {})
    return pipeline / "vectors.parquet"


def test_one_command_makes_a_base_and_trains_from_it(run, run_json, vectors: Path) -> None:
    code, out, err = run(f"{TRAIN} --epochs 2 --set min_group_size=1")
    assert code == 0, err
    lines = out.splitlines()
    assert lines[1] == (
        "vectors vectors.parquet: 60 users and 30 items, 64 numbers each, taken as they are"
    )
    first, second = (line for line in lines if line.startswith("wrote "))
    assert first.startswith(f"wrote {BASE}  (")
    assert second.startswith(f"wrote {RUN}  (")
    assert f"base {BASE}" in lines
    assert err == f"next  mobench eval {RUN}\n"
    base, made = Artifact.open(Path(BASE), "run"), Artifact.open(Path(RUN), "run")
    assert {i.role for i in base.manifest.inputs} == {"dataset", "vectors"}
    assert made.open_input("base", "run").digest == base.digest
    trained = Artifact.open(Path("data/runs/toy-mf-base-s1"))
    assert base.manifest.results["val"]["hit"] == trained.manifest.results["val"]["hit"]
    code, out, _ = run(f"{TRAIN} --epochs 2 --set min_group_size=1")
    assert out.split("\n\n") == [f"up to date  {BASE}", f"up to date  {RUN}\n"]
    from_trained = run_json(
        "train data/datasets/toy --base data/runs/toy-mf-base-s1"
        " --epochs 2 --set min_group_size=1 --name other"
    )
    other = Path(from_trained["artifact"]) / "model.safetensors"
    assert other.read_bytes() == (Path(RUN) / "model.safetensors").read_bytes()


def test_the_pipeline_goes_on_from_vectors(run, vectors: Path) -> None:
    assert run(f"{TRAIN} --epochs 1 --set min_group_size=1")[0] == 0
    for name in ("base", "morec"):
        assert run(f"eval data/runs/toy-vectors-{name}-s1 --k 5")[0] == 0
    metrics = [f"data/metrics/toy-vectors-{name}-s1-test" for name in ("base", "morec")]
    code, out, err = run(f"report {' '.join(metrics)} --name r --k 5")
    assert code == 0, err
    assert "morec" in out
    assert run(f"show {BASE}")[0] == 0
    assert run("show data/reports/r")[0] == 0


def test_a_base_alone(run, run_json, vectors: Path) -> None:
    code, out, err = run(f"{TRAIN} --method base")
    assert (code, err) == (0, f"next  mobench eval {BASE}\n")
    assert " hit " in out
    assert Artifact.open(Path(BASE)).manifest.results["epochs_run"] == 0
    found = run_json(f"{TRAIN} --method continue --epochs 1")
    assert found["artifact"] == "data/runs/toy-vectors-continue-s1"


def test_a_name_is_for_both(run, vectors: Path) -> None:
    assert run(f"{TRAIN} --epochs 1 --set learning_rate=0.01")[0] == 0
    code, _, err = run(f"{TRAIN} --epochs 1 --set learning_rate=0.02")
    assert code == 4
    assert f"'{BASE}' exists and was made with other settings (learning_rate)" in err
    assert "--name" in err
    code, out, err = run(f"{TRAIN} --epochs 1 --set learning_rate=0.02 --name second")
    assert code == 0, err
    assert "wrote data/runs/second-base  (" in out
    assert "wrote data/runs/second  (" in out
    code, out, _ = run(f"{TRAIN} --epochs 1 --set learning_rate=0.02 --force")
    assert code == 0
    assert Artifact.open(Path(BASE)).manifest.config["learning_rate"] == 0.02


def test_a_dry_run_checks_both_and_writes_nothing(run, vectors: Path) -> None:
    code, out, err = run(f"{TRAIN} --dry-run")
    assert (code, err) == (0, "")
    assert "60 users and 30 items, 64 numbers each" in out
    assert out.count("would write") == 2
    assert not Path(BASE).exists()
    code, _, err = run(f"{TRAIN} --objectives acc --preference 0.5")
    assert code == 2
    assert not Path(BASE).exists()


def test_missing_vectors_are_told(run, vectors: Path) -> None:
    table = pl.read_parquet(vectors)
    items = table["kind"].to_list().index("item")
    table.with_row_index().filter(pl.col("index") != items).drop("index").write_parquet(vectors)
    code, _, err = run(f"{TRAIN} --method base")
    assert code == 0
    assert "warning: 1 of 30 items have no vector in 'vectors.parquet': they have the mean" in err
    assert Artifact.open(Path(BASE)).manifest.results["vectors"]["items_missing"] == 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--base data/runs/toy-mf-base-s1", "--base does not go with --init-from"),
        ("--method popularity", "--init-from does not go with --method popularity"),
        ("--backbone sasrec", "--init-from does not go with --backbone sasrec"),
        ("--method base --epochs 3", "--epochs does nothing for a base of vectors"),
    ],
)
def test_what_does_not_go_together(run, vectors: Path, words: str, message: str) -> None:
    before = sorted(Path("data/runs").iterdir())
    code, out, err = run(f"{PLAIN} {words}")
    assert (code, out) == (2, "")
    assert err.startswith(f"error: {message}")
    assert err.splitlines()[1].startswith(" hint: ")
    assert sorted(Path("data/runs").iterdir()) == before


def test_a_wrong_file_costs_nothing(run, pipeline: Path) -> None:
    before = sorted(Path("data/runs").iterdir())
    Path("vectors.parquet").write_text("no")
    code, out, err = run(TRAIN)
    assert (code, out) == (3, "")
    assert err.startswith("error: --init-from 'vectors.parquet' is no Parquet file: ")
    assert sorted(Path("data/runs").iterdir()) == before


def test_a_finished_run_is_trained_further(run, run_json, pipeline: Path) -> None:
    command = "train data/datasets/toy --set min_group_size=1"
    assert run(f"{command} --epochs 4 --name whole")[0] == 0
    assert run(f"{command} --epochs 2 --name short --set keep_state=true")[0] == 0
    code, _, err = run("train --resume data/runs/short")
    assert code == 2
    assert "train --resume data/runs/short --epochs N --name NAME" in err
    found = run_json("train --resume data/runs/short --epochs 4 --name long")
    assert (found["artifact"], found["fresh"]) == ("data/runs/long", True)
    whole, longer = (Path("data/runs", n, "model.safetensors") for n in ("whole", "long"))
    assert whole.read_bytes() == longer.read_bytes()
    assert not run_json("train --resume data/runs/short --epochs 4 --name long")["fresh"]
