"""Artifacts that are missing, taken, changed or no artifacts: what is said and what helps."""

from pathlib import Path

from tests.cli.test_failures import said


def test_missing_artifacts_are_explained_with_a_suggestion(run, pipeline: Path) -> None:
    assert run("train data/datasets/tox --method base") == (
        4,
        "",
        said(
            "'data/datasets/tox' does not exist",
            "did you mean 'data/datasets/toy'? Make one with 'mobench prep'.",
        ),
    )
    assert run("eval data/datasets/toy") == (
        4,
        "",
        said(
            "'data/datasets/toy' is a dataset artifact, expected a run artifact",
            "see what it is with 'mobench show data/datasets/toy'.",
        ),
    )
    look = "see what there is with 'ls data/*'."
    assert run("show .") == (4, "", said("'.' is not an artifact (no manifest.json)", look))
    assert run("show nothing") == (4, "", said("'nothing' does not exist", look))
    meant = "did you mean 'data/datasets/toy'?"
    assert run("train toy --method base") == (4, "", said("'toy' does not exist", meant))
    inside = "data/datasets/toy/manifest.json"
    expected = said(f"'{inside}' is a file, not the directory of an artifact", meant)
    assert run(f"show {inside}") == (4, "", expected)
    inside = "data/datasets/toy/nothing"
    assert run(f"show {inside}") == (4, "", said(f"'{inside}' does not exist", meant))


def test_a_directory_in_the_way_is_explained(run, pipeline: Path) -> None:
    Path("data/runs/mine").mkdir()
    assert run("train data/datasets/toy --method base --name mine") == (
        4,
        "",
        said(
            "'data/runs/mine' is not an artifact (no manifest.json)",
            "choose another --name, or remove it.",
        ),
    )
    assert list(Path("data/runs/mine").iterdir()) == []


def test_other_kinds_and_shelves_are_explained(run, pipeline: Path) -> None:
    assert run("report data/metrics/nothing") == (
        4,
        "",
        said("'data/metrics/nothing' does not exist", "Make one with 'mobench eval'."),
    )


def test_a_missing_base_says_how_to_make_one(run, pipeline: Path) -> None:
    assert run("train data/datasets/toy --seed 9") == (
        4,
        "",
        said(
            "morec starts from a base run, and data/runs has none for 'toy' (mf, seed 9)",
            "make one with 'mobench train data/datasets/toy --method base --seed 9', or name one"
            " with --base.",
        ),
    )


def test_a_taken_name_is_never_overwritten(run, pipeline: Path) -> None:
    before = Path("data/runs/toy-mf-base-s1/manifest.json").read_bytes()
    assert run("train data/datasets/toy --method base --epochs 4 --set batch_size=64") == (
        4,
        "",
        said(
            "'data/runs/toy-mf-base-s1' exists and was made with other settings (epochs)",
            "choose another --name, or replace it with --force.",
        ),
    )
    assert run("prep raw/reviews.csv.gz --k-core 3 --name toy")[0] == 4
    assert Path("data/runs/toy-mf-base-s1/manifest.json").read_bytes() == before


def test_a_dataset_that_changed_after_training_is_noticed(run, pipeline: Path) -> None:
    again = "prep raw/reviews.csv.gz --meta raw/meta.jsonl --pop-groups 4 --name toy --force"
    assert run(again)[0] == 0
    code, out, err = run("eval data/runs/toy-mf-base-s1 --k 5 --name other")
    assert (code, out) == (4, "")
    first, second = err.splitlines()
    assert first.startswith("error: dataset 'toy' has changed since ")
    assert " → " in first
    assert second.startswith(" hint: restore it, or ")
    assert not Path("data/metrics/other").exists()


def test_a_changed_file_is_noticed(run, pipeline: Path) -> None:
    with Path("data/datasets/toy/items.parquet").open("ab") as file:
        file.write(b"x")
    code, out, err = run("train data/datasets/toy --method base --name y")
    assert (code, out) == (4, "")
    assert err.startswith("error: 'data/datasets/toy/items.parquet' has changed (sha256 ")
    assert not Path("data/runs/y").exists()
