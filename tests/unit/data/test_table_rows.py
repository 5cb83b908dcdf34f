"""Tables of every make: a row reads the same whatever its neighbours, and none vanishes."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mobench.data import blocks, joins, rows
from mobench.data.clock import Unit
from mobench.data.files import SourceFile
from mobench.data.quotes import split_line
from mobench.data.rows import Columns, LineParser, read_rows
from mobench.data.schema import REVIEWS, Rejected, Rejects
from mobench.data.sources.delimited import DelimitedLines
from mobench.data.sources.json_rows import JsonRows
from mobench.data.sources.movielens import COLUMNS, DatLines
from tests.unit.data.joining import join, judge
from tests.unit.data.test_rows import counted

LOOSE = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
FOUR = Columns("u", "i", "r", "t")
TWO = Columns("u", "i", None, None)
TIMED = Columns("u", "i", None, "t")
MIXED = ["i", "x", "t", "u", "r", "y"]
PARSERS: dict[str, tuple[LineParser, Unit | None, str]] = {
    "csv": (DelimitedLines(list("uirt"), FOUR), "ms", ","),
    "csv-iso": (DelimitedLines(list("uirt"), FOUR, iso=True), "iso", ","),
    "csv-six": (DelimitedLines(MIXED, FOUR), "s", ","),
    "csv-pairs": (DelimitedLines(["u", "x", "i", "y"], TWO, ";"), None, ";"),
    "csv-last": (DelimitedLines(["x", "t", "i", "u"], TIMED, "|", header_lines=0), "us", "|"),
    "tsv": (DelimitedLines(MIXED, FOUR, "\t", quoting=False), "s", "\t"),
    "dat": (DatLines(COLUMNS.names, COLUMNS, "\x1f", False, 0), "s", "::"),
    "dat-pairs": (DatLines(["u", "i", "x"], TWO, "\x1f", False, 0), None, "::"),
}
every_parser = pytest.mark.parametrize("name", PARSERS)

IDS = st.sampled_from(["U1", "ü", "", " ", "\x1c", "\u3000", " a", '"q"', '"a,b"', '"a""b"', 'a"b'])
_NUMBERS = """5|1546300800|1546300800000|4.5|+1e0| 5|5 |.5|1.|-0|-1|007|nan|inf|1e400|1_0|0x1|
99999999999999999999|"3"|five||4102444800|\u0665"""
NUMBERS = st.sampled_from(_NUMBERS.replace("\n", "").split("|"))
TIMES = st.sampled_from(["2019-01-01", "2019-01-01T10:00:00Z", "2019-02-30", "2019", "20190101"])
OPEN = st.sampled_from(['"', '"a', 'a"', '"5', '1546300800"'])
"""Fields that go on in the next line, or end one that does."""
ODD = st.text('a1",;\t|:\r \x01\x1f\x00é😀\ufffd.', max_size=5)
FIELD = IDS | NUMBERS | TIMES | ODD | OPEN


def lines_of(separator: str, n: int) -> st.SearchStrategy[bytes]:
    """Lines of about ``n`` fields, most of which are usable."""
    good = st.tuples(*[st.sampled_from(["U1", "7", "5", "1546300800", "2019-01-01", '"x"'])] * n)
    mixed = st.tuples(*[FIELD] * n) | st.lists(FIELD, max_size=n + 2).map(tuple)
    text = (good | mixed).map(lambda fields: separator.join(fields))
    end = st.sampled_from([b"", b"", b"", b"\r", b"\r\r", b"\xff"])
    return st.builds(lambda line, tail: line.replace("\n", "").encode() + tail, text, end)


def joined(lines: list[bytes], parser: LineParser) -> list[tuple[int, bytes]]:
    """Return the rows of a table with the numbers of their first lines."""
    first = parser.header_lines + 1
    if not (isinstance(parser, DelimitedLines) and parser.quoting):
        return list(enumerate(lines, first))
    columns, place = parser.columns, list(parser.header).index
    is_row = judge(
        [place(columns.user), place(columns.item)],
        [place(columns.rating)] if columns.rating else [],
        [place(columns.time)] if columns.time else [],
    )
    texts = [line.decode(errors="surrogateescape") for line in lines]
    most = joins.LINES, joins.SIZE
    found = join(texts, len(parser.header), parser.separator, is_row, most)
    return [(n + first, text.encode(errors="surrogateescape")) for n, text in found]


def naive(
    lines: list[bytes], parser: LineParser, unit: Unit | None
) -> tuple[list[tuple[Any, ...]], list[Rejected]]:
    """Row by row, which is slow and plain."""
    reader = rows._Reader("raw", parser, unit, Rejects())
    found = [reader._row(n, row.removesuffix(b"\r")) for n, row in joined(lines, parser)]
    return [row for row in found if row is not None], reader.rejects.listed


def check(
    path: Path, lines: list[bytes], parser: LineParser, unit: Unit | None
) -> tuple[int, list[Rejected]]:
    header = [b"header"] * parser.header_lines
    path.write_bytes(b"".join(line + b"\n" for line in [*header, *lines]))
    rejects = Rejects()
    file = SourceFile("reviews", path, "raw")
    frames = list(read_rows(file, parser, unit, rejects))
    frame = pl.concat([REVIEWS.to_frame(), *frames])
    wanted, refused = naive(lines, parser, unit)
    assert all(one.schema == REVIEWS for one in frames)
    assert frame.rows() == wanted
    assert rejects.listed == refused
    assert frame.height + len(rejects) == sum(bool(row.strip()) for _, row in joined(lines, parser))
    return frame.height, refused


@every_parser
@LOOSE
@given(data=st.data(), leaf=st.sampled_from([1, 3, 1024]))
def test_delimited_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, data: st.DataObject, leaf: int
) -> None:
    parser, unit, separator = PARSERS[name]
    n = len(parser.header)  # type: ignore[attr-defined]
    lines = data.draw(st.lists(lines_of(separator, n), max_size=12))
    if lines and parser.header_lines == 0:  # a mark at the beginning of a file is not in the line
        lines = [line for line in lines if not line.startswith(blocks.BOM)]
    monkeypatch.setattr(rows, "LEAF", leaf)
    check(tmp_path / "raw", lines, parser, unit)


VALUES = st.sampled_from(
    r"""5|4.5|-1|1e400|null|true|[1]|{"a": 1}|"5"|"2019-01-01"|"U"|""|" "|"\u001c"|"\ud800"|NaN|
    "\ud83d\ude00"|12345678901234567890|1546300800|"2019-01-01T00:00:00Z"|"true"|"1.5"|-0""".replace(
        "\n", ""
    ).split("|")
)
JSON = {
    "jsonl": (JsonRows(FOUR), "s"),
    "jsonl-iso": (JsonRows(FOUR, iso=True), "iso"),
    "jsonl-pairs": (JsonRows(TWO), None),
    "jsonl-timed": (JsonRows(TIMED), "ms"),
}
RECORD = st.dictionaries(st.sampled_from("uirtx"), VALUES).map(
    lambda record: (
        "{" + ", ".join(f'"{k}": {v}' for k, v in {**DEFAULT, **record}.items()) + "}"
    ).encode()
)
DEFAULT = {"u": '"U"', "i": '"I"', "r": "5", "t": "1546300800"}
BROKEN = st.sampled_from(
    [
        *(b"", b"  ", b"\r", b"{", b"[1]", b"5", b"null", b"true", b"\xff", b"{} {}"),
        *(b'{"u": "U"}', b'{"u": "a", "u": "b"}'),
        b'{"u": "a", "i": "b", "r": 5, "t": 1546300800}' * 2,
    ]
)


@pytest.mark.parametrize("name", JSON)
@LOOSE
@given(lines=st.lists(RECORD | BROKEN, max_size=12), leaf=st.sampled_from([1, 3, 1024]))
def test_json_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, lines: list[bytes], leaf: int
) -> None:
    parser, unit = JSON[name]
    monkeypatch.setattr(rows, "LEAF", leaf)
    check(tmp_path / "raw", lines, parser, unit)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("csv", b"U,I,5,1546300800000"),
        ("csv", b"U,I,4.5,1546300800000.0"),
        ("csv", '"U, ""x""","ü",5,1546300800000'.encode()),
        ("csv", "漢字,é,5,1546300800000\r".encode()),
        ("csv-iso", b"U,I,5,2019-01-01T10:00:00Z"),
        ("csv-six", b"I,,1546300800,U,5,"),
        ("csv-six", b'I,"a, b",1546300800,U,5,""'),
        ("csv-pairs", b"U;;I;"),
        ("csv-last", b"x|1546300800000000|I|U"),
        ("tsv", b'I\t"\t1546300800\tU\t5\t'),
        ("dat", b"1::1193::5::978300760"),
    ],
)
def test_clean_lines_of_every_make_are_read_together(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, line: bytes
) -> None:
    parser, unit, _ = PARSERS[name]
    alone = counted(monkeypatch)
    n_rows, _ = check(tmp_path / "raw", [line] * 400, parser, unit)
    assert n_rows == 400
    assert len(alone) == 400  # those of ``naive``


@pytest.mark.parametrize("bad", [b'"U,I,5,1546300800000', b"U,I,5", b'U,"I"x,5,1', b"U,I,x,1"])
def test_a_bad_line_among_quoted_ones_is_read_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bad: bytes
) -> None:
    alone = counted(monkeypatch)
    lines = [b'"U","I,J",5,1546300800000'] * 4000
    lines[1234] = bad
    n_rows, refused = check(tmp_path / "raw", lines, *PARSERS["csv"][:2])
    assert (n_rows, [row.line for row in refused]) == (3999, [1236])
    assert len(alone) == 4001


@given(st.lists(st.text('ab",\r é', max_size=6), min_size=1, max_size=5))
@example(['"', '""', '"a'])
def test_quoting_is_undone(fields: list[str]) -> None:
    quoted = ",".join('"' + field.replace('"', '""') + '"' for field in fields)
    assert split_line(quoted) == fields
    plain = [field.replace('"', "").replace(",", "") for field in fields]
    assert split_line(",".join(plain)) == plain
