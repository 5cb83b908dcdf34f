"""The change of every metric against base, in words."""

from dataclasses import dataclass
from math import isfinite
from typing import Literal

from mobench.metrics import METRICS, OBJECTIVE_METRICS
from mobench.report.notation import p_text, percent, percent_range
from mobench.report.records import Comparison, Estimate
from mobench.report.verdict import ALPHA


@dataclass(frozen=True)
class Change:
    """A paired change against base in words; ``verdict`` is better, worse or empty (unclear)."""

    text: str
    note: str
    p: str
    verdict: Literal["better", "worse", ""]

    @property
    def words(self) -> str:
        """The verdict with its sign and the interval: nothing is said by colour alone."""
        signs = {"better": "▲ better", "worse": "▼ worse", "": "no clear change"}
        return signs[self.verdict] + (f" ({self.note})" if self.note else "")


def change_table(comparison: Comparison) -> dict[str, tuple[Change, ...]]:
    """Return the change of each objective metric against base by row label.

    Signs are those of the metric itself (a falling Pop-KL is a better one); better and worse stand
    only where p, corrected for all changes in the table, is below ``ALPHA``.
    """
    return {
        row.label: tuple(_change(name, row.change[name]) for name in OBJECTIVE_METRICS)
        for row in comparison.rows
        if row.role in ("control", "method")
    }


def _change(name: str, gain: Estimate) -> Change:
    value, low, high = gain.value, gain.low, gain.high
    if not METRICS[name].higher_is_better:
        value, low, high = -value, -high, -low
    clear = gain.p is not None and gain.p < ALPHA
    word: Literal["better", "worse", ""] = "better" if gain.value > 0 else "worse"
    return Change(
        text=percent(value, signed=True),
        note=percent_range(low, high),
        p=p_text(gain.p) if gain.p is not None and isfinite(gain.p) else "",
        verdict=word if clear else "",
    )
