"""Metric values against known outputs and against plain loops."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobench.metrics import METRICS, Outcome, evaluate
from mobench.metrics.groups import min_hit
from tests.unit.metrics.naive import NAIVE
from tests.unit.metrics.outcomes import frozen, outcomes, random_outcome

CASES: list[dict[str, Any]] = json.loads(Path(__file__).with_name("metrics.json").read_text())


def known(case: dict[str, Any]) -> Outcome:
    lists = case["recommended"]
    absent = case["k"] + 5
    rank = [
        row.index(t) + 1 if t in row else absent
        for row, t in zip(lists, case["target"], strict=True)
    ]
    return frozen(
        target=np.array(case["target"], np.int32),
        rank=np.array(rank, np.int32),
        lists=np.array(lists, np.int32),
        price=np.array(case["price"]),
        fair_group=np.array(case["fair_group"], np.int16),
        pop_group=np.array(case["pop_group"], np.int16),
        n_train=np.ones(len(case["price"]), np.int32),
        target_share=np.array(case["Q"]),
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"k{case['k']}")
def test_known_outputs(case: dict[str, Any]) -> None:
    wanted = dict(case["want"])
    assert min_hit(known(case), case["k"]).group == wanted.pop("min_hit_group")
    got = evaluate(known(case), case["k"])
    assert {name: got[name] for name in wanted} == pytest.approx(wanted, abs=1e-12)


@pytest.mark.parametrize("name", METRICS)
@settings(deadline=None, max_examples=40)
@given(outcome=outcomes(), data=st.data())
def test_equals_plain_loops(name: str, outcome: Outcome, data: st.DataObject) -> None:
    k = data.draw(st.integers(1, outcome.lists.shape[1]))
    wanted = NAIVE[name](outcome, k)
    assert METRICS[name].compute(outcome, k) == pytest.approx(
        wanted, rel=1e-12, abs=1e-12, nan_ok=True
    )


def test_plain_loops_tell_metrics_apart() -> None:
    values = [NAIVE[name](random_outcome(1, several=3), 5) for name in METRICS]
    assert len(set(values)) == len(values)
    assert all(value > 0 for value in values)


def test_evaluate_is_the_table() -> None:
    outcome = random_outcome(2)
    assert evaluate(outcome, 3) == {n: m.compute(outcome, 3) for n, m in METRICS.items()}
    assert evaluate(outcome, 3) != evaluate(outcome, 4)
