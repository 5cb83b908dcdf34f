"""The page of a dataset: opens offline, prints, reads on a phone, aloud, and in the dark."""

import shlex
from collections.abc import Mapping, Sequence
from itertools import chain

from mobench.artifacts import short
from mobench.data.summary.records import Summary
from mobench.manifest import Manifest
from mobench.report.dataset import parts, tables, words
from mobench.report.document import document
from mobench.report.figure import Chart
from mobench.report.markup import Markup, element, folded, joined, lead, pairs


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
    figures = {chart.name: parts.figure(chart, drawn[chart.name]) for chart in charts}
    sections = {
        "At a glance": _glance(summary),
        "Funnel": parts.funnel(summary, figures),
        "Split": _split(summary, manifest, figures),
        "Item groups": parts.groups(summary, figures),
        "Prices": parts.prices(summary, figures),
        "Popularity and activity": _popularity(summary, figures),
        "Rejected rows": _rejected(summary),
        "Provenance": _provenance(manifest),
    }
    end = "Made by mobench; every number is in summary.json, each figure's data in its CSV."
    header = _header(summary, manifest, title)
    return document(title, "mobench data set", header, sections, end, live=False)


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
        element("div", element("p", words.headline(summary), class_="first"), class_="verdict"),
    )


def _glance(summary: Summary) -> Markup:
    notes = [element("li", note) for note in words.warnings(summary)]
    tiles = element("div", *[_tile(*tile) for tile in words.tiles(summary)], class_="tiles")
    return joined(tiles, *([element("ul", *notes, class_="warnings")] if notes else []))


def _tile(name: str, value: str, note: str) -> Markup:
    told = element("dt", name), element("dd", value), element("dd", note, class_="note")
    return element("dl", *told, class_="tile")


def _split(summary: Summary, manifest: Manifest, figures: parts.Figures) -> Markup:
    notes = pairs(words.split_notes(summary, manifest.config))
    table = parts.text_table(tables.split_table(summary))
    if not summary.has_time:
        return parts.beside(table, notes)
    described = element("div", table, notes, parts.as_table(tables.time_table(summary)))
    return parts.beside(figures["times"], described)


def _popularity(summary: Summary, figures: parts.Figures) -> Markup:
    told = element("p", f"{words.inequality(summary)}.")
    described = element("div", parts.text_table(tables.activity_table(summary)), told)
    return parts.beside(figures["popularity"], described)


def _rejected(summary: Summary) -> Markup:
    if not summary.rejected.rows:
        return element("p", "No row was rejected.")
    return parts.text_table(tables.rejected_table(summary))


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
    return joined(
        lead("The command that makes the data set again, and what it was made from."),
        element("pre", element("code", shlex.join(manifest.argv))),
        pairs(dict(chain(inputs.items(), made.items()))),
        folded("All settings", pairs(settings)),
    )
