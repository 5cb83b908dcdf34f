"""The same code on a GPU; skipped where there is none (``tests/gpu`` pretends that there is)."""

import numpy as np
import pytest
import torch

from mobench.config import EvalConfig, RecommendConfig, build
from mobench.config.methods import RIVALS
from mobench.errors import TrainingError
from mobench.evaluation.ranking import Ranker
from mobench.evaluation.recommend import Recommender
from mobench.evaluation.run import evaluate
from mobench.training.loop import begin_epoch, make_step
from mobench.training.negatives import NegativeSampler
from mobench.training.rerank.trials import Candidates
from mobench.training.run import resume, train
from mobench.training.run_together import train_together
from mobench.training.start import begin, make_loop, make_model
from tests.unit.training.helpers import finish, make_plan, trained
from tests.unit.training.test_run import interrupted
from tests.unit.training.test_waits import prepare

CLOSE = 1e-3
pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA"),
]


@pytest.fixture
def same_negatives(monkeypatch):
    """Both devices draw from one stream of the CPU, and take what a GPU takes of it."""
    made = NegativeSampler.__init__

    def make(self, counts, seen, power, max_redraws, seed):
        made(self, counts, seen, power, max_redraws, seed)
        self.generator = torch.Generator().manual_seed(seed)

    def candidates(self, n):
        uniform = torch.rand(n, generator=self.generator, dtype=torch.float64).to(self.device)
        if self.edges is None:
            return (uniform * self.n_items).to(torch.int64)
        return torch.searchsorted(self.edges, uniform, right=True).clamp_(max=self.n_items - 1)

    monkeypatch.setattr(NegativeSampler, "__init__", make)
    monkeypatch.setattr(NegativeSampler, "candidates", candidates)
    monkeypatch.setattr(NegativeSampler, "_redraw", NegativeSampler._first_unseen)


def on_both(root, name, base=None, **values):
    """Return a run on the CPU and one on the GPU."""
    return [trained(root, f"{name} {d}", base, device=d, **values) for d in ("cpu", "cuda")]


def losses(run) -> list[float]:
    """Return the loss after each epoch."""
    return list(run.read("history.parquet")["loss"])


def agree(cpu, gpu):
    """Both learned the same, to rounding, which grows in a transformer; training does much more."""
    close = CLOSE * (10 if cpu.manifest.config["backbone"] == "sasrec" else 1)
    assert losses(gpu) == pytest.approx(losses(cpu), rel=close)
    assert np.ptp(losses(cpu)) > 2 * close * losses(cpu)[-1]


@pytest.mark.parametrize("mode", ["draw", "reweight"])
def test_runs_at_once_are_the_runs_alone(root, base, mode):
    wishes = [(1, 0, 0), (0, 1, 0), (1, 1, 1)]
    values = {"epochs": 2, "sampler_mode": mode, "device": "cuda"}
    plans = [
        [make_plan(root, f"{way}-{mode}-{n}", base, preference=wish, **values)
         for n, wish in enumerate(wishes)]
        for way in ("cuda-alone", "cuda-joint")
    ]  # fmt: skip
    joint = dict(train_together(plans[1]))
    for place, plan in enumerate(plans[0]):
        one, other = (
            run.read("history.parquet")["loss"] for run in (finish(train(plan))[1], joint[place])
        )
        assert other == pytest.approx(one, rel=1e-3)


@pytest.mark.usefixtures("same_negatives")
@pytest.mark.parametrize("mode", ["draw", "reweight"])
def test_trains_resumes_and_agrees_with_the_cpu(root, base, mode):
    values = {"epochs": 3, "sampler_mode": mode, "keep_accuracy": 0.97}
    cpu = trained(root, f"cpu-{mode}", base, device="cpu", **values)
    plan = make_plan(root, f"cuda-{mode}", base, device="cuda", **values)
    interrupted(train(plan), after=25)
    gpu = finish(resume(plan.path)[1])[1]
    assert gpu.manifest.environment["deterministic"] is False
    agree(cpu, gpu)


@pytest.mark.parametrize("optimizer", ["adam", "lazy-adam"])
@pytest.mark.parametrize("mode", ["draw", "reweight"])
def test_a_step_does_not_wait(mode, optimizer):
    step, data = prepare(mode, optimizer, "cuda")
    rows = torch.arange(30, device="cuda").view((3, 10) if mode == "draw" else (1, 30))
    step(data, rows)  # what is set up once may wait
    torch.cuda.set_sync_debug_mode("error")
    try:
        trace = step(data, rows)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert trace.isfinite().all()


@pytest.mark.usefixtures("same_negatives")
@pytest.mark.parametrize("rival", RIVALS)
def test_rivals_train_there_as_on_the_cpu(root, base, rival):
    """The first step of an epoch compares the Gramian with the dense one by itself."""
    values = {"epochs": 2, "method": rival, "sampler_mode": "reweight"}
    agree(*on_both(root, f"rival {rival}", base, **values))


READS = {"backbone": "sasrec", "dropout": 0.0}
ROWS = READS | {"targets": "rows"}
BASES = {
    "plain": {},
    "lazy": {"optimizer": "lazy-adam"},
    "by popularity": {"negative_power": 0.5},
    "tried": {"tries": 2},
    "positions": READS,
    "rows": ROWS,
    "bf16": READS | {"autocast": "bf16"},
}
CONDITIONED = {"method": "conditioned", "front_parts": 2}
ON_A_BASE = {
    "continue": {"method": "continue"},
    "uniform": {"sampler": "uniform"},
    "other coordinator": {"coordinator": "static", "normalise": "loss"},
    "conditioned": CONDITIONED,
    "kept": {"keep_accuracy": 0.9, "sampler_mode": "reweight"},
}
AFTER_HISTORIES = {
    "draw": READS,
    "reweight": READS | {"sampler_mode": "reweight", "keep_accuracy": 0.9},
    "rows, draw": ROWS,
    "rows, reweight": ROWS | {"sampler_mode": "reweight"},
    "mgda": READS | {"method": "mgda"},
    "conditioned": READS | CONDITIONED,
}


@pytest.fixture(scope="module")
def readers(root):
    """Bases that read histories, by ``targets``."""
    return {
        targets: trained(
            root, f"{targets} for gpu", method="base", epochs=2, **READS | {"targets": targets}
        ).path
        for targets in ("positions", "rows")
    }


@pytest.mark.usefixtures("same_negatives")
@pytest.mark.parametrize("name", BASES)
def test_bases_train_there_as_on_the_cpu(root, name):
    agree(*on_both(root, f"base {name}", **{"method": "base", "epochs": 2, **BASES[name]}))


@pytest.mark.usefixtures("same_negatives")
@pytest.mark.parametrize("name", ON_A_BASE)
def test_all_ways_to_train_work_there(root, base, name):
    agree(*on_both(root, f"way {name}", base, epochs=2, **ON_A_BASE[name]))


def test_a_mix_is_found_there_as_on_the_cpu(root, base):
    cpu, gpu = on_both(root, "mix", base, method="rerank")
    assert gpu.manifest.results["mix"] == cpu.manifest.results["mix"]


@pytest.mark.usefixtures("same_negatives")
@pytest.mark.parametrize("name", AFTER_HISTORIES)
def test_and_for_models_that_read_histories(root, readers, name):
    values = {"epochs": 2, **AFTER_HISTORIES[name]}
    reader = readers[values.get("targets", "positions")]
    agree(*on_both(root, f"histories {name}", reader, **values))


@pytest.mark.parametrize("mode", ["draw", "reweight"])
@pytest.mark.parametrize("targets", ["positions", "rows"])
def test_a_step_after_histories_does_not_wait(root, readers, targets, mode):
    values = {"backbone": "sasrec", "targets": targets, "sampler_mode": mode, "device": "cuda"}
    plan = make_plan(root, "never", readers[targets], **values)
    loop = make_loop(plan)
    state = begin(plan, loop)
    batches, step = begin_epoch(state, loop), make_step(state, loop)
    step(loop.data, batches[0])  # what is set up once may wait
    torch.cuda.set_sync_debug_mode("error")
    try:
        trace = step(loop.data, batches[1])
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert trace.isfinite().all()


@pytest.mark.parametrize("kind", ["mf", "sasrec", "rerank"])
def test_what_was_trained_ranks_there_as_on_the_cpu(root, base, readers, kind):
    run = readers["positions"] if kind == "sasrec" else base
    if kind == "rerank":
        run = trained(root, "rerank to rank", base, method="rerank").path
    found = [
        evaluate(
            build(EvalConfig, {"k": (5, 10), "resamples": 20, "device": device}),
            run,
            root / "metrics" / f"{kind}-{device}",
        ).artifact
        for device in ("cpu", "cuda")
    ]
    cpu, gpu = (np.array(one.read("targets.parquet")["rank"]) for one in found)
    assert (cpu == gpu).mean() > 0.99  # rounding may turn two items round
    settings = [build(RecommendConfig, {"k": 7, "device": device}) for device in ("cpu", "cuda")]
    recommenders = [Recommender(run, config) for config in settings]
    cpu, gpu = (np.concatenate([x.items for x in r.lists(r.sample())]) for r in recommenders)
    assert (cpu == gpu).mean() > 0.9


def test_scores_that_are_not_finite_are_told_there_too(root):
    values = {"method": "base", "learning_rate": 1e38, "batch_size": 2000, "epochs": 1}
    plan = make_plan(root, "infinite on a gpu", device="cuda", **values)
    with pytest.raises(TrainingError, match="scores are not finite after epoch 1"):
        finish(train(plan))


def test_an_interrupted_run_draws_the_same_dropout(root):
    values = {"method": "base", "backbone": "sasrec", "dropout": 0.5, "epochs": 2, "device": "cuda"}
    values["batch_size"] = 16  # eight steps an epoch
    whole = trained(root, "dropout on a gpu", **values)
    plan = make_plan(root, "dropout on a gpu, in parts", **values)
    interrupted(train(plan), after=3)
    torch.rand(5, device="cuda")  # somebody else's numbers
    parts = finish(resume(plan.path)[1])[1]
    assert losses(parts) == pytest.approx(losses(whole), rel=CLOSE)


@pytest.mark.parametrize("kind", ["mf", "sasrec", "rerank"])
def test_validation_waits_at_its_end_only(root, base, readers, kind, monkeypatch):
    block = Ranker._block

    def watched(*arguments):
        torch.cuda.set_sync_debug_mode("error")
        try:
            return block(*arguments)
        finally:
            torch.cuda.set_sync_debug_mode("default")

    values = {"backbone": kind, **(READS if kind == "sasrec" else {})}
    if kind == "rerank":
        values = {"method": "rerank"}
    start = readers["positions"] if kind == "sasrec" else base
    plan = make_plan(root, "never", start, device="cuda", **values)
    loop, model = make_loop(plan), make_model(plan)
    want = loop.validator(model)[0]
    monkeypatch.setattr(Ranker, "_block", watched)
    if kind == "rerank":
        Candidates.collect(loop.validator, model, 20)
    assert loop.validator(model)[0] == want
