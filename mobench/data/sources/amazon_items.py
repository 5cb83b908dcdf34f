"""Amazon Reviews 2023, metadata: one JSON object a line.

``parent_asin`` is the id; ``price`` is a number, a text or null; ``categories`` is one path from
the root to the leaf; ``title`` may hold HTML entities.
"""

from mobench.data.blocks import Block, read_blocks
from mobench.data.catalogue import Catalogue
from mobench.data.fields import BadRow, identifier
from mobench.data.files import SourceFile
from mobench.data.schema import TEXT_LIMIT, Rejected, Rejects
from mobench.data.sources.base import require
from mobench.data.sources.json_lines import parse_object, sample_keys
from mobench.errors import DataError

ID = "parent_asin"


def check(file: SourceFile, head: bytes) -> None:
    """Refuse a file that is no Amazon 2023 metadata.

    Raises:
        DataError: It is no JSON lines, or has neither ids, nor prices or categories.
    """
    keys = sample_keys(head)
    if not keys:
        raise DataError(
            f"'{file.name}' is no metadata file", "metadata is JSON lines, plain or .gz."
        )
    require(file, (ID,), keys)
    if "categories" not in keys:
        require(file, ("price",), keys)


def read(file: SourceFile, catalogue: Catalogue, rejects: Rejects) -> int:
    """Fill ``catalogue`` and return the number of rows, rejected ones included."""
    n_rows = 0
    for block in read_blocks(file):
        if isinstance(block, Rejected):
            rejects.add(block)
            n_rows += 1
        else:
            n_rows += _read_block(block, file.name, catalogue, rejects)
    return n_rows


def _read_block(block: Block, name: str, catalogue: Catalogue, rejects: Rejects) -> int:
    n_rows = 0
    for number, line in enumerate(block.data.split(b"\n"), block.line):
        if not line.strip():
            continue
        n_rows += 1
        try:
            record = parse_object(line)
            item = identifier(record.get(ID), ID)
        except BadRow as bad:
            text = line[: 4 * TEXT_LIMIT].decode("utf-8", "replace")[:TEXT_LIMIT]
            rejects.add(Rejected(name, number, bad.reason, text, bad.detail))
        else:
            catalogue.add(item, record.get("title"), record.get("price"), record.get("categories"))
    return n_rows
