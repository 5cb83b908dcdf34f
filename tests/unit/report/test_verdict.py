"""The result in sentences, and the warnings."""

import re
from dataclasses import replace

import pytest

from mobench.config import ReportConfig
from mobench.metrics import Outcome
from mobench.report.compare import compare, load
from mobench.report.judging import verdict, verdict_by_value
from mobench.report.records import Comparison, Duel, Estimate
from mobench.report.verdict import reasons, sentences
from tests.unit.report.conftest import CONFIG
from tests.unit.report.making import Shelf
from tests.unit.report.writing import support


def base(shelf: Shelf, popularity: float = 0.35) -> Outcome:
    outcome = shelf.world.ranking(1.0, popularity=popularity)
    shelf.add("base", outcome, val=support(outcome) | {"pop_kl": 0.2})
    return outcome


def better(shelf: Shelf) -> Outcome:
    return shelf.world.ranking(1.6, popularity=0.35)


def of(shelf: Shelf, **settings: object) -> Comparison:
    return compare(load(shelf.metrics), ReportConfig(resamples=99, **settings))


def test_best_valid_method(comparison: Comparison) -> None:
    row = comparison.row("morec equal")
    assert row.valid_point is True
    assert row.imp
    first = comparison.sentences[0]
    assert "morec equal" in first
    assert f"{100 * row.imp.value:.1f} %".replace("-", "−") in first
    assert "over 2 seeds" in first
    assert f"It keeps {100 * row.kept.value:.1f} % of base's Hit." in comparison.verdict
    assert "Against continue its Imp is" in comparison.verdict


def test_a_clear_winner_is_called_best(empty: Shelf) -> None:
    base(empty)
    empty.add("morec", better(empty), name="b", train={"sampler_mode": "reweight"})
    empty.add("morec", empty.world.ranking(1.3, popularity=0.35), name="a")
    found = of(empty)
    first, second = (row.imp.value for row in found.of_role("method") if row.imp)
    assert found.sentences[0].startswith("morec reweight is the best valid method: Imp +")
    assert re.search(r", p 0\.0\d\d over users\) over 1 seed\.$", found.sentences[0])
    gap = f"{100 * (first - second):.1f} points of Imp"
    assert f"ahead of morec draw: +{gap} (95 % interval " in found.sentences[1]


@pytest.mark.parametrize("p", [0.04, 0.06, None])
def test_no_word_of_better_without_a_test(comparison: Comparison, p: float | None) -> None:
    row = comparison.row("morec equal")
    assert row.imp
    assert row.imp.value > 0
    rows = [replace(r, imp=replace(r.imp, p=p)) if r.imp else r for r in comparison.rows]
    ahead = Duel(row.label, "other", (1, 2), Estimate(0.02, None, 0.01, 0.03, p))
    found = sentences(rows, {}, CONFIG, ahead)
    sure = p == 0.04
    assert ("over users and seeds" in found[0]) == (p is not None)
    assert found[0].startswith("morec equal is the best" if sure else "No valid method is clearly")
    assert found[1].startswith(f"It is {'' if sure else 'not '}clearly ahead of other: +2.0 points")


def test_a_choice_that_rests_on_an_undecided_row_says_so(comparison: Comparison) -> None:
    row = comparison.row("morec equal")
    assert row.validity == "undecided"
    assert row.kept
    assert row.kept.low < 0.97 < row.kept.value
    words = "That it is valid is undecided: the 95 % interval, "
    assert words in comparison.verdict
    assert "holds 97 %." in comparison.verdict
    rows = [replace(r, validity="valid") if r is row else r for r in comparison.rows]
    assert words not in " ".join(sentences(rows, {}, CONFIG, None))


@pytest.mark.parametrize(
    ("limits", "validity", "point"),
    [
        ((0.96, 0.98, 1.0), "undecided", True),
        ((0.971, 0.98, 1.0), "valid", True),
        ((0.94, 0.96, 0.98), "undecided", False),
        ((0.94, 0.95, 0.96), "invalid", False),
    ],
)
@pytest.mark.parametrize("on_val", [True, False, None])
def test_what_fails_on_validation_is_invalid_whatever_the_interval(
    comparison: Comparison,
    limits: tuple[float, float, float],
    validity: str,
    point: bool,
    on_val: bool | None,
) -> None:
    low, value, high = limits
    kept = Estimate(value, None, low, high)
    points = [replace(p, valid_val=on_val) for p in comparison.row("morec equal").points]
    why = reasons(points, kept, 0.97)
    wanted = {False: ("invalid", False), True: (validity, point)}
    missing = ("invalid" if validity == "invalid" else None, None if point else False)
    assert (verdict(points, kept, 0.97), verdict_by_value(points, why)) == (
        wanted[on_val] if on_val is not None else missing
    )


def test_a_gain_that_may_be_none_is_not_called_better(empty: Shelf) -> None:
    outcome = base(empty)
    empty.add("morec", outcome)
    found = of(empty)
    row = found.row("morec")
    assert row.imp
    assert row.imp.value == row.imp.low == 0
    assert found.sentences[0].startswith("No valid method is clearly better than base")


def test_none_valid(empty: Shelf) -> None:
    base(empty)
    empty.add("morec", empty.world.ranking(0.5, price=0.9))
    found = of(empty)
    row = found.row("morec")
    assert row.valid_point is False
    assert row.kept
    kept = f"Hit kept {100 * row.kept.value:.1f} % < 97 %"
    assert row.reasons == (kept,)
    assert found.sentences[0] == "No method is valid (on every split 97 % of base's Hit kept)."
    assert kept in found.sentences[1]
    assert re.search(r", p 0\.\d+ over users\), is that of morec ", found.sentences[1])


def test_no_method(empty: Shelf) -> None:
    base(empty)
    assert of(empty).verdict == "There is no method beside base whose Imp could be judged."


def test_invalid_on_validation_only(empty: Shelf) -> None:
    base(empty)
    empty.add("morec", better(empty), valid=False)
    row = of(empty).row("morec")
    assert row.points[0].valid_split
    assert row.valid_point is False
    assert row.reasons == ("invalid on validation (seed 1)",)


def test_the_threshold_is_a_setting(empty: Shelf) -> None:
    base(empty)
    empty.add("morec", empty.world.ranking(0.97, popularity=0.3))
    kept = of(empty).row("morec").kept
    assert kept
    assert of(empty, keep=round(kept.value - 0.001, 4)).row("morec").valid_point is True
    assert of(empty, keep=round(kept.value + 0.001, 4)).row("morec").valid_point is False


def test_missing_verdict_is_neither_valid_nor_not(empty: Shelf) -> None:
    base(empty)
    empty.add("morec", better(empty), valid=None)  # type: ignore[arg-type]
    found = of(empty)
    assert found.row("morec").valid_point is None
    assert "No method is valid" in found.verdict
    assert any("no verdict on validation" in warning for warning in found.warnings)


def test_an_under_trained_base_is_said_first(empty: Shelf) -> None:
    outcome = base(empty)
    val = support(outcome)
    for gain, first in ((1.029, "morec"), (1.031, "The base is under-trained: continue alone")):
        shelf = Shelf(empty.root / str(gain))
        shelf.add("base", outcome, val=val)
        shelf.add("continue", outcome, val=val | {"hit": gain * val["hit"]})
        shelf.add("morec", better(shelf))
        assert of(shelf).verdict.startswith(first)


def test_base_against_popularity(empty: Shelf) -> None:
    outcome = base(empty)
    empty.add("popularity", outcome)
    assert any(w.startswith("base does not beat popularity") for w in of(empty).warnings)


def test_base_near_popularity(empty: Shelf) -> None:
    base(empty)
    empty.add("popularity", empty.world.ranking(0.99, popularity=0.35))
    found = of(empty)
    gap = found.row("popularity").change["hit"]
    assert gap.value < 0 < gap.high
    assert any("does not clearly beat popularity" in warning for warning in found.warnings)


def test_base_far_from_popularity(comparison: Comparison) -> None:
    assert not any("beat popularity" in warning for warning in comparison.warnings)


def test_controls_are_missed(empty: Shelf) -> None:
    base(empty)
    warnings = " ".join(of(empty).warnings)
    assert "No continue run" in warnings
    assert "No popularity run" in warnings


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.3, 0.25, ("its lower limit", "--set aux_weight")),
        (0.1, 0.6, ("its upper limit", "learning_rate")),
        (0.3, 0.2, None),
    ],
)
def test_a_controller_at_its_limits(
    empty: Shelf, low: float, high: float, words: tuple[str, str] | None
) -> None:
    base(empty)
    empty.add("morec", better(empty), pinned={"low": low, "high": high})
    found = [w for w in of(empty).warnings if "β sat at" in w]
    assert len(found) == (words is not None)
    for part in words or ():
        assert part in found[0]
    if words:
        assert "in 1 of 1 run," in found[0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"pop_kl": 0.004}, "Pop-KL is left out of Imp and HV: base has 0.004 on validation"),
        ({"hits": 9}, "Hit is left out of Imp and HV: base has 9 hits on validation, 10 needed"),
        ({"rhit": 0.0}, "rHit is left out of Imp and HV: base earns nothing"),
        ({"min_hit_hits": 1}, "base has 1 hit in its worst group on validation, 10 needed"),
    ],
)
def test_what_is_left_out_is_said(empty: Shelf, change: dict[str, float], words: str) -> None:
    outcome = empty.world.ranking(1.0)
    empty.add("base", outcome, val=support(outcome) | {"pop_kl": 0.2} | change)
    found = of(empty)
    assert any(words in warning for warning in found.warnings)
    assert len(found.imp_over) == (4 - len(found.left_out))
    assert found.left_out


def test_imp_over_nothing_is_not_judged(empty: Shelf) -> None:
    outcome = base(empty)
    poor = support(outcome) | {"hits": 0, "min_hit_hits": 0, "rhit": 0.0, "pop_kl": 0.0}
    shelf = Shelf(empty.root / "poor")
    shelf.add("base", outcome, val=poor)
    shelf.add("morec", better(shelf))
    found = of(shelf)
    assert found.imp_over == ()
    assert "whose Imp could be judged" in found.verdict


def test_too_few_resamples_for_any_p(comparison: Comparison) -> None:
    assert CONFIG.resamples == 99
    assert (
        "With 12 changes and 99 resamples no corrected p can fall below 0.24: set resamples to 480"
        " or more (--resamples; report.resamples in a recipe)." in comparison.warnings
    )


def test_too_few_resamples_depends_on_the_correction(shelf: Shelf) -> None:
    found = compare(load(shelf.metrics), ReportConfig(resamples=99, correction="bh"))
    assert not any("set resamples" in warning for warning in found.warnings)
    found = compare(load(shelf.metrics), ReportConfig(resamples=30, correction="bh"))
    assert any("can fall below 0.06" in warning for warning in found.warnings)
