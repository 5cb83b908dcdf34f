"""Both ways of reading a row agree, nothing vanishes, and errors say where and what."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mobench.data import blocks, rows
from mobench.data.files import SourceFile
from mobench.data.rows import LineParser, read_rows
from mobench.data.schema import REVIEWS, Rejected, Rejects
from mobench.data.sources.amazon_csv import COLUMNS
from mobench.data.sources.delimited import DelimitedLines
from mobench.data.sources.json_rows import JsonRows
from tests.unit.data.make import HEADER, write, write_csv

CSV = DelimitedLines(["user_id", "parent_asin", "rating", "timestamp"], COLUMNS)
LOOSE = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
GOOD = "U1,I1,5.0,1546300800000"

CSV_LINES = [
    GOOD,
    "U2,I2,1,1546300800001",
    "U2, I2 ,+1e0, 1546300800001",
    '"U3","I,3","4.5","1546300800002"',
    'U"4,I4,2.0,1546300800003',
    '"U5,I5,2.0,1546300800003',
    "U6,I6,five,1546300800000",
    "U6,I6,nan,1546300800000",
    "U6,I6,inf,1546300800000",
    "U6,I6,,1546300800000",
    ",I6,5,1546300800000",
    "U6,  ,5,1546300800000",
    "U7,I7,5,-1",
    "U7,I7,5,99999999999999",
    "U7,I7,5,nan",
    "U7,I7,5",
    "U7,I7,5,1546300800000,9",
    "",
    "   ",
    GOOD + "\r",
    "Ü8,I\t8,3,1546300800000.4",
    "#x,y,1,1546300800000",
]


def json_line(**changes: Any) -> str:
    record = {"user_id": "U", "parent_asin": "I", "rating": 4.0, "timestamp": 1546300800000}
    return json.dumps({**record, **changes})


JSON_LINES = [
    json_line(),
    json_line(text='quote " and \\ and \n line', x={"deep": [1, [2]]}),
    json_line(rating="3.5"),
    json_line(user_id=12),
    json_line(user_id="12"),
    json_line(user_id=1.5),
    json_line(user_id="1.5"),
    json_line(user_id=True),
    json_line(user_id="true"),
    json_line(parent_asin=["x"]),
    json_line(parent_asin="[x"),
    json_line(parent_asin=None),
    json_line(user_id="a\x00b"),
    json_line(user_id="é€😀"),
    json_line(user_id="").replace('""', '"\\ud800"'),
    json_line(rating=float("nan")),
    json_line(rating=None),
    json_line(rating="five"),
    json_line(rating=True),
    json_line(timestamp=1546300800000.7),
    json_line(timestamp="1546300800000"),
    json_line(timestamp=-5),
    json_line(timestamp=10**30),
    json_line().replace("4.0", "1e400"),
    "{oops",
    "[1, 2]",
    "null",
    "5",
    "",
    json_line() + json_line(),
    json_line() + "\r",
    '{"rating": 5.0}',
    "[" * 5000 + "]" * 5000,
]


def read(path: Path, parser: LineParser) -> tuple[pl.DataFrame, Rejects]:
    rejects = Rejects()
    frames = read_rows(SourceFile("reviews", path, path.name), parser, "ms", rejects)
    return pl.concat([REVIEWS.to_frame(), *frames]), rejects


def naive(lines: list[str], parser: LineParser) -> tuple[list[tuple[Any, ...]], list[Rejected]]:
    """Line by line, which is slow and plain."""
    reader = rows._Reader("raw", parser, "ms", Rejects())
    found = [reader._row(n, line.encode().removesuffix(b"\r")) for n, line in lines]
    return [row for row in found if row is not None], reader.rejects.listed


@pytest.mark.parametrize("parser", [CSV, JsonRows(COLUMNS)], ids=["csv", "jsonl"])
@LOOSE
@given(
    data=st.data(), leaf=st.sampled_from([1, 2, 7, 1024]), size=st.sampled_from([60, 500, 1 << 23])
)
def test_a_row_reads_the_same_whatever_its_neighbours(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    parser: LineParser,
    data: st.DataObject,
    leaf: int,
    size: int,
) -> None:
    lines = CSV_LINES if parser is CSV else JSON_LINES
    texts = data.draw(st.lists(st.sampled_from(lines), max_size=25))
    if size < 500:
        texts = [t for t in texts if len(t) < size]
    header = [HEADER.strip()] * parser.header_lines
    path = write(tmp_path / "raw", "".join(f"{line}\n" for line in [*header, *texts]))
    monkeypatch.setattr(rows, "LEAF", leaf)
    monkeypatch.setattr(
        blocks, "BLOCK", max(size, max((len(t.encode()) for t in texts), default=0))
    )
    frame, rejects = read(path, parser)
    numbered = [(n, t) for n, t in enumerate(texts, len(header) + 1) if t.strip()]
    wanted, refused = naive(numbered, parser)
    assert frame.schema == REVIEWS
    assert frame.rows() == wanted
    assert rejects.listed == refused
    assert frame.height + len(rejects) == len(numbered)


@pytest.mark.parametrize("parser", [CSV, JsonRows(COLUMNS)], ids=["csv", "jsonl"])
def test_every_kind_of_line_reads_the_same_both_ways(
    parser: LineParser, monkeypatch: pytest.MonkeyPatch
) -> None:
    accepted = 0
    for line in CSV_LINES if parser is CSV else JSON_LINES:
        if not line.strip():
            continue
        reader = rows._Reader("raw", parser, "ms", Rejects())
        monkeypatch.setattr(rows._Reader, "_row", lambda *_: None)
        (fast,) = reader.read(blocks.Block(f"{line}\n".encode(), 1))
        monkeypatch.undo()
        if fast.height:
            assert fast.rows() == naive([(1, line)], parser)[0]
            accepted += 1
    assert accepted >= 5


def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the list to which every line that is read alone adds its number."""
    alone: list[int] = []
    row = rows._Reader._row

    def spy(reader: Any, number: int, line: bytes) -> Any:
        alone.append(number)
        return row(reader, number, line)

    monkeypatch.setattr(rows._Reader, "_row", spy)
    return alone


def test_clean_blocks_never_reach_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    alone = counted(monkeypatch)
    path = write_csv(tmp_path / "raw.csv", [("U1", "I1", 5.0, 1546300800000)] * 5000)
    assert read(path, CSV)[0].height == 5000
    path = write(tmp_path / "raw.jsonl", (json_line(x="é") + "\n") * 5000)
    assert read(path, JsonRows(COLUMNS))[0].height == 5000
    assert alone == []


@pytest.mark.parametrize("bad", ["U6,I6,five,1546300800000", '"U6","I6","x",1', "U", "U6,I6,nan,1"])
def test_only_doubtful_lines_are_read_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bad: str
) -> None:
    alone = counted(monkeypatch)
    lines = [GOOD] * 50_000
    lines[31_234] = lines[7] = bad
    path = write(tmp_path / "raw.csv", HEADER + "\n".join(lines) + "\n")
    frame, rejects = read(path, CSV)
    assert frame.height == 49_998
    assert [r.line for r in rejects.listed] == [9, 31_236] == alone


def test_a_broken_object_costs_its_neighbourhood(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = counted(monkeypatch)
    lines = [json_line()] * 20_000
    lines[12_345] = "{oops"
    frame, rejects = read(write(tmp_path / "raw.jsonl", "\n".join(lines)), JsonRows(COLUMNS))
    assert frame.height == 19_999
    assert [r.line for r in rejects.listed] == [12_346]
    assert len(alone) <= rows.LEAF


QUOTED_NUMBERS = json_line(rating="3.5", timestamp="1546300800000")


@pytest.mark.parametrize(
    ("parser", "head", "lines", "n_alone"),
    [
        (CSV, HEADER, ["U7,I7,5"] * 3000, 3000),
        (CSV, HEADER, [GOOD] + [""] * 3000, 3000),
        (CSV, HEADER, [GOOD + "\r\r", ""] * 2000, 4000),
        (JsonRows(COLUMNS), "", [json_line(), ""] * 2000, 2000),
        (JsonRows(COLUMNS), "", [json_line(), "null"] * 2000, 2000),
        (JsonRows(COLUMNS), "", [json_line()] + [""] * 3000, 3000),
        (JsonRows(COLUMNS), "", [QUOTED_NUMBERS] * 3000, 0),
    ],
)
def test_blocks_of_odd_lines_are_not_halved(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    parser: LineParser,
    head: str,
    lines: list[str],
    n_alone: int,
) -> None:
    """Halving parses a block again and again: megabytes of blank lines took minutes."""
    alone = counted(monkeypatch)
    n_parsed = 0
    fast = type(parser).fast

    def spy(self: Any, data: bytes) -> pl.DataFrame | None:
        nonlocal n_parsed
        n_parsed += 1
        return fast(self, data)

    monkeypatch.setattr(type(parser), "fast", spy)
    path = write(tmp_path / "raw", head + "\n".join(lines) + "\n")
    frame, rejects = read(path, parser)
    assert frame.height + len(rejects) == sum(bool(line) for line in lines)
    assert (n_parsed, len(alone)) == (1, n_alone)


@pytest.mark.parametrize("parser", [CSV, JsonRows(COLUMNS)], ids=["csv", "jsonl"])
def test_gigabytes_of_blank_lines_are_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parser: LineParser
) -> None:
    alone = counted(monkeypatch)
    monkeypatch.setattr(blocks, "BLOCK", 1000)
    good = [GOOD if parser is CSV else json_line()]
    lines = [*[HEADER.strip()] * parser.header_lines, *good, *["", " \r"] * 5000, *good, "oops"]
    frame, rejects = read(write(tmp_path / "raw", "\n".join(lines)), parser)
    assert frame.height == 2
    assert [r.line for r in rejects.listed] == [len(lines)]
    assert len(alone) < 1000  # those that share a block with others


def test_a_stray_quote_swallows_nothing(tmp_path: Path) -> None:
    lines = [GOOD, '"U2,I2,5.0,1546300800000', GOOD, 'U3,I3",5.0,1546300800000', GOOD]
    frame, rejects = read(write(tmp_path / "r.csv", HEADER + "\n".join(lines)), CSV)
    assert frame["user"].to_list() == ["U1", "U1", "U3", "U1"]
    assert frame["item"].to_list() == ["I1", "I1", 'I3"', "I1"]
    assert [(r.line, r.reason) for r in rejects.listed] == [(3, "line has an unbalanced quote")]


def test_lines_that_are_no_text_are_refused(tmp_path: Path) -> None:
    data = (HEADER + GOOD + "\n").encode() + b"\xff\xfe,I,5,1546300800000\n" + GOOD.encode()
    frame, rejects = read(write(tmp_path / "r.csv", data), CSV)
    assert frame.height == 2
    assert [(r.line, r.reason, r.text) for r in rejects.listed] == [
        (3, "line is not UTF-8", "\ufffd\ufffd,I,5,1546300800000")
    ]


def test_columns_may_come_in_any_order_among_others(tmp_path: Path) -> None:
    parser = DelimitedLines(["history", "timestamp", "rating", "parent_asin", "user_id"], COLUMNS)
    path = write(tmp_path / "r.csv", "h,t,r,p,u\na b,1546300800000,4,I,U\r\n,1546300800001,2,J,V\n")
    frame, rejects = read(path, parser)
    assert frame.rows() == [("U", "I", 4.0, 1546300800000), ("V", "J", 2.0, 1546300800001)]
    assert len(rejects) == 0


@pytest.mark.parametrize(
    ("unit", "time"),
    [
        ("s", "1546300800"),
        ("us", "1546300800000000"),
        ("iso", "2019-01-01"),
        ("iso", "2019-01-01 00:00:00+00:00"),
    ],
)
def test_units_of_time(tmp_path: Path, unit: Any, time: str) -> None:
    path = write_csv(tmp_path / "r.csv", [("U", "I", 5, time)] * 3)
    frame = pl.concat(read_rows(SourceFile("reviews", path, "r"), CSV, unit, Rejects()))
    assert frame["timestamp"].to_list() == [1546300800000] * 3
