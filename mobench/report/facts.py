"""The page's last sections: the dataset, and where every row comes from."""

import shlex
from collections.abc import Mapping
from typing import Any

from mobench.artifacts import short
from mobench.report.dataset.figures import charts
from mobench.report.dataset.parts import SHOWN, figure, funnel, groups, prices
from mobench.report.evidence import Origin
from mobench.report.figure import Chart
from mobench.report.markup import Markup, copied, element, folded, joined, lead, pairs, table
from mobench.report.notation import percent
from mobench.report.records import Comparison, Row

DATASET_FACTS = {
    "n_users": "users",
    "n_items": "items",
    "n_rows": "interactions",
    "n_train": "train rows",
    "n_val": "val rows",
    "n_test": "test rows",
    "price_coverage": "items with a price",
    "tie_users": "users split by a tie",
    "rejected": "rejected rows",
}
"""Results of prep worth a line, with their words."""


def dataset_facts(comparison: Comparison, drawn: Mapping[str, str]) -> Markup:
    """Return what is known about the dataset: its size, groups, funnel and prices.

    Args:
        comparison: Whose dataset.
        drawn: The SVG of each of its ``dataset_charts`` by name.
    """
    facts = comparison.dataset
    rows: dict[str, str | Markup] = {"name": facts.name, "sha256": short(facts.sha256)}
    rows |= {
        words: _number(name, facts.results[name])
        for name, words in DATASET_FACTS.items()
        if facts.results.get(name) is not None
    }
    gone = "" if facts.results else "The dataset is gone or has changed; only its hash is known."
    grid = element("div", pairs(rows), _group_table(comparison), class_="grid two")
    return joined(lead(gone), grid, *_details(comparison, drawn))


def dataset_charts(comparison: Comparison) -> list[Chart]:
    """Return the figures of the dataset that the page shows, none where it is gone."""
    summary = comparison.dataset.summary
    return [chart for chart in charts(summary) if chart.kind in SHOWN] if summary else []


def _details(comparison: Comparison, drawn: Mapping[str, str]) -> list[Markup]:
    """Return funnel, groups and prices as on the page of the dataset, each closed at first."""
    summary = comparison.dataset.summary
    if summary is None:
        return []
    shown = dataset_charts(comparison)
    figures = {chart.name: figure(chart, drawn[chart.name]) for chart in shown}
    parts = {
        "Funnel": funnel(summary, figures),
        "Item groups": groups(summary, figures),
        "Prices": prices(summary, figures),
    }
    return [folded(title, part) for title, part in parts.items()]


def _number(name: str, value: Any) -> str:
    if name == "price_coverage":
        return percent(float(value))
    if isinstance(value, Mapping):
        return ", ".join(f"{n:,} {reason}" for reason, n in value.items()) or "none"
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def _group_table(comparison: Comparison) -> Markup:
    base = comparison.of_role("reference")[0].groups
    rows = [
        element(
            "tr",
            element("th", label, scope="row"),
            element("td", f"{n:,}"),
            element("td", percent(n / sum(base.n))),
        )
        for label, n in zip(base.label, base.n, strict=True)
    ]
    caption = "Fairness groups by the held-out items of the evaluated split."
    return table(caption, ("Item group", "Targets", "Share"), rows)


def provenance(comparison: Comparison) -> Markup:
    """Return, for every row, how to make it again and what it was made with."""
    words = (
        "For every row the command that makes it again, its settings where they differ from base,"
        " and what it was made with."
    )
    return joined(lead(words), *[_row(row) for row in comparison.rows])


def _row(row: Row) -> Markup:
    seeds = f"seed {', '.join(map(str, row.seeds))}"
    lines = [line for origin in row.origins for line in _lines(origin)]
    commands = "\n".join(dict.fromkeys(lines))  # a recipe makes all runs with one command
    return folded(
        f"{row.label} · {seeds}",
        element(
            "div",
            element("pre", element("code", commands)),
            copied(commands, row.label),
            class_="command",
        ),
        *[_origin(origin, row) for origin in row.origins],
    )


def _lines(origin: Origin) -> list[str]:
    return [shlex.join(argv) for argv in (origin.train, origin.evaluate) if argv]


def _origin(origin: Origin, row: Row) -> Markup:
    seconds = [f"eval {origin.eval_seconds:.1f} s"]
    if origin.train_seconds is not None:
        seconds.insert(0, f"train {origin.train_seconds:.1f} s")
    rows: dict[str, str | Markup] = {
        "run": joined(element("code", origin.run), f" · sha256 {short(origin.run_sha256)}"),
        "metrics": joined(
            element("code", origin.metrics), f" · sha256 {short(origin.metrics_sha256)}"
        ),
        "differs from base": _settings(origin),
        "device": origin.device,
        "time": ", ".join(seconds),
        "versions": ", ".join(f"{name} {value}" for name, value in origin.versions.items()),
    }
    if row.role == "reference":
        del rows["differs from base"]
    return joined(
        element("h3", f"seed {origin.seed}"),
        pairs(rows),
    )


def _settings(origin: Origin) -> str:
    if origin.settings is None:
        return "unknown, the run or its base is gone"
    words = [f"{name} {here} (base: {there})" for name, (here, there) in origin.settings.items()]
    return "; ".join(words) or "in nothing but the method"
