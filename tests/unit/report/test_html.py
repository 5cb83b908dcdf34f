"""The page: escaped, self-contained, well formed."""

import json
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from importlib.resources import files
from math import isfinite

import pytest

from mobench.report.dataset.plots import draw as draw_chart
from mobench.report.document import LIVE_POLICY
from mobench.report.facts import dataset_charts
from mobench.report.figures import figures
from mobench.report.html import page
from mobench.report.markup import Markup, element, inline_svg, joined
from mobench.report.palette import styles
from mobench.report.plots import draw
from mobench.report.records import Comparison
from mobench.report.tables import main_table
from mobench.report.tabulate import MARKS

EVIL = "<script>alert('x')</script>"
VOID = {"meta", "br", "input"}


class Outline(HTMLParser):
    """Checks that tags are closed in order; collects ids, references, text."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: Counter[str] = Counter()
        self.ids: list[str] = []
        self.values: list[tuple[str, str, str]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags[tag] += 1
        self.values += [(tag, name, value or "") for name, value in attrs]
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def rendered(
    comparison: Comparison, title: str = "shop", drawn: dict[str, str] | None = None
) -> str:
    shown, style = figures(comparison), styles([row.label for row in comparison.rows])
    drawn = dict(drawn or {figure.name: draw(figure, style) for figure in shown})
    drawn |= {chart.name: draw_chart(chart) for chart in dataset_charts(comparison)}
    return page(comparison, title, main_table(comparison), shown, drawn, style)


def parsed(html: str) -> Outline:
    outline = Outline()
    outline.feed(html)
    outline.close()
    assert outline.open == []
    return outline


def hostile(comparison: Comparison) -> Comparison:
    """Put a script wherever a name can come from outside."""

    def spoil(row: object) -> object:
        groups = replace(row.groups, label=[EVIL] * len(row.groups.label))  # type: ignore[attr-defined]
        origins = tuple(
            replace(o, run=EVIL, train=["mobench", EVIL], settings={EVIL: (EVIL, None)})
            for o in row.origins  # type: ignore[attr-defined]
        )
        label = f"{row.label} {EVIL}"  # type: ignore[attr-defined]
        return replace(row, label=label, groups=groups, origins=origins)  # type: ignore[type-var]

    return replace(
        comparison,
        rows=tuple(spoil(row) for row in comparison.rows[1:4]),  # type: ignore[misc]
        dataset=replace(comparison.dataset, name=EVIL, results={"n_users": EVIL}),
        sentences=(EVIL, EVIL),
        warnings=(EVIL,),
        notes=(EVIL,),
    )


@pytest.fixture(scope="module")
def html(comparison: Comparison, drawn: dict[str, str]) -> str:
    return rendered(comparison, drawn=drawn)


def test_well_formed_with_unique_ids(html: str) -> None:
    outline = parsed(html)
    assert len(outline.ids) == len(set(outline.ids)) > 50
    assert outline.tags["h1"] == 1
    assert len(pictures(outline)) == 13 + 4
    tables = [
        value for tag, name, value in outline.values if (tag, name) == ("table", "aria-label")
    ]
    assert {"Results by method", "Changes against base", "Runs", "Costs"} <= set(tables)
    assert len(tables) == len(set(tables))


def pictures(outline: Outline) -> list[str]:
    """What is said of each still figure."""
    return [v for tag, name, v in outline.values if (tag, name) == ("svg", "aria-label")]


def without_scripts(html: str) -> str:
    return re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL)


def test_nothing_is_loaded_from_anywhere(html: str) -> None:
    outline = parsed(html)
    assert not {"img", "link", "iframe", "image", "object"} & set(outline.tags)
    assert not [value for tag, name, value in outline.values if name == "src"]
    assert not re.search(r"https?:|//cdn|@import|src=", without_scripts(html))
    assert set(re.findall(r"url\((.)", without_scripts(html))) <= {"#"}
    links = {value for _, name, value in outline.values if name == "href"}
    assert all(link.startswith(("#", "figures/")) for link in links)
    assert ("meta", "content", LIVE_POLICY) in outline.values
    assert LIVE_POLICY.startswith("default-src 'none';")


def test_scripts_are_the_pages_own(html: str) -> None:
    scripts = re.findall(r"<script(.*?)>", html)
    assert scripts == [' type="application/json"'] * 13 + [""]
    own = files("mobench.report").joinpath("page.js").read_text(encoding="utf-8")
    assert html.rstrip().endswith(f"{own}</script></body></html>")
    assert "sourceMappingURL" not in html


def test_every_link_inside_leads_somewhere(html: str) -> None:
    outline = parsed(html)
    inside = {value[1:] for _, name, value in outline.values if name == "href" and value[0] == "#"}
    assert "results" in inside
    assert inside <= set(outline.ids)


def test_references_inside_figures_meet(html: str) -> None:
    outline = parsed(html)
    wanted = set(re.findall(r'(?:url\(#|href="#)([^)"]+)', without_scripts(html)))
    assert wanted
    assert wanted <= set(outline.ids)


def test_every_section_is_there(html: str) -> None:
    titles = re.findall(r"<h2[^>]*>(.*?)</h2>", html)
    assert titles == [
        "Results",
        "Change against base",
        "Pareto panels",
        "Controller and group weights",
        "Fairness and exposure",
        "Dataset",
        "Cost",
        "Provenance",
    ]


def test_numbers_of_the_table_are_on_the_page(comparison: Comparison, html: str) -> None:
    text = "".join(parsed(html).text).replace("\u00a0", " ")
    for row in main_table(comparison).rows:
        assert all(MARKS.get(c.text, c.text) in text and c.note in text for c in row.cells)
        numbers = [float(cell.value) for cell in row.cells if isfinite(cell.value)]
        assert numbers
        assert all(f'data-value="{number!r}"' in html for number in numbers)
    assert comparison.sentences[0] in text
    assert all(warning in text for warning in comparison.warnings)


def test_bold_is_never_in_an_invalid_row(html: str) -> None:
    main = html[html.index('aria-label="Results by method"') :]
    rows = re.findall(r'<tr class="(\w+)">(.*?)</tr>', main[: main.index("</table>")])
    assert [style for style, _ in rows] == ["sanity", "reference", "plain", "plain", "invalid"]
    for style, body in rows:
        assert not (style in ("invalid", "sanity") and 'class="best"' in body)
    assert any('class="best"' in body for _, body in rows)


def test_provenance_remakes_the_run(comparison: Comparison, html: str) -> None:
    text = "".join(parsed(html).text)
    assert "mobench train 'data/x y' --seed 2" in text
    assert "mobench eval shop-mf-morec-s2" in text
    assert "preference [0.8, 0.1, 0.1] (base: None)" in text
    assert "92.1\u00a0%" in text


def test_everything_is_escaped(comparison: Comparison) -> None:
    html = rendered(hostile(comparison), EVIL)
    parsed(html)
    assert "<script>alert" not in html
    assert html.count("</script>") == html.count("<script")
    assert html.count("&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;") > 20
    data = re.findall(r'<script type="application/json">(.*?)</script>', html, re.DOTALL)
    assert any(EVIL in json.loads(text)["columns"].get("label", []) for text in data)


def test_figures_are_described(html: str) -> None:
    described = pictures(parsed(html))
    assert all(len(text) > 30 for text in described)


def test_a_page_without_methods(comparison: Comparison, drawn: dict[str, str]) -> None:
    rows = tuple(row for row in comparison.rows if row.role != "method")
    html = rendered(replace(comparison, rows=rows), drawn=drawn)
    text = "".join(parsed(html).text)
    assert "Controller and group weights" not in text
    assert "base" in text


def test_markup_escapes_text_and_attributes_only_once() -> None:
    inner = element("b", "<&>")
    assert inner == "<b>&lt;&amp;&gt;</b>"
    assert element("p", inner, "<", class_='a"b', aria_label="x") == (
        '<p class="a&quot;b" aria-label="x"><b>&lt;&amp;&gt;</b>&lt;</p>'
    )
    assert joined("5 %", Markup("<i></i>")) == "5\u00a0%<i></i>"


def test_inline_svg_keeps_figures_apart() -> None:
    svg = (
        '<?xml version="1.0"?><!DOCTYPE svg><svg xmlns="http://x" viewBox="0 0 1 2">'
        '<g id="a" clip-path="url(#b)"><use xlink:href="#c" style="fill: #1f2430"/></g></svg>'
    )
    assert inline_svg(svg, "f", 'say "x"') == (
        '<svg role="img" aria-label="say &quot;x&quot;" viewBox="0 0 1 2">'
        '<g id="f-a" clip-path="url(#f-b)"><use href="#f-c" style="fill: var(--ink)"/></g></svg>'
    )


def test_the_page_marks_what_is_undecided_as_its_footnote_does() -> None:
    assert {text for text, shown in MARKS.items() if shown.endswith("?")} == {"yes?", "no?"}
