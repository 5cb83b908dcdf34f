"""Runs that are trained at once are the runs that they would be alone."""

import itertools

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from mobench.artifacts import Artifact
from mobench.errors import Interrupted
from mobench.models import mf
from mobench.training import interrupt
from mobench.training import together as together_module
from mobench.training.data import TrainData
from mobench.training.joint import JointStep, lanes_of
from mobench.training.joint_negatives import JointNegatives
from mobench.training.loop import open_epoch
from mobench.training.negatives import NegativeSampler, Seen
from mobench.training.run import begun_for, train
from mobench.training.run_together import (
    Common,
    joinable,
    room,
    start,
    together,
    train_together,
)
from tests.unit.training.helpers import finish, make_plan, trained
from tests.unit.training.test_run import content
from tests.unit.training.test_waits import NoWaits

WISHES = [(1, 0, 0), (0, 1, 0), (0.2, 0.3, 0.5)]
VARIANTS = {
    "draw": {},
    "reweight": {"sampler_mode": "reweight"},
    "guard": {"sampler_mode": "reweight", "keep_accuracy": 0.999, "aux_weight": 3.0},
}


@pytest.fixture(scope="module")
def bases(root, base):
    trained(root, "base-of-2", method="base", epochs=6, seed=2)
    return {1: base, 2: root / "runs" / "base-of-2"}


def front(root, bases, name, seeds=(1, 2), **values):
    """Return the plans of a small front; of as many equal runs where nothing looks at wishes."""
    wishes = [None] * len(WISHES) if values.get("method") == "continue" else WISHES
    return [
        make_plan(root, f"{name}-{n}-{s}", bases[s], preference=wish, seed=s, epochs=4, **values)
        for s in seeds
        for n, wish in enumerate(wishes)
    ]


def all_of(plans, **options) -> list[Artifact]:
    """Train plans at once; return the artifacts in their order."""
    found = dict(train_together(plans, **options))
    return [found[place] for place in range(len(plans))]


def tables(run: Artifact) -> dict[str, np.ndarray]:
    """Return all numbers that a run logged, but for times."""
    return {
        f"{name} {column}": np.asarray(values, dtype=float)
        for name in ("history.parquet", "steps.parquet", "group_weights.parquet")
        for column, values in run.read(name).items()
        if column not in ("seconds", "objective")
    }


@pytest.mark.parametrize("dense", [0, 48])
@pytest.mark.parametrize("name", VARIANTS)
def test_each_run_is_what_it_would_be_alone(root, bases, monkeypatch, name, dense) -> None:
    monkeypatch.setattr(mf, "DENSE_RATIO", dense)
    joint = all_of(front(root, bases, f"{name}-{dense}", **VARIANTS[name]))
    alone = [
        finish(train(plan))[1] for plan in front(root, bases, f"a-{name}-{dense}", **VARIANTS[name])
    ]
    assert len({content(run)["model"] for run in joint}) == len(joint)
    for mine, other in zip(joint, alone, strict=True):
        ours, theirs = tables(mine), tables(other)
        assert ours.keys() == theirs.keys()
        for column in ours:
            near = pytest.approx(theirs[column], rel=1e-4, abs=1e-4, nan_ok=True)
            assert ours[column] == near, column
        assert mine.manifest.results["batched"] == 6
        assert other.manifest.results["batched"] == 1
        for key in ("best_epoch", "retreats", "positives_seen", "negatives_kept"):
            assert mine.manifest.results[key] == other.manifest.results[key]
        assert mine.manifest.identity == other.manifest.identity


@pytest.mark.parametrize("values", [{"method": "base", "patience": 2}, {"method": "continue"}])
def test_base_and_continue_can_be_joined(root, bases, values) -> None:
    plans = {
        kind: [
            make_plan(
                root,
                f"{kind}-{values['method']}-{seed}",
                None if values["method"] == "base" else bases[seed],
                epochs=5,
                seed=seed,
                **values,
            )
            for seed in (1, 2)
        ]
        for kind in ("joint", "alone")
    }
    joint = all_of(plans["joint"])
    for mine, plan in zip(joint, plans["alone"], strict=True):
        other = finish(train(plan))[1]
        ours, theirs = (run.read("history.parquet") for run in (mine, other))
        for column in ("loss", "hit", "ndcg", "selected"):
            assert ours[column] == pytest.approx(theirs[column], rel=1e-4)


@pytest.mark.parametrize("name", VARIANTS)
def test_one_run_alone_has_the_same_weights(root, bases, monkeypatch, name) -> None:
    """On the route of large catalogues; only exp in the controller may round otherwise."""
    monkeypatch.setattr(mf, "DENSE_RATIO", 0)
    plans = [front(root, bases, f"{kind}-{name}", **VARIANTS[name])[2] for kind in "ja"]
    (mine,) = all_of(plans[:1])
    other = finish(train(plans[1]))[1]
    assert content(mine)["model"] == content(other)["model"]
    ours, theirs = tables(mine), tables(other)
    for column in ours:
        assert ours[column] == pytest.approx(theirs[column], rel=1e-12, nan_ok=True)


def cut(monkeypatch, plans, steps: int) -> None:
    """Stop after so many steps, as Ctrl-C does."""
    asked = iter(range(steps))

    def stop(self) -> bool:
        return next(asked, None) is None

    with monkeypatch.context() as patch:
        patch.setattr(interrupt.StopRequest, "__call__", stop)
        with pytest.raises(Interrupted, match=f"saved {len(plans)} runs"):
            all_of(plans)


@pytest.mark.parametrize("name", VARIANTS)
def test_interrupted_they_go_on_to_the_same_bytes(root, bases, monkeypatch, name) -> None:
    whole = [content(run) for run in all_of(front(root, bases, f"w-{name}", **VARIANTS[name]))]
    plans = front(root, bases, f"c-{name}", **VARIANTS[name])
    for steps in (25, 20):
        cut(monkeypatch, plans, steps)
    assert all(begun_for(plan) for plan in plans)
    assert [content(run) for run in all_of(plans)] == whole


def test_runs_that_stand_at_different_places_meet_again(root, bases, monkeypatch) -> None:
    """One of them was killed before it could save what the others saved."""
    monkeypatch.setattr(mf, "DENSE_RATIO", 0)
    whole = [content(run) for run in all_of(front(root, bases, "even"))]
    plans = front(root, bases, "odd")
    for part, steps in ((plans, 25), (plans[:2], 20)):
        cut(monkeypatch, part, steps)
    assert [content(run) for run in all_of(plans)] == whole


def test_a_run_that_diverges_leaves_the_others_alone(root, bases, monkeypatch) -> None:
    """The second of six breaks in the middle of epoch 2, the others go on from there."""
    fine = [content(run) for run in all_of(front(root, bases, "good"))]
    plain, steps = JointStep.__call__, itertools.count()

    def broken(self, index: int) -> None:
        if next(steps) == 19 + 5:
            with torch.no_grad():
                self.tables[0].whole[1] = torch.nan
        plain(self, index)

    monkeypatch.setattr(JointStep, "__call__", broken)
    plans = front(root, bases, "bad", log_every=4)
    found = dict(train_together(plans))
    assert found[1].message.startswith("loss became nan at epoch 2, step 6 (objective 'acc', β ")
    assert found[1].message.endswith("; epoch 1 is kept") or "no epoch" in found[1].message
    for place in (0, 2, 3, 4, 5):
        assert content(found[place])["model"] == fine[place]["model"]
        assert found[place].read("steps.parquet")["epoch"].max() == 4


def test_all_that_was_begun_is_saved_now_and_then(root, bases, monkeypatch) -> None:
    monkeypatch.setattr(together_module, "SAVE_EVERY", 0.0)
    plans = front(root, bases, "saves", seeds=(1,))
    seen: list[int] = []

    def track(steps, epoch, total):
        seen.append(sum(begun_for(plan) is not None for plan in plans))
        return steps

    all_of(plans, track=track)
    assert seen == [0, 3, 3, 3]


def test_what_can_be_joined_and_what_goes_together(root, bases, monkeypatch) -> None:
    plans = front(root, bases, "kinds")
    other = make_plan(root, "kinds-x", bases[1], sampler_mode="reweight", epochs=4)
    tuned = make_plan(root, "kinds-y", bases[1], aux_weight=0.9, epochs=4)
    assert together([*plans, other, tuned]) == [[0, 1, 2, 3, 4, 5, 7], [6]]
    size = plans[0].n_parameters * 24
    monkeypatch.setattr("os.sysconf", lambda name: 1 if "SIZE" in name else 5 * size)
    assert room(plans[0]) == 2
    assert together(plans) == [[0, 1], [2, 3], [4, 5]]
    monkeypatch.setattr("os.sysconf", lambda name: 1)
    assert room(plans[0]) == 1
    monkeypatch.undo()
    assert joinable(plans[0])
    for values in ({"method": "popularity"}, {"method": "base", "optimizer": "lazy-adam"}):
        assert not joinable(make_plan(root, "never", **values))


def negatives(seed: int, generator_seed: int) -> NegativeSampler:
    rng = np.random.default_rng(seed)
    users, items = (torch.from_numpy(rng.integers(0, n, 150)) for n in (20, 12))
    counts = torch.bincount(items, minlength=12)
    return NegativeSampler(counts, Seen(users, items, 20, 12), 0.5, 3, generator_seed)


def test_all_lanes_at_once_draw_what_each_draws_alone() -> None:
    """The way of a GPU, where lanes of one seed share what they take from their stream."""
    seeds = [7, 7, 9]
    joint = JointNegatives([[negatives(0, s), negatives(0, s)] for s in seeds], seeds)
    alone = [negatives(0, s) for s in seeds]
    rng = np.random.default_rng(1)
    for _ in range(3):
        users = torch.from_numpy(rng.integers(0, 20, (3, 40)))
        drawn = joint.first_unseen(users, 4)
        for lane, sampler in enumerate(alone):
            owner = users[lane].unsqueeze(1).expand(-1, 4).reshape(-1)
            assert torch.equal(drawn[lane].reshape(-1), sampler._first_unseen(owner))
    joint.device = torch.device("cuda")  # only its name is looked at
    joint.close()
    for lane, sampler in zip(joint.lanes, alone, strict=True):
        assert int(sampler.kept) > 0
        for each in lane:
            assert int(each.kept) == int(sampler.kept)
            assert torch.equal(each.generator.get_state(), sampler.generator.get_state())


def test_runs_with_the_same_rows_share_a_lane(root, bases) -> None:
    def lanes(**values):
        plans = front(root, bases, "lanes", **values)
        return lanes_of([type("Loop", (), {"config": plan.config}) for plan in plans])

    assert lanes() == [0, 1, 2, 3, 4, 5]
    assert lanes(sampler_mode="reweight") == [0, 0, 0, 1, 1, 1]
    assert lanes(method="continue") == [0, 0, 0, 1, 1, 1]


def joint_step(root, bases, n: int = 3, **values) -> JointStep:
    """Return the first step of some runs of one seed."""

    class Nowhere:
        work = root

    plans = front(root, bases, "apart", **values)[:n]
    common = Common(TrainData.load(plans[0].dataset, "cpu"))
    mates = [start(plan, Nowhere(), common) for plan in plans]
    for mate in mates:
        open_epoch(mate.state, mate.loop)
    return JointStep([mate.state for mate in mates], [mate.loop for mate in mates])


@pytest.mark.parametrize("flat", [False, True])
def test_parts_of_a_table_do_not_touch_each_other(root, bases, flat) -> None:
    """A step whose loss counts one run alone moves that run alone."""
    joint = joint_step(root, bases)
    if flat:
        joint.scores = joint.flat_scores
    before = [table.whole.clone() for table in joint.tables]
    joint.coordinator.weights = lambda losses: torch.zeros_like(losses).index_fill_(
        0, torch.tensor([1]), 1.0
    )
    joint(0)
    for table, old in zip(joint.tables, before, strict=True):
        moved = (table.whole != old).flatten(1).any(1)
        assert moved.tolist() == [False, True, False]


def test_the_way_of_a_gpu_scores_and_learns_the_same(root, bases) -> None:
    one, other = joint_step(root, bases), joint_step(root, bases)
    other.scores = other.flat_scores
    for index in range(6):
        one(index), other(index)
    for table, same in zip(one.tables, other.tables, strict=True):
        assert torch.allclose(table.whole, same.whole, rtol=1e-4, atol=1e-5)
        assert not torch.allclose(table.whole[0], table.whole[1], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("mode", ["draw", "reweight"])
def test_a_joint_step_asks_for_no_value(root, bases, monkeypatch, mode) -> None:
    """As in test_waits: what a GPU would be waited for is refused."""
    monkeypatch.setattr(torch.backends.mkl, "is_available", lambda: False)
    joint = joint_step(root, bases, sampler_mode=mode)
    joint.scores, joint.negatives.draw = joint.flat_scores, joint.negatives.first_unseen
    before = joint.tables[1].whole.clone()
    with NoWaits():
        joint(0)
    assert joint.finite(0, 1)
    assert (joint.tables[1].whole - before).abs().amax((1, 2)).min() > 1e-4


def test_as_many_launches_as_one_run_takes(root, bases) -> None:
    """On the way of a GPU, the number of operations does not grow with the runs."""
    asked = {}
    for n in (1, 3):
        joint = joint_step(root, bases, n, sampler_mode="reweight")
        joint.scores, joint.negatives.draw = joint.flat_scores, joint.negatives.first_unseen
        joint(0)
        with Counted() as counted:
            joint(1)
        asked[n] = counted.kernels
    assert asked[1] == asked[3] > 20


class Counted(TorchDispatchMode):
    """Counts operations that compute; views are free."""

    kernels = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        free = ("view", "unbind", "select", "expand", "slice", "unsqueeze", "t", "detach", "alias")
        self.kernels += not func.overloadpacket.__name__.strip("_").startswith(free)
        return func(*args, **(kwargs or {}))
