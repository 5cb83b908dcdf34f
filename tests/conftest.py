"""What all tests share: seeds, Hypothesis without a clock, and where the research data are."""

import os
import random
from pathlib import Path

import hypothesis
import numpy as np
import pytest

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

REPOSITORY = Path(__file__).parent.parent
os.environ["PYTHONPATH"] = str(REPOSITORY)
"""Processes that tests start import this mobench, wherever they run."""

hypothesis.settings.register_profile("mobench", deadline=None, print_blob=True)
hypothesis.settings.load_profile("mobench")


@pytest.fixture(autouse=True)
def _seeded() -> None:
    """Start every test from the same global state (mobench itself never uses it)."""
    random.seed(0)
    np.random.seed(0)


@pytest.fixture
def workdir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(scope="session")
def research_data() -> Path:
    """The folder with raw data sets; tests that need it are skipped where there is none."""
    folder = Path(os.environ.get("MOBENCH_TEST_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no research data at '{folder}' (set MOBENCH_TEST_DATA)")
    return folder
