import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from mobench.cli.console import plain
from mobench.cli.table import beside, lines, pairs
from mobench.cli.words import count, duration, interval, number, percent, size

TEXT = st.text(st.characters(categories=["L", "N", "P"]), max_size=12)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (292, "4 min 52 s"),
        (3599.7, "1 h 00 min"),
        (3720, "1 h 02 min"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("n_bytes", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (742_300, "742 kB"), (6_100_000, "6.1 MB")],
)
def test_sizes(n_bytes: int, text: str) -> None:
    assert size(n_bytes) == text


def test_numbers() -> None:
    nan, inf = float("nan"), float("inf")
    assert (number(0.0612), number(-0.5, 1), number(None), number(nan)) == (
        "0.0612",
        "−0.5",
        "—",
        "—",
    )
    assert (percent(0.982), percent(0.147, signed=True), percent(-0.345, signed=True)) == (
        "98.2 %",
        "+14.7 %",
        "−34.5 %",
    )
    assert (percent(inf), count(7_824_482)) == ("—", "7,824,482")
    assert (interval("1", "2"), interval("—", "2")) == ("1 to 2", "—")


@given(st.lists(st.tuples(TEXT, TEXT, TEXT), min_size=1, max_size=5))
def test_columns_line_up(rows) -> None:
    head, rule, *body = lines(["A", "B", "C"], [[*row[:2], row[2] + "|"] for row in rows])
    assert len({cell_len(line) for line in body}) == 1
    assert cell_len(rule) == cell_len(body[0]) >= cell_len(head)
    for line, row in zip(body, rows, strict=True):
        assert line.startswith(f" {row[0]}")
        assert row[1] in line


def test_blocks_stand_side_by_side() -> None:
    assert beside(["ab", "c"], ["1", "2", "3"], gap=1) == ["ab 1", "c  2", "   3"]
    assert pairs([("a", "1"), ("long", "2")], gap=1) == [" a    1", " long 2"]


def test_json_has_no_nan() -> None:
    value = {"a": [float("nan"), float("inf"), 1.5], 2: (Path("x"), None, True)}
    assert plain(value) == {"a": [None, None, 1.5], "2": ["x", None, True]}
    json.dumps(plain(value), allow_nan=False)
