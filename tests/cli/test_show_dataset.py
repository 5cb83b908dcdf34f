"""A dataset on the terminal: all numbers, within 88 columns, whatever is in the data."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from mobench.artifacts import Artifact
from mobench.cli.console import Output
from mobench.cli.views import dataset as view
from mobench.cli.views.description import description
from mobench.cli.views.histogram import bar
from mobench.cli.views.layout import clipped, explained
from mobench.data.summary.summarise import summarise
from tests.unit.data import make, summaries

MAKERS = {
    "usual": summaries.usual,
    "extreme": summaries.extreme,
    "tiny": summaries.tiny,
    "no prices": lambda: summaries.usual(meta=()),
    "no times": lambda: summaries.timeless(summaries.usual()),
    "temporal": lambda: summaries.usual(
        split="temporal",
        val_from="2020-06-01T00:00:00.000000+00:00",
        test_from="2020-12-01T00:00:00.000000+00:00",
    ),
    "basket": lambda: summaries.usual(tie_break="basket"),
    "one group": lambda: summaries.usual(fair_groups=1, pop_groups=1),
}


@pytest.fixture(params=MAKERS)
def made(request: pytest.FixtureRequest, workdir: Path) -> Artifact:
    return MAKERS[request.param]()


def test_lines_fit_and_move_no_cursor(made: Artifact) -> None:
    found = summarise(made)
    for summary in (found, summaries.huge(made)):
        for line in [*description(made, summary), *view.summary(made)]:
            assert cell_len(line) <= 88, line
            assert line.isprintable(), line
            assert line == line.rstrip()


def test_histograms_show_all_their_counts(made: Artifact) -> None:
    found = summarise(made)
    lines = description(made, found)
    if found.prices.items:
        start = next(n for n, line in enumerate(lines) if line.split()[:2] == ["Price", "Items"])
        rows = [line.split() for line in lines[start + 2 : start + 2 + len(found.prices.counts)]]
        counts = [int(row[row.index("%") - 2].replace(",", "")) for row in rows]
        assert counts == found.prices.counts
        assert sum(counts) == found.prices.items
        for row, n in zip(rows, counts, strict=True):
            assert (row[-1] != "%") == (n > 0)
    titles = [line.split()[1:] for line in lines]
    assert (["from", "Train", "Val", "Test"] in titles) == found.has_time


def test_the_usual_dataset_in_words(workdir: Path) -> None:
    made = summaries.usual()
    text = "\n".join(description(made, summarise(made)))
    results = made.manifest.results
    assert text.startswith(f" {results['n_rows']} rows · {results['n_users']} users · ")
    assert " Rule   leave-one-out: train all but the last two; val last but one; test last" in text
    assert " Ties   no two rows of a user have the same time\n" in text
    assert " No price   missing 5; such an item counts with the median of its category in" in text
    assert "15 of 20 items have one (75.0 %)" in text
    assert " Rejected   no row" in text
    assert "median 19.00" in text  # of 10, 11, 12, 14, …, 28


def test_what_is_not_there_is_said(workdir: Path, capsys) -> None:
    made = summaries.timeless(summaries.usual(meta=()))
    text = "\n".join([*description(made, summarise(made)), *view.summary(made)])
    assert "there are no times: the order of the rows in the file decided everything" in text
    assert "no times: file order decides" in text
    assert "0 of 20 items have one (0.0 %)" in text
    assert "Time from" not in text
    view.caveats(Output("prep", as_json=False), made)
    said = capsys.readouterr().err
    assert "warning: there is no time column, so the order of the rows in the file" in said
    assert "hint: if there is one, name it with --columns time=NAME.\n" in said


def test_long_labels_are_cut_and_escapes_are_gone(workdir: Path) -> None:
    made = summaries.extreme()
    text = "\n".join(description(made, summarise(made)))
    assert "�[31m日本語" in text
    assert "xxx…" in text
    assert "0.01 to 0.1" in text
    assert "100M to 1B" in text
    assert "reviews.csv, row 5: U1,I1,�[31m日本語" in text


def test_many_groups_are_counted(workdir: Path) -> None:
    made = summaries.usual()
    found = summarise(made)
    assert "… and" not in "\n".join(description(made, found))
    many = replace(found, groups=found.group_list("fair") * 7)
    assert " … and 8 more in groups.parquet" in description(made, many)


def test_show_speaks_in_order_and_json_has_the_numbers(run, run_json, workdir: Path) -> None:
    make.write_csv(Path("reviews.csv"), make.reviews())
    make.write_jsonl(Path("meta.jsonl"), make.metadata())
    assert run("prep reviews.csv --meta meta.jsonl --k-core 3 --name small")[0] == 0
    code, out, err = run("show data/datasets/small")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0].split() == ["dataset", "data/datasets/small"]
    first_words = [line.split()[0] for line in lines if line.strip()]
    order = [
        "Stage",
        "Split",
        "Rule",
        "Fairness",
        "Popularity",
        "Prices",
        "Times",
        "remake",
        "File",
    ]
    places = [first_words.index(word) for word in order]
    assert places == sorted(places)
    assert lines[-2:] == [
        "next  mobench train data/datasets/small --method base",
        "page  mobench report data/datasets/small --name small-data",
    ]
    artifact = Artifact.open(Path("data/datasets/small"))
    for entry in artifact.manifest.inputs:
        assert f"{entry.path}  sha256 {entry.sha256[:4]}…{entry.sha256[-2:]}" in out
    found = run_json("show data/datasets/small")
    assert found["summary"] == json.loads(json.dumps(summarise(artifact).as_dict()))


@given(st.text(max_size=80), st.integers(1, 60))
def test_clipped_text_fits(text: str, width: int) -> None:
    found = clipped(text, width)
    assert cell_len(found) <= width
    if cell_len(text) <= width and text.isprintable():
        assert found == text


@given(st.integers(0, 10**12), st.integers(1, 10**12), st.integers(1, 40))
def test_bars_grow_with_their_values(value: int, more: int, width: int) -> None:
    largest = value + more
    assert len(bar(value, largest, width)) <= width == len(bar(largest, largest, width))
    assert bool(bar(value, largest, width)) == (value > 0)
    half = bar(largest // 2, largest, width).count("█")
    assert abs(half - width * (largest // 2) / largest) <= 1


def test_sentences_stand_beside_their_names() -> None:
    first, second, third = explained({"A": "word " * 20, "Long": "5 %"})
    assert first.startswith(" A      word")
    assert second.startswith("        word")
    assert third == " Long   5 %"
