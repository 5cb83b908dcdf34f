"""The page of a dataset: opens offline, prints, reads on a phone, aloud, and in the dark."""

import shlex
from collections.abc import Mapping, Sequence
from importlib.resources import files
from itertools import chain

from mobench.artifacts import short
from mobench.data.summary.records import Summary
from mobench.manifest import Manifest
from mobench.report.dataset import tables, words
from mobench.report.dataset.tables import TextTable
from mobench.report.facts import pairs
from mobench.report.figure import Chart
from mobench.report.markup import Markup, element, inline_svg, joined, section
from mobench.report.notation import percent

Figures = Mapping[str, Markup]


def page(
    summary: Summary,
    manifest: Manifest,
    title: str,
    charts: Sequence[Chart],
    drawn: Mapping[str, str],
) -> str:
    """Return the page as an HTML document that needs nothing beside itself.

    Args:
        summary: The numbers.
        manifest: Manifest of the dataset.
        title: Name of the page.
        charts: The figures in order.
        drawn: The SVG of each figure by name.
    """
    figures = {chart.name: _figure(chart, drawn[chart.name]) for chart in charts}
    main = element(
        "main",
        _verdict(summary),
        _funnel(summary, figures),
        _split(summary, manifest, figures),
        _groups(summary, figures),
        _prices(summary, figures),
        _popularity(summary, figures),
        _rejected(summary),
        _provenance(manifest),
    )
    footer = "Made by mobench; every number is in summary.json, each figure's data in its CSV."
    return document(
        title, joined(_header(summary, manifest, title), main, element("footer", footer))
    )


def document(title: str, body: Markup) -> str:
    """Return an HTML document with the style of all reports."""
    styles = ("mobench.report", "mobench.report.dataset")
    css = "".join(files(place).joinpath("page.css").read_text("utf-8") for place in styles)
    head = joined(
        Markup('<meta charset="utf-8">\n'),
        Markup('<meta name="viewport" content="width=device-width, initial-scale=1">\n'),
        element("title", f"{title} · mobench data set"),
        element("style", Markup(css)),
    )
    inside = joined(element("head", head), element("body", body))
    return f"<!doctype html>\n{element('html', inside, lang='en')}\n"


def _header(summary: Summary, manifest: Manifest, title: str) -> Markup:
    facts = {
        "source": str(manifest.results["format_label"]),
        "times": words.span(summary),
        "split": str(manifest.config["split"]),
        "made": manifest.started[:10],
    }
    items = [element("li", name, " ", element("b", value)) for name, value in facts.items()]
    return element(
        "header",
        element("p", "mobench data set", class_="eyebrow"),
        element("h1", title),
        element("ul", *items, class_="facts"),
    )


def _verdict(summary: Summary) -> Markup:
    notes = [element("li", note) for note in words.warnings(summary)]
    tiles = [_tile(*tile) for tile in words.tiles(summary)]
    return element(
        "section",
        element("div", element("p", words.headline(summary), class_="first"), class_="verdict"),
        element("div", *tiles, class_="tiles"),
        *([element("ul", *notes, class_="warnings")] if notes else []),
        aria_label="At a glance",
    )


def _tile(name: str, value: str, note: str) -> Markup:
    parts = element("dt", name), element("dd", value), element("dd", note, class_="note")
    return element("dl", *parts, class_="tile")


def _figure(chart: Chart, svg: str) -> Markup:
    data = f"figures/{chart.name}.csv"
    return element(
        "figure",
        element("figcaption", element("b", chart.title), class_="above"),
        inline_svg(svg, chart.name, chart.alt),
        element("p", chart.caption, " ", element("a", "Data (CSV)", href=data), class_="caption"),
    )


def _table(text: TextTable) -> Markup:
    """Return a table that can be read aloud, and scrolled by keyboard where there is no room."""
    titles = [element("th", title, scope="col") for title in text.head]
    if text.prose:
        titles[-1] = element("th", text.head[-1], scope="col", class_="prose")
    head = element("tr", *titles)
    table = element(
        "table",
        element("caption", text.caption),
        element("thead", head),
        element("tbody", *[_row(row, prose=text.prose) for row in text.rows]),
    )
    return element(
        "div", table, class_="scroll", tabindex="0", role="region", aria_label=text.caption
    )


def _row(cells: Sequence[str], *, prose: bool) -> Markup:
    name, *values = cells
    last = [element("td", values.pop(), class_="prose")] if prose else []
    return element(
        "tr", element("th", name, scope="row"), *[element("td", v) for v in values], *last
    )


def _side_by_side(*parts: Markup, layout: str = "two") -> Markup:
    return element("div", *parts, class_=f"grid {layout}")


def _folded(text: TextTable) -> Markup:
    """Return a table that repeats a figure, closed at first."""
    body = element("div", _table(text), class_="body")
    return element("details", element("summary", f"{text.caption}, as a table"), body)


def _funnel(summary: Summary, figures: Figures) -> Markup:
    return section("Funnel", _side_by_side(figures["funnel"], _table(tables.funnel_table(summary))))


def _split(summary: Summary, manifest: Manifest, figures: Figures) -> Markup:
    notes = pairs(words.split_notes(summary, manifest.config))
    table = _table(tables.split_table(summary))
    if not summary.has_time:
        return section("Split", _side_by_side(table, notes))
    described = element("div", table, notes, _folded(tables.time_table(summary)))
    return section("Split", _side_by_side(figures["times"], described))


def _groups(summary: Summary, figures: Figures) -> Markup:
    parts = [
        part
        for kind in words.GROUPS
        for part in (
            figures[f"groups-{kind}"],
            _table(tables.group_table(summary.group_list(kind), kind)),
        )
    ]
    lead = (
        f"Categories are known for {percent(summary.category_coverage)} of the items; fairness"
        f" groups are from level {summary.fair_level}."
    )
    return section("Item groups", _side_by_side(*parts, layout="groups"), lead=lead)


def _prices(summary: Summary, figures: Figures) -> Markup:
    notes = pairs(words.price_notes(summary))
    if not summary.prices.items:
        return section("Prices", notes)
    levels, bins = tables.level_table(summary), tables.price_table(summary)
    described = element("div", notes, _table(levels), _folded(bins))
    return section("Prices", _side_by_side(figures["prices"], described))


def _popularity(summary: Summary, figures: Figures) -> Markup:
    told = element("p", f"{words.inequality(summary)}.")
    described = element("div", _table(tables.activity_table(summary)), told)
    return section("Popularity and activity", _side_by_side(figures["popularity"], described))


def _rejected(summary: Summary) -> Markup:
    if not summary.rejected.rows:
        return section("Rejected rows", element("p", "No row was rejected."))
    return section("Rejected rows", _table(tables.rejected_table(summary)))


def _provenance(manifest: Manifest) -> Markup:
    inputs = {
        f"{entry.role} {n}": joined(element("code", entry.path), f" · sha256 {short(entry.sha256)}")
        for n, entry in enumerate(manifest.inputs, 1)
    }
    environment = manifest.environment
    versions = {"mobench": manifest.mobench_version} | {
        name: environment[name]
        for name in ("python", "platform", "numpy", "polars", "pyarrow", "git_commit")
        if environment.get(name) is not None
    }
    made = {
        "made": f"{manifest.started} in {manifest.wall_seconds:.1f} s",
        "versions": ", ".join(f"{name} {value}" for name, value in versions.items()),
    }
    settings = {name: str(value) for name, value in manifest.config.items()}
    return section(
        "Provenance",
        element("pre", element("code", shlex.join(manifest.argv))),
        pairs(dict(chain(inputs.items(), made.items()))),
        element(
            "details",
            element("summary", "All settings"),
            element("div", pairs(settings), class_="body"),
        ),
        lead="The command that makes the data set again, and what it was made from.",
    )
