"""Two artifacts side by side on the terminal."""

from collections.abc import Mapping
from math import isfinite
from typing import TYPE_CHECKING, Any

from mobench.cli.table import lines, pairs
from mobench.cli.views.layout import clipped
from mobench.cli.words import NOTHING, interval, number, wrapped

if TYPE_CHECKING:
    from mobench.report.differences import Differences, Sides
    from mobench.report.numbers import Change

WIDTH = 32
"""Cells of a value; longer ones are cut."""
MARKS = {True: "better", False: "worse", None: ""}


def summary(found: "Differences", verdict: str) -> list[str]:
    """Return what differs, then the numbers, then what it comes to."""
    first, second = map(str, found.paths)
    made = [*pairs([("A", first), ("B", second), ("kind", found.kind)])]
    blocks = (("Setting", found.settings), ("Input", found.inputs), ("Version", found.versions))
    for title, sides in blocks:
        made += ["", *_sides(title, sides)] if sides else []
    if any(sides for _, sides in blocks):
        made.append("")
    else:
        made += ["", "same settings, inputs and versions", ""]
    if not found.same:
        changed = [change for change in found.numbers if found.kind == "metrics" or change.size > 0]
        made += [*_numbers(changed), ""] if changed else []
    return [*made, wrapped(verdict)]


def _sides(title: str, sides: "Mapping[str, Sides]") -> list[str]:
    rows = [[clipped(name, WIDTH), *map(_value, values)] for name, values in sides.items()]
    return lines([title, "A", "B"], rows, left=(0, 1, 2), gap=2)


def _value(value: Any) -> str:
    if value is None:
        return NOTHING
    text = ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    whole = len(text) == 64 and text.isalnum()  # a digest
    return clipped(f"{text[:4]}…{text[-2:]}" if whole else text, 24)


def _numbers(changes: "list[Change]") -> list[str]:
    rows = []
    for change in changes:
        limits = [_digits(value, change) for value in (change.low, change.high)]
        rows.append(
            [
                clipped(change.name, WIDTH),
                _digits(change.first, change),
                _digits(change.second, change),
                _digits(change.difference, change),
                interval(*limits),
                _mark(change),
            ]
        )
    if all(row[4] == NOTHING for row in rows):
        return lines(["", "A", "B", "Difference"], [row[:4] for row in rows], gap=2)
    return lines(["", "A", "B", "Difference", "Interval", ""], rows, left=(0, 5), gap=2)


def _mark(change: "Change") -> str:
    """Return the direction of a change beyond noise."""
    return MARKS[change.is_better] if change.is_real and isfinite(change.p) else ""


def _digits(value: float, change: "Change") -> str:
    """Return counts as such, other numbers with four decimals."""
    if (
        isfinite(value)
        and change.first == int(change.first)
        and change.second == int(change.second)
    ):
        return f"{int(value):,}".replace("-", "−") if value == int(value) else number(value)
    return number(value)


def facts(found: "Differences", verdict: str) -> dict[str, Any]:
    """Return what a machine should know."""
    return {
        "kind": found.kind,
        "paths": list(found.paths),
        "same": found.same,
        "verdict": verdict,
        "unjudged": found.unjudged or None,
        "settings": {name: list(sides) for name, sides in found.settings.items()},
        "inputs": {name: list(sides) for name, sides in found.inputs.items()},
        "versions": {name: list(sides) for name, sides in found.versions.items()},
        "numbers": [
            {
                "name": change.name,
                "first": change.first,
                "second": change.second,
                "difference": change.difference,
                "low": change.low,
                "high": change.high,
                "p": change.p,
                "is_real": change.is_real,
                "is_better": change.is_better,
            }
            for change in found.numbers
        ],
    }
