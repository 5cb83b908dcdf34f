"""HTML that cannot be broken by what it shows: all text is escaped unless it is markup already."""

import re
from collections.abc import Sequence
from html import escape

from mobench.report.palette import ON_PAGE, on_page


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def element(tag: str, *children: str, **attributes: str) -> Markup:
    """Return an HTML element.

    Args:
        tag: Its name.
        children: Its content in order; plain strings are escaped.
        attributes: Its attributes; a trailing underscore is dropped (``class_``), others become
            hyphens.
    """
    names = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
    inside = "".join(f' {name}="{escape(value)}"' for name, value in names.items())
    return Markup(f"<{tag}{inside}>{joined(*children)}</{tag}>")


def joined(*children: str) -> Markup:
    """Return pieces one after the other; plain strings are escaped.

    A number and its percent sign stay on one line.
    """
    texts = (c if isinstance(c, Markup) else escape(c).replace(" %", "\u00a0%") for c in children)
    return Markup("".join(texts))


def section(title: str, *children: str, lead: str = "") -> Markup:
    """Return a section of the page; ``lead`` says in a sentence or two how to read it."""
    intro = [element("p", lead, class_="lead")] if lead else []
    return element("section", element("h2", title), *intro, *children)


def table(caption: str, head: Sequence[str], rows: Sequence[str]) -> Markup:
    """Return a table that scrolls sideways where there is no room, its caption below it.

    Args:
        caption: What it shows.
        head: Titles of the columns.
        rows: Its rows, as markup.
    """
    titles = [element("th", title, scope="col") for title in head]
    body = element("table", element("thead", element("tr", *titles)), element("tbody", *rows))
    return element(
        "figure",
        element("div", body, class_="scroll"),
        element("figcaption", caption),
        class_="table",
    )


def inline_svg(svg: str, name: str, alt: str) -> Markup:
    """Return an SVG document as a part of a page.

    Identifiers get the figure's name, so that figures do not refer to each other's parts; some
    colours become the page's variables, to be seen in the dark, too; fonts are the page's.

    Args:
        svg: A document as ``plots`` draws it: its text is escaped already.
        name: The figure's name, unique on the page.
        alt: What it shows.
    """
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>", "", body, count=1, flags=re.DOTALL)
    head, rest = body.split(">", 1)
    box = re.search(r'viewBox="[-0-9. ]+"', head)
    rest = re.sub(r'(\bid="|xlink:href="#|url\(#)', rf"\g<1>{name}-", rest)
    rest = rest.replace("xlink:href", "href").replace("font-family: 'DejaVu Sans'; ", "")
    for colour in ON_PAGE:
        rest = rest.replace(f": {colour}", f": {on_page(colour)}")
    opening = f'<svg role="img" aria-label="{escape(alt)}" {box[0] if box else ""}>'
    return Markup(opening + rest.strip())
