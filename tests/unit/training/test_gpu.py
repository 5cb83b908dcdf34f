"""The same code on a GPU; skipped where there is none."""

import pytest
import torch

from mobench.training.run import resume, train
from tests.unit.training.helpers import finish, make_plan, trained
from tests.unit.training.test_run import interrupted

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs CUDA"),
]


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
