"""The input files of prep."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Role = Literal["reviews", "metadata"]


@dataclass(frozen=True)
class Span:
    """Whole lines of a file that is not packed.

    Attributes:
        start: Byte at which the first begins.
        stop: Byte after the last.
        line: Number of the first in the file, from 1.
    """

    start: int
    stop: int
    line: int


@dataclass(frozen=True)
class SourceFile:
    """One input file.

    Attributes:
        role: What it holds.
        path: Where it is.
        name: What messages and the manifest call it: the path as the user gave it.
        member: The file inside it, where it is a zip archive.
        columns: What the user says its columns are called (``--columns``), by our names.
        span: The lines to read, if not all; a head is the whole file's even so.
    """

    role: Role
    path: Path
    name: str
    member: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    span: Span | None = None
