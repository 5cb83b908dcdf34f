"""An evaluation on the terminal."""

from typing import TYPE_CHECKING, Any

from mobench.cli.table import lines
from mobench.cli.words import count, interval, number, percent

if TYPE_CHECKING:
    from mobench.artifacts import Artifact


def summary(artifact: "Artifact") -> list[str]:
    """Return the protocol and the numbers: beside the base where there is one."""
    manifest = artifact.manifest
    rows = {entry.path: entry.rows or 0 for entry in manifest.files}
    config, comparison = manifest.config, manifest.results.get("comparison")
    protocol = [
        f"{config['split']} split",
        f"full ranking over {count(rows['items.parquet'])} items",
        "seen items masked",
        f"{count(rows['targets.parquet'])} users",
        f"k = {config['k'][0]}",
    ]
    found = beside_base(comparison) if comparison else alone(artifact)
    return [" · ".join(protocol), "", *found]


def beside_base(comparison: dict[str, Any]) -> list[str]:
    """Return base, run and change of the objective metrics, and the verdict."""
    from mobench.metrics import METRICS

    rows = []
    for row in comparison["metrics"]:
        metric = METRICS[row["metric"]]
        sign = 1 if metric.higher_is_better else -1
        change = None if row["change"] is None else sign * row["change"]
        cells = [number(row["base"]), number(row["run"]), percent(change, signed=True)]
        rows.append([metric.label, *cells, _sure(row["change"], row.get("p"))])
    low, high = (percent(comparison[f"imp_{side}"], signed=True) for side in ("low", "high"))
    return [
        *lines(["Metric", "Base", "Run", "Change", ""], rows, left=(0, 4)),
        "",
        f"Imp {percent(comparison['imp'], signed=True)} ({interval(low, high)})",
        kept(comparison),
    ]


def _sure(change: float | None, p: float | None) -> str:
    """Return the direction of a change (larger is better) where its p lets one say so."""
    from mobench.metrics.p_values import ALPHA
    from mobench.report.notation import p_text

    if change is None or p is None or p >= ALPHA:
        return ""
    return f"{'better' if change > 0 else 'worse'}, {p_text(p)}"


def kept(comparison: dict[str, Any]) -> str:
    """Return the share of the base's Hit that is kept, and whether that is enough."""
    from mobench.metrics.comparison import KEEP, is_valid

    value = comparison["accuracy_kept"]
    point = value is not None and is_valid(value)
    low, high = (percent(comparison[f"accuracy_kept_{side}"]) for side in ("low", "high"))
    relation = f"{'≥' if point else '<'} {KEEP:.0%}".replace("%", " %")
    words = f"Hit kept {percent(value)} ({interval(low, high)}) {relation}: "
    if comparison.get("validity") == "undecided":
        side = "valid" if point else "not valid"
        return f"{words}{side} by value, undecided by interval"
    return words + ("valid" if point else "not valid")


def alone(artifact: "Artifact") -> list[str]:
    """Return value and interval of every metric at the first cutoff."""
    from mobench.metrics import METRICS

    table = artifact.read("metrics.parquet")
    confidence = f"{100 * artifact.manifest.config['confidence']:g} % interval"
    first = artifact.manifest.config["k"][0]
    columns = zip(
        *(table[name] for name in ("metric", "k", "value", "ci_low", "ci_high")), strict=True
    )
    rows = [
        [METRICS[name].label, number(value), interval(number(low), number(high))]
        for name, k, value, low, high in columns
        if k == first
    ]
    return lines(["Metric", "Value", confidence], rows)
