"""The page: escaped, self-contained, well formed."""

import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from mobench.report.figures import figures
from mobench.report.html import page
from mobench.report.markup import Markup, element, inline_svg, joined
from mobench.report.palette import styles
from mobench.report.plots import draw
from mobench.report.records import Comparison
from mobench.report.tables import main_table

EVIL = "<script>alert('x')</script>"
VOID = {"meta", "br"}


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
    drawn = drawn or {figure.name: draw(figure, style) for figure in shown}
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
    assert outline.tags["svg"] == 10
    assert outline.tags["table"] == 4


def test_nothing_is_loaded_from_anywhere(html: str) -> None:
    outline = parsed(html)
    assert not {"script", "img", "link", "iframe", "image", "object"} & set(outline.tags)
    assert not re.search(r"https?:|//cdn|@import|src=", html)
    assert set(re.findall(r"url\((.)", html)) <= {"#"}
    links = {value for _, name, value in outline.values if name == "href"}
    assert all(link.startswith(("#", "figures/")) for link in links)


def test_references_inside_figures_meet(html: str) -> None:
    outline = parsed(html)
    wanted = set(re.findall(r'(?:url\(#|href="#)([^)"]+)', html))
    assert wanted
    assert wanted <= set(outline.ids)


def test_every_section_is_there(html: str) -> None:
    titles = re.findall(r"<h2>(.*?)</h2>", html)
    assert titles == [
        "Results",
        "Change against base",
        "Pareto panels",
        "Controller and group weights",
        "Fairness detail",
        "Dataset",
        "Provenance",
    ]


def test_numbers_of_the_table_are_on_the_page(comparison: Comparison, html: str) -> None:
    text = "".join(parsed(html).text).replace("\u00a0", " ")
    for row in main_table(comparison).rows:
        assert all(cell.text in text and cell.note in text for cell in row.cells)
    assert comparison.sentences[0] in text
    assert all(warning in text for warning in comparison.warnings)


def test_bold_is_never_in_an_invalid_row(html: str) -> None:
    rows = re.findall(r'<tr class="(\w+)">(.*?)</tr>', html)
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
    outline = parsed(html)
    assert outline.tags["script"] == 0
    assert "<script" not in html
    assert html.count("&lt;script&gt;alert(&#x27;x&#x27;)&lt;/script&gt;") > 20


def test_figures_are_described(html: str) -> None:
    described = [v for tag, name, v in parsed(html).values if (tag, name) == ("svg", "aria-label")]
    assert len(described) == 10
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
