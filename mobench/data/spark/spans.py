"""Large files of lines in spans, so that several tasks read one file."""

from pathlib import Path

from mobench.data.blocks import BLOCK, occurrences
from mobench.data.files import SourceFile, Span
from mobench.data.streams import compression

SPAN = 64 << 20
"""Bytes that one task reads, some seconds of work."""
LINES = {
    "amazon-2023-csv",
    "amazon-2023-jsonl",
    "amazon-2018-jsonl",
    "amazon-2018-csv",
    "amazon-2014-jsonl",
    "amazon-2014-csv",
    "movielens-100k",
    "movielens-dat",
    "movielens-csv",
    "recbole",
    "jsonl",
    "csv",
}
"""Formats in which a row is a line, whatever the lines before it."""


def spans_of(file: SourceFile, source: str) -> list[Span] | list[None]:
    """Return the spans of a review file; ``[None]``, all of it, where it cannot be cut.

    Raises:
        DataError: The file cannot be read.
    """
    if source not in LINES or compression(file) != "plain" or file.path.stat().st_size <= SPAN:
        return [None]
    return cut(file.path, SPAN, min(SPAN, BLOCK))


def cut(path: Path, size: int, step: int = BLOCK) -> list[Span]:
    """Return spans of at least ``size`` bytes, the last one excepted, that cover a file.

    Args:
        path: A file that is not packed.
        size: Where a span is this long, it ends with the last line of what is read next.
        step: Bytes read at a time.
    """
    spans: list[Span] = []
    start, line, offset, n_lines = 0, 1, 0, 0
    with path.open("rb") as file:
        while data := file.read(step):
            n_lines += occurrences(b"\n", data)
            end = offset + data.rfind(b"\n") + 1
            if b"\n" in data and end - start >= size:
                spans.append(Span(start, end, line))
                start, line = end, n_lines + 1
            offset += len(data)
    return spans if start == offset else [*spans, Span(start, offset, line)]
