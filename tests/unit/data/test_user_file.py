from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobench.artifacts import Artifact
from mobench.data.user_file import find_users, read_ids
from mobench.errors import DataError
from tests.synthetic import planted

ID = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=9)


@given(ids=st.lists(ID, min_size=1, max_size=20))
def test_ids_are_read_back_from_every_layout(ids: list[str], tmp_path_factory) -> None:
    folder: Path = tmp_path_factory.mktemp("ids")
    frame = pl.DataFrame({"age": 1, "user": ids})
    (folder / "a.txt").write_text("\n".join([f" {one} " for one in ids]) + "\n\n", encoding="utf-8")
    frame.write_csv(folder / "a.csv")
    frame.write_csv(folder / "a.tsv", separator="\t")
    frame.write_parquet(folder / "a.parquet")
    for name in ("a.txt", "a.csv", "a.tsv", "a.parquet"):
        assert read_ids(folder / name) == ids, name


def test_numbers_are_ids_as_they_are_written(tmp_path: Path) -> None:
    pl.DataFrame({"id": [7, None, 12]}).write_parquet(tmp_path / "a.parquet")
    assert read_ids(tmp_path / "a.parquet") == ["7", "12"]
    (tmp_path / "a.csv").write_text("user_id,id\n007,1\n1e3,2\n")
    assert read_ids(tmp_path / "a.csv") == ["007", "1e3"]
    (tmp_path / "bom.txt").write_bytes(b"\xef\xbb\xbfu1\r\nu2\r\n")
    assert read_ids(tmp_path / "bom.txt") == ["u1", "u2"]


def test_a_name_with_magic_in_it_is_a_file(tmp_path: Path) -> None:
    for suffix in ("csv", "parquet"):
        frame = pl.DataFrame({"user": [suffix]})
        path = tmp_path / f"a[1].{suffix}"
        frame.write_csv(path) if suffix == "csv" else path.write_bytes(b"")
        if suffix == "parquet":
            with path.open("wb") as file:
                frame.write_parquet(file)
        assert read_ids(path) == [suffix]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", b"\n \n", "holds no user"),
        ("a.txt", b"\xff\xfe\x00", "cannot be read"),
        ("a.csv", b"", "cannot be read"),
        ("a.csv", b"user_id\n", "holds no user"),
        ("a.csv", b"name,age\na,1\n", "has no column 'user_id', only name, age"),
        ("a.parquet", b"PAR1", "cannot be read"),
    ],
)
def test_other_files_are_explained(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message):
        read_ids(tmp_path / name)


def test_ids_must_be_text_or_integers(tmp_path: Path) -> None:
    pl.DataFrame({"user": [1.5]}).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(DataError, match="holds Float64"):
        read_ids(tmp_path / "a.parquet")
    with pytest.raises(DataError, match="does not exist"):
        read_ids(tmp_path / "none.csv")


def test_users_are_found_in_the_order_asked(tmp_path: Path) -> None:
    dataset: Artifact = planted(tmp_path / "toy", n_users=20, n_items=10, per_user=5)
    table = pl.read_parquet(tmp_path / "toy/users.parquet")
    ids = table["user_id"].to_list()
    order = np.random.default_rng(0).permutation(20)
    asked = [ids[n] for n in order]
    found = find_users(["x", *asked, asked[0], "y", "x"], dataset)
    codes = dict(zip(table["user_id"], table["user"], strict=True))
    assert found.code.tolist() == [codes[one] for one in asked]
    assert found.unknown == ["x", "y"]
    assert find_users([], dataset).code.tolist() == []
