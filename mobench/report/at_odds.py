"""Where an interval leaves out 0 but the test beside it finds nothing: what each speaks of."""

from collections.abc import Iterable
from math import isfinite

from mobench.metrics.p_values import ALPHA, Test
from mobench.report.records import Comparison, Estimate, Row


def at_odds(gain: Estimate) -> bool:
    """Return whether the interval leaves out 0 while p, corrected as it may be, allows for it."""
    tested = gain.p is not None and isfinite(gain.p) and gain.p >= ALPHA
    return tested and (gain.low > 0 or gain.high < 0)


def in_words(gain: Estimate, test: Test, seeds: int, tests: int) -> list[str]:
    """Return a sentence where interval and p of one number are at odds; else nothing.

    Args:
        gain: The number.
        test: How p was found.
        seeds: Seeds behind it.
        tests: How many p were corrected together; 1 for none.
    """
    if not at_odds(gain):
        return []
    whose, how = _about(test, seeds, tests)
    return [f"The interval, of {whose} alone, leaves out 0; p, {how}, does not rule it out."]


def of_changes(comparison: Comparison, rows: Iterable[Row]) -> str:
    """Return a sentence where that is so of a change against base in these rows; else nothing."""
    found = [row for row in rows if any(map(at_odds, row.change.values()))]
    if not found:
        return ""
    seeds = max(len(row.seeds) for row in found)
    whose, how = _about(comparison.config.test, seeds, tested_changes(comparison.rows))
    return f"No clear change though the interval leaves out 0: it is of {whose} alone, p is {how}."


def tested_changes(rows: Iterable[Row]) -> int:
    """Return how many changes against base have a p that is corrected."""
    changes = (each for row in rows if _is_tested(row) for each in row.change.values())
    return sum(each.p is not None and isfinite(each.p) for each in changes)


def tested_imps(rows: Iterable[Row]) -> int:
    """Return how many Imp have a p that is corrected."""
    gains = (row.imp for row in rows if row.imp and _is_tested(row))
    return sum(each.p is not None and isfinite(each.p) for each in gains)


def _is_tested(row: Row) -> bool:
    return row.role in ("control", "method")


def _about(test: Test, seeds: int, tests: int) -> tuple[str, str]:
    """Return what the interval is about, and what p adds to that."""
    corrected = f"corrected for {tests} tests" if tests > 1 else ""
    if test == "both" and seeds > 1:
        return "these runs", " and ".join(filter(None, ("also over other seeds", corrected)))
    return "this number", corrected or "from draws of its own"
