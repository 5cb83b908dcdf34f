"""What the figures of a dataset show: titles, words and data; ``plots`` draws them."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from mobench.data.summary.records import Summary
from mobench.report.dataset.words import GROUPS, MOST_GROUPS, UNITS, inequality, plain
from mobench.report.figure import Chart
from mobench.report.notation import percent


def charts(summary: Summary) -> list[Chart]:
    """Return the figures of a page in their order; none of what the dataset does not have."""
    return [
        _funnel(summary),
        *([_times(summary)] if summary.has_time else []),
        *(_groups(summary, kind) for kind in GROUPS),
        *([_prices(summary)] if summary.prices.items else []),
        _popularity(summary),
    ]


def _columns(records: Sequence[Any], *names: str) -> dict[str, list[Any]]:
    rows = [asdict(record) for record in records]
    return {name: [row[name] for row in rows] for name in names}


def _funnel(summary: Summary) -> Chart:
    last = summary.funnel[-1]
    return Chart(
        name="funnel",
        kind="funnel",
        title="Rows after each stage",
        caption="What each filter left of the rows that were read.",
        alt=f"Bar chart: {summary.funnel[0].rows:,} rows read, {last.rows:,} left"
        f" ({percent(last.kept)}).",
        data=_columns(summary.funnel, "name", "rows", "users", "items", "kept"),
    )


def _times(summary: Summary) -> Chart:
    found = summary.times
    total = [sum(rows) for rows in zip(*found.rows.values(), strict=True)]
    busiest = total.index(max(total))
    unit = UNITS[found.unit].lower()
    return Chart(
        name="times",
        kind="times",
        title="Rows over time",
        caption=f"Rows of each split, stacked; a bar is named by its first {unit} (UTC).",
        alt=f"Stacked bar chart of train, val and test rows in {len(total)} periods from"
        f" {found.first[:10]} to {found.last[:10]}; most rows ({max(total):,}) from"
        f" {found.starts[busiest]}.",
        data={"from": found.starts, **found.rows},
    )


def _groups(summary: Summary, kind: str) -> Chart:
    found = summary.group_list(kind)
    columns = _columns(found, "id", "label", "items", "train_rows", "share", "target_share")
    first = max(found, key=lambda group: group.share)
    shown = f" The first {MOST_GROUPS} are shown." if len(found) > MOST_GROUPS else ""
    return Chart(
        name=f"groups-{kind}",
        kind="groups",
        title=f"Shares of the {GROUPS[kind].lower()}s",
        caption=f"Share of the train rows; the mark is the target share.{shown}",
        alt=f"Bar chart of the shares of {len(found)} groups; the largest is"
        f" {plain(first.label)} with {percent(first.share)}.",
        data=columns | _columns(found, "priced", "median_price"),
    )


def _prices(summary: Summary) -> Chart:
    found = summary.prices
    median = found.quantiles["median"]
    return Chart(
        name="prices",
        kind="prices",
        title="Items by price",
        caption="Each item once; the ranges grow with the price.",
        alt=f"Histogram of {found.items:,} prices from {found.quantiles['min']:,.2f} to"
        f" {found.quantiles['max']:,.2f}, median {median:,.2f}.",
        data={"low": found.edges[:-1], "high": found.edges[1:], "items": found.counts},
    )


def _popularity(summary: Summary) -> Chart:
    found = summary.popularity
    return Chart(
        name="popularity",
        kind="popularity",
        title="Train rows by rank",
        caption="Train rows of each item, most popular first, both on a log scale; items without"
        " train rows are left out. The vertical line ends the most popular tenth.",
        alt=f"Line that falls from {found.train_rows[0]:,} train rows of the most popular item to"
        f" {found.train_rows[-1]:,} of the last of {summary.items:,}; {inequality(summary)}.",
        data={"rank": found.rank, "train_rows": found.train_rows},
    )
