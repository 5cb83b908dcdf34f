"""Metadata with one item a line, and categories that are written as text."""

from collections.abc import Callable
from typing import NamedTuple

from mobench.data.blocks import below_header, read_blocks
from mobench.data.catalogue import Catalogue
from mobench.data.fields import BadRow
from mobench.data.files import SourceFile
from mobench.data.joins import joined
from mobench.data.records import RecordRule
from mobench.data.schema import TEXT_LIMIT, Rejected, Rejects


class Item(NamedTuple):
    """One item as ``Catalogue.add`` takes it."""

    id: str
    title: object = None
    price: object = None
    categories: object = None


def read_item_lines(
    file: SourceFile,
    catalogue: Catalogue,
    rejects: Rejects,
    parse: Callable[[bytes], Item],
    header_lines: int = 0,
    rule: RecordRule | None = None,
) -> int:
    """Fill ``catalogue`` and return the number of rows, rejected ones included.

    Args:
        file: The metadata.
        catalogue: Takes the items.
        rejects: Takes the lines that cannot be used.
        parse: Reads one line, or raises ``BadRow``.
        header_lines: Lines before the first item.
        rule: What an item that goes on over several lines looks like; ``None`` if none does.
    """
    n_rows = 0
    for block in joined(below_header(read_blocks(file), header_lines), rule):
        if isinstance(block, Rejected):
            rejects.add(block)
            n_rows += 1
            continue
        for number, whole in block.lines():
            line = whole.removesuffix(b"\r")
            if not line.strip():
                continue
            n_rows += 1
            try:
                catalogue.add(*parse(line))
            except BadRow as bad:
                text = line[: 4 * TEXT_LIMIT].decode("utf-8", "replace")[:TEXT_LIMIT]
                rejects.add(Rejected(file.name, number, bad.reason, text, bad.detail))
    return n_rows


def utf8(line: bytes) -> str:
    """Return a line as text.

    Raises:
        BadRow: It is not UTF-8.
    """
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadRow("line is not UTF-8") from error


def category_paths(value: object) -> object:
    """Return categories as ``Catalogue.add`` takes them.

    In a text ``>`` stands between the levels of a path and ``|`` between several paths:
    ``Shoes > Boots | Sale``. A whole number is the name of a category. A list is one path, a list
    of lists several.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if not isinstance(value, str):
        return value
    return [path.split(">") for path in value.split("|")]
