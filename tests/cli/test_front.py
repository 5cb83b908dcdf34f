"""Many runs with one command: which there are, what is left of them, and who fails alone."""

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from mobench.artifacts import Artifact
from mobench.cli import crew
from mobench.cli.task import Outcome
from mobench.errors import TrainingError
from mobench.training import interrupt

TRAIN = "train data/datasets/toy --epochs 2 --set min_group_size=1"
NAMES = [f"toy-mf-morec-p{p}-s1" for p in ("100-0-0", "0-100-0", "0-0-100")]


def content(name: str) -> dict[str, Any]:
    """Return the weights of a run, and its tables without times."""
    path = Path("data/runs", name)
    tables = {p.name: pq.read_table(p).to_pydict() for p in sorted(path.glob("*.parquet"))}
    tables["history.parquet"].pop("seconds")
    found = {name: str(table) for name, table in tables.items()}
    return {"model": (path / "model.safetensors").read_bytes(), **found}


def weights(names: list[str]) -> list[bytes]:
    return [Path("data/runs", name, "model.safetensors").read_bytes() for name in names]


def test_preferences_times_seeds_each_seed_on_its_own_base(run_json, run, pipeline: Path) -> None:
    found = run_json(f"{TRAIN} --front 3 --seeds 1,2")
    names = [*NAMES, *(name.replace("s1", "s2") for name in NAMES)]
    assert [Path(each["artifact"]).name for each in found["members"]] == names
    assert [each["preference"] for each in found["members"][:3]] == [
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 1],
    ]
    assert [Path(each["artifact"]).name for each in found["bases"]] == ["toy-mf-base-s2"]
    for each in found["members"]:
        artifact = Artifact.open(Path(each["artifact"]), "run")
        base = next(i.path for i in artifact.manifest.inputs if i.role == "base")
        assert base == each["base"] == f"data/runs/toy-mf-base-s{each['seed']}"
        assert artifact.manifest.config["preference"] == each["preference"]
        assert each["results"] == artifact.manifest.results
        assert each["fresh"]
    before = weights(names)
    assert len(set(before)) == 6
    code, out, err = run(f"{TRAIN} --front 3 --seeds 1,2")
    assert code == 0
    assert out.count("up to date") == 6 + 1
    assert err.endswith(
        "next  mobench eval data/runs/toy-mf-base-s* data/runs/toy-mf-morec-p*-s*\n"
    )
    assert max(map(len, out.splitlines())) <= 88
    assert weights(names) == before
    again = run_json(f"{TRAIN} --front 3 --seeds 1")
    assert not any(each["fresh"] for each in again["members"])


def test_a_member_is_the_run_that_its_preference_gives(run, pipeline: Path) -> None:
    assert run(f"{TRAIN} --preference 8,1,1 --preference 1,8,1")[0] == 0
    assert run(f"{TRAIN} --preference 1,8,1 --name single")[0] == 0
    assert content("toy-mf-morec-p10-80-10-s1") == content("single")


def test_seeds_alone_keep_the_usual_names(run, pipeline: Path) -> None:
    assert run("train data/datasets/toy --method base --epochs 1 --seeds 3,4")[0] == 0
    more = "--method continue --epochs 2 --seeds 3,4 --name mine"
    assert run(f"train data/datasets/toy {more}")[0] == 0
    names = {path.name for path in Path("data/runs").iterdir()}
    assert {"toy-mf-base-s3", "toy-mf-base-s4", "mine-s3", "mine-s4"} <= names
    remake = next(x for x in run("show data/runs/mine-s3")[1].splitlines() if "remake" in x)
    assert "--base" not in remake


def test_a_dry_run_lists_what_there_is_to_do(run, pipeline: Path) -> None:
    assert run(f"{TRAIN} --preference 1,0,0 --preference 0,1,0")[0] == 0
    before = sorted(Path("data/runs").iterdir())
    code, out, _ = run(f"{TRAIN} --front 3 --seeds 1,2 --dry-run")
    assert code == 0
    rows = [line.split(maxsplit=2) for line in out.splitlines() if line.startswith(" toy")]
    assert rows[0] == ["toy-mf-base-s2", "—", "to be trained"]
    assert [row[2] for row in rows[1:]] == ["up to date"] * 2 + ["to be trained"] * 4
    assert sorted(Path("data/runs").iterdir()) == before


def stop_after(monkeypatch: pytest.MonkeyPatch, steps: int) -> None:
    """Ask to stop after so many steps of all runs, as Ctrl-C does."""
    asked = itertools.count()
    monkeypatch.setattr(interrupt.StopRequest, "__call__", lambda self: next(asked) >= steps)


def test_ctrl_c_saves_and_the_same_command_goes_on(run, run_json, pipeline, monkeypatch) -> None:
    line = f"{TRAIN} --front 3 --set batch_size=64"
    assert run(f"{line} --name whole")[0] == 0
    with monkeypatch.context() as patch:
        stop_after(patch, 20)
        found = run_json(f"{line} --name cut")
    assert found["status"] == "error"
    assert found["error"]["exit_code"] == 130
    assert found["error"]["hint"] == "go on with the same command."
    done = [bool(each["artifact"]) for each in found["members"]]
    assert done == [True, False, False]
    assert (Path("data/runs") / "cut-p0-100-0-s1.partial" / "resume.pt").is_file()
    code, out, _ = run(f"{line} --name cut")
    assert code == 0
    assert out.count("up to date") == 1 + 1
    for p in ("100-0-0", "0-100-0", "0-0-100"):
        assert content(f"cut-p{p}-s1") == content(f"whole-p{p}-s1")


def test_a_run_that_fails_does_not_keep_the_others(run_json, run, pipeline, monkeypatch) -> None:
    plain = crew.work

    def work(task, watch):
        if task.path.name == NAMES[1]:
            raise TrainingError("loss became nan", "lower --set learning_rate=….")
        return plain(task, watch)

    with monkeypatch.context() as patch:
        patch.setattr(crew, "work", work)
        found = run_json(f"{TRAIN} --front 3")
    assert found["error"]["exit_code"] == 5
    assert found["error"]["message"] == "1 of 3 runs failed; loss became nan"
    assert [bool(each["artifact"]) for each in found["members"]] == [True, False, True]
    assert found["members"][1]["error"] == {"type": "TrainingError", "message": "loss became nan"}
    assert run(f"{TRAIN} --front 3")[0] == 0
    assert all(Path("data/runs", name).is_dir() for name in NAMES)


def test_what_rests_on_a_base_that_failed_is_not_begun(run_json, pipeline, monkeypatch) -> None:
    plain = crew.work

    def work(task, watch):
        if task.config.method == "base":
            raise TrainingError("loss became nan", "lower it.")
        return plain(task, watch)

    monkeypatch.setattr(crew, "work", work)
    found = run_json(f"{TRAIN} --front 3 --seeds 1,2")
    assert found["error"]["exit_code"] == 5
    assert found["error"]["message"].startswith("4 of 7 runs failed")
    assert [each["artifact"] is None for each in found["members"]] == [False] * 3 + [True] * 3
    assert found["members"][5]["error"]["message"] == "its base failed: loss became nan"


def test_settings_are_tried_once_for_a_front(run, run_json, pipeline, monkeypatch) -> None:
    line = f"{TRAIN} --tries 3"
    found = run_json(f"{line} --front 3")
    tables = [pq.read_table(f"data/runs/{name}/trials.parquet") for name in NAMES]
    assert tables[0].num_rows == 3
    assert tables[0] == tables[1] == tables[2]
    configs = [Artifact.open(Path("data/runs", name)).manifest.config for name in NAMES]
    best = max(tables[0].to_pylist(), key=lambda row: (row["valid"], row["score"]))
    for config, member in zip(configs, found["members"], strict=True):
        assert [config[n] for n in ("aux_weight", "slack")] == [best["aux_weight"], best["slack"]]
        told = member["results"]
        assert (told["tries"], told["tries_at"], told["tried_epochs"]) == (3, "equal", 6)
    alone = f"{line} --set tries_at=equal --preference 0,1,0 --name alone"
    assert run(alone)[0] == 0
    assert content("alone") == content(NAMES[1])
    monkeypatch.setattr("mobench.training.tune.trial", None)  # nothing is tried again
    assert run(f"{line} --front 6 --set tries_at=equal")[0] == 0


def test_an_interrupted_search_goes_on_with_the_same_command(run, pipeline, monkeypatch) -> None:
    line = f"{TRAIN} --front 3 --tries 3 --set batch_size=64"
    with monkeypatch.context() as patch:
        stop_after(patch, 20)
        assert run(line)[0] == 130
    notes = Path("data/runs", f"{NAMES[0]}.partial", "tune.json")
    tried = json.loads(notes.read_text())
    assert 0 < len(tried) < 3
    assert run(line)[0] == 0
    assert pq.read_table(f"data/runs/{NAMES[0]}/trials.parquet").slice(
        0, len(tried)
    ).to_pylist() == [pytest.approx(row) for row in tried]


def test_force_makes_all_members_again_but_no_base(run, run_json, pipeline) -> None:
    assert run(f"{TRAIN} --front 3")[0] == 0
    base = Path("data/runs/toy-mf-base-s1/manifest.json").read_bytes()
    code, _, err = run(f"{TRAIN} --front 3 --set kp=0.02")
    assert code == 4
    assert "exists and was made with other settings (kp)" in err
    found = run_json(f"{TRAIN} --front 3 --set kp=0.02 --force")
    assert all(each["fresh"] for each in found["members"])
    assert Path("data/runs/toy-mf-base-s1/manifest.json").read_bytes() == base


def test_runs_can_be_trained_at_once(run, run_json, pipeline, monkeypatch) -> None:
    line = f"{TRAIN} --seeds 1,2 --front 3 --set batched=on"
    with monkeypatch.context() as patch:
        stop_after(patch, 3)
        assert run_json(line)["error"]["exit_code"] == 130
    found = run_json(line)
    assert [each["results"]["batched"] for each in found["members"]] == [3] * 6  # unlike bases
    config = f"-c {found['members'][0]['path']}/manifest.json --name alone"
    assert run(f"train data/datasets/toy {config}")[0] == 0
    assert [each["fresh"] for each in found["bases"]] == [True]
    code, out, _ = run(line)
    assert code == 0
    assert out.count("up to date") == 6 + 1
    assert run(f"{TRAIN} --seeds 1,2 --front 3 --set batched=off")[1].count("up to date") == 7
    assert run(f"{TRAIN} --preference 0,1,0 --name single --set batched=off")[0] == 0
    mine, other = (pq.read_table(f"data/runs/{n}/history.parquet") for n in (NAMES[1], "single"))
    assert mine["loss"].to_pylist() == pytest.approx(other["loss"].to_pylist(), rel=1e-5)
    assert run(f"{TRAIN} --front 3 --seeds 2 --tries 2 --name t --set batched=on")[0] == 0
    trials = [pq.read_table(path) for path in Path("data/runs").glob("t-p*/trials.parquet")]
    assert len(trials) == 3
    assert trials[0].num_rows == 2
    assert trials[0] == trials[1] == trials[2]


WRONG = {
    "--seeds 1,one": "--seeds '1,one' is not understood",
    "--seeds 2,2": "--seeds '2,2' is not understood",
    "--jobs 2": "--jobs needs several runs",
    "--front 2": "--front 2 is too few for 3 objectives",
    "--front 9 --objectives acc,rev": "--front: objectives acc,rev have one preference only",
    "--front 9 --preference 1,1,1": "--front chooses the preferences",
    "--front 9 --method continue": "method continue does not look at a preference",
    "--preference 1,2,3 --preference 2,4,6": "--preference 0.166667,0.333333,0.5 was given twice",
    "--preference 1,2,3 --preference 1,2": "--preference has 2 values for 3 objectives",
    "--seeds 1,2 --base data/runs/toy-mf-base-s1": "--base is one run",
    "--seeds 1,2 --init-from x.parquet": "--init-from makes one base run",
    "--set batched=on": "batched=on needs several runs",
    "--seeds 1 --set batched=on --jobs 2": "batched=on does not go with --jobs",
    "--seeds 1 --set batched=on --method popularity": "batched=on: popularity on mf with adam can",
    "--seeds 1 --resume x": "--resume takes no option but --epochs and --name",
    "--seeds 1,2 --method base --base data/runs/toy-mf-base-s1": "--base does not go with",
}


@pytest.mark.parametrize("options", WRONG)
def test_what_does_not_go_together_is_refused_at_once(run, pipeline: Path, options: str) -> None:
    before = sorted(Path("data/runs").iterdir())
    code, _, err = run(f"train data/datasets/toy {options}")
    assert code == 2
    assert err.startswith(f"error: {WRONG[options]}")
    assert sorted(Path("data/runs").iterdir()) == before


def test_a_process_that_dies_fails_alone(run_json, pipeline: Path, monkeypatch) -> None:
    begin, first = crew.Worker.begin, iter([True])

    def kill_the_first(self, number, task):
        begin(self, number, task)
        if next(first, False):
            self.process.kill()

    monkeypatch.setattr(crew.Worker, "begin", kill_the_first)
    found = run_json(f"{TRAIN} --front 3 --jobs 2")
    assert found["error"]["exit_code"] == 5
    assert "its process was ended by signal 9" in found["error"]["message"]
    assert [bool(each["artifact"]) for each in found["members"]] == [False, True, True]


def test_processes_give_the_same_bytes(run, pipeline: Path) -> None:
    assert run(f"{TRAIN} --front 3 --jobs 2")[0] == 0
    assert run(f"{TRAIN} --front 3 --name here")[0] == 0
    for name in NAMES:
        assert content(name) == content(name.replace("toy-mf-morec", "here"))


def test_every_outcome_of_one_process_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    monkeypatch.setattr(crew, "work", lambda task, watch: watch(1, 2, 3) or Outcome({"is": task}))
    found = list(crew.outcomes(["a", "b"], 1, lambda *said: seen.append(said)))
    assert [(number, outcome.results) for number, outcome in found] == [
        (0, {"is": "a"}),
        (1, {"is": "b"}),
    ]
    assert seen == [(0, 1, 2, 3), (1, 1, 2, 3)]


@pytest.mark.slow
def test_ctrl_c_reaches_all_processes_once(pipeline: Path) -> None:
    words = [*TRAIN.replace("--epochs 2", "--epochs 400").split(), "--front", "3", "--jobs", "2"]
    start = partial(subprocess.Popen, start_new_session=True, stderr=subprocess.PIPE, text=True)
    process = start([sys.executable, "-m", "mobench", *words])
    while len(list(Path("data/runs").glob("*.partial/resume.pt"))) < 2:
        assert process.poll() is None
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert not [path for path in Path("data/runs").glob("toy-mf-morec-p*") if path.suffix == ""]
    assert len(list(Path("data/runs").glob("*.partial/resume.pt"))) == 2
