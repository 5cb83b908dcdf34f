"""Short ways to train in tests."""

from pathlib import Path
from typing import Any

from mobench.artifacts import Artifact
from mobench.config import TrainConfig, build
from mobench.training.log import EpochRecord
from mobench.training.run import Plan, Run, plan, train


def finish(run: Run) -> tuple[list[EpochRecord], Artifact]:
    """Run to the end; return the records and the artifact."""
    records = []
    while True:
        try:
            records.append(next(run))
        except StopIteration as end:
            return records, end.value


def make_plan(
    root: Path, name: str, base: Path | None = None, vectors: Path | None = None, **values: Any
) -> Plan:
    """Plan a run on ``root/datasets/toy``."""
    usual = {"batch_size": 64, "learning_rate": 0.01}
    config = build(TrainConfig, values if values.get("method") == "popularity" else usual | values)
    return plan(config, root / "datasets" / "toy", base, root / "runs" / name, vectors=vectors)


def trained(root: Path, name: str, base: Path | None = None, **values: Any) -> Artifact:
    """Train a run on ``root/datasets/toy``."""
    return finish(train(make_plan(root, name, base, **values)))[1]
