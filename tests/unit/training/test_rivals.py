"""Whole runs of the rivals, and of MoRec with one of its parts replaced."""

from typing import ClassVar

import numpy as np
import pytest
import torch

from mobench.artifacts import partial
from mobench.config import RIVALS
from mobench.errors import ConfigError, TrainingError
from mobench.models import mf
from mobench.solvers import Solver
from mobench.training.loop import fit, make_step
from mobench.training.native import NativeStep
from mobench.training.native_solved import NativeSolved
from mobench.training.run import resume, train
from mobench.training.solver import ALL
from mobench.training.start import begin, make_loop
from mobench.training.step import Step
from tests.unit.training.helpers import finish, make_plan, trained
from tests.unit.training.test_run import content, interrupted

VARIANTS = {
    "static": {"method": "static"},
    "mgda": {"method": "mgda", "sampler_mode": "reweight"},
    "normalised": {"method": "mgda", "normalise": "loss+", "solve_every": 3},
    "lazy": {"method": "mgda", "normalise": "l2"},
    "without sampler": {"sampler": "uniform"},
    "other coordinator": {"coordinator": "mgda", "normalise": "l2"},
    "other coordinator, reweight": {"coordinator": "static", "sampler_mode": "reweight"},
    "literal": {"method": "static", "fair_loss": "pearson-literal"},
    "famo": {"method": "famo", "sampler_mode": "reweight"},
    "mean": {"method": "omd-tch"},
    "by epochs": {"coordinator": "dwa", "sampler_mode": "reweight"},
    "random": {"coordinator": "pcgrad", "normalise": "l2"},
    "two phases": {"method": "pemtl", "regions": 2},
}


@pytest.mark.parametrize("name", VARIANTS)
def test_same_seed_same_bytes_also_when_interrupted(root, base, monkeypatch, name):
    values = {"epochs": 3, **VARIANTS[name]}
    start = base
    if name == "lazy":
        monkeypatch.setattr(mf, "DENSE_RATIO", 0)
        values |= {"optimizer": "lazy-adam"}
        start = trained(root, "lazy base", method="base", epochs=2, optimizer="lazy-adam").path
    run = trained(root, name, start, **values)
    whole = content(run)
    begun = make_plan(root, f"{name} again", start, **values)
    interrupted(train(begun), after=27)
    interrupted(resume(begun.path)[1], after=11)
    assert whole == content(finish(resume(partial(begun.path))[1])[1])
    steps = run.read("steps.parquet")
    weights = np.array([steps[f"weight_{n}"] for n in ("acc", "rev", "fair", "align")])
    assert np.isfinite(weights).all()
    assert np.array_equal(weights[0], steps["beta"])


@pytest.mark.parametrize("backbone", ["mf", "sasrec"])
@pytest.mark.parametrize("mode", ["draw", "reweight"])
@pytest.mark.parametrize(
    "parts",
    [("adaptive", "static"), ("adaptive", "mgda"), ("uniform", "controller"), ("uniform", "mgda")],
)
def test_either_part_of_morec_can_be_replaced(root, backbone, mode, parts):
    small = {"backbone": backbone, "embedding_size": 8, "batch_size": 32}
    start = root / "runs" / f"{backbone} of 8"
    if not start.exists():
        trained(root, start.name, method="base", epochs=1, **small)
    values = {"sampler_mode": mode, "epochs": 1, **small}
    values |= dict(zip(("sampler", "coordinator"), parts, strict=True))
    run = trained(root, f"{backbone} {mode} {parts}", start, **values)
    files = {entry.path for entry in run.manifest.files}
    assert ("group_weights.parquet" in files) == (parts[0] == "adaptive")
    steps = run.read("steps.parquet")
    assert ("norm_rev" in steps) == (parts[1] == "mgda")
    assert np.isfinite(steps["p_term"]).all() == (parts[1] == "controller")
    losses = np.array([steps[f"loss_{n}"] for n in ("acc", "rev", "fair", "align")])
    assert np.isfinite(losses).all()
    assert losses.min() > 0
    assert (losses[2].max() < 0.1) == (parts[0] == "uniform")  # a correlation, or a BPR loss


def test_static_with_everything_on_accuracy_is_continue_with_the_same_rows(root, base):
    """A wish of almost 1 for accuracy trains on what ``continue`` trains on, step by step."""
    values = {"epochs": 1, "objectives": ("acc", "rev")}
    rival = trained(root, "all on acc", base, method="static", acc_share=1 - 1e-9, **values)
    control = trained(root, "control", base, method="continue", **values)
    one, other = (run.read("steps.parquet")["loss_acc"] for run in (rival, control))
    assert one == pytest.approx(other, rel=1e-4)
    names = ("hit", "ndcg", "rhit", "pop_kl")
    found = [[r.manifest.results["val"][n] for n in names] for r in (rival, control)]
    assert found[0] == pytest.approx(found[1], rel=1e-2)


def test_weights_follow_the_wishes(root, base):
    run = trained(
        root, "wishes", base, method="static", epochs=1, acc_share=0.4, preference=(1, 2, 3)
    )
    steps = run.read("steps.parquet")
    for name, share in zip(("acc", "rev", "fair", "align"), (0.4, 0.1, 0.2, 0.3), strict=True):
        assert steps[f"weight_{name}"] == pytest.approx(share)


@pytest.mark.parametrize("name", ["rev", "align"])
def test_a_wish_is_granted_on_the_rows_that_it_is_about(root, base, name):
    """The more is wished of an objective, the lower its own loss."""
    values = {"method": "static", "objectives": (name,), "epochs": 2, "log_every": 1}
    values |= {"batch_size": 60, "learning_rate": 0.003}
    start = root / "runs" / "hardly trained"
    if not start.exists():
        trained(root, start.name, method="base", epochs=2, batch_size=60, learning_rate=0.003)
    ratios = []
    for share in (0.999, 0.05):
        steps = trained(root, f"{name} {share}", start, acc_share=share, **values)
        steps = steps.read("steps.parquet")
        ratios.append(steps[f"loss_{name}"][-20:].sum() / steps["loss_acc"][-20:].sum())
    assert ratios[1] < 0.97 * ratios[0]


def test_a_wish_for_fairness_lowers_the_correlation_with_groups(root, base):
    values = {"method": "static", "objectives": ("fair",), "acc_share": 0.001, "epochs": 4}
    steps = trained(root, "uncorrelated", base, **values).read("steps.parquet")
    first, last = (steps["loss_fair"][steps["epoch"] == epoch].mean() for epoch in (1, 4))
    assert last < 0.7 * first


KINDS = {
    "static": ({"method": "static"}, NativeSolved),
    "static, adaptive": ({"coordinator": "static"}, NativeStep),
    "controller": ({}, NativeStep),
    "controller, substitutes": ({"sampler": "uniform"}, NativeSolved),
    "mgda": ({"method": "mgda"}, NativeSolved),
    "mgda, adaptive": ({"coordinator": "mgda"}, NativeSolved),
    "famo, adaptive": ({"coordinator": "famo"}, NativeSolved),
    "static by loss": ({"coordinator": "static", "normalise": "loss"}, NativeStep),
    "conditioned": ({"method": "conditioned"}, Step),  # its vectors depend on a preference
}


@pytest.mark.parametrize("name", KINDS)
def test_native_code_serves_where_it_computes_the_same(root, base, monkeypatch, name):
    pytest.importorskip("numba")
    monkeypatch.setattr("mobench.training.native.MIN_PAIRS", 1)
    values, kind = KINDS[name]
    plan = make_plan(root, "never", base, **values)
    loop = make_loop(plan)
    assert type(make_step(begin(plan, loop), loop)) is kind


def test_static_coordination_in_native_code_is_that_of_torch(root, base, monkeypatch):
    pytest.importorskip("numba")
    runs = []
    for pairs in (1, 1 << 40):
        monkeypatch.setattr("mobench.training.native.MIN_PAIRS", pairs)
        values = {"coordinator": "static", "normalise": "loss", "epochs": 2}
        runs.append(trained(root, f"static of {pairs}", base, **values))
    assert [run.manifest.results["engine"] for run in runs] == ["native", "torch"]
    one, other = (run.read("steps.parquet") for run in runs)
    for name in ("loss_acc", "loss_align", "weight_acc", "weight_align"):
        assert one[name] == pytest.approx(other[name], rel=1e-3)


class Failing(Solver):
    """Breaks down after so many steps."""

    needs_gramian: ClassVar[bool] = True
    range: ClassVar = "simplex"

    def __init__(self):
        self.left = 40

    def weights(self, losses, gramian, preference):
        self.left -= 1
        if not self.left:
            raise TrainingError(f"no weights: on purpose; Gramian '{gramian.tolist()}'")
        return preference / preference.sum()

    def state_dict(self):
        return {"left": self.left}

    def load_state_dict(self, state):
        self.left = state["left"]


def test_a_solver_that_fails_keeps_the_good_epochs(root, base, monkeypatch):
    monkeypatch.setitem(ALL, "epo", Failing)
    plan = make_plan(root, "failing", base, method="epo", epochs=4)
    with pytest.raises(TrainingError, match=r"on purpose; Gramian '\[\[.*epoch 3, step 2\)") as why:
        finish(train(plan))
    assert "epochs 1 to 2 are kept" in why.value.message
    assert "--epochs 2" in why.value.hint
    assert why.value.exit_code == 5
    monkeypatch.setitem(ALL, "epo", ALL["static"])
    saved = finish(resume(plan.path, epochs=2)[1])[1]
    assert saved.manifest.results["epochs_run"] == 2


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"method": "continue", "acc_share": 0.5}, "acc_share does nothing for method continue"),
        ({"acc_share": 0.5}, "acc_share does nothing for method morec"),
        ({"normalise": "l2"}, "normalise does nothing for method morec"),
        ({"method": "base", "solve_every": 2}, "solve_every does nothing for method base"),
        ({"method": "mgda", "sampler": "uniform"}, "sampler does nothing for method mgda"),
        ({"method": "mgda", "coordinator": "static"}, "coordinator does nothing for method mgda"),
        ({"fair_loss": "pearson-literal"}, "fair_loss does nothing for method morec"),
        ({"method": "mgda", "keep_accuracy": 0.9}, "--keep-accuracy does nothing for method mgda"),
        (
            {"coordinator": "mgda", "keep_accuracy": 0.9},
            "--keep-accuracy does nothing for method morec with coordinator mgda",
        ),
        ({"method": "mgda", "objectives": ("acc",)}, "mgda weighs objectives, and acc is the only"),
        ({"method": "static", "preference": (1, 2)}, "--preference has 2 values for 3 objectives"),
    ],
)
def test_settings_that_would_do_nothing_are_refused(root, base, values, message):
    start = None if values.get("method") == "base" else base
    with pytest.raises(ConfigError, match=message) as error:
        make_plan(root, "never", start, **values)
    assert error.value.hint


@pytest.mark.parametrize("name", RIVALS)
def test_every_rival_trains(root, base, name):
    run = trained(root, f"rival {name}", base, method=name, epochs=1, normalise="loss")
    steps = run.read("steps.parquet")
    weights = np.array([steps[f"weight_{n}"] for n in ("acc", "rev", "fair", "align")])
    assert np.isfinite(weights).all()
    assert np.abs(weights).max(0).min() > 0
    assert run.manifest.results["method"] == name
    assert run.manifest.config["method"] == name


def test_famo_sees_the_same_batch_again(root, base, monkeypatch):
    """With a learning rate near 0 the losses after a step are those before it."""
    seen = []
    monkeypatch.setattr(
        "mobench.solvers.famo.FAMO.observe", lambda self, losses: seen.append((self.before, losses))
    )
    start = trained(root, "resting", method="base", epochs=1, learning_rate=1e-9).path
    trained(root, "famo, still", start, method="famo", epochs=1, learning_rate=1e-9)
    assert len(seen) > 10
    for before, after in seen:
        assert after == pytest.approx(before, rel=1e-4, abs=1e-7)


def test_omd_tch_keeps_the_mean_of_its_parameters(root, base):
    values = {"method": "omd-tch", "epochs": 1, "batch_size": 1200, "sampler_mode": "reweight"}
    start = trained(root, "one step", method="base", epochs=1, batch_size=1200).path
    plan = make_plan(root, "never", start, **values)
    loop = make_loop(plan)
    state = begin(plan, loop)
    before = {name: value.clone() for name, value in state.model.state_dict().items()}
    list(fit(state, loop))
    after = state.model.state_dict()
    assert torch.equal(state.average.means["items"], after["items"])  # of one step
    assert not torch.equal(before["items"], after["items"])
    assert torch.equal(state.best["items"], after["items"])


def test_tuning_tries_shares_and_normalisation(root, base):
    run = trained(root, "tuned static", base, method="static", tries=3, epochs=1)
    trials = run.read("trials.parquet")
    assert trials["acc_share"][0] == pytest.approx(0.25)
    assert len({*zip(trials["acc_share"], trials["normalise"], strict=True)}) == 3
    best = max(range(3), key=lambda n: (trials["valid"][n], trials["score"][n]))
    assert run.manifest.config["acc_share"] == trials["acc_share"][best]
    assert run.manifest.config["normalise"] == trials["normalise"][best]
