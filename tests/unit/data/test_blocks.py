import gzip
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mobench.data import blocks
from mobench.data.blocks import Block, read_blocks, read_head
from mobench.data.files import SourceFile
from mobench.errors import DataError
from tests.unit.data.packing import lines_of, packed

LOOSE = settings(
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@LOOSE
@given(
    st.lists(st.text("ab é\r", max_size=12).map(str.encode), max_size=30),
    st.integers(1, 40),
    st.sampled_from(["plain", "gzip", "zstd", "zip"]),
    st.booleans(),
)
def test_every_line_comes_once_with_its_number(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    lines: list[bytes],
    size: int,
    how: str,
    ended: bool,
) -> None:
    data = b"\n".join(lines) + (b"\n" if ended and lines else b"")
    path = tmp_path / "file"
    path.write_bytes(packed(how, data))
    monkeypatch.setattr(blocks, "BLOCK", size)
    kept, rejected = lines_of(path, "m" if how == "zip" else None)
    wanted = list(enumerate(data.split(b"\n"), 1))
    if wanted[-1][1] == b"":
        wanted.pop()
    assert kept == [(n, line) for n, line in wanted if len(line) <= size]
    assert [r.line for r in rejected] == [n for n, line in wanted if len(line) > size]
    assert {r.reason for r in rejected} <= {f"line is longer than {size} bytes"}


@pytest.mark.parametrize("cut", [3, 12, 30, 200, 1000, -9, -1])
def test_truncated_gzip_gives_what_is_there_and_one_rejected_row(tmp_path: Path, cut: int) -> None:
    data = b"".join(b"%d,%d\n" % (i, i * i * 7919) for i in range(2000))
    path = tmp_path / "file.gz"
    path.write_bytes(gzip.compress(data)[:cut])
    lines, rejected = lines_of(path)
    assert [r.reason for r in rejected] == ["gzip stream ends early"]
    assert rejected[0].line == len(lines) + 1
    assert b"".join(line + b"\n" for _, line in lines) == data[: sum(len(x) + 1 for _, x in lines)]
    if cut in (1000, -9, -1):
        assert len(lines) > 20


def test_most_of_a_truncated_gzip_is_recovered(tmp_path: Path) -> None:
    data = b"".join(b"%d,%d\n" % (i, i * i * 7919) for i in range(50_000))
    path = tmp_path / "file.gz"
    path.write_bytes(gzip.compress(data)[:-20])
    lines, rejected = lines_of(path)
    assert len(lines) > 49_000
    assert len(rejected) == 1


def test_damaged_gzip_is_one_rejected_row(tmp_path: Path) -> None:
    packed = bytearray(gzip.compress(b"".join(b"%d\n" % (i * 7919) for i in range(5000))))
    packed[len(packed) // 2] ^= 0xFF
    path = tmp_path / "file.gz"
    path.write_bytes(packed)
    _, rejected = lines_of(path)
    assert [r.reason for r in rejected] == ["gzip stream is damaged"]


def test_members_of_a_gzip_are_joined(tmp_path: Path) -> None:
    path = tmp_path / "file.gz"
    path.write_bytes(gzip.compress(b"a\nb") + gzip.compress(b"c\nd\n"))
    assert lines_of(path) == ([(1, b"a"), (2, b"bc"), (3, b"d")], [])


def test_a_long_line_without_end_is_dropped_in_bounded_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "BLOCK", 1 << 12)
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(b"good\n" + b"0" * (1 << 22) + b"\nlast"))
    largest = 0
    for block in read_blocks(SourceFile("reviews", path, "x")):
        largest = max(largest, len(block.data if isinstance(block, Block) else block.text))
    lines, rejected = lines_of(path)
    assert lines == [(1, b"good"), (3, b"last")]
    assert [(r.line, len(r.text)) for r in rejected] == [(2, 2000)]
    assert largest <= 1 << 13


def test_a_gzip_that_breaks_inside_a_long_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "BLOCK", 1 << 12)
    path = tmp_path / "cut.gz"
    path.write_bytes(gzip.compress(b"good\n" + b"0" * (1 << 20))[:-50])
    lines, rejected = lines_of(path)
    assert lines == [(1, b"good")]
    assert [(r.line, r.reason, r.text) for r in rejected] == [
        (2, "gzip stream ends early", "0" * 2000)
    ]


def test_byte_order_mark_is_no_part_of_the_first_line(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"\xef\xbb\xbfuser\nb\n")
    assert lines_of(path)[0] == [(1, b"user"), (2, b"b")]
    assert read_head(SourceFile("reviews", path, "x")) == b"user\nb\n"


def test_head_ends_with_a_whole_line(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"x" * 999 + b"\n" + b"y" * (1 << 19))
    assert read_head(SourceFile("reviews", path, "x")) == b"x" * 999 + b"\n"
    path.write_bytes(b"z" * (1 << 19))
    assert read_head(SourceFile("reviews", path, "x")) == b"z" * blocks.HEAD


def test_head_of_a_broken_stream_is_what_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(gzip.compress(b"a\nb")[:-8])
    assert read_head(SourceFile("reviews", path, "x")) == b"a\nb"
    path.write_bytes(gzip.compress(b"a\nb")[:6])
    with pytest.raises(DataError, match="'x' holds no readable line: gzip stream ends early"):
        read_head(SourceFile("reviews", path, "x"))


@pytest.mark.parametrize("data", [b"a\r\nb\r\n", b"a\0,b\n\0\n", b"one\rtwo\rthree"])
def test_carriage_returns_and_nul_bytes_stay(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(data)
    lines, rejected = lines_of(path)
    assert b"".join(line + b"\n" for _, line in lines) == data.removesuffix(b"\n") + b"\n"
    assert not rejected


@pytest.mark.parametrize("how", ["plain", "gzip", "zstd", "zip"])
def test_an_empty_file_has_no_lines(tmp_path: Path, how: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(packed(how, b""))
    member = "m" if how == "zip" else None
    assert lines_of(path, member) == ([], [])
    assert read_head(SourceFile("reviews", path, "x", member)) == b""


def test_a_file_that_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read: No such file"):
        list(read_blocks(SourceFile("reviews", tmp_path / "none", "x")))
