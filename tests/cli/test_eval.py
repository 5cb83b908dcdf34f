"""``mobench eval`` on several runs, on the lists of another tool, and on sampled candidates."""

import json
from pathlib import Path

import polars as pl
import pytest

from mobench.artifacts import Artifact
from mobench.evaluation.ranking import Ranker

RUNS = [f"data/runs/toy-mf-{method}-s1" for method in ("base", "morec", "popularity")]


def test_many_runs_give_a_line_each_and_rank_their_base_once(run, pipeline: Path, monkeypatch):
    ranked, rank = [], Ranker.rank
    monkeypatch.setattr(Ranker, "rank", lambda *a, **k: (ranked.append(1), rank(*a, **k))[1])
    code, out, err = run(f"eval {' '.join(RUNS)} {RUNS[0]} --k 5 --split val --resamples 50")
    assert code == 0
    assert len(ranked) == 3
    lines = out.splitlines()
    assert lines[0] == (
        "val split · full ranking over 30 items · seen items masked · 60 users · k = 5"
    )
    assert lines[2].split() == ["Metrics", "Hit", "rHit", "min-Hit", "Pop-KL", "Imp", "Kept"]
    assert [line.split()[0] for line in lines[4:7]] == [f"{Path(p).name}-val" for p in RUNS]
    assert max(map(len, lines)) <= 88
    assert "next  mobench report data/metrics/toy-mf-base-s1-val" in err
    for path in RUNS:
        artifact = Artifact.open(Path(f"data/metrics/{Path(path).name}-val"))
        assert artifact.manifest.results["metrics"]["hit@5"] >= 0
    morec = Artifact.open(Path("data/metrics/toy-mf-morec-s1-val")).manifest.results
    base = Artifact.open(Path("data/metrics/toy-mf-base-s1-val")).manifest.results
    shown = {row["metric"]: row["base"] for row in morec["comparison"]["metrics"]}
    assert shown["hit"] == base["metrics"]["hit@5"]
    assert shown["pop_kl"] == base["metrics"]["pop_kl@5"]


def test_again_all_are_up_to_date_also_as_json(run, pipeline: Path):
    command = f"eval {' '.join(RUNS)} --k 5 --resamples 60 --split val"
    run(command + " --force")
    code, out, err = run(command + " --json")
    assert code == 0
    assert err.count("up to date") == 3
    found = json.loads(out)
    assert [each["fresh"] for each in found["runs"]] == [False] * 3
    assert [each["method"] for each in found["runs"]] == ["base", "morec", "popularity"]
    assert found["runs"][1]["comparison"]["metrics"]


def test_nothing_is_begun_if_one_run_is_missing(run, pipeline: Path):
    code, _, err = run(f"eval {RUNS[0]} data/runs/none --split val --k 7")
    assert code == 4
    assert "'data/runs/none' does not exist" in err


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ("", "no run to evaluate"),
        (f"{RUNS[0]} {RUNS[1]} --name x", "--name 'x' cannot name 2 artifacts"),
        (f"{RUNS[0]} --dataset data/datasets/toy", "--dataset 'data/datasets/toy' is for --rec"),
        (f"{RUNS[0]} --base {RUNS[0]}", "--base 'data/runs/toy-mf-base-s1' is for --recom"),
        ("--recommendations x.parquet", "'x.parquet' needs the dataset"),
        (f"{RUNS[0]} --recommendations x.parquet", "cannot be scored at once"),
        (f"{RUNS[0]} --candidates all:5", "--candidates: 'all:5' is not understood"),
        (f"{RUNS[0]} --candidates uniform:0", "--candidates: 'uniform:0' is not understood"),
    ],
)
def test_options_that_do_not_go_together_are_refused(run, pipeline: Path, options, says):
    code, _, err = run(f"eval {options}")
    assert code == 2
    assert says in err


def ids(metrics: str, n_rows: int | None = None) -> pl.DataFrame:
    """The lists of a metrics artifact with the ids of the raw data."""
    rows = pl.read_parquet(f"{metrics}/recommendations.parquet")
    for kind in ("user", "item"):
        table = pl.read_parquet(f"data/datasets/toy/{kind}s.parquet")
        rows = rows.join(table.select(kind, f"{kind}_id"), on=kind)
    return rows.select("user_id", "item_id", "rank").head(n_rows or len(rows))


def test_lists_of_another_tool_are_scored_and_reported(run, pipeline: Path):
    ids("data/metrics/toy-mf-base-s1-test").write_parquet("tool.parquet")
    options = f"--recommendations tool.parquet --dataset data/datasets/toy --base {RUNS[0]} --k 5"
    code, out, err = run(f"eval {options}")
    assert code == 0
    assert out.splitlines()[0].startswith("test split · lists of tool · seen items masked · 60")
    assert "Hit kept 100.0 %" in out
    assert "warning" not in err
    assert err.startswith("next  mobench report data/metrics/toy-mf-base-s1-test data/metrics/toy-")
    code, out, _ = run(f"{err.splitlines()[-1].removeprefix('next  mobench ')} --force")
    assert code == 0
    assert any(line.split()[:1] == ["tool"] for line in out.splitlines())


def test_what_was_wrong_with_the_lists_is_told_and_what_is_next(run, pipeline: Path):
    part = ids("data/metrics/toy-mf-base-s1-test", 100)
    twice = pl.concat([part, part.head(3)])
    twice.write_parquet("part.parquet")
    code, out, err = run("eval --recommendations part.parquet --dataset data/datasets/toy --k 5")
    assert code == 0
    assert "rows that repeat a pair of user and item (the best place counts): 3." in err
    assert "users with a held-out item and no list (they miss): " in err
    assert f"--base {RUNS[0]}" in err.splitlines()[-1]
    code, out, _ = run(err.splitlines()[-1].removeprefix("next  mobench "))
    assert code == 0
    assert "Hit kept" in out


def test_sampled_candidates_are_marked_everywhere_and_never_mixed(run, pipeline: Path):
    names = [f"data/metrics/{Path(path).name}-test-uniform-10" for path in RUNS[:2]]
    step = f"eval {RUNS[0]} --k 5 --candidates uniform:10"
    for name in names:
        code, out, err = run(step)
        assert code == 0
        assert "SAMPLED: 10 candidates, uniform; no full ranking" in out.splitlines()[0]
        assert len(out.splitlines()[0]) <= 88
        assert name in out.split()
        step = err.splitlines()[-1].removeprefix("next  mobench ")
    assert step.split()[:3] == ["report", *names]
    code, out, err = run(f"report {' '.join(names)} --name sampled")
    assert code == 0
    said = " ".join(err.split())
    assert "Sampled protocol: every target was ranked among 10 drawn items (uniform)" in said
    for name in ("report.html", "report.md"):
        assert "Sampled protocol" in Path("data/reports/sampled", name).read_text()
    code, _, err = run(f"report {names[0]} data/metrics/toy-mf-morec-s1-test --name mixed")
    assert code == 2
    assert "differ in candidates (uniform:10, all items)" in err


def test_many_runs_at_once_are_told_what_they_can_do_about_a_taken_name(run, pipeline: Path):
    shelf = {path: path.stat().st_mtime_ns for path in Path("data/metrics").iterdir()}
    code, _, err = run(f"eval {RUNS[0]} {RUNS[1]} --k 3")
    assert code == 4
    assert "-test' exists and was made with" in err.splitlines()[0]
    assert (
        err.splitlines()[1] == " hint: evaluate it alone with --name, or replace it with --force."
    )
    assert shelf == {path: path.stat().st_mtime_ns for path in Path("data/metrics").iterdir()}
