"""The PI controller against traces computed by other code, and what a controller must do."""

import json
import math
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mobench.training import PIController

TRACES = json.loads((Path(__file__).parents[2] / "oracles" / "pi_traces.json").read_text())


@pytest.mark.parametrize("trace", TRACES, ids=lambda t: f"{t['name']}-{t['antiwindup']}")
def test_reproduces_traces(trace):
    keys = ("target", "kp", "ki", "beta_min", "beta_max", "beta_start", "antiwindup")
    controller = PIController(**{key: trace[key] for key in keys})
    for step, loss in enumerate(trace["losses"]):
        beta = float(controller.step(loss))
        if str(step) in trace["trace"]:
            want = trace["trace"][str(step)]
            got = [beta, float(controller.proportional), float(controller.integral)]
            assert got == pytest.approx(want, abs=1e-12)


def test_start_is_bumpless():
    controller = PIController(0.2, kp=0.01, ki=0.0, beta_start=1.0)
    assert float(controller.step(0.2)) == pytest.approx(1.0, abs=1e-12)


def test_antiwindup_leaves_the_limit_at_once():
    """Pinned low for long, beta must rise with the first loss above target; wound up it cannot."""
    held, wound = (
        PIController(0.2, ki=0.01, antiwindup=rule, beta_start=None)
        for rule in ("conditional", "none")
    )
    for controller in (held, wound):
        for _ in range(1000):
            controller.step(0.1)
    for _ in range(60):
        high, low = float(held.step(0.3)), float(wound.step(0.3))
    assert high > 0.1 + 0.05
    assert low == pytest.approx(0.1)


@given(
    losses=st.lists(st.floats(0, 20), min_size=1, max_size=60),
    start=st.one_of(st.none(), st.floats(0.1, 1.5)),
    rule=st.sampled_from(["conditional", "none"]),
)
def test_beta_stays_within_its_limits(losses, start, rule):
    controller = PIController(0.5, ki=0.3, beta_start=start, antiwindup=rule)
    for loss in losses:
        assert 0.1 <= float(controller.step(loss)) <= 1.5


@given(st.floats(0.01, 5), st.floats(0.01, 5))
def test_higher_loss_means_higher_beta(low, gap):
    betas = [float(PIController(1.0, kp=0.1, ki=0.1, beta_max=9).step(x)) for x in (low, low + gap)]
    assert betas[1] > betas[0] or math.isclose(betas[0], betas[1], abs_tol=1e-9)


def test_state_survives_saving():
    first = PIController(0.2)
    for loss in (0.3, 0.1, 0.4):
        first.step(torch.tensor(loss))
    second = PIController(0.9)
    second.load_state_dict(first.state_dict())
    assert float(second.step(0.25)) == float(first.step(0.25))
