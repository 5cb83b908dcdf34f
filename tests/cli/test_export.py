"""``mobench export``: what it says, where it writes, and how it fails."""

import threading
from pathlib import Path

import polars
import pytest

from mobench.cli.export import TOOLS
from mobench.data.export import TARGETS


def test_the_tools_of_the_command_line_are_those_there_are() -> None:
    assert list(TARGETS) == list(TOOLS)
    assert all(target.name == name for name, target in TARGETS.items())


@pytest.mark.parametrize("to", TOOLS)
def test_an_export_lands_beside_the_other_artifacts(run, pipeline: Path, to: str) -> None:
    line = f"export data/datasets/toy --to {to}"
    code, out, err = run(line)
    assert code == 0
    assert f"wrote data/exports/toy-{to}  (" in out
    assert err == f"how to load it: data/exports/toy-{to}/README.md\n"
    rows = {words[0]: words[1] for words in map(str.split, out.splitlines()) if len(words) == 2}
    (test,) = [name for name in rows if "test" in name]
    assert rows[test] == "60"
    assert (Path("data/exports") / f"toy-{to}" / test).is_file()
    code, out, _ = run(line)
    assert code == 0
    assert f"up to date  data/exports/toy-{to}" in out


def test_json_says_what_was_made(run_json, pipeline: Path) -> None:
    found = run_json("export data/datasets/toy --to csv --name mine")
    assert found["artifact"] == "data/exports/mine"
    assert found["fresh"] is True
    assert found["results"]["to"] == "csv"
    assert found["results"]["n_test"] == found["results"]["n_users"] == 60
    assert run_json("export data/datasets/toy --to csv --name mine")["fresh"] is False
    assert run_json("export data/datasets/toy --to csv --name mine --force")["fresh"] is True
    taken = run_json("export data/datasets/toy --to lenskit --name mine")
    assert taken["error"]["exit_code"] == 4
    assert taken["error"]["hint"] == "choose another --name, or replace it with --force."


WRONG = {
    "export data/datasets/toy": (2, "missing option '--to'"),
    "export data/datasets/toy --to cvs": (
        2,
        "--to 'cvs' is unknown\n hint: did you mean 'csv'? One of: recbole, csv, lenskit.",
    ),
    "export nothing --to csv": (4, "'nothing' does not exist"),
    "export data/runs/toy-mf-base-s1 --to csv": (
        4,
        "'data/runs/toy-mf-base-s1' is a run artifact, expected a dataset artifact",
    ),
    "export data/datasets/toy --to csv --name a/b": (2, "--name 'a/b' is not fit for a directory"),
}


@pytest.mark.parametrize("line", WRONG)
def test_failures_are_explained(run, pipeline: Path, line: str) -> None:
    code, message = WRONG[line]
    found, out, err = run(line)
    assert (found, out) == (code, "")
    assert err.startswith(f"error: {message}")
    assert not Path("data/exports").exists()


def test_show_describes_an_export(run, pipeline: Path) -> None:
    run("export data/datasets/toy --to csv --name shown")
    code, out, _ = run("show data/exports/shown")
    assert code == 0
    assert "for csv; how to load it: data/exports/shown/README.md" in out
    assert "train.csv" in out


def test_polars_looks_up_numpy_where_no_ctrl_c_arrives(run, pipeline: Path, monkeypatch) -> None:
    """In the main thread an interrupt in that moment would be a panic of polars."""
    where, look = [], polars.Series.to_numpy

    def watched(self, *arguments, **options):
        where.append(threading.current_thread() is threading.main_thread())
        return look(self, *arguments, **options)

    monkeypatch.setattr(polars.Series, "to_numpy", watched)
    assert run("export data/datasets/toy --to csv --name watched")[0] == 0
    assert where[0] is False
