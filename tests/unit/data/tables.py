"""What the tests of tables share: a file of a given text, read as a format."""

from pathlib import Path
from typing import Any

from mobench.data.blocks import read_head
from mobench.data.catalogue import Catalogue
from mobench.data.files import SourceFile
from mobench.data.schema import Rejects
from mobench.data.sources import SOURCES
from mobench.errors import MobenchError


def reviews(path: Path, text: str | bytes, name: str, **columns: str) -> tuple[Any, ...]:
    """Return unit, rows and reasons of a review file."""
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    file, rejects = SourceFile("reviews", path, path.name, columns=columns), Rejects()
    unit = SOURCES[name].check_reviews(file, read_head(file))
    frames = list(SOURCES[name].read_reviews(file, unit, rejects))
    return unit, [row for frame in frames for row in frame.rows()], dict(rejects.counts)


def items(path: Path, text: str | bytes, name: str, **columns: str) -> tuple[Any, ...]:
    """Return titles, prices, paths and reasons of the items 1 and 2."""
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    file, rejects = SourceFile("metadata", path, path.name, columns=columns), Rejects()
    SOURCES[name].check_items(file, read_head(file))
    catalogue = Catalogue(["1", "2"])
    n_rows = SOURCES[name].read_items(file, catalogue, rejects)
    return n_rows, catalogue.title, catalogue.price, catalogue.paths, dict(rejects.counts)


def refused(error: MobenchError) -> tuple[str, str]:
    return error.message, error.hint or ""
