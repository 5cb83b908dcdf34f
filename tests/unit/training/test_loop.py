"""Parts of the loop that whole runs on easy data do not reach."""

import pytest
import torch

from mobench.errors import ConfigError, TrainingError
from mobench.training.data import objectives, sampler
from mobench.training.loop import steer
from mobench.training.run import train
from mobench.training.start import begin, judge_base, make_loop
from mobench.training.state import TrainState
from tests.unit.training.helpers import finish, make_plan, trained


@pytest.fixture
def guarded(root, base):
    """A run with an accuracy guard before its first step, and its loop."""
    plan = make_plan(root, "never", base, keep_accuracy=0.97)
    loop = make_loop(plan)
    return begin(plan, loop), loop


def spoil(state: TrainState) -> None:
    with torch.no_grad():
        state.model.items.add_(1.0)


def observe(state, loop, epoch: int, kept: float) -> None:
    """Let an epoch end that kept this share."""
    spoil(state)
    row = {"kept": kept, "loss": 0.5}
    verdict = row | {"valid": kept >= 0.97, "imp": 0.0, "hit": kept}
    if state.selection.offer(epoch, verdict):
        state.remember_best()
    steer(state, loop, row)


def rates(state) -> list[float]:
    return [group["lr"] for group in state.optimizer.param_groups]


def test_a_retreat_restores_the_best_valid_epoch_at_half_the_learning_rate(guarded):
    state, loop = guarded
    before = rates(state)
    for epoch, kept in enumerate((0.98, 0.9, 0.9), 1):
        observe(state, loop, epoch, kept)
    assert state.selection.best_epoch == 1
    assert torch.allclose(state.model.items, state.start["items"] + 1)
    assert rates(state) == [rate / 2 for rate in before]
    assert not state.optimizer.state


def test_a_retreat_without_a_valid_epoch_goes_back_to_the_base(guarded):
    state, loop = guarded
    for epoch, kept in enumerate((0.9, 0.8), 1):
        observe(state, loop, epoch, kept)
    assert torch.equal(state.model.items, state.start["items"])
    assert not state.stopped


def test_the_guard_moves_the_controllers_target(guarded):
    state, loop = guarded
    for epoch in range(1, 5):
        observe(state, loop, epoch, 0.9)
        assert state.coordinator.controller.target == state.guard.target
        assert state.guard.target < 0.5  # below the loss of the epoch: accuracy is short


def test_a_base_stops_when_it_no_longer_improves(root):
    run = trained(root, "patience", method="base", epochs=60, patience=2, learning_rate=0.1)
    results = run.manifest.results
    assert results["epochs_run"] == results["best_epoch"] + 2 < 60
    assert results["stopped"] == "no better val NDCG for 2 epochs"
    ndcg = run.read("history.parquet")["ndcg"]
    assert results["val"]["ndcg"] == max(ndcg) == ndcg[results["best_epoch"] - 1]


@pytest.mark.parametrize(("mode", "blocks"), [("draw", 3), ("reweight", 1)])
def test_continue_sees_as_many_positives_as_morec(root, base, mode, blocks):
    for method in ("continue", "morec"):
        values = {"method": method, "sampler_mode": mode, "objectives": ("rev", "fair")}
        plan = make_plan(root, "never", base, **values)
        mixer = sampler(plan.dataset, plan.config, objectives(plan.dataset, plan.config))
        assert mixer.batches().shape == (plan.steps_per_epoch, blocks, 64)


def test_a_model_that_is_not_finite_is_no_model(root):
    """The last step can break it after a finite loss; then no item is better than any target."""
    plan = make_plan(root, "inf", method="base", learning_rate=1e38, batch_size=2000, epochs=1)
    with pytest.raises(TrainingError, match="scores are not finite after epoch 1"):
        finish(train(plan))


def test_saved_state_comes_back_on_the_cpu_whatever_the_device(root, base, tmp_path):
    """Generator states and sampler masses live there also where the model does not."""
    plan = make_plan(root, "never", base)
    state = begin(plan, make_loop(plan))
    state.save(tmp_path / "state.pt")
    state.trace = state.trace.to("meta")  # stands for a GPU
    state.load(tmp_path / "state.pt")
    assert state.trace.device.type == "meta"
    assert {signal.device.type for signal in state.signals.values()} == {"cpu"}


def test_a_share_of_no_hits_cannot_be_kept(root, base):
    plan = make_plan(root, "never", base, keep_accuracy=0.9)
    loop = make_loop(plan)
    metrics, seen = loop.validator(begin(plan, loop).model)
    loop.validator = lambda *_: (metrics | {"hits": 0}, seen)
    with pytest.raises(ConfigError, match="has no hit on validation"):
        begin(plan, loop)


def test_alignment_reads_lists_of_its_own_length(root, base):
    """Validation lists are as long as the longest that anything reads."""
    for align_k, longest in ((None, 10), (5, 10), (30, 30)):
        plan = make_plan(root, "never", base, align_k=align_k)
        loop = make_loop(plan)
        assert loop.objectives["align"].settings.align_k == (align_k or 10)
        assert loop.validator(begin(plan, loop).model)[1].lists.shape == (120, longest)


@pytest.mark.parametrize("looked_at", [True, False])
def test_a_base_that_is_not_finite_is_told(root, base, looked_at):
    """Also where neither a target nor one of its negatives is the item without a number."""
    plan = make_plan(root, "never", base)
    loop = make_loop(plan)
    model = begin(plan, loop).model
    with torch.no_grad():
        model.items[3] = float("nan")
    if not looked_at:
        loop.validator.candidates.fill_(int(loop.validator.ranker.place[5]))
    with pytest.raises(TrainingError, match="scores are not finite with the base") as caught:
        judge_base(plan, loop, model)
    assert caught.value.hint == "train another one."
