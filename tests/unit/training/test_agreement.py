"""Agreement terms against brute force, and their pull against finite differences."""

import math

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from mobench.training.agreement import AGREEMENTS, EPSILON, cosine, nonuniformity, pull

NUMBERS = st.lists(st.tuples(st.floats(0.001, 1), st.floats(0.01, 20)), min_size=2, max_size=5)


def tensors(pairs):
    wishes, losses = (torch.tensor(side, dtype=torch.float64) for side in zip(*pairs, strict=True))
    return wishes / wishes.sum(), losses


def plain_cosine(r, losses):
    ray = [1 / (one + EPSILON) for one in r]
    product = sum(a * b for a, b in zip(ray, losses, strict=True))
    norms = math.sqrt(sum(a * a for a in ray)) * math.sqrt(sum(b * b for b in losses))
    return 1 - product / norms


def plain_nonuniformity(r, losses):
    products = [a * b for a, b in zip(r, losses, strict=True)]
    shares = [p / sum(products) for p in products]
    return sum(q * math.log(q * len(shares)) for q in shares)


PLAIN = {"cosine": plain_cosine, "nonuniformity": plain_nonuniformity}


@pytest.mark.parametrize("name", AGREEMENTS)
@given(pairs=NUMBERS)
def test_terms_are_what_a_plain_loop_gives_and_in_range(name, pairs):
    wishes, losses = tensors(pairs)
    value = float(AGREEMENTS[name](wishes, losses))
    assert value == pytest.approx(PLAIN[name](wishes.tolist(), losses.tolist()), abs=1e-9)
    assert -1e-12 <= value <= {"cosine": 1.0, "nonuniformity": math.log(len(pairs))}[name] + 1e-9


@pytest.mark.parametrize("name", AGREEMENTS)
@given(pairs=NUMBERS)
def test_the_pull_is_the_slope_of_the_whole_loss(name, pairs):
    wishes, losses = tensors(pairs)
    strength, step = 0.7, 1e-6

    def whole(at):
        sum_ = float(wishes @ torch.tensor(at, dtype=torch.float64))
        return sum_ + strength * PLAIN[name](wishes.tolist(), at)

    slopes = []
    for k in range(len(losses)):
        up, down = losses.tolist(), losses.tolist()
        up[k] += step * losses[k].item()
        down[k] -= step * losses[k].item()
        slopes.append((whole(up) - whole(down)) / (2 * step * losses[k].item()))
    got = pull(wishes, losses, name, strength).numpy()
    assert got == pytest.approx(np.array(slopes), rel=1e-4, abs=1e-5)
    assert pull(wishes, losses, "none", strength) is wishes


@given(pairs=NUMBERS)
def test_both_are_least_where_more_wish_means_less_loss(pairs):
    """On the ray ``l ∝ 1 / r`` both are 0; with losses in proportion to the wishes they are not."""
    wishes, _ = tensors(pairs)
    assume(float(wishes.max() / wishes.min()) > 1.5)
    assert float(nonuniformity(wishes, 3 / wishes)) == pytest.approx(0, abs=1e-9)
    assert float(cosine(wishes, 3 / (wishes + EPSILON))) == pytest.approx(0, abs=1e-9)
    assert float(nonuniformity(wishes, wishes)) > 1e-4
    assert float(cosine(wishes, wishes)) > 1e-4


@pytest.mark.parametrize("name", AGREEMENTS)
def test_a_wish_of_nothing_gives_no_nan(name):
    wishes = torch.tensor([1.0, 0.0, 0.0], dtype=torch.float64)
    got = pull(wishes, torch.tensor([0.5, 1.0, 2.0], dtype=torch.float64), name, 1.0)
    assert torch.isfinite(got).all()
