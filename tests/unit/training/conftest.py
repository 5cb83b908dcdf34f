from pathlib import Path

import pytest

from tests.synthetic import planted
from tests.unit.training.helpers import trained


@pytest.fixture(scope="session")
def root(tmp_path_factory) -> Path:
    """A folder with the planted dataset and a base run on it."""
    root = tmp_path_factory.mktemp("train")
    planted(root / "datasets" / "toy")
    trained(root, "base", method="base", epochs=6, device="cpu")
    return root


@pytest.fixture(scope="session")
def base(root) -> Path:
    return root / "runs" / "base"
