"""Figures as the page draws them: Vega-Lite on the same data that ``plots`` puts on paper."""

import json
from collections.abc import Callable, Mapping

from mobench.report.figure import Figure
from mobench.report.live.base import Spec, columns
from mobench.report.live.grids import heat, weights
from mobench.report.live.groups import exposure, groups
from mobench.report.live.parallel import parallel
from mobench.report.live.pareto import pareto
from mobench.report.live.training import controller, guard
from mobench.report.palette import Style

LIVE: dict[str, Callable[[Figure, Mapping[str, Style]], Spec]] = {
    "pareto": pareto,
    "parallel": parallel,
    "heat": heat,
    "controller": controller,
    "guard": guard,
    "weights": weights,
    "groups": groups,
    "exposure": exposure,
}
"""How each kind of figure is drawn on the page."""


def live(figure: Figure, style: Mapping[str, Style]) -> str:
    """Return a figure as JSON: its data by column and its Vega-Lite specification.

    The text can stand in a script element: nothing in it ends one.
    """
    content = {
        "columns": columns({**figure.data, **figure.facts.get("about", {})}),
        "spec": LIVE[figure.kind](figure, style),
    }
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")
