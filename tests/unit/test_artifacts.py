import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from mobench import RESULTS_VERSION
from mobench.artifacts import Artifact, Draft, draft_manifest, existing, partial, read_columns
from mobench.errors import ArtifactError
from mobench.manifest import Input, Manifest

CONFIG = {"seed": 1, "k": [10]}
INPUT = Input(role="dataset", path="d", sha256="00" * 32)


def manifest(**config: object) -> Manifest:
    values = {**CONFIG, **config}
    return draft_manifest("dataset", values, values, [INPUT], seed=1)


def make(path: Path, *, replace: bool = False, value: int = 1, **config: object) -> Artifact:
    with Draft.start(path, manifest(**config)) as draft:
        draft.write_table("table.parquet", {"a": np.arange(3) + value, "b": ["x", None, "z"]})
        draft.write_text("notes/hello.txt", "héllo\n")
        return draft.finish({"hit": 0.5}, replace=replace)


def test_a_finished_artifact_opens_as_it_was_made(workdir: Path) -> None:
    made = make(Path("shelf/name"))
    found = Artifact.open(Path("shelf/name"), "dataset")
    assert found == made
    found.verify()
    assert [(f.path, f.rows) for f in found.manifest.files] == [
        ("notes/hello.txt", None),
        ("table.parquet", 3),
    ]
    assert found.manifest.results == {"hit": 0.5}
    assert found.manifest.seed == 1
    columns = found.read("table.parquet")
    assert columns["a"].tolist() == [1, 2, 3]
    assert columns["b"].tolist() == ["x", None, "z"]
    assert not partial(Path("shelf/name")).exists()
    assert sorted(p.name for p in Path("shelf/name").iterdir()) == [
        "manifest.json",
        "notes",
        "table.parquet",
    ]


def test_nothing_is_complete_before_it_is_finished(workdir: Path) -> None:
    path = Path("runs/x")
    with Draft.start(path, manifest()) as draft:
        draft.write_table("table.parquet", {"a": [1]})
        assert not path.exists()
        with pytest.raises(ArtifactError, match=r"'runs/x' is not finished") as caught:
            Artifact.open(path)
    assert caught.value.hint == (
        "resume a run with 'mobench train --resume runs/x.partial', or make it again."
    )
    assert existing(path, CONFIG, [INPUT], RESULTS_VERSION) is None


CRASH = """
import os, sys
from pathlib import Path
from tests.unit.test_artifacts import manifest
from mobench.artifacts import Draft
draft = Draft.start(Path("runs/x"), manifest())
draft.write_table("table.parquet", {"a": [1, 2]})
os.kill(os.getpid(), 9)
"""


def test_a_killed_process_leaves_no_artifact_and_no_lock(workdir: Path) -> None:
    repository = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", CRASH], env=os.environ | {"PYTHONPATH": str(repository)}, check=False
    )
    assert done.returncode == -9
    assert not Path("runs/x").exists()
    assert Path("runs/x.partial/table.parquet").is_file()
    with Draft.start(Path("runs/x"), manifest(), keep=True) as draft:
        assert (draft.work / "table.parquet").is_file()
    with Draft.start(Path("runs/x"), manifest()) as draft:
        assert [p.name for p in draft.work.iterdir()] == ["lock"]


def test_a_second_draft_of_the_same_name_is_refused(workdir: Path) -> None:
    path = Path("x")
    with Draft.start(path, manifest()) as draft:
        draft.write_text("precious.txt", "mine")
        with pytest.raises(ArtifactError, match=r"'x' is being made by another process"):
            Draft.start(path, manifest())
        assert (draft.work / "precious.txt").read_text() == "mine"
    with Draft.start(path, manifest()) as draft:
        draft.finish()
    Artifact.open(path)


@pytest.mark.parametrize("name", ["table.parquet", "notes/hello.txt"])
def test_a_changed_or_missing_file_is_found(workdir: Path, name: str) -> None:
    found = make(Path("x"))
    file = found.path / name
    data = bytearray(file.read_bytes())
    data[0] ^= 1
    file.write_bytes(bytes(data))
    with pytest.raises(
        ArtifactError, match=rf"'x/{name}' has changed \(sha256 .{{4}}….. → .{{4}}…..\)"
    ):
        found.verify()
    file.unlink()
    with pytest.raises(ArtifactError, match=rf"'x/{name}' is missing"):
        found.verify()


def test_up_to_date_needs_the_same_config_inputs_and_results_version(workdir: Path) -> None:
    path = Path("x")
    made = make(path)
    assert existing(path, CONFIG, [INPUT], RESULTS_VERSION) == made
    elsewhere = INPUT.model_copy(update={"path": "moved", "rows": 7})
    assert existing(path, CONFIG, [elsewhere], RESULTS_VERSION) == made
    changed = INPUT.model_copy(update={"sha256": "11" * 32})
    base, reviews = (INPUT.model_copy(update={"role": role}) for role in ("base", "reviews"))
    for why, arguments in {
        "other settings (seed)": ({**CONFIG, "seed": 2}, [INPUT], RESULTS_VERSION),
        "other settings (k)": ({"seed": 1}, [INPUT], RESULTS_VERSION),
        "other settings (k, seed)": ({}, [INPUT], RESULTS_VERSION),
        "another dataset": (CONFIG, [changed], RESULTS_VERSION),
        "another base": (CONFIG, [INPUT, base], RESULTS_VERSION),
        "other inputs (reviews)": (CONFIG, [INPUT, reviews], RESULTS_VERSION),
        f"results version {RESULTS_VERSION} of mobench, this is 99": (CONFIG, [INPUT], 99),
    }.items():
        with pytest.raises(ArtifactError) as caught:
            existing(path, *arguments)
        assert caught.value.message == f"'x' exists and was made with {why}"
        assert caught.value.hint == "choose another --name, or replace it with --force."


@pytest.mark.parametrize("damage", ["change", "remove"])
def test_a_damaged_artifact_is_not_up_to_date(workdir: Path, damage: str) -> None:
    file = make(Path("x")).path / "table.parquet"
    file.unlink() if damage == "remove" else file.write_bytes(file.read_bytes() + b"x")
    with pytest.raises(
        ArtifactError, match=r"'x/table.parquet' (has changed|is missing)"
    ) as caught:
        existing(Path("x"), CONFIG, [INPUT], RESULTS_VERSION)
    assert caught.value.hint == "restore it, or make it again with --force."


def test_a_taken_name_is_kept_unless_it_is_to_be_replaced(workdir: Path) -> None:
    first = make(Path("x"))
    with pytest.raises(ArtifactError, match="'x' was taken while it was being made"):
        make(Path("x"), value=2)
    assert Artifact.open(Path("x")) == first
    second = make(Path("x"), value=2, replace=True)
    assert Artifact.open(Path("x")) == second
    assert second.read("table.parquet")["a"].tolist() == [2, 3, 4]
    assert second.digest != first.digest
    assert sorted(p.name for p in Path().iterdir()) == ["x"]


def test_missing_artifacts_are_explained(workdir: Path) -> None:
    make(Path("data/datasets/electronics"))
    cases = {
        "data/datasets/electroncs": "did you mean 'data/datasets/electronics'? Make one with"
        " 'mobench prep'.",
        "data/runs/x": "Make one with 'mobench train'.",
        "data/metrics/x": "Make one with 'mobench eval'.",
    }
    for path, hint in cases.items():
        with pytest.raises(ArtifactError) as caught:
            Artifact.open(Path(path))
        assert caught.value.message == f"'{path}' does not exist"
        assert caught.value.hint == hint
    for path in ("data", "."):
        with pytest.raises(ArtifactError, match=rf"'{path}' is not an artifact"):
            Artifact.open(Path(path))
    with pytest.raises(ArtifactError, match=r"is a dataset artifact, expected a run artifact"):
        Artifact.open(Path("data/datasets/electronics"), "run")


@pytest.mark.parametrize("text", ["", "{}", '{"kind": "planet"}', "\x00"])
def test_a_broken_manifest_is_explained(workdir: Path, text: str) -> None:
    make(Path("x"))
    Path("x/manifest.json").write_text(text)
    with pytest.raises(ArtifactError, match="'x' has a manifest that cannot be read"):
        Artifact.open(Path("x"))


def test_the_manifest_is_plain_json(workdir: Path) -> None:
    make(Path("x"))
    content = json.loads(Path("x/manifest.json").read_text())
    assert content["config"] == CONFIG
    assert content["inputs"][0]["role"] == "dataset"
    assert content["environment"]["python"]
    assert content["wall_seconds"] >= 0
    assert content["argv"][0] == "mobench"


def test_columns_come_back_as_numpy(workdir: Path) -> None:
    with Draft.start(Path("x"), manifest()) as draft:
        split = pa.array(["train", "val", "train"]).dictionary_encode()
        draft.write_table("t.parquet", {"split": split, "v": pa.array([1.0, None, 3.0])})
        found = draft.finish()
    columns = found.read("t.parquet")
    assert columns["split"].tolist() == ["train", "val", "train"]
    np.testing.assert_array_equal(columns["v"], [1.0, np.nan, 3.0])
    assert list(found.read("t.parquet", ["v"])) == ["v"]
    with pytest.raises(ArtifactError, match=r"'x/nothing.parquet' cannot be read"):
        found.read("nothing.parquet")
    Path("x/t.parquet").write_text("no parquet")
    with pytest.raises(ArtifactError, match=r"'x/t.parquet' cannot be read"):
        read_columns(Path("x/t.parquet"))


def test_a_missing_column_is_named(workdir: Path) -> None:
    found = make(Path("x"))
    with pytest.raises(ArtifactError, match=r"'x/table.parquet' has no column 'c'"):
        found.read("table.parquet", ["a", "c"])


def test_a_place_that_cannot_be_written_is_explained(workdir: Path) -> None:
    Path("file").write_text("in the way")
    with pytest.raises(ArtifactError, match=r"'file/x.partial' cannot be made: Not a directory"):
        Draft.start(Path("file/x"), manifest())


def test_force_never_replaces_what_is_not_an_artifact(tmp_path: Path) -> None:
    own = tmp_path / "thesis"
    own.mkdir()
    (own / "chapter.txt").write_text("years of work")
    with pytest.raises(ArtifactError, match="exists and is not an artifact"):
        Draft.start(own, draft_manifest("run", {}, {}, []))
    assert (own / "chapter.txt").read_text() == "years of work"
    assert not (tmp_path / "thesis.partial").exists()
