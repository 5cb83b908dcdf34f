"""Compressed streams, whole and broken: what is before the break is read, and no more."""

import contextlib
import gzip
import random
import shutil
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mobench.data.blocks import read_blocks, read_head
from mobench.data.files import SourceFile
from mobench.data.schema import Rejected
from mobench.data.streams import compression
from mobench.errors import DataError
from tests.unit.data.packing import (
    ROWS,
    SKIPPABLE,
    lines_of,
    packed,
    source_file,
    zipped,
    zstd,
)

LOOSE = settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
DENSE = random.Random(0).randbytes(300_000).hex().encode()
"""Half a megabyte of one line that packs badly."""
LONG = b"".join(DENSE[i : i + 50] + b"\n" for i in range(0, len(DENSE), 50))


def content(path: Path, member: str | None = None) -> tuple[bytes, list[str]]:
    lines, rejected = lines_of(path, member)
    return b"".join(line + b"\n" for _, line in lines), [row.reason for row in rejected]


def in_common(first: bytes, second: bytes) -> int:
    """Bytes that two texts begin with both: streams without checksums hide some damage."""
    pairs = enumerate(zip(first, second, strict=False))
    return next((n for n, (a, b) in pairs if a != b), min(len(first), len(second)))


@pytest.mark.parametrize("how", ["plain", "gzip", "zstd", "zip"])
def test_packing_is_told_by_the_first_bytes_not_by_the_name(tmp_path: Path, how: str) -> None:
    path = tmp_path / "reviews.csv"
    path.write_bytes(packed(how, LONG))
    member = "m" if how == "zip" else None
    assert compression(source_file(path, member)) == how
    assert content(path, member) == (LONG, [])


@pytest.mark.parametrize(
    "parts",
    [
        [gzip.compress(ROWS)] * 3,
        [gzip.compress(ROWS), b"\0" * 700_000],
        [gzip.compress(ROWS), b"\0" * 5, gzip.compress(ROWS)],
        [gzip.compress(b""), gzip.compress(ROWS)],
        [zstd(ROWS)] * 3,
        [SKIPPABLE, zstd(ROWS)],
        [zstd(ROWS), SKIPPABLE, zstd(ROWS), SKIPPABLE],
        [zstd(b""), zstd(ROWS)],
    ],
)
def test_members_and_frames_are_joined(tmp_path: Path, parts: list[bytes]) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"".join(parts))
    n_copies = sum(len(part) > 1000 and part.strip(b"\0") != b"" for part in parts)
    assert content(path) == (ROWS * n_copies, [])


@pytest.mark.parametrize("tail", [b"garbage", b"\x1f\x8b", b"\x28\xb5\x2f\xfd"])
@pytest.mark.parametrize("how", ["gzip", "zstd"])
def test_what_follows_the_stream_is_one_rejected_row(tmp_path: Path, how: str, tail: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(packed(how, ROWS) + tail)
    kept, reasons = content(path)
    assert kept == ROWS
    assert reasons in ([f"{how} stream ends early"], [f"{how} stream is damaged"])


def test_every_cut_of_a_gzip_gives_all_that_zlib_can_read(tmp_path: Path) -> None:
    whole, path = gzip.compress(ROWS), tmp_path / "file"
    for cut in range(2, len(whole), 331):
        path.write_bytes(whole[:cut])
        wanted = zlib.decompressobj(31).decompress(whole[:cut])
        kept, reasons = content(path)
        assert kept == wanted[: wanted.rfind(b"\n") + 1]
        assert reasons == ["gzip stream ends early"]


def test_a_damaged_gzip_gives_all_before_the_damage(tmp_path: Path) -> None:
    whole, path = bytearray(gzip.compress(LONG)), tmp_path / "file"
    whole[len(whole) // 2] ^= 0xFF
    path.write_bytes(whole)
    inflater, pieces = zlib.decompressobj(31), list[bytes]()
    with contextlib.suppress(zlib.error):
        for byte in whole:
            pieces.append(inflater.decompress(bytes([byte])))
    wanted = b"".join(pieces)
    assert 100_000 < len(wanted) <= len(LONG)
    assert content(path) == (wanted[: wanted.rfind(b"\n") + 1], ["gzip stream is damaged"])


def test_a_truncated_zstd_gives_all_whole_blocks(tmp_path: Path) -> None:
    whole, path = zstd(LONG), tmp_path / "file"
    path.write_bytes(whole[: len(whole) * 3 // 4])
    kept, reasons = content(path)
    assert reasons == ["zstd stream ends early"]
    assert LONG.startswith(kept)
    block = 128 << 10  # RFC 8878, section 3.1.1.2.4
    assert len(kept) > len(LONG) * 3 // 4 - block - 51


@pytest.mark.skipif(shutil.which("zstd") is None, reason="no zstd command")
def test_a_truncated_zstd_gives_what_the_zstd_command_gives(tmp_path: Path) -> None:
    import subprocess

    whole, path = zstd(LONG), tmp_path / "file.zst"
    for cut in (len(whole) // 3, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:cut])
        made = subprocess.run(["zstd", "-dc", path], capture_output=True, check=False)
        assert content(path)[0] == made.stdout[: made.stdout.rfind(b"\n") + 1]


def test_a_damaged_zstd_gives_all_but_what_was_packed_just_before(tmp_path: Path) -> None:
    """RFC 8878, section 3.1.1.2.2: a block of type 3 cannot be; type 0 is stored."""
    path, n_good = tmp_path / "file", 120_000
    stored, broken = (n_good << 3 | kind << 1 for kind in (0, 3))
    frame = b"\x28\xb5\x2f\xfd\x00\x50" + stored.to_bytes(3, "little") + LONG[:n_good]
    path.write_bytes(frame + broken.to_bytes(3, "little") + LONG[n_good:])
    kept, reasons = content(path)
    assert reasons == ["zstd stream is damaged"]
    assert LONG[:n_good].startswith(kept)
    assert len(kept) > n_good - (64 << 10) - 51


def test_a_zstd_that_wants_gigabytes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "file"
    window_of_2_gib = bytes([(31 - 10) << 3])
    path.write_bytes(b"\x28\xb5\x2f\xfd\x00" + window_of_2_gib + b"\x09\0\0x")
    with pytest.raises(DataError, match="zstd stream needs a window above 128 MiB") as caught:
        read_head(source_file(path))
    assert caught.value.hint == "unpack it first: zstd -d --long=31 FILE."
    assert content(path) == (b"", ["zstd stream needs a window above 128 MiB"])


def test_a_damaged_member_gives_most_before_the_damage(tmp_path: Path) -> None:
    path = tmp_path / "file"
    whole = bytearray(zipped({"m": LONG}))
    whole[len(whole) // 2] ^= 0xFF
    path.write_bytes(whole)
    kept, reasons = content(path, "m")
    assert reasons == ["zip member is damaged"]
    assert in_common(kept, LONG) > len(LONG) // 3


def test_a_stored_member_whose_checksum_is_wrong(tmp_path: Path) -> None:
    path = tmp_path / "file"
    data = zipped({"m": ROWS}, zipfile.ZIP_STORED)
    path.write_bytes(data.replace(b"\n7,", b"\n8,"))
    assert content(path, "m")[1] == ["zip member is damaged"]


@pytest.mark.parametrize("how", ["gzip", "zstd", "zip"])
@LOOSE
@given(st.data())
def test_whatever_the_bytes_it_ends_with_rows_or_a_clear_error(
    tmp_path: Path, how: str, data: st.DataObject
) -> None:
    whole = bytearray(packed(how, ROWS))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(whole) - 1))
        end = place + data.draw(st.sampled_from([0, 1, 1, 1, 40]))
        whole[place:end] = data.draw(st.binary(min_size=1, max_size=4))
    path = tmp_path / "file"
    path.write_bytes(whole)
    member = "m" if how == "zip" else None
    try:
        lines, rejected = lines_of(path, member)
        read_head(source_file(path, member))
    except DataError:
        return
    assert len(rejected) <= 1
    assert [number for number, _ in lines] == list(range(1, len(lines) + 1))


def bomb(path: Path, how: str, n_bytes: int) -> SourceFile:
    """A good line, then zeros without an end, then the end."""
    megabyte = bytes(1 << 20)
    if how == "zip":
        with (
            zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
            archive.open("m", "w", force_zip64=True) as member,
        ):
            member.write(b"good\n")
            for _ in range(n_bytes >> 20):
                member.write(megabyte)
        return source_file(path, "m")
    path.write_bytes(packed(how, b"good\n" + bytes(n_bytes)))
    return source_file(path)


def defused(file: SourceFile) -> tuple[list[Rejected], int]:
    """The rejected rows, and the largest amount of memory that Python held on the way."""
    tracemalloc.start()
    try:
        rejected = [block for block in read_blocks(file) if isinstance(block, Rejected)]
        return rejected, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("how", ["gzip", "zstd", "zip"])
def test_a_bomb_is_one_rejected_row_in_bounded_memory(tmp_path: Path, how: str) -> None:
    file = bomb(tmp_path / "bomb", how, 48 << 20)
    assert file.path.stat().st_size < 1 << 20
    rejected, peak = defused(file)
    assert [(r.line, r.reason) for r in rejected] == [(2, "line is longer than 4,194,304 bytes")]
    assert peak < 32 << 20


@pytest.mark.slow
def test_a_zip_bomb_of_a_gigabyte(tmp_path: Path) -> None:
    rejected, peak = defused(bomb(tmp_path / "bomb", "zip", 1 << 30))
    assert [(r.line, len(r.text)) for r in rejected] == [(2, 2000)]
    assert peak < 32 << 20
