"""`--method rerank`, of a base and of scores that came in a file."""

from pathlib import Path

import polars as pl
import pytest
from safetensors.numpy import load_file

from mobench.artifacts import Artifact
from mobench.cli.show import remake

BASE, RUN = "data/runs/toy-mf-base-s1", "data/runs/toy-mf-rerank-s1"
TRAIN = "train data/datasets/toy --method rerank --set min_group_size=1"
SMALL = f"{TRAIN} --tries 20"


def write_scores() -> None:
    """Write the best 25 items of each user by the toy base."""
    vectors = load_file(f"{BASE}/model.safetensors")
    ids = {
        kind: pl.read_parquet(f"data/datasets/toy/{kind}s.parquet").sort(kind)[f"{kind}_id"]
        for kind in ("user", "item")
    }
    scores = vectors["users"] @ vectors["items"].T
    best = (-scores).argsort(axis=1)[:, :25]
    frames = [
        pl.DataFrame({"user": user, "item": ids["item"].gather(items), "score": scores[n, items]})
        for n, (user, items) in enumerate(zip(ids["user"], best, strict=True))
    ]
    pl.concat(frames).write_parquet("scores.parquet")


def test_a_base_is_reranked_evaluated_reported_and_shown(run, pipeline: Path) -> None:
    code, out, err = run(SMALL)
    assert (code, err) == (0, f"next  mobench eval {RUN}\n")
    lines = out.splitlines()
    assert lines[1] == (
        "best 200 by score, price, group deficit, popularity gap · 20 mixes on a grid"
    )
    assert lines[2] == f"base {BASE}"
    assert "tried 20 mixes, kept acc " in out
    assert max(map(len, lines)) <= 88
    assert run(SMALL)[1] == f"up to date  {RUN}\n"
    assert run(f"eval {RUN} --k 5")[0] == 0
    metrics = "data/metrics/toy-mf-base-s1-test data/metrics/toy-mf-rerank-s1-test"
    code, out, err = run(f"report {metrics} --name r --k 5")
    assert code == 0, err
    assert " rerank" in out
    page = Path("data/reports/r/report.html").read_text(encoding="utf-8")
    assert "rerank" in page
    code, out, _ = run(f"show {RUN}")
    assert code == 0
    assert "tried 20 mixes" in out
    assert run(f"recommend {RUN}")[0] == 0


def test_results_are_for_machines_too(run_json, pipeline: Path) -> None:
    found = run_json(SMALL)
    assert found["results"]["tries"] == found["results"]["budget"]["tries"] == 20
    assert sum(found["results"]["mix"].values()) == pytest.approx(1)
    assert run_json(f"compare {RUN} {BASE}")["status"] in ("ok", "error")


def test_scores_of_any_tool_in_one_command(run, pipeline: Path) -> None:
    write_scores()
    code, out, err = run(f"{SMALL} --candidates scores.parquet --dry-run")
    assert code == 0, err
    assert "would write   data/runs/toy-scores-rerank-s1" in out
    assert "1,080 rows used (420 seen in train)" in out
    assert not Path("data/runs/toy-scores-base-s1").exists()
    code, out, err = run(f"{SMALL} --candidates scores.parquet")
    assert code == 0, err
    written = [line.split("  ")[0] for line in out.splitlines() if line.startswith("wrote ")]
    assert written == [f"wrote data/runs/toy-scores-{m}-s1" for m in ("base", "rerank")]
    assert "rows used (" in out
    base, made = (
        "data/runs/toy-scores-base-s1",
        Artifact.open(Path("data/runs/toy-scores-rerank-s1")),
    )
    assert made.manifest.results["backbone"] == "candidates"
    assert run("eval data/runs/toy-scores-base-s1 --k 5")[0] == 0
    assert run("eval data/runs/toy-scores-rerank-s1 --k 5")[0] == 0
    for flags, more in (("--candidates scores.parquet", ""), ("--tries 20", f"--base {base}")):
        argv = f"mobench {TRAIN} {flags}".split()
        found = remake(made.manifest.model_copy(update={"argv": argv}))
        assert found == [*argv, *more.split()]


def test_a_front_of_rerankings_tries_mixes_of_its_own(run, pipeline: Path) -> None:
    code, _, err = run(f"{TRAIN} --front 3 --tries 5")
    assert code == 0, err
    found = sorted(Path("data/runs").glob("toy-mf-rerank-p*-s1"))
    assert len(found) == 3
    mixes = [Artifact.open(path).manifest.results for path in found]
    assert [m["tries"] for m in mixes] == [5, 5, 5]
    code, _, err = run(f"{TRAIN} --front 3 --candidates scores.parquet")
    assert code == 2
    assert err.startswith("error: --candidates makes one base run")


def test_after_a_base_of_scores_comes_rerank(run, pipeline: Path) -> None:
    write_scores()
    assert run("train data/datasets/toy --method base --candidates scores.parquet")[0] == 0
    _, _, err = run("eval data/runs/toy-scores-base-s1 --k 5")
    command = err.removeprefix("next  mobench ").strip()
    assert "--method rerank" in command
    assert run(command)[0] == 0


@pytest.mark.parametrize(
    ("command", "code", "message"),
    [
        (f"{TRAIN} --candidates no.parquet", 3, "--candidates 'no.parquet' does not exist"),
        (f"{TRAIN} --epochs 3", 2, "--epochs does nothing for method rerank"),
        (f"{TRAIN} --candidates a --init-from b", 2, "--candidates does not go with --init-from"),
        (f"{TRAIN} --candidates a --base {BASE}", 2, "--base does not go with --candidates"),
        (f"{TRAIN} --set search=luck", 2, "search 'luck' is unknown"),
        (f"{TRAIN} --seed 9", 4, "rerank starts from a base run"),
    ],
)
def test_what_cannot_be_done_is_said_at_once(run, pipeline: Path, command, code, message) -> None:
    found, out, err = run(command)
    assert found == code
    assert err.startswith(f"error: {message}")
    assert err.splitlines()[1].startswith(" hint: ")
    assert out == ""
    assert not Path(RUN).exists()
