"""Amazon's reviews of 2014, 2018 and 2023: told apart by content, read with their flaws."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mobench.config import PrepConfig
from mobench.data.fields import BadRow
from mobench.data.files import SourceFile
from mobench.data.plan import plan
from mobench.data.schema import Rejects
from mobench.data.sources import SOURCES
from mobench.errors import DataError
from tests.unit.data.make import write
from tests.unit.data.test_amazon_items import META_2018, META_2023, item_formats

USER, ITEM, TIME = "A3EBHHCZO6V2A4", "5555991584", 1158019200
REVIEW_2014 = {
    "reviewerID": USER,
    "asin": ITEM,
    "reviewerName": 'Amaranth "music fan"',
    "helpful": [3, 3],
    "overall": 5.0,
    "unixReviewTime": TIME,
    "reviewTime": "09 12, 2006",
}
REVIEW_2018 = {key: value for key, value in REVIEW_2014.items() if key != "helpful"} | {
    "verified": True,
    "style": {"Gift Amount:": " 50"},
}
REVIEW_2023 = {"user_id": USER, "asin": ITEM, "parent_asin": "B0", "rating": 4, "timestamp": 1}


def recognised(text: bytes) -> list[str]:
    amazon = (n for n in SOURCES if n.startswith("amazon"))
    return [name for name in amazon if SOURCES[name].recognises(text)]


@pytest.mark.parametrize(
    ("record", "name"),
    [
        (REVIEW_2014, "amazon-2014-jsonl"),
        ({**REVIEW_2014, "vote": "2"}, "amazon-2018-jsonl"),
        (REVIEW_2018, "amazon-2018-jsonl"),
        (REVIEW_2023, "amazon-2023-jsonl"),
    ],
)
def test_years_are_told_apart_by_keys(record: dict[str, Any], name: str) -> None:
    plain = {k: record[k] for k in (*list(record)[:3], "overall") if k in record}
    lines = ["{broken", json.dumps(plain), json.dumps(record)]
    assert recognised("\n".join(lines).encode()) == [name]


@pytest.mark.parametrize("record", [REVIEW_2014, REVIEW_2018])
def test_reviews_are_no_metadata(record: dict[str, Any]) -> None:
    assert item_formats(json.dumps(record)) == []


FIRST_2014 = f"{USER},{ITEM},5.0,{TIME}"
FIRST_2018 = f"{ITEM},{USER},5.0,{TIME}"


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        ([FIRST_2014] * 3, ["amazon-2014-csv"]),
        ([FIRST_2014 + "\r"], ["amazon-2014-csv"]),
        ([FIRST_2018], ["amazon-2018-csv"]),
        ([f"B00A3NRJLO,#oc-R115TNMSPFT9I7,1,{TIME}"], ["amazon-2018-csv"]),
        ([FIRST_2014] * 19 + ["oops"], ["amazon-2014-csv"]),
        ([FIRST_2014] * 5 + ["oops"], []),
        (["user,item,stars,time"] + [FIRST_2014] * 50, []),
        ([FIRST_2014, FIRST_2018], []),
        ([f"{USER},{USER},5.0,{TIME}"], []),
        ([f"{ITEM},{ITEM},5.0,{TIME}"], []),
        ([f"{USER},{ITEM},5.0"], []),
        ([f"{FIRST_2014},1"], []),
        ([f"12,34,5.0,{TIME}"], []),
    ],
)
def test_the_order_of_columns_is_seen_or_not_guessed(lines: list[str], names: list[str]) -> None:
    assert recognised("\n".join(lines).encode()) == names


@pytest.mark.parametrize(
    ("format", "text", "words"),
    [
        ("amazon-2014-csv", FIRST_2018, "'raw' begins with items, not users"),
        ("amazon-2018-csv", FIRST_2014, "'raw' begins with users, not items"),
        ("amazon-2014-csv", "a,b,3", "'raw' has 3 columns in its first line, expected user,item"),
        ("amazon-2014-jsonl", json.dumps(REVIEW_2023), "'raw' has no column 'reviewerID'"),
        ("amazon-2018-jsonl", json.dumps(META_2018), "'raw' has no column 'reviewerID'"),
        ("auto", json.dumps(META_2018), "'raw' is metadata .*\n.*as --meta raw"),
        ("auto", json.dumps(META_2023), "'raw' is metadata .*\n.*as --meta raw"),
        ("auto", json.dumps({"asin": ITEM, "overall": 5}), "'raw' has no column .* the user"),
        ("auto", json.dumps({"parent_asin": ITEM, "rating": 5}), "'raw' has no column .* the user"),
    ],
)
def test_other_files_are_refused(workdir: Path, format: Any, text: str, words: str) -> None:
    write(workdir / "raw", text + "\n")
    with pytest.raises(DataError, match=words):
        plan(PrepConfig(source=("raw",), format=format))


def test_a_named_format_reads_ids_of_any_look(workdir: Path) -> None:
    write(workdir / "raw", "i1,u1,4,86400\ni2,u2,x,86400\n")
    made = plan(PrepConfig(source=("raw",), format="amazon-2018-csv"))
    rejects = Rejects()
    (file,) = made.files
    frame = pl.concat(made.source.read_reviews(file, made.units["raw"], rejects))
    assert frame.rows() == [("u1", "i1", 4.0, 86_400_000)]
    assert rejects.counts == {"rating is not a number": 1}


@pytest.mark.parametrize("record", [REVIEW_2014, REVIEW_2018])
def test_review_lines(workdir: Path, record: dict[str, Any]) -> None:
    texts = [
        json.dumps(record),
        json.dumps({**record, "overall": "3.0"}),
        json.dumps({**record, "unixReviewTime": None}),
        json.dumps(record)[:-30],
        json.dumps({**record, "asin": ""}),
    ]
    write(workdir / "raw", "\n".join(texts))
    made = plan(PrepConfig(source=("raw",)))
    rejects = Rejects()
    (file,) = made.files
    assert made.units == {"raw": "s"}
    frames = made.source.read_reviews(file, "s", rejects)
    rows = [row for frame in frames for row in frame.rows()]
    assert rows == [(USER, ITEM, 5.0, 1000 * TIME), (USER, ITEM, 3.0, 1000 * TIME)]
    assert [(r.line, r.reason) for r in rejects.listed] == [
        (3, "unixReviewTime is missing"),
        (4, "line is not JSON"),
        (5, "asin is empty"),
    ]


def told(path: Path, line: str, neighbour: str) -> tuple[list[Any], list[str]]:
    """The rows and the rejects' reasons of a line before another one."""
    write(path, f"{line}\n{neighbour}\n")
    rejects = Rejects()
    file = SourceFile("reviews", path, "raw")
    frames = SOURCES["amazon-2014-jsonl"].read_reviews(file, "s", rejects)
    rows = [row for frame in frames for row in frame.rows()]
    return rows[:1], [r.reason for r in rejects.listed if r.line == 1]


ODD = [
    *'"\\{}[],: \t\x00-0.é',
    *(
        "\\ud800",
        "\\udc00",
        "\\ud83d\\ude00",
        "\\u0041",
        "\\ud800\\ud800",
        "NaN",
        "1e999",
        "9" * 20,
    ),
    *(
        '"asin": "B1", ',
        '"\\u0061sin": "B2", ',
        '"asin": 3, ',
        '"overall": 2, ',
        '"overall": "2", ',
    ),
    *('"x": {"asin": "B3"}, ', '"unixReviewTime": 5, ', '"helpful": 1, ', "[" * 150 + "]" * 150),
    *("[" * 150, "]" * 150, "[" * 250 + "]" * 250, '"reviewerID": ' + "1" * 25 + ", "),
]
LINE = json.dumps({"x": "y", **REVIEW_2014, "helpful": [[3], {"a": "b"}]})


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(ODD), st.floats(0, 1)), min_size=1, max_size=3))
@example([(ODD[-1], 1 / len(LINE))])
@example([(ODD[-2], 1 / len(LINE))])
@example([('"asin": "B1", ', 1 / len(LINE))])
@example([('"\\u0061sin": "B2", ', 1 / len(LINE))])
@example([('"a": ' + "[" * 201 + "]" * 201 + ", ", 1 / len(LINE))])
@example([('"a": ' + "[" * 200 + "]" * 200 + ", ", 1 / len(LINE))])
@example([('"a": "\\ud800", ', 1 / len(LINE))])
def test_a_line_reads_the_same_beside_a_broken_one(
    tmp_path: Path, damage: list[tuple[str, float]]
) -> None:
    line = LINE
    for piece, place in damage:
        at = round(place * len(LINE))
        line = line[:at] + piece + line[at:]
    together = told(tmp_path / "raw", line, json.dumps(REVIEW_2014))
    if together[1]:
        together = ([], together[1])
    alone = told(tmp_path / "raw", line, "{broken")
    assert together == alone


def test_depth_decides_the_same_with_and_without_neighbours(tmp_path: Path) -> None:
    from mobench.data.rows import Columns
    from mobench.data.sources.json_rows import JsonRows

    line = '{"u":"a","i":"b","r":1,"t":2,"z":' + "[" * 250 + "]" * 250 + "}\n"
    parser = JsonRows(Columns("u", "i", "r", "t"))
    assert parser.fast(line.encode()) is None
    with pytest.raises(BadRow, match="line is not JSON"):
        parser.slow(line)
