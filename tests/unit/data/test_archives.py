"""Zip archives made to mislead: nothing is extracted, and what cannot be read says so."""

import stat
import zipfile
from pathlib import Path

import pytest

from mobench.data.archives import data_members, is_archive
from mobench.data.blocks import read_head
from mobench.errors import DataError
from tests.unit.data.packing import ROWS, lines_of, source_file, zipped


def head(path: Path, member: str) -> bytes:
    return read_head(source_file(path, member))


def failure(path: Path, member: str) -> tuple[str, str | None]:
    with pytest.raises(DataError) as caught:
        head(path, member)
    return caught.value.message, caught.value.hint


def write(path: Path, *members: tuple[zipfile.ZipInfo | str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return path


def test_archives_are_known_by_their_first_bytes(tmp_path: Path) -> None:
    path = tmp_path / "x"
    for data, wanted in ((zipped({"a": b"1"}), True), (zipped({}), True), (b"PK,1\n", False)):
        path.write_bytes(data)
        assert is_archive(path) == wanted
    with pytest.raises(DataError, match="'none' cannot be read: No such file"):
        is_archive(Path("none"))


def test_what_is_no_data_is_passed_over(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link.csv")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    members = (
        ("ml/", b""),
        ("ml/README.txt", b"read me"),
        ("ml/LICENSE", b"no"),
        ("ml/guide.pdf", b"%PDF"),
        ("__MACOSX/ml/._ratings.csv", b"x"),
        (".hidden.csv", b"x"),
        ("empty.csv", b""),
        ("bad\x1b[2Jname.csv", b"x"),
        ("ml/ratings.csv", b"x"),
        ("../above.csv", b"x"),
    )
    path = write(tmp_path / "x.zip", *members, (link, b"/etc/passwd"))
    assert data_members(path) == ["ml/ratings.csv", "../above.csv"]


def test_members_above_the_archive_are_read_and_nothing_is_written(tmp_path: Path) -> None:
    folder = tmp_path / "inner"
    folder.mkdir()
    path = write(folder / "x.zip", ("../../escaped.csv", ROWS), ("/etc/absolute.csv", ROWS))
    for member in ("../../escaped.csv", "/etc/absolute.csv"):
        lines, rejected = lines_of(path, member)
        assert (len(lines), rejected) == (2000, [])
    assert [p.name for p in tmp_path.rglob("*")] == ["inner", "x.zip"]


def test_a_link_is_never_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("secret\n")
    link = zipfile.ZipInfo("link.csv")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    path = write(tmp_path / "x.zip", (link, str(tmp_path / "secret.csv").encode()), ("d/", b""))
    assert failure(path, "link.csv") == ("'x' is no file", "name a file of the archive.")
    assert failure(path, "d/") == ("'x' is no file", "name a file of the archive.")


def test_encrypted_and_unusual_members(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    data = bytearray(zipped({"m": ROWS}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + offset] |= 1
    path.write_bytes(data)
    assert failure(path, "m") == ("'x' is encrypted", "unpack it with its password first.")
    for method, name in ((zipfile.ZIP_LZMA, "lzma"), (zipfile.ZIP_BZIP2, "bzip2")):
        path.write_bytes(zipped({"m": ROWS}, method))
        wanted = f"'x' is packed by the method {name}, not deflate"
        assert failure(path, "m") == (wanted, "unpack it first.")


def test_a_member_that_is_not_there(tmp_path: Path) -> None:
    path = write(tmp_path / "x.zip", ("ml/ratings.dat", ROWS), ("ml/users.dat", ROWS))
    message, hint = failure(path, "ratings.dat")
    assert message == f"'{path}' has no member 'ratings.dat'"
    assert hint == "did you mean 'ml/ratings.dat'? Members: ml/ratings.dat, ml/users.dat."


@pytest.mark.parametrize("cut", [4, 40, 2000, -30, -1])
def test_an_archive_that_is_cut_off(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(zipped({"m": ROWS, "n": ROWS})[:cut])
    with pytest.raises(DataError) as caught:
        data_members(path)
    assert caught.value.message == (
        f"'{path}' is no readable zip archive: its directory is missing or damaged"
    )
    assert caught.value.hint == "is the download complete?"


def test_of_two_members_with_one_name_the_last_counts(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    path.write_bytes(zipped({"m": b"first\n", "n": b"second\n"}).replace(b"n", b"m"))
    assert data_members(path) == ["m"]
    assert head(path, "m") == b"second\n"
