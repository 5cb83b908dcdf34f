"""Numbers that must not move unnoticed: three epochs on the planted data set, frozen.

A change here is a change of results: raise ``RESULTS_VERSION`` and say so in the CHANGELOG under
*Changes results*. The tolerance is for other processors; every real change is far above it.
"""

import pytest

from mobench.artifacts import Artifact
from tests.synthetic import planted
from tests.unit.training.helpers import trained

LOSS = {
    "base": [0.687894, 0.581487, 0.362165],
    "draw": [0.258311, 0.237719, 0.151005, 0.106049],
    "reweight": [0.258311, 0.251477, 0.167539, 0.120594],
}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("golden")
    planted(root / "datasets" / "toy")
    trained(root, "base", method="base", epochs=3)
    return root


@pytest.mark.parametrize("name", LOSS)
def test_losses(root, name):
    base = root / "runs" / "base"
    if name != "base":
        trained(root, name, base, epochs=3, sampler_mode=name)
    history = Artifact.open(root / "runs" / name).read("history.parquet")
    assert history["loss"] == pytest.approx(LOSS[name], rel=1e-3)
