"""The verdict on two artifacts, in sentences."""

from math import isfinite

from mobench.metrics import OBJECTIVE_METRICS
from mobench.report.differences import Differences
from mobench.report.numbers import Change

MOST = 4
"""Changes that a verdict names."""
SHARES = ("hit", "ndcg", "mrr", "min_hit")
"""Metrics whose differences are said in points of a hundred."""
WHY = {
    "run": "Whether it matters is a question for their evaluations.",
    "report": "Whether it matters is a question for the evaluations behind them.",
}


def verdict(found: Differences) -> str:
    """Return in a sentence or two what changed, and whether it matters."""
    if found.same:
        return "no difference: both hold the same content."
    real = found.beyond()
    if found.kind == "metrics" and not found.unjudged:
        return _said(real) if real else f"no difference beyond noise{_largest(found)}."
    if not real:
        return f"the {found.kind} artifacts differ, but in no number."
    if found.kind == "metrics":
        why = f"They were measured with another {found.unjudged}, so noise cannot be told apart."
        return f"{_said(real)} {why}"
    return f"{_said(real)} {WHY.get(found.kind, '')}".rstrip()


def _said(changes: list[Change]) -> str:
    """Return the changes that say most: of the objectives' metrics, then the largest."""
    ordered = sorted(changes, key=_place)
    named = "; ".join(map(sentence, ordered[:MOST]))
    more = len(changes) - MOST
    return f"{named}{f'; and {more} more' if more > 0 else ''}."


def _place(change: Change) -> tuple[bool, float]:
    return change.metric not in OBJECTIVE_METRICS, -change.size


def _largest(found: Differences) -> str:
    """Return the change that comes nearest to being one."""
    judged = [change for change in found.numbers if isfinite(change.p) and change.difference]
    if not judged:
        return ""
    return f": the clearest is that {sentence(min(judged, key=lambda change: change.p))}"


def sentence(change: Change) -> str:
    """Return such as ``hit@10 fell by 0.4 points (95 % interval −0.7 to −0.1)`` without a dot."""
    verb = "rose" if change.difference > 0 else "fell"
    by = amount(change, abs(change.difference))
    limits = ""
    if isfinite(change.low) and isfinite(change.high):
        limits = f" (interval {signed(change, change.low)} to {signed(change, change.high)})"
    return f"{change.name} {verb} by {by}{limits}"


def amount(change: Change, value: float) -> str:
    """Return a difference in points where tables print the metric times 100."""
    if change.metric in SHARES:
        return f"{_digits(100 * value)} points"
    return _digits(value)


def signed(change: Change, value: float) -> str:
    """Return a limit with its sign, in the unit of ``amount``."""
    text = amount(change, abs(value)).removesuffix(" points")
    return f"{'−' if value < 0 else '+'}{text}"


def _digits(value: float) -> str:
    if isfinite(value) and value == int(value):
        return f"{int(value):,}"
    return f"{value:.2f}" if abs(value) >= 0.1 else f"{value:.2g}"
