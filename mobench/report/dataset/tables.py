"""The tables of a dataset's page as text: what HTML and Markdown dress."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mobench.report.dataset.words import (
    GROUPS,
    MOST_GROUPS,
    QUANTILES,
    between,
    money,
    plain,
)
from mobench.report.notation import percent

if TYPE_CHECKING:
    from mobench.data.summary.distributions import Spread
    from mobench.data.summary.records import Group, Summary


@dataclass(frozen=True)
class TextTable:
    """A table of strings; the first cell of each row names it.

    Attributes:
        caption: What it shows.
        head: Titles of the columns.
        rows: Its rows.
        prose: Whether the last column is text, aligned to the left.
        n_more: Rows that are left out.
    """

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    prose: bool = False
    n_more: int = 0


def funnel_table(summary: "Summary") -> TextTable:
    """Return what each stage left."""
    rows = [
        [s.name, *(f"{n:,}" for n in (s.rows, s.users, s.items)), percent(s.kept)]
        for s in summary.funnel
    ]
    return TextTable("What each stage left", ["Stage", "Rows", "Users", "Items", "Kept"], rows)


def split_table(summary: "Summary") -> TextTable:
    """Return sizes of the splits, and their spans where there are times."""
    rows = [[s.name, *(f"{n:,}" for n in (s.rows, s.users, s.items))] for s in summary.splits]
    head = ["Split", "Rows", "Users", "Items"]
    if summary.has_time:
        head += ["First", "Last"]
        rows = [
            [*row, s.first[:10], s.last[:10]] for row, s in zip(rows, summary.splits, strict=True)
        ]
    return TextTable("Sizes of the splits", head, rows)


def group_table(found: "Sequence[Group]", kind: str) -> TextTable:
    """Return the groups of a kind with their shares and prices."""
    rows = [
        [
            plain(group.label),
            f"{group.items:,}",
            f"{group.train_rows:,}",
            percent(group.share),
            percent(group.target_share),
            percent(group.priced / group.items),
            money(group.median_price),
        ]
        for group in found[:MOST_GROUPS]
    ]
    head = [GROUPS[kind], "Items", "Train rows", "Share", "Target", "Priced", "Median price"]
    n_more = len(found) - len(rows)
    caption = f"{GROUPS[kind]}s" + f", the first of {len(found):,}" * (n_more > 0)
    return TextTable(caption, head, rows, n_more=n_more)


def price_table(summary: "Summary") -> TextTable:
    """Return the histogram of the prices."""
    found = summary.prices
    rows = [
        [between(low, high), f"{n:,}", percent(n / found.items)]
        for low, high, n in zip(found.edges, found.edges[1:], found.counts, strict=False)
    ]
    return TextTable("Items by price", ["Price", "Items", "Share"], rows)


def level_table(summary: "Summary") -> TextTable:
    """Return the quantiles of the prices."""
    levels = summary.prices.quantiles
    rows = [[QUANTILES[name], money(price)] for name, price in levels.items()]
    return TextTable("Levels of the price", ["Level", "Price"], rows)


def time_table(summary: "Summary") -> TextTable:
    """Return the rows of each split over time."""
    found = summary.times
    rows = [
        [start.replace("T", " "), *(f"{n:,}" for n in counts)]
        for start, *counts in zip(found.starts, *found.rows.values(), strict=True)
    ]
    head = ["Time from", *(name.title() for name in found.rows)]
    return TextTable("Rows over time", head, rows)


def activity_table(summary: "Summary") -> TextTable:
    """Return rows per user and per item."""
    rows = [
        ["per user", *_spread(summary.rows_per_user)],
        ["per item", *_spread(summary.rows_per_item)],
    ]
    return TextTable("Rows of a user, of an item", ["Rows", "Median", "90 %", "Max", "Mean"], rows)


def _spread(found: "Spread") -> list[str]:
    return [f"{found.median:,.1f}", f"{found.p90:,.1f}", f"{found.max:,}", f"{found.mean:,.1f}"]


def rejected_table(summary: "Summary") -> TextTable:
    """Return rejected rows by reason, with the first of each."""
    found = summary.rejected
    first = {
        e.reason: f"{Path(e.file).name}, row {e.line:,}: {plain(e.text)}" for e in found.examples
    }
    rows = [
        [reason, f"{n:,}", first.get(reason, "not listed")]
        for reason, n in sorted(found.reasons.items(), key=lambda pair: -pair[1])
    ]
    head = ["Reason", "Rows", "The first of them"]
    return TextTable("Rejected rows by reason", head, rows, prose=True)
