"""What the runs of a row cost, as far as they say."""

from collections.abc import Sequence
from typing import Any

from mobench.report.front_records import Budget
from mobench.report.inputs import Evaluated


def budget(runs: Sequence[Evaluated]) -> Budget:
    """Return what runs cost together: what one of them does not tell is unknown for all.

    Settings that were tried once for all runs of a front count once for each seed.
    """
    each = [_told(run) for run in runs]
    shared: set[int] = set()
    for run, told in zip(runs, each, strict=True):
        if told.get("tries_at") == "equal":
            told["tries"] = 0 if run.seed in shared else told["tries"]
            shared.add(run.seed)
    return Budget(len(runs), *(_sum([told.get(name) for told in each]) for name in NAMES))


NAMES = ("epochs", "positives", "tries", "seconds")


def _told(evaluated: Evaluated) -> dict[str, Any]:
    """Return what a run tells; nothing if it is gone."""
    if evaluated.run is None:
        return {}
    manifest = evaluated.run.manifest
    results = manifest.results
    return {
        "epochs": results.get("epochs_run"),
        "positives": results.get("positives_seen"),
        "tries": results.get("tries", 1),
        "tries_at": results.get("tries_at"),
        "seconds": results.get("seconds", manifest.wall_seconds),
    }


def total(budgets: Sequence[Budget]) -> Budget:
    """Return the sum of budgets."""
    trainings = sum(each.trainings for each in budgets)
    return Budget(trainings, *(_sum([getattr(each, name) for each in budgets]) for name in NAMES))


def _sum(values: Sequence[Any]) -> Any:
    return None if any(value is None for value in values) else sum(values)
