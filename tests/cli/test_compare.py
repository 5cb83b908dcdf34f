"""``mobench compare``: the table, the verdict, and what fails a job."""

from pathlib import Path

import pytest

POPULARITY = "data/metrics/toy-mf-popularity-s1-test"
BASE = "data/metrics/toy-mf-base-s1-test"


def test_two_results_side_by_side(run, run_json, pipeline: Path) -> None:
    code, out, err = run(f"compare {POPULARITY} {BASE}")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert [line.split() for line in lines[:3]] == [
        ["A", POPULARITY],
        ["B", BASE],
        ["kind", "metrics"],
    ]
    assert max(map(len, lines)) <= 88
    assert ["run:", "method", "popularity", "base"] in [line.split() for line in lines]
    found = run_json(f"compare {POPULARITY} {BASE}")
    hit = found["numbers"][0]
    assert hit["name"] == "hit@5"
    row = next(line.split() for line in lines if line.startswith(" hit@5"))
    assert row[1:3] == [f"{hit[side]:.4f}" for side in ("first", "second")]
    assert hit["difference"] == hit["second"] - hit["first"]
    assert hit["low"] <= hit["difference"] <= hit["high"]
    assert " ".join(out.split()).endswith(found["verdict"])
    assert found["settings"]["run: method"] == ["popularity", "base"]
    assert found["same"] is False


def test_only_what_matters_fails(run, run_json, pipeline: Path) -> None:
    """Trained on popular items alone, lists stray much further from what is bought."""
    line = f"compare {POPULARITY} {BASE}"
    real = [n for n in run_json(line)["numbers"] if n["is_real"]]
    assert "pop_kl@5" in [n["name"] for n in real]
    code, out, err = run(f"{line} --fail-on-change")
    assert code == 6
    assert out == run(line)[1]
    n = len(real)
    assert err == (
        f"error: {n} number{'s' * (n != 1)} changed\n"
        " hint: see the table above; --tolerance says what may.\n"
    )
    failed = run_json(f"{line} --fail-on-change")
    assert failed["error"]["type"] == "ToleranceError"
    assert failed["numbers"] == run_json(line)["numbers"]
    largest = max(abs(n["difference"] / n["first"]) for n in real)
    assert run(f"{line} --tolerance {largest * 1.01}")[0] == 0
    code, _, err = run(f"{line} --tolerance {largest * 0.99}")
    assert code == 6
    assert f"by more than {99 * largest:g} %"[:20] in err


def test_the_same_seed_gives_the_same(run, pipeline: Path) -> None:
    again = "train data/datasets/toy --method base --epochs 3 --set batch_size=64 --name again"
    assert run(again)[0] == 0
    assert run("eval data/runs/again --k 5")[0] == 0
    code, out, _ = run(f"compare {BASE} data/metrics/again-test --fail-on-change")
    assert code == 0
    assert "same settings, inputs and versions" in out
    assert out.endswith("no difference: both hold the same content.\n")
    code, out, _ = run("compare data/runs/toy-mf-base-s1 data/runs/again --fail-on-change")
    assert code == 0


@pytest.mark.parametrize("kind", ["run", "dataset", "report"])
def test_other_kinds(run, run_json, pipeline: Path, kind: str) -> None:
    if kind == "dataset":
        assert run("prep raw/reviews.csv.gz --meta raw/meta.jsonl --k-core 3 --name b")[0] == 0
        line = "compare data/datasets/toy data/datasets/b"
    elif kind == "run":
        line = "compare data/runs/toy-mf-base-s1 data/runs/toy-mf-morec-s1"
    else:
        assert run(f"report {BASE} {POPULARITY} --name a")[0] == 0
        assert run("report data/metrics/** --name b")[0] == 0
        line = "compare data/reports/a data/reports/b"
    code, out, _ = run(line)
    assert code == 0
    assert max(map(len, out.splitlines())) <= 88
    found = run_json(line)
    assert found["kind"] == kind
    assert {n["name"] for n in found["numbers"]} & {"n_users", "hit", "base hit@5"}
    assert run(f"{line} --fail-on-change")[0] == 6


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        (f"compare {BASE}", 2, "missing argument 'B'"),
        ("compare", 2, "missing argument 'A'"),
        (f"compare {BASE} data/metrics/none", 4, "'data/metrics/none' does not exist"),
        (f"compare {BASE} data/runs/toy-mf-base-s1", 2, f"'{BASE}' is a metrics artifact and"),
        (f"compare {BASE} {BASE} --k 3", 2, "k = '3' was not evaluated for all runs"),
        (f"compare {BASE} {BASE} --tolerance -1", 2, "--tolerance: '-1' should be greater"),
        (f"compare {BASE} {BASE} --resamples 1", 2, "--resamples: '1' should be greater"),
    ],
)
def test_what_cannot_be_compared_is_explained(
    run, run_json, pipeline: Path, line: str, code: int, message: str
) -> None:
    got, out, err = run(line)
    assert (got, out) == (code, "")
    assert err.startswith(f"error: {message}")
    assert run_json(line)["error"]["exit_code"] == code


def test_an_artifact_that_has_changed_is_refused(run, pipeline: Path) -> None:
    file = Path(BASE) / "groups.parquet"
    file.write_bytes(file.read_bytes() + b"x")
    code, _, err = run(f"compare {POPULARITY} {BASE}")
    assert code == 4
    assert err.startswith(f"error: '{file}' has changed")
