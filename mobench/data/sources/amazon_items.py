"""Amazon metadata of 2014, 2018 and 2023: a record a line.

``title`` may hold HTML entities. ``price`` is a number, a text or null; in 2018 it may be a piece
of the web page. Categories are one path from the root to the leaf, in 2014 several; in 2018 the
selling points of the product may follow the path. In 2014 a line is a Python literal in most files
and JSON in others. Of ``details`` and the rest nothing is read.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from mobench.data.blocks import Block, read_blocks
from mobench.data.catalogue import Catalogue
from mobench.data.fields import BadRow, identifier
from mobench.data.files import SourceFile
from mobench.data.literals import parse_literal
from mobench.data.schema import TEXT_LIMIT, Rejected, Rejects
from mobench.data.sources.base import require
from mobench.data.sources.json_lines import Parse, parse_object, sample_keys
from mobench.errors import DataError

LONGEST_LABEL = 60
"""Characters; labels of the shop's categories have at most 42 in the files seen."""
_PYTHON = re.compile(rb"\s*+\{\s*+'")
_LEAKED = re.compile(r"</?[a-zA-Z]|^\S+(?:\s+\S+){3,}\.\s*$")


def parse_either(line: bytes) -> dict[str, Any]:
    """Return the record of one line, JSON or, if its first quote is a single one, Python.

    Raises:
        BadRow: The line is neither.
    """
    return parse_literal(line) if _PYTHON.match(line) else parse_object(line)


def before_leak(path: object) -> object:
    """Return a category path as far as it is one: what follows has leaked from elsewhere.

    It ends before the first text with an HTML tag, of more than ``LONGEST_LABEL`` characters, or
    that is a sentence (four words or more and a full stop). Other values than lists stay.
    """
    return list(takewhile(_is_label, path)) if isinstance(path, list) else path


def _is_label(value: object) -> bool:
    if not isinstance(value, str):
        return True
    return len(value) <= LONGEST_LABEL and not _LEAKED.search(value)


@dataclass(frozen=True)
class ItemFormat:
    """What metadata of one year looks like.

    Attributes:
        id: The key of the item's id.
        categories: Keys of its categories; the first that a record has counts.
        parse: Reads a line.
        clean: What to do with the categories before anything else.
    """

    id: str
    categories: tuple[str, ...] = ("categories",)
    parse: Parse = parse_object
    clean: Callable[[object], object] | None = None

    def keys(self, head: bytes) -> set[str]:
        """Return the keys of the first records."""
        return set(sample_keys(head, self.parse))

    def check(self, file: SourceFile, head: bytes) -> None:
        """Refuse a file that is no such metadata.

        Raises:
            DataError: It has no records, or neither ids, nor prices or categories.
        """
        keys = sorted(self.keys(head))
        if not keys:
            raise DataError(
                f"'{file.name}' is no metadata file", "metadata is JSON lines, plain or .gz."
            )
        require(file, (self.id,), keys)
        if not set(self.categories) & set(keys):
            require(file, ("price",), keys)

    def read(self, file: SourceFile, catalogue: Catalogue, rejects: Rejects) -> int:
        """Fill ``catalogue`` and return the number of rows, rejected ones included."""
        n_rows = 0
        for block in read_blocks(file):
            if isinstance(block, Rejected):
                rejects.add(block)
                n_rows += 1
            else:
                n_rows += self._read_block(block, file.name, catalogue, rejects)
        return n_rows

    def _read_block(self, block: Block, name: str, catalogue: Catalogue, rejects: Rejects) -> int:
        n_rows = 0
        for number, line in enumerate(block.data.split(b"\n"), block.line):
            if not line.strip():
                continue
            n_rows += 1
            try:
                record = self.parse(line.removesuffix(b"\r"))
                item = identifier(record.get(self.id), self.id)
            except BadRow as bad:
                text = line[: 4 * TEXT_LIMIT].decode("utf-8", "replace")[:TEXT_LIMIT]
                rejects.add(Rejected(name, number, bad.reason, text, bad.detail))
            else:
                paths = next((record[key] for key in self.categories if key in record), None)
                paths = self.clean(paths) if self.clean else paths
                catalogue.add(item, record.get("title"), record.get("price"), paths)
        return n_rows


ITEMS_2014 = ItemFormat("asin", ("categories", "category"), parse_either)
ITEMS_2018 = ItemFormat("asin", ("category", "categories"), clean=before_leak)
ITEMS_2023 = ItemFormat("parent_asin")
