"""Large files of lines in spans, so that several tasks read one file.

Where a row may go on over several lines, in a quoted field, no span ends that could be within one:
the last ``joins.LINES`` lines of a span have an even number of quotes each. A file with such rows
all over has no such place, and one task reads it.
"""

from pathlib import Path

from mobench.data import joins
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
"""Formats in which a row is a line, whatever the lines before it, or lines with a quoted field."""
QUOTED = {"amazon-2023-csv", "amazon-2018-csv", "amazon-2014-csv", "movielens-csv", "csv"}
"""Those among them in which a quoted field may go on in the next lines."""


def spans_of(file: SourceFile, source: str) -> list[Span] | list[None]:
    """Return the spans of a review file; ``[None]``, all of it, where it cannot be cut.

    Raises:
        DataError: The file cannot be read.
    """
    if source not in LINES or compression(file) != "plain" or file.path.stat().st_size <= SPAN:
        return [None]
    return cut(file.path, SPAN, min(SPAN, BLOCK), quoted=source in QUOTED)


def cut(path: Path, size: int, step: int = BLOCK, *, quoted: bool = False) -> list[Span]:
    """Return spans of at least ``size`` bytes, the last one excepted, that cover a file.

    Args:
        path: A file that is not packed.
        size: Where a span is this long, it ends with the last line of what is read next.
        step: Bytes read at a time.
        quoted: Whether a row may go on over several lines.
    """
    spans: list[Span] = []
    start, line, offset, n_lines = 0, 1, 0, 0
    odd, n_quotes = (
        -joins.LINES,
        0,
    )  # the last line that may begin such a row; quotes of the open line
    with path.open("rb") as file:
        while data := file.read(step):
            if quoted:
                is_odd, _, n_quotes = joins.odd_lines(data, n_quotes)
                odd = n_lines + int(is_odd.nonzero()[0][-1]) if is_odd.any() else odd
            n_lines += occurrences(b"\n", data)
            end = offset + data.rfind(b"\n") + 1
            if b"\n" in data and end - start >= size and n_lines - odd >= joins.LINES:
                spans.append(Span(start, end, line))
                start, line = end, n_lines + 1
            offset += len(data)
    return spans if start == offset else [*spans, Span(start, offset, line)]
