"""Which files are meant: patterns, folders, and the members of zip archives."""

from pathlib import Path
from typing import Any

import pytest

from mobench.artifacts import sha256
from mobench.config import PrepConfig
from mobench.data.files import SourceFile
from mobench.data.heads import checked_head
from mobench.data.inputs import find_files
from mobench.data.plan import plan
from mobench.errors import ConfigError, DataError, MobenchError
from tests.unit.data.make import SMALL, csv_text, hashes, reviews, run, write_csv
from tests.unit.data.packing import packed, zipped

STAMP = 1_546_300_800
RATINGS_DAT = b"".join(b"%d::%d::4::%d\n" % (n % 7, n % 5, STAMP + n) for n in range(35))
MOVIES_DAT = b"".join(b"%d::Film %d (1999)::Drama|War\n" % (n, n) for n in range(5))
RATINGS_CSV = b"userId,movieId,rating,timestamp\n" + RATINGS_DAT.replace(b"::", b",")
MOVIES_CSV = b"movieId,title,genres\n1,Film 1 (1999),Drama|War\n"
U_DATA = RATINGS_DAT.replace(b"::", b"\t")
U_ITEM = b"1|Film (1999)|01-Jan-1999||http://x|" + b"|".join([b"0"] * 18 + [b"1"]) + b"\n"
INTER = b"user_id:token\titem_id:token\trating:float\ttimestamp:float\n" + U_DATA
ITEM = b"item_id:token\tmovie_title:token_seq\tclass:token_seq\n1\tFilm\tDrama War\n"
README = {"ml/README": b"Please cite.\n", "ml/users.dat": b"1::F::1::10::48067\n"}


def found(*source: str, **values: Any) -> list[tuple[str, str, str | None]]:
    files = find_files(PrepConfig(source=source, **values))
    return [(file.role, file.name, file.member) for file in files]


def failure(*source: str, **values: Any) -> tuple[type[MobenchError], str, str | None]:
    with pytest.raises(MobenchError) as caught:
        find_files(PrepConfig(source=source, **values))
    return type(caught.value), caught.value.message, caught.value.hint


@pytest.mark.parametrize(
    ("format", "members", "reviews", "metadata"),
    [
        (
            "movielens-100k",
            {"ml/u.data": U_DATA, "ml/u1.base": U_DATA, "ml/u.item": U_ITEM},
            "ml/u.data",
            "ml/u.item",
        ),
        (
            "movielens-dat",
            {**README, "ml/movies.dat": MOVIES_DAT, "ml/ratings.dat": RATINGS_DAT},
            "ml/ratings.dat",
            "ml/movies.dat",
        ),
        (
            "movielens-csv",
            {"ml/links.csv": b"movieId,imdbId\n1,2\n", "ml/movies.csv": MOVIES_CSV}
            | {"ml/ratings.csv": RATINGS_CSV, "ml/tags.csv": b"userId,movieId,tag\n1,2,x\n"},
            "ml/ratings.csv",
            "ml/movies.csv",
        ),
        (
            "recbole",
            {"a/a.inter": INTER, "a/a.item": ITEM, "a/a.user": b"user_id:token\n1\n"},
            "a/a.inter",
            "a/a.item",
        ),
        ("movielens-dat", {"x/README": b"?", "x/any.name": RATINGS_DAT}, "x/any.name", None),
        (
            "movielens-dat",
            {"r.txt": RATINGS_DAT, "f.txt": MOVIES_DAT, "u.txt": b"1::F::1\n"},
            "r.txt",
            "f.txt",
        ),
        ("movielens-dat", {"a/ratings.dat": RATINGS_DAT, "b/movies.dat": MOVIES_DAT},
         "a/ratings.dat", None),
    ],
)  # fmt: skip
def test_an_archive_stands_for_its_reviews_and_their_metadata(
    workdir: Path, format: str, members: dict[str, bytes], reviews: str, metadata: str | None
) -> None:
    Path("x.zip").write_bytes(zipped(members))
    wanted = [("reviews", f"x.zip:{reviews}", reviews)]
    wanted += [("metadata", f"x.zip:{metadata}", metadata)] if metadata else []
    assert found("x.zip") == wanted
    made = plan(PrepConfig(source=("x.zip",)))
    assert made.source.name == format
    assert [i.path for i in made.inputs] == [name for _, name, _ in wanted]
    assert {i.sha256 for i in made.inputs} == {sha256(Path("x.zip"))}


def test_an_archive_is_hashed_once(workdir: Path) -> None:
    Path("x.zip").write_bytes(zipped({"movies.dat": MOVIES_DAT, "ratings.dat": RATINGS_DAT}))
    stages: list[str] = []
    plan(PrepConfig(source=("x.zip",)), stages.append)
    assert stages == ["hashing x.zip:ratings.dat"]


def test_members_and_metadata_that_the_user_names(workdir: Path) -> None:
    Path("x.zip").write_bytes(zipped({"movies.dat": MOVIES_DAT, "ratings.dat": RATINGS_DAT}))
    Path("y.zip").write_bytes(zipped({"films": MOVIES_DAT}))
    assert found("x.zip:ratings.dat") == [("reviews", "x.zip:ratings.dat", "ratings.dat")]
    assert found("x.zip", meta=("y.zip",)) == [
        ("reviews", "x.zip:ratings.dat", "ratings.dat"),
        ("metadata", "y.zip:films", "films"),
    ]
    assert found("x.zip:ratings.dat", meta=("x.zip",))[1][1] == "x.zip:movies.dat"
    assert failure("x.zip", "x.zip:ratings.dat")[1] == "'x.zip:ratings.dat' is named twice"
    Path("x.zip:films").write_bytes(b"a file whose name looks like a member\n")
    assert found("x.zip:films") == [("reviews", "x.zip:films", None)]


def test_files_beside_are_not_picked_up(workdir: Path) -> None:
    Path("ratings.dat").write_bytes(RATINGS_DAT)
    Path("movies.dat").write_bytes(MOVIES_DAT)
    assert found("ratings.dat") == [("reviews", "ratings.dat", None)]


@pytest.mark.parametrize(
    ("members", "message", "hint"),
    [
        ({}, "'x.zip' holds no data file", "is it the right archive?"),
        ({"README": b"?"}, "'x.zip' holds no data file", "is it the right archive?"),
        (
            {"a/ratings.csv": RATINGS_CSV, "b/ratings.csv": RATINGS_CSV},
            "'x.zip' holds several files that may be reviews: a/ratings.csv, b/ratings.csv",
            "choose one: x.zip:a/ratings.csv",
        ),
        (
            {"a": RATINGS_DAT, "b": RATINGS_DAT, "c": MOVIES_DAT},
            "'x.zip' holds several files that may be reviews: a, b",
            "choose one: x.zip:a",
        ),
        (
            {f"{n}.txt": b"hello\n" for n in range(30)},
            "'x.zip' holds no file that is known to be reviews: "
            + ", ".join(f"{n}.txt" for n in range(8))
            + " and 22 more",
            "choose one: x.zip:0.txt",
        ),
    ],
)
def test_archives_that_leave_it_open(
    workdir: Path, members: dict[str, bytes], message: str, hint: str
) -> None:
    Path("x.zip").write_bytes(zipped(members))
    assert failure("x.zip") == (DataError, message, hint)
    write_csv(Path("r.csv"), reviews())
    if len(members) == 2:
        Path("x.zip").write_bytes(zipped(dict.fromkeys(members, b"hello\n")))
        _, message, hint = failure("r.csv", meta=("x.zip",))
        assert "known to be metadata" in message
        assert hint.startswith("choose one: --meta x.zip:")


def test_folders_pipes_and_names_that_are_too_long(workdir: Path) -> None:
    import os

    os.mkfifo("pipe")
    assert failure("pipe") == (
        DataError,
        "'pipe' is not a file",
        "save it first: prep reads it more than once.",
    )
    assert failure(".")[2] == "name its files, such as './*.csv.gz'."
    error, message, _ = failure("x" * 300)
    assert error is DataError
    assert "cannot be read: File name too long" in message


def test_patterns_reach_into_folders(workdir: Path) -> None:
    for place in ("year=2019/b", "year=2018/a", "year=2018/c"):
        path = workdir / f"{place}.csv"
        path.parent.mkdir(exist_ok=True)
        write_csv(path, reviews())
    names = ["year=2018/a.csv", "year=2018/c.csv", "year=2019/b.csv"]
    assert [name for _, name, _ in found("year=*/*.csv")] == names
    assert [name for _, name, _ in found("**/*.csv")] == names


@pytest.mark.parametrize("how", ["zstd", "zip"])
def test_packed_reviews_give_the_same_dataset(files: Path, how: str) -> None:
    wanted = hashes(run())
    Path("x").write_bytes(packed(how, Path("reviews.csv").read_bytes()))
    assert hashes(run("other", source=("x",))) == wanted
    Path("m").write_bytes(packed(how, Path("meta.jsonl").read_bytes()))
    assert hashes(run("other", source=("x",), meta=("m",))) == wanted


def test_a_truncated_zstd_is_one_rejected_row(files: Path) -> None:
    whole = packed("zstd", (files / "reviews.csv").read_bytes() + csv_text(reviews(2000)).encode())
    Path("cut.zst").write_bytes(whole[:-4])
    made = run(source=("cut.zst",))
    assert made.artifact.manifest.results["rejected"] == {"zstd stream ends early": 1}


def test_an_archive_with_metadata_prepares(workdir: Path) -> None:
    Path("ml.zip").write_bytes(zipped({"movies.dat": MOVIES_DAT, "ratings.dat": RATINGS_DAT}))
    made = run(**{**SMALL, "source": ("ml.zip",), "meta": ()})
    inputs = made.artifact.manifest.inputs
    assert [(i.path, i.rows) for i in inputs] == [
        ("ml.zip:ratings.dat", 35),
        ("ml.zip:movies.dat", 5),
    ]
    assert made.artifact.manifest.results["n_metadata_files"] == 1


@pytest.mark.parametrize(
    ("data", "message", "hint"),
    [
        (b"BZh91AY&SY", "'x' is packed (bzip2)", "unpack it first."),
        (b"\xfd7zXZ\x00\x00\x04", "'x' is packed (xz)", "unpack it first."),
        (
            b"a.csv".ljust(257, b"\0") + b"ustar\x0000\n",
            "'x' is a tar archive",
            "unpack it, and name its files.",
        ),
        (
            "user,item\n".encode("utf-16"),
            "'x' is UTF-16",
            "convert it: iconv -f UTF-16 -t UTF-8 FILE > NEW.",
        ),
        (
            b"user_id,parent_asin\rU,I\r",
            "'x' ends its lines with a carriage return alone, as old Macs did",
            r"convert it: tr '\r' '\n' < FILE > NEW.",
        ),
        (
            packed("gzip", b"PAR1" + bytes(20)),
            "'x' is Parquet inside gzip",
            "unpack it: prep jumps in it.",
        ),
        (
            packed("zip", packed("gzip", b"a,b\n")),
            "'x' is packed (gzip inside another archive)",
            "unpack it first.",
        ),
        *[
            (
                array,
                "'x' is one JSON array, not an object a line",
                "convert it: jq -c '.[]' FILE > NEW.",
            )
            for array in (b'[{"user":"U","item":"I"}]', b'[\n  {\n    "user": "U"')
        ],
        (b"", "'x' holds no readable line", "is the download complete?"),
        (packed("zstd", b" \r\n\n"), "'x' holds no readable line", "is the download complete?"),
    ],
)
def test_what_is_no_text_that_prep_reads(
    workdir: Path, data: bytes, message: str, hint: str
) -> None:
    Path("x").write_bytes(data)
    member = "m" if data[:2] == b"PK" else None
    with pytest.raises(DataError) as caught:
        checked_head(SourceFile("reviews", Path("x"), "x", member))
    assert (caught.value.message, caught.value.hint) == (message, hint)


@pytest.mark.parametrize("before", [b"\xef\xbb\xbf", b""])
@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
def test_marks_and_line_endings_change_nothing(files: Path, before: bytes, ending: bytes) -> None:
    wanted = hashes(run())
    data = before + Path("reviews.csv").read_bytes().replace(b"\n", ending)
    for how in ("plain", "gzip", "zstd"):
        Path("x").write_bytes(packed(how, data))
        assert hashes(run("other", source=("x",))) == wanted


def test_named_sources_stand_alone(workdir: Path) -> None:
    assert failure("demo", "x.zip")[:2] == (ConfigError, "'demo' is complete in itself")


@pytest.mark.data
def test_movielens_in_a_zip(research_data: Path, workdir: Path) -> None:
    folder = research_data / "movielens-100k"
    if not folder.is_dir():
        pytest.skip(f"no '{folder}'")
    members = {f"ml-100k/{name}": (folder / name).read_bytes() for name in ("u.data", "u.item")}
    Path("ml-100k.zip").write_bytes(zipped(members))
    results = run(source=("ml-100k.zip",), meta=(), k_core=5).artifact.manifest.results
    assert (results["n_users"], results["n_items"]) == (943, 1203)
    assert results["n_rows"] == 81_697
    assert results["n_metadata_files"] == 1
