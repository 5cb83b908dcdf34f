"""The tests that need a GPU, on a device that only pretends to be one."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from tests.conftest import REPOSITORY

HERE = Path(__file__).parent
WITH_GPU_TESTS = (
    "tests/unit/evaluation/test_ranking.py",
    "tests/unit/evaluation/test_selection.py",
    "tests/unit/training/test_gpu.py",
)


def test_no_file_with_gpu_tests_is_left_out():
    mark = "pytest.mark." + "gpu"
    files = (REPOSITORY / "tests").rglob("test_*.py")
    marked = {str(f.relative_to(REPOSITORY)) for f in files if mark in f.read_text()}
    assert marked == set(WITH_GPU_TESTS)


@pytest.fixture(scope="module")
def device(tmp_path_factory) -> Path:
    """The compiled library."""
    from torch.utils.cpp_extension import include_paths, library_paths

    if torch.version.cuda or torch.version.hip:
        pytest.skip("this build of torch has a device of its own; a CPU build has room for one")
    compiler = shutil.which("c++")
    if not os.environ.get("CI"):
        if not compiler:
            pytest.skip("needs a C++ compiler")
        if not torch.__version__.startswith("2.13."):
            pytest.skip("written for the C++ interface of torch 2.13")
    assert compiler
    library = tmp_path_factory.mktemp("device") / "libpretended.so"
    includes = [f"-I{path}" for path in include_paths()]
    libraries = [part for path in library_paths() for part in (f"-L{path}", f"-Wl,-rpath,{path}")]
    source = [str(HERE / "pretended.cpp"), "-o", str(library)]
    options = ["-std=c++20", "-shared", "-fPIC", "-w", *includes, *libraries]
    subprocess.run([compiler, *options, *source, "-lc10", "-ltorch_cpu"], check=True)
    return library


def python(device: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"MOBENCH_PRETENDED": str(device), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, *arguments]
    return subprocess.run(
        command, env=environment, cwd=REPOSITORY, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_all_that_needs_a_gpu_runs_on_it(device):
    options = ("-p", "tests.gpu.pretended", "-p", "no:cacheprovider", "-m", "gpu", "-q")
    done = python(device, "-m", "pytest", *options, *WITH_GPU_TESTS)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert "skipped" not in done.stdout, done.stdout[-500:]


REFUSED = {
    "there + torch.ones(3)": "on the same device",
    "there[torch.arange(3)]": "waited for",
    "torch.rand(3, generator=torch.Generator(), device='cuda')": "generator of the CPU",
    "float(there.sum())": "waited for",
    "there[there > 0]": "waited for",
    "there.nonzero()": "waited for",
    "torch.zeros(3).cuda()": "waited for",
    "there.cpu()": "waited for",
}
TRY_THEM = f"""
import tests.gpu.pretended, torch
there = torch.arange(3, device="cuda", dtype=torch.float32)
assert (there * 2 + torch.ones(())).tolist() == [1, 3, 5]
torch.cuda.set_sync_debug_mode("error")
there.masked_fill(there > 0, 0) + torch.rand(3, device="cuda")
for wrong in ({", ".join(f"lambda: {wrong}" for wrong in REFUSED)}):
    try:
        wrong()
        print("went through")
    except RuntimeError as error:
        print(str(error).splitlines()[0])
"""


@pytest.mark.slow
def test_it_refuses_what_a_gpu_refuses(device):
    done = python(device, "-c", TRY_THEM)
    assert done.returncode == 0, done.stderr
    for wrong, message, told in zip(
        REFUSED, REFUSED.values(), done.stdout.splitlines(), strict=True
    ):
        assert message in told, wrong
