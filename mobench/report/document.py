"""An HTML document that needs nothing beside itself, and may not ask for anything either."""

from collections.abc import Mapping
from importlib.resources import files

from mobench.report.markup import Markup, element, joined, section, slug

SCRIPTS = ("vega/vega.min.js", "vega/vega-lite.min.js", "page.js")
"""The plotting library as published, and what this page does with it."""

POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""What a browser enforces: no request, nothing but the page's own styles."""

LIVE_POLICY = f"{POLICY}; script-src 'unsafe-inline' 'unsafe-eval'"
"""The same with the page's own scripts; the library compiles the expressions of a plot."""


def document(
    title: str, kind: str, header: Markup, sections: Mapping[str, Markup], end: str, *, live: bool
) -> str:
    """Return an HTML document.

    Args:
        title: Name of the page.
        kind: What it is, after the name in the title of the window.
        header: What comes first: names, facts, the verdict.
        sections: Content by title, in order; empty ones are left out.
        end: The last line.
        live: Whether it draws live plots, and so needs the scripts.
    """
    shown = {name: content for name, content in sections.items() if content}
    policy = LIVE_POLICY if live else POLICY
    head = joined(
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", f"{title} · {kind}"),
        element("style", Markup(_text("page.css"))),
    )
    body = joined(
        element("a", "Skip to the results", href=f"#{slug(next(iter(shown)))}", class_="skip"),
        header,
        _contents(list(shown)),
        element("main", *[section(name, content) for name, content in shown.items()]),
        element("footer", element("p", end)),
        *([element("script", Markup(_script()))] if live else []),
    )
    inside = joined(element("head", head), "\n", element("body", body))
    return f"<!doctype html>\n{element('html', inside, lang='en')}\n"


def _contents(titles: list[str]) -> Markup:
    links = [element("li", element("a", title, href=f"#{slug(title)}")) for title in titles]
    return element("nav", element("ul", *links), aria_label="Sections")


def _script() -> str:
    """Return all scripts as one; a comment that names a file beside them is left out."""
    texts = [_text(name) for name in SCRIPTS]
    return "\n".join(text.partition("\n//# sourceMappingURL=")[0] for text in texts)


def _text(name: str) -> str:
    return files("mobench.report").joinpath(name).read_text(encoding="utf-8")
