"""``mobench report DATASET``: a page, and what cannot be mixed."""

from pathlib import Path

from mobench.artifacts import Artifact
from tests.cli.test_failures import said

DATASET = "data/datasets/toy"
METRICS = "data/metrics/toy-mf-base-s1-test"


def test_a_dataset_becomes_a_page(run, run_json, pipeline: Path) -> None:
    code, out, err = run(f"report {DATASET}")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "540 rows of 60 users on 30 items: 100.0 % of what was read."
    assert lines[1].startswith("wrote data/reports/toy-data/report.html (+ report.md, summary.json")
    page = Artifact.open(Path("data/reports/toy-data"), "report")
    page.verify()
    assert [entry.role for entry in page.manifest.inputs] == ["dataset"]
    again = run(f"report {DATASET}")[1].splitlines()
    assert again[1].startswith("up to date  data/reports/toy-data/report.html")
    found = run_json(f"report {DATASET} --name other")
    assert (found["artifact"], found["fresh"], found["n_rows"]) == ("data/reports/other", True, 540)
    code, out, err = run("show data/reports/toy-data")
    assert (code, err) == (0, "")
    assert " dataset   toy\n rows      540\n" in out
    assert "{" not in out


def test_what_limits_the_dataset_is_said(run, pipeline: Path) -> None:
    assert run("prep raw/reviews.csv.gz --k-core 2 --name bare")[0] == 0
    code, _, err = run("report data/datasets/bare")
    assert code == 0
    assert "warning: No item has a price, so the objective rev cannot be used.\n" in err


def test_datasets_stand_alone(run, pipeline: Path) -> None:
    expected = said(
        f"the page of dataset '{DATASET}' cannot show other artifacts, too",
        "give one dataset for its page, or only metrics to compare runs.",
    )
    for paths in (f"{METRICS} {DATASET}", f"{DATASET} {METRICS}", f"{DATASET} {METRICS} {DATASET}"):
        assert run(f"report {paths} --name mixed") == (2, "", expected)
    assert not Path("data/reports/mixed").exists()


def test_settings_of_comparisons_are_refused(run, pipeline: Path) -> None:
    assert run(f"report {DATASET} --min-base-hits 3 --k 5") == (
        2,
        "",
        said(
            "--k, --min-base-hits cannot be used with a dataset",
            "leave it out: it is for comparing runs.",
        ),
    )


def test_a_name_that_a_comparison_has_is_kept(run, pipeline: Path) -> None:
    assert run(f"report {METRICS} --name taken")[0] == 0
    before = Path("data/reports/taken/manifest.json").read_bytes()
    code, out, err = run(f"report {DATASET} --name taken")
    assert (code, out) == (4, "")
    assert err.startswith("error: 'data/reports/taken' exists and was made with other settings")
    assert Path("data/reports/taken/manifest.json").read_bytes() == before
    assert run(f"report {DATASET} --name taken --force")[0] == 0
