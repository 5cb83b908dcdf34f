"""Rows in several lines are read, and a stray quote swallows nothing."""

import csv
import gzip
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mobench.data import blocks, joins, rows
from mobench.data.blocks import Block
from mobench.data.files import SourceFile
from mobench.data.glimpse import glimpse
from mobench.data.joins import joined
from mobench.data.records import RecordRule, is_number, is_price, is_time
from mobench.data.rows import Columns, read_rows
from mobench.data.schema import REVIEWS, Rejects
from mobench.data.sources.csv_table import sniff
from mobench.data.sources.delimited import DelimitedLines
from tests.unit.data.joining import join, judge
from tests.unit.data.packing import packed, source_file
from tests.unit.data.tables import items, reviews
from tests.unit.data.test_rows import counted

LOOSE = settings(
    deadline=None,
    max_examples=50,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
HEAD = "user,item,rating,timestamp,text\n"
TIME = 1_546_300_800
MS = 1000 * TIME
UNBALANCED = "line has an unbalanced quote"
PARSER = DelimitedLines(
    ["user", "item", "rating", "timestamp", "text"], Columns("user", "item", "rating", "timestamp")
)


def read(path: Path, data: str | bytes) -> tuple[list[tuple[Any, ...]], list[tuple[int, str]]]:
    """Return the rows of a table with the columns of ``PARSER``, and line and reason of others."""
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    rejects = Rejects()
    frames = list(read_rows(SourceFile("reviews", path, "raw"), PARSER, "s", rejects))
    found = pl.concat([REVIEWS.to_frame(), *frames]).rows()
    return found, [(row.line, row.reason) for row in rejects.listed]


def line(n: int, text: str = "fine") -> str:
    return f"U{n},I{n},{n % 5 + 1},{TIME + n},{text}\n"


def row(n: int) -> tuple[Any, ...]:
    return (f"U{n}", f"I{n}", float(n % 5 + 1), MS + 1000 * n)


# ---- what is read --------------------------------------------------------------------------


def test_reviews_as_spreadsheets_write_them(tmp_path: Path) -> None:
    text = (
        HEAD
        + line(1, '"first\nsecond, with a comma\n\n""quoted"" fourth"')
        + line(2)
        + line(3, '"\n"')
        + f'"U\n4",I4,5,{TIME + 4},"a\r\nb"\n'
        + 'U5,I5,five,1546300805,"a\nb"\n'
        + "U6,I6,1\n"
        + line(7, '"no end')
    )
    found, refused = read(tmp_path / "raw", text)
    assert found == [row(1), row(2), row(3), ("U\n4", "I4", 5.0, MS + 4000)]
    assert refused == [
        (12, "rating is not a number"),
        (14, "wrong number of columns"),
        (15, UNBALANCED),
    ]


def test_a_rejected_row_is_listed_with_all_its_lines(tmp_path: Path) -> None:
    text = 'user;item;rating;text\n1;2;five;"a;\r\nb"\r\n'
    (tmp_path / "raw").write_bytes(text.encode())
    rejects = Rejects()
    parser = DelimitedLines(
        ["user", "item", "rating", "text"], Columns("user", "item", "rating", None), ";"
    )
    (frame,) = read_rows(source_file(tmp_path / "raw"), parser, None, rejects)
    assert frame.height == 0
    (bad,) = rejects.listed
    assert (bad.line, bad.text) == (2, '1;2;five;"a;\r\nb"')
    assert (bad.reason, bad.user, bad.item) == ("rating is not a number", "1", "2")


def test_a_table_is_recognised_and_read_with_its_source(tmp_path: Path) -> None:
    text = 'Text;Product ID;Stars;"user id"\r\n"a;\r\nb, c;\r\n;";I1;4;U1\r\n"x";I2;3;U2\r\n'
    unit, found, reasons = reviews(tmp_path / "raw", text, "csv")
    assert (unit, reasons) == (None, {})
    assert found == [("U1", "I1", 4.0, 0), ("U2", "I2", 3.0, 0)]


def test_metadata(tmp_path: Path) -> None:
    text = (
        "item,title,price,category,description\n"
        '1,"A title\nin two lines",$5.50,"Shop > Boots |\nSale","long\n\ntext, with commas"\n'
        "3,x\n"
        '2,"Other",,Shop,"a\nb"\n'
    )
    n_rows, titles, prices, paths, reasons = items(tmp_path / "raw", text, "csv")
    assert n_rows == 3
    assert titles == ["A title in two lines", "Other"]
    assert prices == [5.5, None]
    assert list(map(list, paths)) == [[("Shop", "Boots"), ("Sale",)], [("Shop",)]]
    assert reasons == {"wrong number of columns": 1}


def test_films(tmp_path: Path) -> None:
    text = 'movieId,title,genres\n1,"One,\ntwo (1999)",Drama|War\n2,Plain,Drama\n'
    n_rows, titles, _, paths, reasons = items(tmp_path / "raw", text, "movielens-csv")
    assert (n_rows, reasons) == (2, {})
    assert titles == ["One, two (1999)", "Plain"]
    assert list(map(list, paths)) == [[("Drama",), ("War",)], [("Drama",)]]


def test_clean_rows_in_several_lines_never_reach_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = counted(monkeypatch)
    text = HEAD + "".join(line(n, f'"a{n},\r\nb\n\nc"') for n in range(5000))
    assert read(tmp_path / "raw", text)[0] == [row(n) for n in range(5000)]
    assert alone == []


# ---- what is not ---------------------------------------------------------------------------


@pytest.mark.parametrize("stray", ['"stray', 'x,"', '"a""', '"a" b"'])
def test_a_stray_quote_swallows_nothing(tmp_path: Path, stray: str) -> None:
    """The lines after it are rows, whatever quotes are in them."""
    others = [line(n, text) for n, text in enumerate(["fine", '19"', '"ok"', '"a\nb"', 'b"'])]
    found, refused = read(tmp_path / "raw", HEAD + line(9, stray) + "".join(others))
    assert found == [row(n) for n in range(5)]
    assert refused == [(2, UNBALANCED)]


@pytest.mark.parametrize("text", ['19"', 'end"""', '"'])
def test_a_row_does_not_end_in_another(tmp_path: Path, text: str) -> None:
    """The second line would close the quote; the fields before are those of a row."""
    lines = line(1, '"stray') + line(2, text) + line(3)
    found, refused = read(tmp_path / "raw", HEAD + lines)
    opens = text == '"'
    assert found == ([row(3)] if opens else [row(2), row(3)])
    assert refused == [(number, UNBALANCED) for number in ((2, 3) if opens else (2,))]
    # a text of its own: no number stands where the rating is
    found, refused = read(tmp_path / "raw", HEAD + line(1, '"a') + 'b,c,d,e,f"\n' + line(3))
    assert (found, refused) == ([row(1), row(3)], [])


def test_a_row_inside_ends_the_search(tmp_path: Path) -> None:
    """All three lines would be one row of five fields."""
    between = line(2, "plain")
    found, refused = read(tmp_path / "raw", HEAD + line(1, '"a') + between + 'end"\n')
    assert found == [row(2)]
    assert refused == [(2, UNBALANCED), (4, "wrong number of columns")]
    # not a row: its rating is none
    found, refused = read(tmp_path / "raw", HEAD + line(1, '"a') + "U,I,good,now,x\n" + 'end"\n')
    assert (found, refused) == ([row(1)], [])


def test_what_stands_behind_the_closing_quote_makes_no_row_of_the_last_line(tmp_path: Path) -> None:
    text = f'text,user,item,rating,timestamp\n"a\nb",U1,I1,2,{TIME + 1}\n'
    _, found, reasons = reviews(tmp_path / "raw", text, "csv")
    assert (found, reasons) == ([row(1)], {})
    text = f'user,text,item,rating,timestamp\nU1,"a\nb, c",I1,2,{TIME + 1}\n'
    _, found, reasons = reviews(tmp_path / "raw", text, "csv")
    assert (found, reasons) == ([row(1)], {})


def test_without_numbers_prose_is_told_by_the_blank_behind_its_commas(tmp_path: Path) -> None:
    text = 'user,item,text\nU1,I1,"well\none, two, three"\nU2,I2,"stray\nU3,I3,end"\nU4,I4,x\n'
    _, found, reasons = reviews(tmp_path / "raw", text, "csv")
    assert [one[:2] for one in found] == [("U1", "I1"), ("U3", "I3"), ("U4", "I4")]
    assert reasons == {UNBALANCED: 1}


@pytest.mark.parametrize("second", ['19"', 'b"', '"'])
def test_a_stray_quote_before_the_numbers_of_its_row(tmp_path: Path, second: str) -> None:
    """Joined they would be one row: that of the first user with the numbers of the second."""
    lines = f'U1,I1,"stray,2,{TIME + 1}\nU2,I2,{second},3,{TIME + 2}\n'
    text = f"user,item,text,rating,timestamp\n{lines}U3,I3,fine,4,{TIME + 3}\n"
    _, found, reasons = reviews(tmp_path / "raw", text, "csv")
    opens = second == '"'
    assert found == ([row(3)] if opens else [row(2), row(3)])
    assert reasons == {UNBALANCED: 2 if opens else 1}
    # a text of its own, whose first line has no numbers where those of a row would be
    text = f'user,item,text,rating,timestamp\nU1,I1,"a, b, c\nd",2,{TIME + 1}\n'
    _, found, reasons = reviews(tmp_path / "raw", text, "csv")
    assert (found, reasons) == ([row(1)], {})


def test_a_first_line_with_all_numbers_of_a_row_is_one(tmp_path: Path) -> None:
    """The last line tells nothing: it has no field before its quote."""
    text = f'user,item,text,rating,timestamp\nU1,I1,"stray,2,{TIME + 1}\n19",3,{TIME + 2}\n'
    _, found, reasons = reviews(tmp_path / "raw", text, "csv")
    assert (found, reasons) == ([], {UNBALANCED: 1, "wrong number of columns": 1})


def test_a_torn_line_does_not_take_the_numbers_of_the_next(tmp_path: Path) -> None:
    """The first line tells nothing; the second has both ids before its quote."""
    text = f'user,item,text,rating,timestamp\nU1,I1,"torn\nU2,I2,19",3,{TIME + 2}\n'
    _, found, reasons = reviews(tmp_path / "raw", text, "csv")
    assert (found, reasons) == ([row(2)], {UNBALANCED: 1})


def test_blanks_behind_all_commas_are_no_prose(tmp_path: Path) -> None:
    lines = "".join(f"U{n}, I{n}, x\n" for n in range(1, 30))
    text = f'user, item, text\nU0, I0,"stray\n{lines}U30, I30, 19"\n'
    _, found, reasons = reviews(tmp_path / "raw", text, "csv")
    assert [one[0] for one in found] == [f"U{n}" for n in range(1, 31)]
    assert reasons == {UNBALANCED: 1}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(("form", "unit"), [("{}", "s"), ("2019-01-01T00:00:0{}Z", "iso")])
def test_the_unit_of_times_where_all_is_quoted(tmp_path: Path, end: str, form: str, unit) -> None:
    times = [form.format(n if unit == "iso" else TIME + n) for n in range(1, 4)]
    rows = [f'"U{n}","I{n}","{n + 1}","{times[n - 1]}"' for n in range(1, 4)]
    text = end.join(['"user","item","rating","timestamp"', *[""] * 2000, *rows, ""])
    found_unit, found, reasons = reviews(tmp_path / "raw", text, "csv")
    assert (found_unit, found) == (unit, [row(n) for n in range(1, 4)])
    assert reasons == {}


def test_metadata_of_a_quote_before_the_price(tmp_path: Path) -> None:
    text = 'item,title,price\n1,"stray 10,5\n2,Two 19",6\n'
    n_rows, titles, prices, _, reasons = items(tmp_path / "raw", text, "csv")
    assert (n_rows, titles, prices) == (2, [None, 'Two 19"'], [None, 6.0])
    assert reasons == {UNBALANCED: 1}


def test_metadata_of_a_stray_quote(tmp_path: Path) -> None:
    text = 'item,title,price\n3,"stray,1\n1,x,\n2,y",5\n'
    n_rows, titles, prices, _, reasons = items(tmp_path / "raw", text, "csv")
    assert (n_rows, titles, prices) == (3, ["x", 'y"'], [None, 5.0])
    assert reasons == {UNBALANCED: 1}


@pytest.mark.parametrize("n_lines", [joins.LINES, joins.LINES + 1])
def test_a_row_has_so_many_lines_at_most(tmp_path: Path, n_lines: int) -> None:
    text = '"' + "\n".join(["word"] * n_lines) + '"'
    found, refused = read(tmp_path / "raw", HEAD + line(1, text) + line(2))
    if n_lines == joins.LINES:
        assert (found, refused) == ([row(1), row(2)], [])
    else:
        assert found == [row(2)]
        others = [(n, "wrong number of columns") for n in range(3, n_lines + 2)]
        assert refused == [(2, UNBALANCED), *others]


@pytest.mark.parametrize("more", [0, 1])
def test_a_row_has_so_many_bytes_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: int
) -> None:
    first = line(1, '"a\nb"').rstrip("\n")
    monkeypatch.setattr(joins, "SIZE", len(first) - more)
    found, refused = read(tmp_path / "raw", HEAD + first + "\r\n" + line(2))
    assert found == ([row(2)] if more else [row(1), row(2)])
    assert [number for number, _ in refused] == ([2, 3] if more else [])


def test_a_long_row_is_read_across_blocks_in_bounded_memory(tmp_path: Path) -> None:
    """An unclosed quote holds back no more than the longest row."""
    words = "word " * 4000 + "\n"
    long = line(1, '"' + words * 200 + '"')  # 4 MB
    assert blocks.BLOCK * 0.9 < len(long) < joins.SIZE
    assert read(tmp_path / "raw", HEAD + long + line(2)) == ([row(1), row(2)], [])
    data = (HEAD + line(1, '"open') + words * 900).encode()
    largest = 0
    (tmp_path / "raw").write_bytes(data)
    for block in joined(blocks.read_blocks(source_file(tmp_path / "raw")), PARSER.rule):
        assert isinstance(block, Block)
        largest = max(largest, len(block.data))
    assert largest <= joins.SIZE + blocks.BLOCK


def test_a_broken_stream_inside_a_row(tmp_path: Path) -> None:
    lines = [line(n, f'"a{n * 7919}\nb{n * n * 7919}"') for n in range(3000)]
    data = gzip.compress((HEAD + "".join(lines)).encode(), mtime=0)
    cut_inside = 0
    for at in range(-40, -8):
        found, refused = read(tmp_path / "raw", data[:at])
        n_lines = 2 * len(found) + 1
        assert found == [row(n) for n in range(len(found))]
        assert len(found) > 2000
        reasons = [reason for _, reason in refused]
        assert reasons in (["gzip stream ends early"], [UNBALANCED, "gzip stream ends early"])
        assert [number for number, _ in refused] == list(
            range(n_lines + 1, n_lines + 1 + len(refused))
        )
        cut_inside += len(refused) == 2
    assert cut_inside > 0


# ---- properties ----------------------------------------------------------------------------

CHARS = st.sampled_from(['"', "\n", "\r\n", ",", ";", "a", " ", "é", "\x02", "Ö"])
TEXT = st.lists(CHARS, max_size=12).map("".join)
IDS = st.text('ab"\n,; é', min_size=1, max_size=4).filter(lambda text: text.strip())
ORDERS = ["uirtx", "xuirt", "uxirt", "xuxirtx", "xirut", "uix", "xui", "irux"]
NAMES = {"u": "user", "i": "item", "r": "rating", "t": "timestamp"}


def written(table: list[list[str]], separator: str, end: str) -> bytes:
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=separator, lineterminator=end).writerows(table)
    return file.getvalue().encode()


@pytest.mark.parametrize("order", ORDERS)
@LOOSE
@given(
    table=st.lists(st.tuples(IDS, IDS, st.integers(1, 5), st.integers(0, 9), TEXT, TEXT, TEXT)),
    separator=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\n", "\r\n"]),
    block=st.integers(1, 400),
    leaf=st.sampled_from([1, 1024]),
)
def test_rows_are_those_of_the_csv_module(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    order: str,
    table: list[tuple[Any, ...]],
    separator: str,
    end: str,
    block: int,
    leaf: int,
) -> None:
    """Texts have no digits, so none of their lines is a row where ratings or times stand before."""
    # an id in several lines, of which the last has separators, begins as a row does
    table = [(*(i.replace(separator, "b") for i in one[:2]), *one[2:]) for one in table]
    if order not in ("uirtx", "irux"):  # else no field of a text is without a blank before it
        table = [(*one[:4], *(t.replace(separator, separator + " ") for t in one[4:]))
                 for one in table]  # fmt: skip
        table = [(*(i.strip() for i in one[:2]), *one[2:]) for one in table]
    texts = [
        [
            {"u": one[0], "i": one[1], "r": str(one[2]), "t": str(TIME + one[3])}.get(key, "")
            or one[4 + order[:place].count("x")]
            for place, key in enumerate(order)
        ]
        for one in table
    ]
    header = [NAMES.get(key, f"text{place}") for place, key in enumerate(order)]
    data = written([header, *texts], separator, end)
    parser = DelimitedLines(
        header,
        Columns("user", "item", *(NAMES[key] if key in order else None for key in "rt")),
        separator,
    )
    wanted = [
        dict(zip(order, fields, strict=True))
        for fields in csv.reader(io.StringIO(data.decode(), newline=""), delimiter=separator)
    ][1:]
    path = tmp_path / "raw"
    path.write_bytes(data)
    longest = max(len(one) for one in data.split(b"\n"))
    monkeypatch.setattr(blocks, "BLOCK", max(block, longest))
    monkeypatch.setattr(rows, "LEAF", leaf)
    rejects = Rejects()
    unit = "s" if "t" in order else None
    frames = list(read_rows(source_file(path), parser, unit, rejects))
    assert rejects.listed == []
    assert pl.concat([REVIEWS.to_frame(), *frames]).rows() == [
        (
            one["u"],
            one["i"],
            float(one["r"]) if "r" in one else None,
            1000 * int(one["t"]) if "t" in one else 0,
        )
        for one in wanted
    ]


PIECES = st.sampled_from(
    ['"', '""', ",", "\n", "\n", "a", " ", "1", '",', ',"', "U,I,5,1546300800", "\r\n", '"\n']
)
ONE_LINE = st.sampled_from(["U", "5", "1546300800", " p", 'x"', '"x', '"'])
FIELDS = ONE_LINE | st.sampled_from(['"a\nb"', '"\n\n"', '"a, ""b"""', '"a\nU"'])
RULES = {
    "four": (RecordRule(",", 4, (0, 1), {2: is_number, 3: is_time}), judge([0, 1], [2], [3])),
    "two": (RecordRule(",", 2, (0,)), judge([0], [], [])),
    "pairs": (RecordRule(",", 3, (1, 2)), judge([1, 2], [], [])),
    "last": (RecordRule(",", 3, (1,), {2: is_number}), judge([1], [2], [])),
}


@pytest.mark.parametrize("name", RULES)
@settings(LOOSE, max_examples=400)
@given(
    pieces=st.lists(PIECES, max_size=40),
    table=st.lists(st.lists(FIELDS, min_size=4, max_size=4), max_size=8),
    most=st.sampled_from([(1000, 1 << 22), (2, 1 << 22), (3, 12)]),
    cuts=st.lists(st.integers(1, 4), min_size=1),
)
@example(['"', "\n", "U,I,5,1546300800", "\n", '"'], [], (1000, 1 << 22), [1])
@example([], [["U", "5", "5", '"a\nb"'], ['"\n\n"', "U", "5", "1546300800"]], (2, 1 << 22), [1])
def test_any_lines_are_joined_as_the_rule_says(
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    pieces: list[str],
    table: list[list[str]],
    most: tuple[int, int],
    cuts: list[int],
) -> None:
    rule, is_row = RULES[name]
    monkeypatch.setattr(joins, "LINES", most[0])
    monkeypatch.setattr(joins, "SIZE", most[1])
    rows = [",".join(fields[: rule.n_fields]) for fields in table]
    lines = "\n".join([*rows, "".join(pieces)]).split("\n")
    wanted = [(place + 7, text) for place, text in join(lines, rule.n_fields, ",", is_row, most)]
    parts, at = [], 0
    while at < len(lines):
        n_lines = cuts[len(parts) % len(cuts)]
        data = "".join(f"{one}\n" for one in lines[at : at + n_lines]).encode()
        parts.append(Block(data, at + 7))
        at += n_lines
    found = list(joined(parts, rule))
    assert all(isinstance(one, Block) and one.data for one in found)
    assert [(n, t.decode()) for one in found for n, t in one.lines()] == wanted  # type: ignore[union-attr]
    for one in found:
        assert isinstance(one, Block)
        assert one.n_lines == len(list(one.lines()))
        assert len(one.data) == len(one.raw or one.data)


@given(st.text('"\nab', max_size=80).map(str.encode), st.integers(0, 5), st.integers(0, 300))
@example(b'"ab"', 0, 126)
def test_lines_with_an_odd_number_of_quotes(data: bytes, carried: int, n_more: int) -> None:
    whole = b"x" * n_more + data + b"\n"
    counts = [one.count(b'"') for one in whole.split(b"\n")[:-1]]
    with mock.patch.object(joins, "PIECE", 64):
        assert joins._is_odd(whole) == any(count % 2 for count in counts)
    assert joins._is_odd(whole) == any(count % 2 for count in counts)
    is_odd, ends, after = joins.odd_lines(data, carried)
    counts = [one.count(b'"') for one in data.split(b"\n")]
    counts[0] += carried
    assert is_odd.tolist() == [count % 2 == 1 for count in counts[:-1]]
    assert ends.tolist() == [n for n, char in enumerate(data) if char == ord("\n")]
    assert after == counts[-1]


@pytest.mark.parametrize("how", ["plain", "gzip", "zstd", "zip"])
def test_block_borders_and_packing_change_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    texts = ['"a\nb"', "x", '"stray', '"', '19"', '"a,\n""b""\n\nc"', '"\n\n"', "y"]
    data = (HEAD + "".join(line(n, text) for n, text in enumerate(texts)) + '"\n').encode()
    path = tmp_path / "raw"
    path.write_bytes(packed(how, data))
    found: list[Any] = []
    for size in [*range(max(map(len, data.split(b"\n"))), len(data) + 2), 1 << 22]:
        monkeypatch.setattr(blocks, "BLOCK", size)
        rejects = Rejects()
        file = source_file(path, "m" if how == "zip" else None)
        frames = [REVIEWS.to_frame(), *read_rows(file, PARSER, "s", rejects)]
        found.append((pl.concat(frames).rows(), [(r.line, r.reason) for r in rejects.listed]))
    assert all(one == found[0] for one in found)
    assert found[0] == (
        [row(n) for n in (0, 1, 4, 5, 6, 7)],
        [(5, UNBALANCED), (6, UNBALANCED), (16, UNBALANCED)],
    )


# ---- the head of a file --------------------------------------------------------------------


def test_texts_do_not_hide_the_separator() -> None:
    text = 'user,"a;b",item\n' + 'U,"one;\n;two\n;three\n;four",I\n' * 3
    layout = sniff(text.encode())
    assert layout is not None
    assert (layout.separator, layout.first) == (",", ("user", "a;b", "item"))


def test_a_glimpse_shows_whole_rows(tmp_path: Path) -> None:
    text = 'who;what;note\na;b;"x;\ny"\nc;d;z\ne;"\n\n";f\n'
    (tmp_path / "raw").write_text(text)
    seen = glimpse(source_file(tmp_path / "raw"))
    assert seen is not None
    assert seen.rows == (("a", "b", "x;\ny"), ("c", "d", "z"), ("e", "\n\n", "f"))


@pytest.mark.parametrize(
    ("check", "yes", "no"),
    [
        (is_number, ["5", " 4.5 ", "-1e3"], ["", "five", "nan", "inf", "1_0"]),
        (is_time, ["1546300800", "2019-01-01", "2019-01-01T00:00:00Z"], ["", "now", "nan"]),
        (is_price, ["", " ", "5", "$1,299.00", "$1 - $2"], ["cheap", "-5", "{x}"]),
    ],
)
def test_values(check: Callable[[str], bool], yes: list[str], no: list[str]) -> None:
    assert all(map(check, yes))
    assert not any(map(check, no))
