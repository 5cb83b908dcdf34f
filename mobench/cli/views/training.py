"""A training run on the terminal: before, during and after."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mobench.cli.console import Output
from mobench.cli.table import Table, pairs
from mobench.cli.views.conditioned import obedience
from mobench.cli.views.doubts import METRIC_LABELS, kept_warning, pinned_warning
from mobench.cli.views.reranking import beside_base, listed, searched
from mobench.cli.words import count, duration, number, percent

if TYPE_CHECKING:
    from mobench.artifacts import Artifact
    from mobench.config import TrainConfig
    from mobench.training.log import EpochRecord
    from mobench.training.plan import Plan
    from mobench.training.vectors import Vectors

SCORES = ("valid", "score", "best_epoch", "epochs_run")
"""What trials.parquet holds besides the settings that were tried."""


def header(plan: "Plan") -> list[str]:
    """Return what is being trained, from what, and how it is judged."""
    config = plan.config
    alone = config.method == "popularity"
    facts = [
        config.method if alone else f"{config.method} on {config.backbone}",
        f"{count(plan.n_parameters)} parameters",
        plan.device,
        f"seed {config.seed}",
    ]
    lines = [" · ".join(facts)]
    if config.solver:
        how, wishes = solving(config)
        lines += [how, *([f"wishes {wishes}"] if wishes else [])]
    elif config.has_controller:
        loss = "from the base run" if config.target_loss is None else number(config.target_loss)
        held = f"target loss {loss}"
        if config.keep_accuracy:
            metric = METRIC_LABELS[config.keep_metric]
            held = f"keeps {percent(config.keep_accuracy)} of the base's {metric}"
        shares = [f"{n} {s:.2f}" for n, s in zip(config.auxiliary, config.shares, strict=True)]
        lines.append(f"{held} · preference {' '.join(shares) or 'acc alone'}")
    if config.method == "conditioned":
        lines.append(f"one model for all preferences · selected at {_shares(config)}")
    if config.method == "rerank":
        lines.append(searched(plan))
    if plan.base:
        lines.append(f"base {plan.base.path}")
    if plan.vectors:
        lines.append(f"{vectors(plan.vectors)}, taken as they are")
    if plan.candidates:
        lines.append(f"scores {plan.candidates.path}: {listed(plan.candidates.tally)}")
    lines.append(f"validation split · k = {config.k}")
    return lines


def _shares(config: "TrainConfig") -> str:
    """Return the wishes for all objectives."""
    named = zip(config.objectives, config.wishes, strict=True)
    return " ".join(f"{name} {share:.2f}" for name, share in named)


def solving(config: "TrainConfig") -> tuple[str, str]:
    """Return what weighs which losses where no controller does, and the wishes it looks at."""
    from mobench.training.fitting import has_front

    facts = [f"{config.solver} of {'the blocks drawn' if config.adapts else 'losses on one block'}"]
    if config.normalise != "none":
        facts.append(f"normalise {config.normalise}")
    if config.solve_every > 1:
        facts.append(f"solved every {config.solve_every} steps")
    return " · ".join(facts), _shares(config) if has_front(config) else ""


def vectors(found: "Vectors") -> str:
    """Return the file, and how many of its vectors are used."""
    sides = (("users", found.users), ("items", found.items))
    used = " and ".join(f"{count(len(s.table) - s.missing)} {name}" for name, s in sides)
    more = found.users.unused + found.items.unused
    unused = f" ({count(more)} others not used)" if more else ""
    return f"vectors {found.path}: {used}{unused}, {found.width} numbers each"


def warn_of_missing(out: Output, found: "Vectors") -> None:
    """Warn of users and of items that have no vector of their own."""
    for name, side in (("users", found.users), ("items", found.items)):
        if side.missing:
            out.warn(
                f"{count(side.missing)} of {count(len(side.table))} {name} have no vector in"
                f" '{found.path}': they have the mean of the others.",
                "export their vectors too, or read the figures with that in mind.",
            )


def dry_run_lines(plans: "Sequence[Plan]") -> list[str]:
    """Return what would be trained, from what, and where it would go."""
    first, plan = plans[0], plans[-1]
    if first is plan:
        return pairs(dry_run_facts(plan))
    facts = [fact for fact in dry_run_facts(plan) if fact[0] != "dataset"]
    return [*pairs(dry_run_facts(first)), "", *pairs(facts)]


def dry_run_facts(plan: "Plan") -> list[tuple[str, str]]:
    """Return what would be done for one run."""
    from mobench.artifacts import short

    config = plan.config
    wishes = [f"{n} {s:.2f}" for n, s in zip(config.auxiliary, config.shares, strict=True)]
    rows = [
        (
            "dataset",
            f"{plan.dataset.artifact.path}  sha256 {short(plan.dataset.artifact.digest)}",
        )
    ]
    if plan.base:
        hit = plan.base.manifest.results["val"]["hit"]
        rows.append(("base run", f"{plan.base.path}  Hit@{config.k} {number(hit)}"))
    if plan.vectors:
        rows.append(("vectors", vectors(plan.vectors).removeprefix("vectors ")))
    if plan.candidates:
        rows.append(("scores", f"{plan.candidates.path}  {listed(plan.candidates.tally)}"))
    if config.method == "rerank":
        rows.append(("mixes", searched(plan)))
    if config.solver:
        said = zip(("solver", "wishes"), solving(config), strict=True)
        rows += [(name, words) for name, words in said if words]
    elif config.method == "conditioned":
        rows.append(("selected at", _shares(config)))
    elif len(config.loss_names) > 1:
        rows.append(("objectives", "  ".join(["acc", *wishes])))
    given = plan.vectors or plan.candidates
    if config.method not in ("popularity", "rerank") and not given:
        steps = f"{count(plan.steps_per_epoch)} per epoch × at most {config.max_epochs} epochs"
        rows.append(("steps", steps))
    return [*rows, ("would write", str(plan.path))]


@dataclass
class Epochs:
    """The table that grows by a row per epoch."""

    out: Output
    plan: "Plan"
    began: bool = False

    def add(self, record: "EpochRecord") -> None:
        """Print the row of an epoch, and the titles before the first."""
        if not self.began:
            self.out.show(*self.table.head())
            self.began = True
        self.out.show(self.table.row(self.cells(record)))

    @property
    def steered(self) -> bool:
        """Whether accuracy is measured against a base."""
        return self.plan.base is not None

    @property
    def table(self) -> Table:
        """The columns; those about the base only where there is one."""
        shared = {"Epoch": 5, "Loss": 6}
        values = {"Hit": 6, "NDCG": 6, "rHit": 7, "min-Hit": 7, "Pop-KL": 6}
        if self.steered:
            values.pop("NDCG")
            shared["β"] = 4
            values["Hit kept"] = 8
        titles = shared | values | {"Time": 7, "": 4}
        last = len(titles) - 1
        return Table([*titles], [*titles.values()], frozenset({last}), gap=2)

    def cells(self, record: "EpochRecord") -> list[str]:
        """Return the cells of a row."""
        values = record.metrics
        start = record.epoch == 0
        name = ("base" if self.steered else "start") if start else str(record.epoch)
        cells = [name, number(record.loss)]
        if self.steered:
            cells.append(number(math.nan if start else record.beta, 2))
        names = ("hit", "rhit", "min_hit") if self.steered else ("hit", "ndcg", "rhit", "min_hit")
        cells += [number(values[name]) for name in names]
        cells.append(number(values["pop_kl"], 3))
        if self.steered:
            cells.append(percent(record.accuracy_kept))
        return [*cells, "" if start else duration(record.seconds), "best" * record.selected]


def verdict(out: Output, results: dict[str, Any]) -> None:
    """Say how training ended, and warn where the result stands on thin ice."""
    if results["method"] == "rerank":
        out.show(*beside_base(results), "")
    elif not results["epochs_run"]:
        shown = ("hit", "ndcg", "rhit", "min_hit", "pop_kl")
        out.show(*pairs((name, number(results["val"][name])) for name in shown), "")
    else:
        out.show("")
        why = f" ({results['stopped']})" if results["stopped"] else ""
        out.show(
            f"stopped at epoch {results['epochs_run']}, best was epoch {results['best_epoch']}{why}"
        )
    if "follows" in results:
        obedience(out, results)
    if results["base_val"]:
        kept_warning(out, results)
    if results["base_val"] and "beta_pinned" in results:
        pinned_warning(out, results)


def trials(artifact: "Artifact") -> list[str]:
    """Return how many settings were tried and which were kept, nothing of a run without trials."""
    if "trials.parquet" not in (entry.path for entry in artifact.manifest.files):
        return []
    table = artifact.read("trials.parquet")
    if mix := artifact.manifest.results.get("mix"):
        kept = ", ".join(f"{name} {share:.3g}" for name, share in mix.items())
        return [f"tried {count(len(table['imp']))} mixes, kept {kept}"]
    names = [name for name in table if name not in SCORES]
    kept = ", ".join(f"{name} {_short(artifact.manifest.config[name])}" for name in names)
    return [f"tried {len(table['score'])} settings, kept {kept}"]


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def summary(artifact: "Artifact") -> list[str]:
    """Return how training went: the selected epoch beside the base."""
    results: dict[str, Any] = artifact.manifest.results
    verdict = "valid" if results["valid"] else "not valid"
    facts = [
        ("method", f"{results['method']} on {results['backbone']} · {verdict} on validation"),
        ("best epoch", f"{results['best_epoch']} of {results['epochs_run']}"),
        ("parameters", count(results["n_parameters"])),
    ]
    facts += [("tuning", line) for line in trials(artifact)]
    return [*pairs(facts), "", *beside_base(results)]
