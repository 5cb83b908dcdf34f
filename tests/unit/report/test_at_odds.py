"""Interval and p that say different things are told as such, where it happens and only there."""

from dataclasses import replace
from math import nan

import pytest

from mobench.metrics.p_values import Test
from mobench.report import at_odds as odds
from mobench.report.at_odds import at_odds, in_words, of_changes
from mobench.report.changes import how_tested
from mobench.report.markdown import markdown
from mobench.report.records import Comparison, Duel, Estimate
from mobench.report.tables import main_table
from mobench.report.verdict import sentences
from tests.unit.report.test_html import rendered

ODD = "No clear change though the interval leaves out 0"


@pytest.mark.parametrize(
    ("low", "high", "p", "odd"),
    [
        (0.1, 0.2, 1.0, True),
        (-0.2, -0.1, 0.05, True),
        (0.1, 0.2, 0.049, False),
        (-0.1, 0.2, 1.0, False),
        (0.0, 0.2, 1.0, False),
        (nan, nan, 1.0, False),
        (0.1, 0.2, nan, False),
        (0.1, 0.2, None, False),
    ],
)
def test_what_is_at_odds(low: float, high: float, p: float | None, odd: bool) -> None:
    gain = Estimate(0.1, None, low, high, p)
    assert at_odds(gain) is odd
    assert bool(in_words(gain, "both", 3, 22)) is odd


@pytest.mark.parametrize(
    ("test", "seeds", "tests", "words"),
    [
        ("both", 3, 22, "of these runs alone|also over other seeds and corrected for 22 tests"),
        ("both", 3, 1, "of these runs alone|also over other seeds"),
        ("both", 1, 22, "of this number alone|corrected for 22 tests"),
        ("bootstrap", 3, 4, "of this number alone|corrected for 4 tests"),
        ("permutation", 3, 1, "of this number alone|from draws of its own"),
    ],
)
def test_the_sentence_says_what_p_adds(test: Test, seeds: int, tests: int, words: str) -> None:
    whose, how = words.split("|")
    assert in_words(Estimate(0.1, None, 0.05, 0.2, 0.3), test, seeds, tests) == [
        f"The interval, {whose}, leaves out 0; p, {how}, does not rule it out."
    ]


def with_change(comparison: Comparison, **changed: float) -> Comparison:
    """Give Hit of one row another interval and p; all other intervals hold 0."""
    rows = []
    for row in comparison.rows:
        change = {n: replace(e, low=-0.5, high=0.5) for n, e in row.change.items()}
        if row.label == "morec equal":
            change["hit"] = replace(change["hit"], **changed)
        rows.append(replace(row, change=change))
    return replace(comparison, rows=tuple(rows))


@pytest.mark.parametrize(("p", "odd"), [(0.9, True), (0.01, False)])
def test_page_and_markdown_say_it_where_it_happens(
    comparison: Comparison, p: float, odd: bool
) -> None:
    found = with_change(comparison, low=0.1, high=0.2, p=p)
    sentence = f"{ODD}: it is of these runs alone, p is also over other seeds and corrected for 12"
    assert (sentence in how_tested(found)) is odd
    assert (sentence in markdown(found, "x", main_table(found), [])) is odd
    html = rendered(found)
    assert html.count(sentence) == (2 if odd else 0)  # below the tiles, and below the table
    assert ('class="tiles-note"' in html) is odd


def test_nothing_is_said_of_rows_that_are_not_asked_for(comparison: Comparison) -> None:
    found = with_change(comparison, low=0.1, high=0.2, p=0.9)
    assert of_changes(found, [found.row("morec equal")]).startswith(ODD)
    assert of_changes(found, [found.row("continue"), found.row("base")]) == ""


def test_tests_are_counted_as_they_are_corrected(comparison: Comparison) -> None:
    assert odds.tested_changes(comparison.rows) == 3 * 4  # continue and two of morec
    assert odds.tested_imps(comparison.rows) == 3


def test_the_verdict_says_it_after_p(comparison: Comparison) -> None:
    gain = Estimate(0.1, 0.01, 0.05, 0.2, 0.6)
    rows = [replace(r, imp=gain) if r.label == "morec equal" else r for r in comparison.rows]
    first, then, *_ = sentences(rows, {}, comparison.config, None)
    assert first.endswith("(95 % interval +5 to +20 %, p 0.600 over users and seeds) over 2 seeds.")
    assert then == (
        "The interval, of these runs alone, leaves out 0; p, also over other seeds and corrected"
        " for 3 tests, does not rule it out."
    )
    ahead = Duel("morec equal", "continue", (1, 2), replace(gain, p=0.3))
    texts = sentences(rows, {}, comparison.config, ahead)
    assert sum("leaves out 0" in text for text in texts) == 1  # told once
    clear = [replace(r, imp=replace(gain, p=0.01)) if r.imp is gain else r for r in rows]
    texts = sentences(clear, {}, comparison.config, ahead)
    assert texts[2] == (
        "The interval, of these runs alone, leaves out 0; p, also over other seeds, does not rule"
        " it out."
    )
