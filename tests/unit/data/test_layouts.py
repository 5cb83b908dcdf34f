"""MovieLens and RecBole, and which format a file is taken for."""

from pathlib import Path

import pytest

from mobench.data.sources import SOURCES
from mobench.errors import DataError
from tests.unit.data.tables import items, reviews


def recognised(text: str | bytes) -> list[str]:
    head = text.encode() if isinstance(text, str) else text
    found = {name for name, source in SOURCES.items() if source.recognises(head)}
    return sorted(found | {f"{n} items" for n, s in SOURCES.items() if s.recognises_items(head)})


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("user_id,item_id,rating,timestamp\n1,2,3,4\n", ["csv"]),
        ("user_id;thing\n1;2\n", ["csv"]),
        ("who\titem\n1\t2\n", ["csv"]),
        ("user_id,parent_asin,rating,timestamp\n", ["amazon-2023-csv"]),
        ("userId,movieId,rating,timestamp\n1,2,3.5,4\n", ["movielens-csv"]),
        ("userId,movieId,tag,timestamp\n1,2,x,4\n", ["csv"]),
        ("movieId,title,genres\n1,x,A|B\n", ["csv", "movielens-csv items"]),
        ("item_id,price\n1,2\n", ["csv", "csv items"]),
        ("user_id:token\titem_id:token\n1\t2\n", ["recbole"]),
        ("item_id:token\tprice:float\n1\t2\n", ["recbole items"]),
        ("user_id:token\tage:token\n1\t2\n", []),
        ("1\t2\t3\t881250949\n", ["movielens-100k"]),
        ("1\t2\t9\t881250949\n", []),
        ("1::2::3.5::978300760\n", ["movielens-dat"]),
        ("1::A: the ::film (1995)::Comedy|Sci-Fi\n", ["movielens-dat items"]),
        ("1::X::(no genres listed)\n", ["movielens-dat items"]),
        ('{"user": 1, "thing": 2}\n', ["jsonl"]),
        ('{"item": 1, "price": 2}\n', ["jsonl", "jsonl items"]),
        ('{"user_id": "a", "parent_asin": "b"}\n', ["amazon-2023-jsonl"]),
        ('{"who": 1, "what": 2}\n', []),
        (b"PAR1" + bytes(20), ["parquet", "parquet items"]),
        ("a,b\n", []),
        ("user\n", []),
        ("user\0,item\n", []),
    ],
)
def test_every_file_has_one_format(text: str | bytes, names: list[str]) -> None:
    found = recognised(text)
    assert [name for name in found if not name.startswith("amazon-2023-jsonl items")] == names


def test_recbole_items(tmp_path: Path) -> None:
    header = "item_id:token\tmovie_title:token_seq\tprice:float\tclass:token_seq\tx:float_seq"
    text = f"{header}\n1\tToy Story\t2.5\tAnimation Children's\t1 2\n2\tB\t\t\t\n3\tC\n"
    assert items(tmp_path / "m", text, "recbole") == (
        3,
        ["Toy Story", "B"],
        [2.5, None],
        [(("Animation",), ("Children's",)), ()],
        {"wrong number of columns": 1},
    )


def test_recbole_reviews_need_no_rating_and_know_names_of_ones_own(tmp_path: Path) -> None:
    text = 'who:token\titem_id:token\ttimestamp:float\n"a\t1\t8.81250949E8\nb\t2\tx\n'
    unit, rows, reasons = reviews(tmp_path / "r", text, "recbole", user="who")
    assert (unit, rows) == ("s", [('"a', "1", None, 881_250_949_000)])
    assert reasons == {"timestamp is not a time": 1}
    with pytest.raises(DataError, match="'r' is no RecBole file"):
        reviews(tmp_path / "r", "user_id\titem_id\n", "recbole")


FLAGS = "0|1|0|1" + "|0" * 15


def test_films_of_every_layout(tmp_path: Path) -> None:
    movies = "1::Miss\u00e9rables: Les::Film (1995)::Drama|War\n2::B::(no genres listed)\n"
    wanted = (2, ["Miss\u00e9rables: Les::Film (1995)", "B"], [None] * 2)
    paths = [(("Drama",), ("War",)), ()]
    for encoding in ("latin-1", "utf-8"):
        found = items(tmp_path / "m", movies.encode(encoding), "movielens-dat")
        assert found == (*wanted, paths, {})
    text = f"1|Miss\u00e9rables||||{FLAGS}\n2|B||||1{'|0' * 18}\n".encode("latin-1")
    paths = [(("Action",), ("Animation",)), ()]
    assert items(tmp_path / "m", text, "movielens-100k") == (
        *(2, ["Miss\u00e9rables", "B"], [None] * 2),
        *(paths, {}),
    )
    text = b'movieId,title,genres\n1,"A, ""B"" (1995)",Drama|IMAX\n2,C\n'
    assert items(tmp_path / "m", text, "movielens-csv") == (
        *(2, ['A, "B" (1995)', None], [None] * 2),
        *([(("Drama",), ("IMAX",)), ()], {"wrong number of columns": 1}),
    )


@pytest.mark.parametrize("name", ["movielens-100k", "movielens-dat", "movielens-csv"])
def test_other_files_are_no_movielens(tmp_path: Path, name: str) -> None:
    for read in (reviews, items):
        with pytest.raises(DataError, match="'raw'"):
            read(tmp_path / "raw", "user,item\na,b\n", name)


def test_latin_1_in_ratings_is_refused_line_by_line(tmp_path: Path) -> None:
    text = b"1::2::5::978300760\n1::\xe9::5::978300760\n"
    _, rows, reasons = reviews(tmp_path / "raw", text, "movielens-dat")
    assert rows == [("1", "2", 5.0, 978_300_760_000)]
    assert reasons == {"line is not UTF-8": 1}
