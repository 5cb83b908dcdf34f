"""What must hold whatever bytes a file has, with oracles that share nothing with the parsers.

Rows in, counted here in plain Python, are rows out and rejected rows; what a row becomes does not
depend on its neighbours, on blocks, or on which of the two parsers read it; a failure is a
``MobenchError`` of one printable line.
"""

import re
import shutil
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from unittest import mock

import polars as pl

from mobench.config import PrepConfig
from mobench.data import blocks, joins, rows
from mobench.data.blocks import Block
from mobench.data.catalogue import Catalogue
from mobench.data.files import SourceFile
from mobench.data.heads import checked_head
from mobench.data.prep import Prepared, prepare
from mobench.data.records import RecordRule
from mobench.data.rows import LineParser
from mobench.data.schema import REVIEWS, Rejected, Rejects
from mobench.data.sources import SOURCES, item_lines
from mobench.errors import MobenchError
from tests.fuzz.samples import Sample

BOM = b"\xef\xbb\xbf"
NONE_LEFT = re.compile(r"[\s\x1c-\x1f]*")


@dataclass(frozen=True)
class Read:
    """What became of a file: its usable rows, and line and reason of the others."""

    rows: list[tuple[object, ...]]
    rejected: list[tuple[int, str]]


class Counting(Catalogue):
    """A catalogue that counts what it is given."""

    n_added = 0

    def add(self, *values: object) -> None:
        self.n_added += 1
        super().add(*values)


def count_rows(data: bytes, header: int, block: int = blocks.BLOCK) -> int:
    """Return the rows of a text: lines that are not blank, but for the header."""
    found = data.removeprefix(BOM).split(b"\n")
    while header and found and not found[0].decode("utf-8", "replace").strip():
        del found[0]  # the header is the first line with something in it
    return sum(1 for line in found[header:] if line.strip() or len(line) > block)


class Joined:
    """How many lines that are not blank follow the first one of their row.

    Which lines are joined, ``tests/unit/data/test_joins.py`` checks.
    """

    n_lines = 0

    def __call__(
        self, blocks: Iterable[Block | Rejected], rule: RecordRule | None
    ) -> Iterator[Block | Rejected]:
        for block in joins.joined(blocks, rule):
            for _, row in block.lines() if isinstance(block, Block) else ():
                self.n_lines += sum(bool(line.strip()) for line in row.split(b"\n")[1:])
            yield block


@contextmanager
def joined_lines(module: ModuleType = rows) -> Iterator[Joined]:
    """Count the lines that are joined when reviews, or metadata (``item_lines``), are read."""
    joined = Joined()
    with mock.patch.object(module, "joined", joined):
        yield joined


@contextmanager
def in_blocks(block: int, leaf: int, *, slowly: bool = False) -> Iterator[None]:
    """Read files in blocks of so many bytes, and lines one by one below so many."""
    with ExitStack() as stack:
        stack.enter_context(mock.patch.object(blocks, "BLOCK", block))
        stack.enter_context(mock.patch.object(rows, "LEAF", 10**9 if slowly else leaf))
        if slowly:
            for parser in parsers():
                nothing = mock.patch.object(parser, "fast", return_value=None)
                stack.enter_context(nothing)
        yield


def parsers() -> list[type[LineParser]]:
    """Return every class that has a fast parser of its own."""
    found, waiting = [], [LineParser]
    while waiting:
        waiting += (parser := waiting.pop()).__subclasses__()
        found += [parser] if "fast" in vars(parser) else []
    return found


def explained(error: MobenchError) -> None:
    """Check that a failure is one line that a terminal can show."""
    assert error.exit_code in (2, 3, 4), error
    assert error.message, error
    for line in (error.message, error.hint or "-"):
        assert line.isprintable(), repr(line)
        assert len(line) < 2_000, len(line)


def read_reviews(sample: Sample, path: Path) -> Read:
    """Read a file of reviews as prep does."""
    file = SourceFile("reviews", path, "f", columns=sample.columns)
    source, rejects = SOURCES[sample.format], Rejects()
    unit = source.check_reviews(file, checked_head(file))
    frame = pl.concat([REVIEWS.to_frame(), *source.read_reviews(file, unit, rejects)])
    assert frame.schema == REVIEWS
    assert not frame.select("user", "item", "timestamp").null_count().sum_horizontal().item()
    assert frame["rating"].is_finite().all() or frame["rating"].null_count() == frame.height
    for name in ("user", "item"):
        assert not any(NONE_LEFT.fullmatch(text) for text in frame[name])
    return Read(frame.rows(), [(row.line, row.reason) for row in rejects.listed])


def check_reviews(sample: Sample, data: bytes, folder: Path, block: int, leaf: int) -> str:
    """Check the parsers of one format of reviews on a file; return what became of it."""
    path = folder / "reviews"
    path.write_bytes(data)
    try:
        with joined_lines() as joined:
            whole = read_reviews(sample, path)
    except MobenchError as error:
        explained(error)
        return "refused"
    if sample.format != "parquet" and is_plain(data):
        n_rows = count_rows(data, sample.header) - joined.n_lines
        assert len(whole.rows) + len(whole.rejected) == n_rows, (whole, n_rows)
        with in_blocks(blocks.BLOCK, leaf, slowly=True):
            assert read_reviews(sample, path) == whole
        if max(map(len, data.split(b"\n"))) < block:
            with in_blocks(block, leaf):
                assert read_reviews(sample, path) == whole
    return "read"


def check_items(sample: Sample, data: bytes, folder: Path, block: int) -> str:
    """Check the parser of one format of metadata on a file; return what became of it."""
    path = folder / "items"
    path.write_bytes(data)
    file = SourceFile("metadata", path, "f")
    source, rejects = SOURCES[sample.format], Rejects("metadata")
    catalogue = Counting([f"I{n}" for n in range(4)])
    try:
        source.check_items(file, checked_head(file))
        with in_blocks(max(block, len(data)), 1), joined_lines(item_lines) as joined:
            n_rows = source.read_items(file, catalogue, rejects)
    except MobenchError as error:
        explained(error)
        return "refused"
    assert n_rows == catalogue.n_added + len(rejects)
    if sample.format != "parquet" and is_plain(data):
        assert n_rows == count_rows(data, sample.header) - joined.n_lines
    return "read"


def is_plain(data: bytes) -> bool:
    """Return whether a file is not compressed, so that its lines can be counted."""
    packed = (b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PK\x03\x04")
    return not data.startswith(packed) and data[1:4] != b"\x2a\x4d\x18"


def check_prep(sample: Sample, data: bytes, meta: bytes, folder: Path) -> str:
    """Check prep from files to artifact; return what became of them."""
    source, items, out = folder / "source", folder / "meta", folder / "out"
    source.write_bytes(data)
    items.write_bytes(meta)
    config = PrepConfig(
        source=(str(source),),
        meta=(str(items),) if meta else (),
        format=sample.format,
        columns=tuple(f"{key}={name}" for key, name in sample.columns.items()),
        k_core=1,
        max_rejected=1.0,
    )
    shutil.rmtree(out, ignore_errors=True)
    try:
        with joined_lines() as joined:
            made = prepare(config, out)
    except MobenchError as error:
        explained(error)
        assert sorted(p.name for p in folder.iterdir()) == ["meta", "source"]
        return "refused"
    check_artifact(made, out)
    if sample.format != "parquet" and is_plain(data):
        n_rows = count_rows(data, sample.header) - joined.n_lines
        assert made.artifact.manifest.inputs[0].rows == n_rows
    return "prepared"


def check_artifact(made: Prepared, out: Path) -> None:
    """Check that the numbers of an artifact agree with each other, and the files with it."""
    made.artifact.verify()
    manifest = made.artifact.manifest
    n_rows = {entry.role: entry.rows for entry in manifest.inputs}
    counts = Counter(manifest.results["rejected"])
    of_items = sum(n for reason, n in counts.items() if reason.startswith("metadata: "))
    n_rejected = counts.total() - of_items
    funnel = dict(pl.read_parquet(out / "funnel.parquet").select("stage", "rows").rows())
    assert funnel["read"] == n_rows["reviews"]
    assert funnel["valid rows"] == n_rows["reviews"] - n_rejected
    assert of_items <= (n_rows.get("metadata") or 0)
    assert manifest.results["n_rejected"] == counts.total()
    listed: Counter[str] = Counter()
    if (out / "rejected.parquet").exists():
        listed.update(pl.read_parquet(out / "rejected.parquet")["reason"])
    plain = {reason.removeprefix("metadata: ") for reason in counts}
    assert set(listed) == plain
    assert listed.total() == counts.total()


def check_packed(sample: Sample, data: bytes, folder: Path) -> str:
    """Check a gzip stream that may end early: its whole lines are read, its break is one row."""
    path = folder / "reviews"
    path.write_bytes(data)
    stream = zlib.decompressobj(31)
    content = stream.decompress(data)
    try:
        with joined_lines() as joined:
            found = read_reviews(sample, path)
    except MobenchError as error:
        explained(error)
        return "refused"
    if not stream.eof:
        content = content[: content.rfind(b"\n") + 1]
    n_rows = count_rows(content, sample.header) + (not stream.eof) - joined.n_lines
    if data and is_plain(content):
        assert len(found.rows) + len(found.rejected) == n_rows, (found, n_rows)
    return "read"
