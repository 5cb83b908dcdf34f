"""A figure before it is drawn: titles, words and data, so that each has its CSV."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from mobench.report.evidence import Columns

Kind = Literal["pareto", "parallel", "heat", "controller", "guard", "weights", "groups", "exposure"]


@dataclass(frozen=True)
class Chart:
    """A figure before it is drawn.

    Attributes:
        name: File name without its ending.
        kind: Which way to draw it.
        title: A few words.
        caption: What is drawn, and how to read it.
        alt: What it shows, for those who do not see it.
        data: What is drawn, column by column: the CSV.
    """

    name: str
    kind: str
    title: str
    caption: str
    alt: str
    data: Mapping[str, Sequence[Any]] = field(repr=False)


@dataclass(frozen=True)
class Figure(Chart):
    """A figure of a comparison.

    Attributes:
        facts: What drawing needs beside the data.
    """

    kind: Kind
    facts: dict[str, Any] = field(default_factory=dict)


def slug(label: str) -> str:
    """Return a label as part of a file name."""
    return re.sub(r"[^a-z0-9.]+", "-", label.lower()).strip("-.") or "row"


def append(data: Columns, *values: Any) -> None:
    """Add a row to the columns of a figure."""
    for column, value in zip(data.values(), values, strict=True):
        column.append(value)
