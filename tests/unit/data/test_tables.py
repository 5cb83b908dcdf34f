"""Tables with any columns: separators, places, quotes, metadata, and what is refused."""

import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobench.config import PrepConfig
from mobench.data.catalogue import Catalogue
from mobench.data.plan import plan
from mobench.data.prep import prepare
from mobench.data.sources.csv_table import sniff
from mobench.data.sources.item_lines import category_paths
from mobench.errors import ConfigError, DataError
from tests.unit.data.tables import items, refused, reviews


@given(
    st.lists(st.lists(st.text("ab1 ", max_size=3), min_size=3, max_size=3), min_size=1),
    st.sampled_from(",\t;|"),
)
def test_the_separator_is_found(rows: list[list[str]], separator: str) -> None:
    other = "," if separator != "," else ";"
    lines = [["user", "item", f"a{other}b"], *rows]
    layout = sniff("".join(separator.join(row) + "\r\n" for row in lines).encode())
    assert layout is not None
    assert layout.separator == separator
    assert layout.first == ("user", "item", f"a{other}b")


def test_a_quoted_separator_does_not_count() -> None:
    layout = sniff(b'"user; a",item\n"1;2;3",4\n')
    assert layout is not None
    assert layout.first == ("user; a", "item")


def test_a_table_with_iso_times_quotes_and_damage(tmp_path: Path) -> None:
    text = (
        'title;Product ID;date;"user id"\r\n'
        '"a; ""b""";I1;2019-01-01;U1\r\n'
        "x;I2;2019-01-01T00:00:01+00:00;U2\r\n"
        'x;"I3;2019-01-01;U3\r\n'
        "x;I4;soon;U4\r\n"
        "x;I5;2019-01-01;U5;\r\n"
        "x;I6;20190102;U6\r\n"
    )
    unit, rows, reasons = reviews(tmp_path / "raw", text, "csv")
    day = 1_546_300_800_000
    assert unit == "iso"
    assert rows == [
        ("U1", "I1", None, day),
        ("U2", "I2", None, day + 1000),
        ("U6", "I6", None, day + 86_400_000),
    ]
    assert reasons == {
        "line has an unbalanced quote": 1,
        "date is not a time": 1,
        "wrong number of columns": 1,
    }


def test_columns_by_their_places(tmp_path: Path) -> None:
    text = "5|a|7\n4|b|8\nx|c|9\n"
    unit, rows, reasons = reviews(tmp_path / "raw", text, "csv", user="3", item="2", rating="1")
    assert (unit, rows) == (None, [("7", "a", 5.0, 0), ("8", "b", 4.0, 0)])
    assert reasons == {"column 1 is not a number": 1}


@pytest.mark.parametrize(
    ("text", "columns", "message", "hint"),
    [
        (
            "u1,i1,5,1546300800\n",
            {},
            "'raw' has no header: its first line is u1,i1,5,1546300800",
            "name the columns by their places, such as --columns user=1,item=2,rating=3,time=4.",
        ),
        (
            "a,b\n",
            {"user": "1", "item": "3"},
            "'raw' has 2 columns, not 3",
            "--columns item= takes a place from 1 to 2.",
        ),
        (
            "a,b\n",
            {"user": "1"},
            "'raw' needs different columns for user and item",
            "such as --columns user=1,item=2.",
        ),
        (
            "a,b\n",
            {"user": "1", "item": "1"},
            "'raw' needs different columns for user and item",
            "such as --columns user=1,item=2.",
        ),
        (
            "user\n",
            {},
            "'raw' is no table: its first line has one field",
            "fields are separated by commas, tabs, semicolons or bars.",
        ),
        (
            'user,"item\nid"\nx,y\n',
            {"user": "1", "item": "2"},
            "the first line of 'raw' goes on over lines: it begins with 'user,\"item'",
            "write it on one line; the rows below may go on.",
        ),
        (
            "a,b\nx,y\n",
            {},
            "'raw' has no column that is known to be the user",
            "Columns: a, b. Say which, such as --columns user=a,item=b.",
        ),
    ],
)
def test_tables_that_are_refused(
    tmp_path: Path, text: str, columns: dict[str, str], message: str, hint: str
) -> None:
    with pytest.raises(DataError) as caught:
        reviews(tmp_path / "raw", text, "csv", **columns)
    assert refused(caught.value) == (message, hint)


def test_json_lines_of_any_keys(tmp_path: Path) -> None:
    records = [
        {"userId": 7, "product_id": "a", "when": "2019-01-01", "text": "x"},
        {"userId": "8", "product_id": "b", "when": "2019-01-01 00:00:01"},
        {"userId": "9", "when": "2019-01-01"},
    ]
    text = "".join(json.dumps(record) + "\n" for record in records)
    unit, rows, reasons = reviews(tmp_path / "raw", text, "jsonl", time="when")
    day = 1_546_300_800_000
    assert (unit, rows) == ("iso", [("7", "a", None, day), ("8", "b", None, day + 1000)])
    assert reasons == {"product_id is empty": 1}
    with pytest.raises(DataError, match="'raw' holds no JSON objects in its first lines"):
        reviews(tmp_path / "raw", "[1]\n", "jsonl")


@pytest.mark.parametrize(
    ("value", "paths"),
    [
        ("A > B", (("A", "B"),)),
        ("A|B", (("A",), ("B",))),
        ("A > B | A>C", (("A", "B"), ("A", "C"))),
        ("Games &amp; Toys", (("Games & Toys",),)),
        ("", ()),
        (" | ", ()),
        (None, ()),
        (12, (("12",),)),
        (True, ()),
        (["A", "B"], (("A", "B"),)),
        ([["A", "B"], ["C"]], (("A", "B"), ("C",))),
    ],
)
def test_categories(value: object, paths: object) -> None:
    catalogue = Catalogue(["1"])
    catalogue.add("1", None, None, category_paths(value))
    assert catalogue.paths == [paths]


def test_metadata_tables(tmp_path: Path) -> None:
    text = (
        "price,sku,colour,category,name\n"
        '"1,200.50",1,red,"A > ""B"", C|D",One\n'
        ",2,,,\n1,2,3\n5, ,x,y,z\n"
    )
    n_rows, title, price, paths, reasons = items(tmp_path / "m", text, "csv")
    assert (n_rows, title, price) == (4, ["One", None], [1200.5, None])
    assert paths == [(("A", '"B", C'), ("D",)), ()]
    assert reasons == {"wrong number of columns": 1, "sku is empty": 1}


def test_metadata_of_json_lines(tmp_path: Path) -> None:
    lines = ['{"id": 1, "price": "$3", "genres": ["A", "B"]}', '{"id": "2", "genres": "C|D"}', "{"]
    found = items(tmp_path / "m", "\n".join(lines), "jsonl", item="id")
    assert found == (
        3,
        [None, None],
        [3.0, None],
        [(("A", "B"),), (("C",), ("D",))],
        {"line is not JSON": 1},
    )


def test_a_named_format_reads_what_another_would_recognise(tmp_path: Path) -> None:
    text = "userId,movieId,rating,timestamp\n1,2,5,978300760\n"
    wanted = [("1", "2", 5.0, 978_300_760_000)]
    assert reviews(tmp_path / "raw", text, "csv")[1] == wanted
    line = json.dumps({"user_id": "1", "parent_asin": "2", "rating": 5, "timestamp": 978300760})
    assert reviews(tmp_path / "raw", line, "jsonl")[1] == wanted
    frame = pl.DataFrame({"user": ["a"], "item": ["b"]})
    frame.write_parquet(tmp_path / "p")
    with pytest.raises(DataError, match="'raw'"):
        reviews(tmp_path / "raw", (tmp_path / "p").read_bytes(), "csv")


def test_places_are_places_whatever_the_first_row_holds(workdir: Path) -> None:
    rows = [(2, 1, 3), *((7 + n // 4, 100 + n % 4, 5) for n in range(12))]
    Path("x.csv").write_text("".join(f"{u},{i},{r}\n" for u, i, r in rows))
    columns = ("user=1", "item=2", "rating=3")
    prepare(PrepConfig(source=("x.csv",), columns=columns, k_core=1), Path("out"))
    assert pl.read_parquet("out/users.parquet")["user_id"].to_list() == ["2", "7", "8", "9"]


def test_a_header_that_counts_is_a_header(workdir: Path) -> None:
    rows = [(7 + n // 4, 100 + n % 4, 5) for n in range(12)]
    Path("x.csv").write_text("0,1,2\n" + "".join(f"{u},{i},{r}\n" for u, i, r in rows))
    columns = ("user=0", "item=1", "rating=2")
    prepare(PrepConfig(source=("x.csv",), columns=columns, k_core=1), Path("out"))
    assert pl.read_parquet("out/users.parquet")["user_id"].to_list() == ["7", "8", "9"]


def test_blank_lines_before_the_header_are_nothing(workdir: Path) -> None:
    rows = [(f"u{n // 4}", f"i{n % 4}") for n in range(12)]
    Path("x.csv").write_text("\n\nuser,item\n" + "".join(f"{u},{i}\n" for u, i in rows))
    Path("m.csv").write_text("\nitem,price\n" + "".join(f"i{n},{n + 1}\n" for n in range(4)))
    config = PrepConfig(source=("x.csv",), meta=("m.csv",), k_core=1)
    made = prepare(config, Path("out"))
    results = made.artifact.manifest.results
    assert (results["n_rows"], results["n_rejected"], results["price_coverage"]) == (12, 0, 1)


def test_columns_of_metadata_need_metadata(workdir: Path) -> None:
    Path("x.csv").write_text("user,item\n" + "u,i\n" * 5)
    with pytest.raises(ConfigError, match="--columns price= is a column of metadata"):
        plan(PrepConfig(source=("x.csv",), columns=("price=nosuch",)))
    with pytest.raises(ConfigError, match=r"'x\.csv' has no time column"):
        plan(PrepConfig(source=("x.csv",), time_unit="us"))


def test_ratings_beyond_what_is_stored_are_rejected(workdir: Path) -> None:
    good = [(f"u{n // 8}", f"i{n % 8}", 4.0) for n in range(160)]
    text = "".join(f"{u},{i},{r}\n" for u, i, r in [*good, ("u1", "i9", "1e39")])
    Path("x.csv").write_text("user,item,rating\n" + text)
    made = prepare(PrepConfig(source=("x.csv",), k_core=1), Path("out"))
    assert made.artifact.manifest.results["rejected"] == {"rating is out of range": 1}
