"""Colours and marks: one per row of the table, the same in every figure and on the page."""

import re
from collections.abc import Sequence
from typing import Any

INK, SOFT, LINE, SHADE, BLUE = "#1f2430", "#6b7280", "#d5d9e0", "#0f8a5f", "#0072b2"
"""Text and base, minor text, rules, the valid region, morec."""

ON_PAGE = {INK: "ink", SOFT: "soft", LINE: "line", SHADE: "shade", BLUE: "blue"}
"""Colours that the page replaces by variables, so that they can be seen in the dark, too."""

FIXED = {"popularity": "#9a9a9a", "base": INK, "continue": "#e69f00", "morec": BLUE}
CYCLE = ("#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#b2a100", "#7f3c8d")
"""Okabe & Ito's colours (and two more for crowded tables), told apart by all common eyes."""

MARKERS = {
    "o": "M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0z",
    "s": "M-4,-4h8v8h-8z",
    "D": "M0,-5L5,0L0,5L-5,0z",
    "^": "M0,-4.5L5,4H-5z",
    "v": "M0,4.5L5,-4H-5z",
    "P": "M-1.7,-5h3.4v3.3h3.3v3.4h-3.3v3.3h-3.4v-3.3h-3.3v-3.4h3.3z",
    "X": "M-3,-5L0,-2L3,-5L5,-3L2,0L5,3L3,5L0,2L-3,5L-5,3L-2,0L-5,-3z",
    "<": "M-4.5,0L4,5V-5z",
    ">": "M4.5,0L-4,5V-5z",
}
"""Marks of the plotting library, and the same as SVG paths about (0, 0), ten units wide."""

PARTS = {"acc": "#9aa1ad", "rev": "#e69f00", "fair": "#009e73", "align": "#cc79a7"}
LONGEST = 26

RC: Any = {
    "font.family": "DejaVu Sans",  # comes with matplotlib, so that layouts do not depend on fonts
    "font.size": 9,
    "svg.fonttype": "none",
    "text.parse_math": False,  # labels are data: a $ in a product name is no formula
    "axes.edgecolor": LINE,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "text.color": INK,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": LINE,
    "grid.linewidth": 0.5,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
}
"""How the plotting library draws everything."""

Style = tuple[str, str]


def styles(labels: Sequence[str]) -> dict[str, Style]:
    """Return (colour, marker) per row label: the same in every figure, whatever its rows.

    Args:
        labels: All rows of the table. Colours follow their alphabet, not the results.
    """
    free, marks = iter(CYCLE * len(labels)), list(MARKERS)
    found: dict[str, Style] = {}
    taken: set[str] = set()
    for n, label in enumerate(sorted(labels)):
        method = label.split(" ")[0]
        colour = FIXED.get(method) if method not in taken else None
        taken.add(method)
        found[label] = (colour or next(free), marks[n % len(marks)])
    return found


def clean(text: str) -> str:
    """Return a label that an SVG can hold: no control characters, not too long."""
    text = re.sub(r"[^\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "�", text)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def on_page(colour: str) -> str:
    """Return a colour as the page's CSS says it."""
    return f"var(--{ON_PAGE[colour]})" if colour in ON_PAGE else colour
