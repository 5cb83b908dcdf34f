"""Imp, validity and what enters, against the paper's tables."""

import json
from math import inf, isnan, nan
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobench.metrics import OBJECTIVE_METRICS
from mobench.metrics.comparison import (
    accuracy_kept,
    imp,
    imp_over,
    imp_values,
    is_valid,
    relative_change,
    validity,
)

PAPER: dict[str, Any] = json.loads(Path(__file__).with_name("paper_tables.json").read_text())
MISPRINT = ("table3_sasrec_bce", "Xbox", "MGDA")
ROWS = [
    (table, data, method)
    for table in ("table2_mf_bpr", "table3_sasrec_bce")
    for data, methods in PAPER[table].items()
    for method in methods
]


def paper_row(table: str, data: str, method: str) -> tuple[dict[str, float], float | None]:
    *values, printed = PAPER[table][data][method]
    return dict(zip(PAPER["columns"][:4], values, strict=True)), printed


def test_paper_has_all_rows() -> None:
    assert len(ROWS) == 36
    assert sum(paper_row(*row)[1] is None for row in ROWS) == 14


@pytest.mark.parametrize(("table", "data", "method"), ROWS)
def test_paper_validity(table: str, data: str, method: str) -> None:
    run, printed = paper_row(table, data, method)
    base, _ = paper_row(table, data, "Base")
    assert is_valid(accuracy_kept(run["hit"], base["hit"])) == (printed is not None)


@pytest.mark.parametrize(("table", "data", "method"), ROWS)
def test_paper_imp(table: str, data: str, method: str) -> None:
    run, printed = paper_row(table, data, method)
    base, _ = paper_row(table, data, "Base")
    got = 100 * imp(run, base, OBJECTIVE_METRICS)
    if (table, data, method) == MISPRINT:
        assert (round(got, 2), printed) == (0.04, 4.0)
    elif printed is not None:
        assert got == pytest.approx(printed, abs=0.2)


def test_direction_is_data() -> None:
    assert relative_change("hit", 0.3, 0.2) == pytest.approx(0.5)
    assert relative_change("pop_kl", 0.3, 0.2) == pytest.approx(-0.5)
    assert relative_change("gini", 0.1, 0.2) == pytest.approx(0.5)


def test_base_of_zero() -> None:
    changes = relative_change("hit", np.array([0.0, 0.1, 0.2]), np.array([0.0, 0.0, 0.1]))
    assert changes.tolist() == [0.0, inf, pytest.approx(1.0)]
    assert relative_change("pop_kl", 0.1, 0.0) == -inf


positive = st.floats(1e-3, 1e3)
values = st.fixed_dictionaries(dict.fromkeys(OBJECTIVE_METRICS, positive))


@settings(deadline=None)
@given(base=values, factor=st.floats(0.1, 10), over=st.sets(st.sampled_from(OBJECTIVE_METRICS)))
def test_imp_is_a_mean_of_relative_changes(
    base: dict[str, float], factor: float, over: set[str]
) -> None:
    run = {n: v / factor if n == "pop_kl" else v * factor for n, v in base.items()}
    gains = [1 - 1 / factor if name == "pop_kl" else factor - 1 for name in over]
    got = imp(run, base, tuple(over))
    assert got == pytest.approx(sum(gains) / len(gains), rel=1e-9, abs=1e-9) if over else isnan(got)


@given(base=values)
def test_base_has_imp_zero(base: dict[str, float]) -> None:
    assert imp(base, base, OBJECTIVE_METRICS) == 0.0


def test_imp_of_resamples() -> None:
    run = {"hit": np.array([2.0, 3.0]), "pop_kl": np.array([1.0, 1.0])}
    base = {"hit": np.array([1.0, 2.0]), "pop_kl": np.array([2.0, 4.0])}
    assert imp_values(run, base, ("hit", "pop_kl")).tolist() == [0.75, 0.625]


GOOD = {"hits": 50, "min_hit_hits": 10, "rhit": 0.2, "pop_kl": 0.4}


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        ({}, set()),
        ({"min_hit_hits": 9}, {"min_hit"}),
        ({"rhit": 0.0}, {"rhit"}),
        ({"pop_kl": 0.01}, {"pop_kl"}),
        ({"hits": 9, "min_hit_hits": 1}, {"hit", "rhit", "min_hit"}),
        ({"hits": 0, "min_hit_hits": 0, "rhit": 0.0, "pop_kl": 0.0}, set(OBJECTIVE_METRICS)),
    ],
)
def test_what_enters(change: dict[str, float], missing: set[str]) -> None:
    wanted = tuple(name for name in OBJECTIVE_METRICS if name not in missing)
    assert imp_over([GOOD | change]) == wanted
    assert imp_over([GOOD, GOOD | change, GOOD]) == wanted  # one weak seed is enough


def test_thresholds_are_options() -> None:
    assert imp_over([GOOD], min_base_hits=11) == ("hit", "rhit", "pop_kl")
    assert imp_over([GOOD], min_kl=0.5) == ("hit", "rhit", "min_hit")
    nothing = GOOD | {"hits": 0, "min_hit_hits": 0}
    assert imp_over([nothing], min_base_hits=0) == ("pop_kl",)
    assert imp_over([]) == ()


def test_97_of_100_hits_are_enough() -> None:
    for users in range(100, 2000):
        assert is_valid(accuracy_kept(97 / users, 100 / users))
        assert not is_valid(accuracy_kept(96 / users, 100 / users))
    assert is_valid(0.9, threshold=0.9)


def test_base_without_hits_makes_nothing_valid() -> None:
    assert isnan(accuracy_kept(0.1, 0.0))
    assert not is_valid(nan)


@pytest.mark.parametrize(
    ("low", "kept", "high", "verdict"),
    [
        (0.971, 0.98, 0.99, "valid"),
        (0.97, 0.98, 0.99, "valid"),
        (0.97 - 1e-14, 0.98, 0.99, "valid"),
        (0.969, 0.98, 0.99, "undecided"),
        (0.95, 0.96, 0.97, "undecided"),
        (0.95, 0.96, 0.9699, "invalid"),
        (1.0, 1.0, 1.0, "valid"),
        (nan, 0.98, nan, "undecided"),
        (nan, 0.5, nan, "undecided"),
        (nan, nan, nan, "invalid"),
        (0.5, nan, 0.9, "invalid"),
    ],
)
def test_validity_by_its_interval(low: float, kept: float, high: float, verdict: str) -> None:
    assert validity(kept, low, high) == verdict


@given(limits=st.tuples(*[st.floats(0.5, 1.5)] * 3).map(sorted), threshold=st.floats(0.6, 1.0))
def test_the_interval_only_ever_takes_away_certainty(limits: list[float], threshold: float) -> None:
    """A verdict never contradicts the value, and a wider interval never decides more."""
    low, kept, high = limits
    found = validity(kept, low, high, threshold)
    assert found in ("undecided", "valid" if is_valid(kept, threshold) else "invalid")
    wider = validity(kept, low - 0.1, high + 0.1, threshold)
    assert wider in ("undecided", found)
    exact = validity(kept, kept, kept, threshold)
    assert exact == ("valid" if is_valid(kept, threshold) else "invalid")
