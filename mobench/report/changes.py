"""The change of every metric against base, in words."""

from dataclasses import dataclass
from math import isfinite
from typing import Literal

from mobench.metrics import METRICS, OBJECTIVE_METRICS
from mobench.metrics.correction import CORRECTIONS
from mobench.report.at_odds import of_changes
from mobench.report.notation import minus, p_text, percent, percent_range
from mobench.report.records import Comparison, Estimate
from mobench.report.verdict import is_clear


@dataclass(frozen=True)
class Change:
    """A paired change against base in words; ``verdict`` is better, worse or empty (unclear)."""

    text: str
    note: str
    p: str
    size: str
    verdict: Literal["better", "worse", ""]

    @property
    def words(self) -> str:
        """The verdict with its sign and the interval: nothing is said by colour alone."""
        signs = {"better": "▲ better", "worse": "▼ worse", "": "no clear change"}
        return signs[self.verdict] + (f" ({self.note})" if self.note else "")


def change_table(comparison: Comparison) -> dict[str, tuple[Change, ...]]:
    """Return the change of each objective metric against base by row label.

    Signs are those of the metric itself (a falling Pop-KL is a better one); better and worse stand
    only where a test allows it, corrected for all changes in the table.
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
    word: Literal["better", "worse", ""] = "better" if gain.value > 0 else "worse"
    return Change(
        text=percent(value, signed=True),
        note=percent_range(low, high),
        p=p_text(gain.p) if gain.p is not None and isfinite(gain.p) else "",
        size=minus(f"d {gain.size:.2f}") if gain.size is not None and isfinite(gain.size) else "",
        verdict=word if is_clear(gain) else "",
    )


def how_tested(comparison: Comparison) -> str:
    """Return where the intervals, p and d of the changes come from, and whom they speak of."""
    words = TESTS[comparison.config.test]
    if comparison.config.test == "both" and comparison.one_seed:
        words = TESTS["permutation"]
    name, _ = CORRECTIONS[comparison.config.correction]
    odd = of_changes(comparison, comparison.rows)
    return (
        "Relative change against base with its paired 95 % interval over users; p by"
        f" {words}, corrected for all changes of this table ({name}); d is the effect in standard"
        " deviations of what it is for one user, above 0 for the better."
    ) + (f" {odd}" if odd else "")


TESTS = {
    "both": "label swaps over users and by a t-test over users and seeds, the larger of the two",
    "permutation": "label swaps over users, which speaks of these runs, not of other seeds",
    "bootstrap": "bootstrap over users, which speaks of these runs, not of other seeds",
}
"""What each test is, in words."""
