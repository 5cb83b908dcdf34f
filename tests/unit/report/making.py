"""A shelf of synthetic artifacts: a dataset, runs and their metrics."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mobench.artifacts import Artifact
from mobench.metrics import Outcome
from tests.unit.report.world import World
from tests.unit.report.writing import support, write_dataset, write_metrics, write_run


class Shelf:
    """A folder with a dataset, bases by seed, and whatever else a test adds."""

    def __init__(
        self, root: Path, world: World | None = None, labels: Sequence[str] | None = None
    ) -> None:
        self.root = root
        self.world = world or World()
        self.labels = list(labels or self.world.labels)
        self.dataset = write_dataset(root / "datasets" / "shop", self.world)
        self.bases: dict[tuple[str, int], Artifact] = {}
        self.metrics: list[Path] = []
        self.outcomes: dict[str, Outcome] = {}

    def add(
        self,
        method: str,
        outcome: Outcome,
        *,
        seed: int = 1,
        name: str | None = None,
        train: Mapping[str, Any] | None = None,
        evaluate: Mapping[str, Any] | None = None,
        val: Mapping[str, Any] | None = None,
        valid: bool = True,
        pinned: Mapping[str, float] | None = None,
        kept: Mapping[str, Any] | None = None,
        results: Mapping[str, Any] | None = None,
    ) -> Path:
        """Write a run and its metrics; return the path of the metrics."""
        backbone = str((train or {}).get("backbone", "mf"))
        name = name or f"shop-{backbone}-{method}-s{seed}"
        base = self.bases[backbone, seed] if method not in ("base", "popularity") else None
        run = write_run(
            self.root / "runs" / name,
            self.dataset,
            {"method": method, "seed": seed, **(train or {})},
            base=base,
            val=val or support(outcome),
            valid=valid,
            pinned=pinned,
            labels=self.labels,
            kept=kept,
            results=results,
        )
        if method == "base":
            self.bases[backbone, seed] = run
        path = self.root / "metrics" / f"{name}-test"
        write_metrics(
            path, run, self.dataset, outcome, base=base, settings=evaluate, labels=self.labels
        )
        self.metrics.append(path)
        self.outcomes[name] = outcome
        return path


def usual(root: Path, seeds: Sequence[int] = (1, 2), world: World | None = None) -> Shelf:
    """Popularity, base, continue and morec, one run a seed."""
    shelf = Shelf(root, world)
    rank = shelf.world.ranking
    shelf.add("popularity", rank(0.0, popularity=9.0))
    for seed in seeds:
        shelf.add("base", rank(1.0, seed=seed, popularity=0.35), seed=seed)
        shelf.add("continue", rank(1.01, seed=seed, popularity=0.35), seed=seed)
        shelf.add(
            "morec",
            rank(1.05, seed=seed, popularity=0.3, price=0.12, align=0.12, fair=0.15),
            seed=seed,
        )
    return shelf
