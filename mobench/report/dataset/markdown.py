"""The page of a dataset as Markdown: the same tables, the same words."""

import re
import shlex
from collections.abc import Iterable, Sequence

from mobench.artifacts import short
from mobench.data.summary.records import Summary
from mobench.manifest import Manifest
from mobench.report.dataset import tables, words
from mobench.report.dataset.tables import TextTable
from mobench.report.figure import Chart


def markdown(summary: Summary, manifest: Manifest, title: str, charts: Sequence[Chart]) -> str:
    """Return the page as Markdown that refers to the figures beside it."""
    group_tables = [tables.group_table(summary.group_list(kind), kind) for kind in words.GROUPS]
    parts = [
        f"# {escaped(title)}",
        f"**{escaped(words.headline(summary))}**",
        _list(words.warnings(summary)),
        "## Funnel",
        _table(tables.funnel_table(summary)),
        "## Split",
        _table(tables.split_table(summary)),
        _named(words.split_notes(summary, manifest.config)),
        "## Item groups",
        *map(_table, group_tables),
        "## Prices",
        _named(words.price_notes(summary)),
        *([_table(tables.level_table(summary))] if summary.prices.items else []),
        "## Popularity and activity",
        _table(tables.activity_table(summary)),
        f"{escaped(words.inequality(summary))}.",
        "## Rejected rows",
        _table(tables.rejected_table(summary)) if summary.rejected.rows else "No row was rejected.",
        "## Figures",
        "\n\n".join(f"![{escaped(c.alt)}](figures/{c.name}.svg)" for c in charts),
        "## Provenance",
        _command(manifest),
        _list(f"{i.role}: {i.path}, sha256 {short(i.sha256)}" for i in manifest.inputs),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def escaped(text: str) -> str:
    """Return text that Markdown shows as it is, on one line."""
    flat = re.sub(r"\s+", " ", text)
    plain = flat.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]|])", r"\\\1", plain)


def _command(manifest: Manifest) -> str:
    """Return a code block; indented, so that nothing in the command can end it."""
    return "    " + " ".join(shlex.join(manifest.argv).splitlines())


def _list(texts: Iterable[str]) -> str:
    return "\n".join(f"- {escaped(text)}" for text in texts)


def _named(notes: dict[str, str]) -> str:
    return _list([f"{name}: {text}" for name, text in notes.items()])


def _table(text: TextTable) -> str:
    rule = ["---", *["---:"] * (len(text.head) - 1 - text.prose), *["---"] * text.prose]
    rows = ([escaped(cell) for cell in row] for row in (text.head, *text.rows))
    head, *body = (f"| {' | '.join(row)} |" for row in rows)
    return "\n".join([f"{escaped(text.caption)}:\n", head, f"| {' | '.join(rule)} |", *body])
