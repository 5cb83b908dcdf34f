"""``prep --inspect``: what is printed, within 88 columns, and what the next command does."""

import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len

from mobench.cli import main
from mobench.cli.words import COLUMNS
from tests.cli.conftest import Run, write_raw
from tests.unit.data.packing import zipped

RATINGS = b"".join(
    b"%d::%d::4::%d\n" % (user, item, 1_546_300_800 + 60 * item)
    for user in range(8)
    for item in range(8)
)
MOVIES = b"".join(b"%d::Film %d::Drama|War\n" % (n, n) for n in range(8))


@pytest.fixture
def raw(workdir: Path) -> Path:
    write_raw(workdir / "raw")
    return workdir


def test_the_screen(raw: Path, run: Run) -> None:
    code, out, err = run("prep --inspect raw/reviews.csv.gz raw/meta.jsonl")
    assert code == 0
    lines = out.splitlines()
    assert lines[0] == "raw/reviews.csv.gz"
    assert lines[1] == "  reviews · amazon (2023 rating CSV), detected"
    assert lines[2].startswith("  gzip, UTF-8, separator comma, ")
    assert " parent_asin   item" in lines
    assert " timestamp     time (ms; the first row is from 2020-09-13 12:26:40 UTC)" in lines
    assert sum(line.startswith(" U") and "2020-09-13" in line for line in lines) == 10
    assert " rows looked at: 540, all of them usable" in lines
    assert "raw/meta.jsonl" in lines
    cells = [line.split(maxsplit=3) for line in lines]
    assert ["B9", "T9", "10.50", "Root > Kind 0"] in cells
    assert max(map(cell_len, lines)) <= COLUMNS
    assert err.splitlines() == ["next  mobench prep raw/reviews.csv.gz --meta raw/meta.jsonl"]
    assert sorted(p.name for p in raw.rglob("*")) == ["meta.jsonl", "raw", "reviews.csv.gz"]


def test_what_is_long_or_hostile_stays_within_the_screen(workdir: Path, run: Run) -> None:
    record = {"user_id": "U\x1b[2J" * 30, "parent_asin": "星" * 60, "rating": 1e300}
    rest = {f"key {n} {'k' * 50}": 1 for n in range(100)}
    bad = "{" + "\x1b[31m" * 400
    line = json.dumps(record | {"timestamp": 1_546_300_800_000} | rest, ensure_ascii=False)
    item = {"parent_asin": "I" * 99, "title": "題" * 99, "price": 1e9, "categories": ["c" * 99] * 9}
    Path("r.jsonl").write_text(f"{line}\n{bad}\n")
    Path("m.jsonl").write_text(json.dumps(item) + "\n")
    code, out, _ = run("prep --inspect r.jsonl --meta m.jsonl")
    assert code == 0
    assert max(map(cell_len, out.splitlines())) <= COLUMNS
    assert "\x1b" not in out
    assert "line is not JSON" in out
    assert " and 70 more" in out


def test_the_next_command_prepares_what_was_shown(
    workdir: Path, run: Run, run_json: Callable[[str], dict[str, Any]]
) -> None:
    Path("ml.zip").write_bytes(zipped({"ml/movies.dat": MOVIES, "ml/ratings.dat": RATINGS}))
    found = run_json("prep --inspect ml.zip")
    assert [(one["name"], one["role"], one["format"]) for one in found["files"]] == [
        ("ml.zip:ml/ratings.dat", "reviews", "movielens-dat"),
        ("ml.zip:ml/movies.dat", "metadata", "movielens-dat"),
    ]
    assert found["next"] == "mobench prep ml.zip"
    assert main([*shlex.split(found["next"])[1:], "--k-core", "2"]) == 0
    _, out, _ = run("prep ml.zip --k-core 2 --force")
    assert " reviews    ml.zip:ml/ratings.dat" in out
    assert " metadata   ml.zip:ml/movies.dat" in out
    assert Path("data/datasets/ml/manifest.json").exists()


@pytest.mark.parametrize(
    ("line", "command"),
    [
        ("a.csv b.csv", "mobench prep a.csv b.csv"),
        ("[ab].csv", "mobench prep '[ab].csv'"),
        ("a.csv m.csv b.csv", "mobench prep a.csv b.csv --meta m.csv"),
        ("[abm].csv", "mobench prep a.csv b.csv --meta m.csv"),
        ("m.csv", "mobench prep REVIEWS --meta m.csv"),
        ("a.csv m.csv --meta n.tsv", "mobench prep a.csv --meta m.csv,n.tsv"),
        (
            "o.csv --columns user=who,item=what --time-unit s",
            "mobench prep o.csv --time-unit s --columns user=who,item=what",
        ),
        ("a.csv --format csv", "mobench prep a.csv --format csv"),
    ],
)
def test_next_commands(
    workdir: Path, run_json: Callable[[str], dict[str, Any]], line: str, command: str
) -> None:
    for name in ("a.csv", "b.csv"):
        Path(name).write_text("user,item,rating,time\nU,I,4,1546300800\n")
    Path("m.csv").write_text("item,price\nI,4\n")
    Path("n.tsv").write_text("item\tprice\nI\t4\n")
    Path("o.csv").write_text("who,what\nU,I\n")
    assert run_json(f"prep --inspect {line}")["next"] == command


def test_an_unknown_file_says_what_was_seen(workdir: Path, run: Run) -> None:
    Path("x").write_text("hello world\n")
    Path("a.csv").write_text("user,item\nU,I\n")
    code, out, err = run("prep --inspect a.csv x")
    assert (code, out.splitlines()[0]) == (3, "a.csv")
    assert err.splitlines() == [
        "error: 'x' is of no known format: it begins with 'hello world'",
        " hint: name its columns: --columns user=…,item=…,rating=…,time=… (or places: 1, 2, …)",
    ]
    code, _, err = run("prep --inspect")
    assert code == 2
    assert err.startswith("error: no source given")


def test_a_pattern_alone_takes_the_name_of_its_folder(workdir: Path, run: Run) -> None:
    Path("shop").mkdir()
    rows = "".join(f"U{n % 6},I{n % 5},4,{1546300800 + n}\n" for n in range(30))
    Path("shop/a.csv").write_text("user,item,rating,time\n" + rows)
    assert run("prep shop/*.csv --k-core 2")[0] == 0
    assert Path("data/datasets/shop/manifest.json").exists()


def test_a_table_that_no_format_fits_shows_its_columns_and_rows(workdir: Path, run: Run) -> None:
    rows = [f'k{n};"p;{n}";{n % 5};2020-01-0{n + 1}' for n in range(5)]
    Path("t.csv").write_text("\n".join(["Kunde;Produkt;Sterne;Wann", *rows]) + "\n")
    code, out, err = run("prep --inspect t.csv")
    assert code == 3
    lines = [line.split() for line in out.splitlines()]
    assert lines[0] == ["t.csv"]
    assert lines[2] == ["Place", "First", "line", "Row", "1", "Row", "2", "Row", "3"]
    assert ["1", "Kunde", "k0", "k1", "k2"] in lines
    assert ["2", "Produkt", "p;0", "p;1", "p;2"] in lines
    assert "k3" not in out
    assert err.startswith("error: 't.csv' is of no known format")


def test_rows_in_several_lines(workdir: Path, run: Run) -> None:
    """They are whole, and a line break in them moves no cursor."""
    text = (
        "user,item,stars,date,note\n"
        'U1,"I\n1",5,2019-01-01,"first\n\nlast, but not least"\n'
        "U2,I2,4,2019-01-02,short\n"
        'U3,I3,five,2019-01-03,"a\r\nb"\n'
        'U4,I4,3,2019-01-04,"stray\n'
        "U5,I5,2,2019-01-05,x\n"
    )
    (workdir / "notes.csv").write_text(text, newline="")
    code, out, _ = run("prep --inspect notes.csv")
    assert code == 0
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert "U1 I\N{DOWNWARDS ARROW WITH CORNER LEFTWARDS}1 5 2019-01-01 00:00:00" in lines
    assert "rows looked at: 5, not usable: 2" in lines
    shown = 'U3,I3,five,2019-01-03,"a\N{DOWNWARDS ARROW WITH CORNER LEFTWARDS}b"'
    assert f"7 stars is not a number {shown}" in lines
    assert '9 line has an unbalanced quote U4,I4,3,2019-01-04,"stray' in lines
