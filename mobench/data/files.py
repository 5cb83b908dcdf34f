"""The input files of prep."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Role = Literal["reviews", "metadata"]


@dataclass(frozen=True)
class SourceFile:
    """One input file.

    Attributes:
        role: What it holds.
        path: Where it is.
        name: What messages and the manifest call it: the path as the user gave it.
        member: The file inside it, where it is a zip archive.
        columns: What the user says its columns are called (``--columns``), by our names.
    """

    role: Role
    path: Path
    name: str
    member: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
