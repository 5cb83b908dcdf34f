"""Everything about a dataset on the terminal: results first, then what they rest on."""

from typing import TYPE_CHECKING

from mobench.cli.views import histogram
from mobench.cli.views.layout import explained, table
from mobench.cli.words import count, wrapped
from mobench.report.dataset import tables, words

if TYPE_CHECKING:
    from mobench.artifacts import Artifact
    from mobench.data.summary.records import Summary


def description(artifact: "Artifact", summary: "Summary") -> list[str]:
    """Return headline, funnel, splits, groups, prices, times, activity, and rejected rows."""
    notes = words.split_notes(summary, artifact.manifest.config)
    groups = [tables.group_table(summary.group_list(kind), kind) for kind in words.GROUPS]
    parts = [
        headline(summary),
        table(tables.funnel_table(summary)),
        table(tables.split_table(summary)),
        explained(notes),
        *([*table(group, gap=2), *more(group)] for group in groups),
        explained(price_notes(summary)),
        *([histogram.prices(summary)] if summary.prices.items else []),
        explained({"Times": words.span(summary)}),
        *([histogram.times(summary)] if summary.has_time else []),
        table(tables.activity_table(summary)),
        explained({"Popularity": words.inequality(summary)}),
        rejected(summary),
    ]
    return [line for part in parts for line in ["", *part]][1:]


def headline(summary: "Summary") -> list[str]:
    """Return size and span, in one line if they fit."""
    span = f"{summary.times.first[:10]} to {summary.times.last[:10]}"
    parts = [
        f"{count(summary.rows)} rows",
        f"{count(summary.users)} users",
        f"{count(summary.items)} items",
        f"density {100 * summary.density:.3g} %",
        span if summary.has_time else "no times",
    ]
    text = " · ".join(words.glued(part) for part in parts)
    return [line.replace(words.GLUE, " ") for line in wrapped(f" {text}", " ").splitlines()]


def more(groups: tables.TextTable) -> list[str]:
    """Return how many groups are not shown, if any."""
    return [f" … and {count(groups.n_more)} more in groups.parquet"] * (groups.n_more > 0)


def price_notes(summary: "Summary") -> dict[str, str]:
    """Return what is known of the prices, quantiles included."""
    levels = summary.prices.quantiles.items()
    parts = [words.glued(f"{words.QUANTILES[name]} {words.money(p)}") for name, p in levels]
    return words.price_notes(summary) | ({"Levels": " · ".join(parts)} if parts else {})


def rejected(summary: "Summary") -> list[str]:
    """Return rejected rows by reason, with the first of each."""
    if not summary.rejected.rows:
        return explained({"Rejected": "no row"})
    return table(tables.rejected_table(summary))
