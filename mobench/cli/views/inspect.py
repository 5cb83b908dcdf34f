"""What ``prep --inspect`` found, on the terminal."""

import shlex
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mobench.cli.table import lines
from mobench.cli.words import NOTHING, count, size, wrapped

if TYPE_CHECKING:
    from mobench.config import PrepConfig
    from mobench.data.glimpse import Glimpse
    from mobench.data.inspect import Inspected

SEPARATORS = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "bar", "::": "::"}
BREAK = "\N{DOWNWARDS ARROW WITH CORNER LEFTWARDS}"
"""A line break in a row."""
UNUSED = 30
"""Names of columns that are not read are listed up to this many."""
WIDTHS = {
    "user": 28,
    "item": 22,
    "id": 16,
    "title": 30,
    "category": 24,
    "column": 40,
    "price": 9,
    "glimpse": 17,
}
"""Terminal cells of what may be long: the tables fit into 88."""


def found(one: "Inspected") -> list[str]:
    """Return all that is known of one file."""
    return [
        *heading(one),
        "",
        *columns(one),
        "",
        *(reviews(one) if one.role == "reviews" else items(one)),
        "",
        *rejected(one),
    ]


def glimpsed(one: "Glimpse") -> list[str]:
    """Return the columns of a table that no format fits, each with its first values."""
    shown = list(zip(one.columns, *one.rows, strict=True))
    rows = [
        [str(place), *(cut(value, WIDTHS["glimpse"]) for value in values)]
        for place, values in enumerate(shown[:UNUSED], 1)
    ]
    more = [f" and {count(len(shown) - UNUSED)} more"] if len(shown) > UNUSED else []
    head = ["Place", "First line", *(f"Row {n}" for n in range(1, len(one.rows) + 1))]
    return [printable(one.name), "", *lines(head, rows, left=tuple(range(1, len(head)))), *more]


def heading(one: "Inspected") -> list[str]:
    """Return the file, what it holds, its format, and how it is packed."""
    layout = one.layout
    how = ", detected" if one.detected else ""
    packed = [
        layout.compression,
        layout.encoding,
        f"separator {SEPARATORS[layout.separator]}" if layout.separator else "",
        NOTHING if layout.n_bytes is None else size(layout.n_bytes),
    ]
    facts = (f"{one.role} · {one.label}{how}", ", ".join(part for part in packed if part))
    return [printable(one.name), *(f"  {line}" for line in facts)]


def columns(one: "Inspected") -> list[str]:
    """Return what the columns are taken for, and which are not read."""
    named = one.layout.columns
    rows = [
        [cut(c.name, WIDTHS["column"]), _meaning(one, c.taken_for)] for c in named if c.taken_for
    ]
    unused = [cut(c.name, WIDTHS["column"]) for c in named if not c.taken_for]
    table = lines(["Column", "Taken for"], rows, left=(0, 1)) if rows else []
    if not unused:
        return table
    more = f" and {count(len(unused) - UNUSED)} more" if len(unused) > UNUSED else ""
    return [*table, wrapped(f" not read: {', '.join(unused[:UNUSED])}{more}", "   ")]


def _meaning(one: "Inspected", taken_for: str) -> str:
    if taken_for != "time" or one.unit is None:
        return taken_for
    first = next((row.time for row in one.reviews), None)
    unit = "ISO dates" if one.unit == "iso" else one.unit
    return f"time ({unit}; the first row is from {instant(first)} UTC)"


def reviews(one: "Inspected") -> list[str]:
    """Return the first usable rows."""
    rows = [
        [
            cut(row.user, WIDTHS["user"]),
            cut(row.item, WIDTHS["item"]),
            NOTHING if row.rating is None else f"{row.rating:.6g}",
            instant(row.time),
        ]
        for row in one.reviews
    ]
    return lines(["User", "Item", "Rating", "Time"], rows, left=(0, 1, 3))


def items(one: "Inspected") -> list[str]:
    """Return the first metadata records."""
    rows = [
        [
            cut(row.item, WIDTHS["id"]),
            cut(row.title or NOTHING, WIDTHS["title"]),
            NOTHING if row.price is None else cut(f"{row.price:,.2f}", WIDTHS["price"]),
            cut(" > ".join(row.category) or NOTHING, WIDTHS["category"]),
        ]
        for row in one.items
    ]
    return lines(["Item", "Title", "Price", "Category"], rows, left=(0, 1, 3), gap=2)


def rejected(one: "Inspected") -> list[str]:
    """Return how many rows cannot be used, and the first of them."""
    if not one.n_read:
        return [" rows looked at: 0"]
    if not one.n_rejected:
        return [f" rows looked at: {count(one.n_read)}, all of them usable"]
    rows = [[count(r.line), cut(r.reason, 34), cut(r.text, 36)] for r in one.rejected]
    title = f" rows looked at: {count(one.n_read)}, not usable: {count(one.n_rejected)}"
    return [title, "", *lines(["Line", "Reason", "Text"], rows, left=(1, 2))]


def command(config: "PrepConfig", all_found: Sequence["Inspected"]) -> str:
    """Return the command that prepares the files as they were understood."""
    reviews, metadata = list(config.source), list(config.meta)
    if misplaced := [one.name for one in all_found if one.role != one.named_as]:
        reviews = [one.name for one in all_found if one.role == "reviews"]
        metadata = [*misplaced, *metadata]
    words = ["mobench", "prep", *(reviews or ["REVIEWS"])]
    words += ["--meta", ",".join(metadata)] if metadata else []
    given = {"format": config.format, "time_unit": config.time_unit}
    for name, value in given.items():
        words += [f"--{name.replace('_', '-')}", value] if value != "auto" else []
    words += ["--columns", ",".join(config.columns)] if config.columns else []
    return shlex.join(words)


def facts(one: "Inspected") -> Mapping[str, Any]:
    """Return what ``--json`` says of one file."""
    from dataclasses import asdict

    known = asdict(one)
    return {**known.pop("layout"), **known}


def instant(time: int | None) -> str:
    """Return milliseconds as ``2019-01-01 00:00:00``."""
    if time is None:
        return NOTHING
    return datetime.fromtimestamp(time // 1000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def cut(text: str, width: int) -> str:
    """Return text that a terminal can show in ``width`` cells."""
    from rich.cells import set_cell_size

    clean = printable(text)
    short = set_cell_size(clean, width).rstrip()
    return clean if short == clean else set_cell_size(clean, width - 1).rstrip() + "…"


def printable(text: str) -> str:
    """Return text in which what would move the cursor or cannot be seen is replaced."""
    text = text.replace("\r\n", "\n").replace("\n", BREAK)
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
