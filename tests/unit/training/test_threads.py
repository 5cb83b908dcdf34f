"""The number of CPU threads: a rule, a number, or measured once."""

import itertools
import os

import pytest
import torch

from mobench.artifacts import partial
from mobench.config import TrainConfig, build
from mobench.errors import ConfigError
from mobench.models.device import FLOATS_PER_THREAD, set_threads, usable_cpus
from mobench.training import threads
from mobench.training.run import resume, train
from mobench.training.threads import measure, quickest
from tests.unit.training.helpers import finish, make_plan, trained
from tests.unit.training.test_run import content, interrupted


@pytest.fixture(autouse=True)
def _as_before():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize(
    ("seconds", "wanted"),
    [
        ({1: 1.0}, 1),
        ({1: 1.0, 2: 0.6}, 2),
        ({1: 1.0, 2: 0.97}, 1),
        ({1: 1.0, 2: 1.4, 4: 2.0}, 1),
        ({1: 1.0, 2: 0.6, 4: 0.59}, 2),
        ({1: 1.0, 2: 0.97, 4: 0.5}, 4),
    ],
)
def test_more_threads_have_to_pay(seconds, wanted):
    assert quickest(seconds) == wanted


def test_the_rule_looks_at_the_size_alone(monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 3)
    sizes = (1, FLOATS_PER_THREAD - 1, FLOATS_PER_THREAD, 2 * FLOATS_PER_THREAD, 10**12)
    assert [set_threads(0, size) for size in sizes] == [1, 1, 2, 3, 3]
    assert set_threads(2, 1) == 2 == torch.get_num_threads()


def test_every_number_of_threads_is_timed(root, base, monkeypatch):
    monkeypatch.setattr(threads, "usable_cpus", lambda: 3)
    seen = []
    plain = torch.set_num_threads
    monkeypatch.setattr(torch, "set_num_threads", lambda n: (seen.append(n), plain(n)))
    seconds = measure(make_plan(root, "never", base))
    assert sorted(seconds) == [1, 2, 3]
    assert seen == [1, 2, 3] * threads.ROUNDS
    assert all(0 < value < 10 for value in seconds.values())


@pytest.mark.parametrize("mode", ["draw", "reweight"])
def test_measuring_leaves_the_run_as_it_would_be(root, base, monkeypatch, mode):
    """The steps that were timed are not part of it, and resume does not measure again."""
    measured = itertools.count()

    def once(plan):
        next(measured)
        return measure(plan) | {2: 0.0}

    monkeypatch.setattr(threads, "measure", once)
    values = {"epochs": 2, "sampler_mode": mode}
    todo = make_plan(root, f"auto-{mode}", base, threads="auto", **values)
    interrupted(train(todo), after=25)
    assert '"threads": 2' in (partial(todo.path) / "config.json").read_text()
    run = finish(resume(todo.path)[1])[1]
    assert next(measured) == 1
    assert run.manifest.environment["threads"] == 2
    assert content(run) == content(trained(root, f"two-{mode}", base, threads=2, **values))


def test_what_takes_no_steps_is_not_measured(root, monkeypatch):
    monkeypatch.setattr(threads, "measure", None)
    run = trained(root, "auto-popularity", method="popularity", threads="auto")
    assert run.manifest.environment["threads"] == 1


def test_a_number_below_0_is_refused():
    with pytest.raises(ConfigError, match="--threads -1 is below 0"):
        build(TrainConfig, {"threads": "-1"})
    assert build(TrainConfig, {"threads": "2"}).threads == 2
    assert build(TrainConfig, {"threads": "auto"}).threads == "auto"


def test_usable_cpus_are_those_of_the_process():
    """A process that was given one CPU of many counts one."""
    given = os.sched_getaffinity(0)
    os.sched_setaffinity(0, [min(given)])
    try:
        assert usable_cpus() == 1
    finally:
        os.sched_setaffinity(0, given)
    assert usable_cpus() == len(given)
