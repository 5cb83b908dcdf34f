"""What every page is made of, and where the plotting library in it comes from."""

from hashlib import sha256
from importlib.resources import files

import pytest

from mobench.report.document import LIVE_POLICY, POLICY, SCRIPTS, document
from mobench.report.markup import Markup, copied, element, folded, lead
from tests.unit.report.test_html import parsed

PUBLISHED = {
    "vega.min.js": "8f6a3587cf8d4f42c7e08120e3eb05d067e746d554e39d2dcf52acc0bd5ba28f",
    "vega-lite.min.js": "35a9821df838825b05a6a73e9414b58747a1b18321583858ed903c66393a5c7e",
}
"""The hashes of npm's vega 6.4.0 and vega-lite 6.4.3."""


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_library_is_what_was_published(name: str) -> None:
    folder = files("mobench.report").joinpath("vega")
    assert sha256(folder.joinpath(name).read_bytes()).hexdigest() == PUBLISHED[name]
    licence = folder.joinpath(f"LICENSE.{name.removesuffix('.min.js')}").read_text()
    assert "Redistribution and use in source and binary forms" in licence


def test_nothing_in_a_script_ends_it() -> None:
    for name in SCRIPTS:
        assert "</script" not in files("mobench.report").joinpath(name).read_text(encoding="utf-8")


def made(*, live: bool) -> str:
    sections = {"One": element("p", "1 & 2"), "Empty": Markup(""), "Two": lead("two")}
    return document("A <b>", "kind", element("header", "h"), sections, "end", live=live)


def test_a_page_links_its_sections_and_leaves_out_empty_ones() -> None:
    outline = parsed(made(live=False))
    links = [value for _, name, value in outline.values if name == "href"]
    assert links == ["#one", "#one", "#two"]
    assert outline.ids == ["one", "one-title", "two", "two-title"]
    assert outline.tags["script"] == 0
    assert ("meta", "content", POLICY) in outline.values
    assert "A &lt;b&gt; · kind" in made(live=False)


def test_only_live_pages_may_run_scripts() -> None:
    assert "script-src" not in POLICY
    assert parsed(made(live=True)).tags["script"] == 1
    assert ("meta", "content", LIVE_POLICY) in parsed(made(live=True)).values


def test_parts() -> None:
    assert folded("More", "a<b") == (
        '<details><summary>More</summary><div class="body">a&lt;b</div></details>'
    )
    assert 'data-copy="x &quot;y&quot;"' in copied('x "y"', "it")
    assert lead("") == ""
