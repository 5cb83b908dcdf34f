"""HTML that cannot be broken by what it shows: all text is escaped unless it is markup already."""

import re
from collections.abc import Mapping, Sequence
from html import escape

from mobench.report.figure import slug
from mobench.report.palette import ON_PAGE, on_page

__all__ = [
    "Markup",
    "copied",
    "element",
    "folded",
    "inline_svg",
    "joined",
    "lead",
    "pairs",
    "scrolling",
    "section",
    "slug",
    "table",
]


VOID = {"input", "meta"}
"""Elements without content or end."""


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
    end = "" if tag in VOID else f"{joined(*children)}</{tag}>"
    return Markup(f"<{tag}{inside}>{end}")


def joined(*children: str) -> Markup:
    """Return pieces one after the other; plain strings are escaped.

    A number and its percent sign stay on one line.
    """
    texts = (c if isinstance(c, Markup) else escape(c).replace(" %", "\u00a0%") for c in children)
    return Markup("".join(texts))


def section(title: str, *children: str) -> Markup:
    """Return a section of the page, which links can lead to."""
    name = slug(title)
    heading = element("h2", title, id=f"{name}-title")
    return element("section", heading, *children, id=name, aria_labelledby=f"{name}-title")


def lead(text: str) -> Markup:
    """Return how to read what follows, in a sentence or two."""
    return element("p", text, class_="lead") if text else Markup("")


def folded(title: str, *children: str) -> Markup:
    """Return a part that is closed at first; in print it is open."""
    return element("details", element("summary", title), element("div", *children, class_="body"))


def copied(command: str, what: str) -> Markup:
    """Return a button that copies a command, for where scripts run; ``what`` it makes."""
    label = f"Copy the command for {what}"
    return element(
        "button",
        "Copy",
        type="button",
        class_="copy live-only",
        data_copy=command,
        aria_label=label,
    )


def table(
    caption: str, head: Sequence[str], rows: Sequence[str], name: str = "", kind: str = "plain"
) -> Markup:
    """Return a table that scrolls sideways where there is no room, its caption below it.

    Args:
        caption: What it shows.
        head: Titles of the columns.
        rows: Its rows, as markup.
        name: What it is called aloud, unique on the page; else its caption.
        kind: Class of the table: ``sortable`` ones can be sorted by their columns.
    """
    titles = [element("th", title, scope="col") for title in head]
    body = element(
        "table",
        element("thead", element("tr", *titles)),
        element("tbody", *rows),
        class_=kind,
        aria_label=name or caption,
    )
    return element(
        "figure", scrolling(body, name or caption), element("figcaption", caption), class_="table"
    )


def scrolling(content: Markup, name: str) -> Markup:
    """Return what may be too wide as a region that the keyboard can scroll."""
    return element(
        "div", content, class_="scroll", tabindex="0", role="region", aria_label=f"{name} (scrolls)"
    )


def pairs(rows: Mapping[str, str]) -> Markup:
    """Return a list of names and values."""
    items = [joined(element("dt", name), element("dd", value)) for name, value in rows.items()]
    return element("dl", *items, class_="pairs")


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
