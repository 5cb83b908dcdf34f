"""The same code on a GPU; skipped where there is none."""

import pytest
import torch

from mobench.training.run import resume, train
from mobench.training.run_together import train_together
from tests.unit.training.helpers import finish, make_plan, trained
from tests.unit.training.test_run import interrupted
from tests.unit.training.test_waits import prepare

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA"),
]


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


@pytest.mark.parametrize("mode", ["draw", "reweight"])
def test_trains_resumes_and_agrees_with_the_cpu(root, base, mode):
    values = {"epochs": 3, "sampler_mode": mode, "keep_accuracy": 0.97}
    cpu = trained(root, f"cpu-{mode}", base, device="cpu", **values)
    plan = make_plan(root, f"cuda-{mode}", base, device="cuda", **values)
    interrupted(train(plan), after=25)
    gpu = finish(resume(plan.path)[1])[1]
    assert gpu.manifest.environment["deterministic"] is False
    one, other = (run.read("history.parquet")["loss"] for run in (cpu, gpu))
    assert other == pytest.approx(one, rel=0.05)
    assert other[-1] < other[1]


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


@pytest.mark.parametrize("solver", ["static", "mgda", "famo"])
def test_rivals_train_there_as_on_the_cpu(root, base, solver):
    """The first step of an epoch compares the Gramian with the dense one by itself."""
    values = {"epochs": 2, "method": solver, "normalise": "loss"}
    cpu, gpu = (trained(root, f"{solver}-{d}", base, device=d, **values) for d in ("cpu", "cuda"))
    one, other = (run.read("history.parquet")["loss"] for run in (cpu, gpu))
    assert other == pytest.approx(one, rel=0.05)
