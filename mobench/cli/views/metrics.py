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
    from mobench.metrics.comparison import KEEP, is_valid

    rows = []
    for row in comparison["metrics"]:
        metric = METRICS[row["metric"]]
        sign = 1 if metric.higher_is_better else -1
        change = None if row["change"] is None else sign * row["change"]
        cells = [number(row["base"]), number(row["run"]), percent(change, signed=True)]
        rows.append([metric.label, *cells, _sure(row["change_low"], row["change_high"])])
    kept = comparison["accuracy_kept"]
    valid = kept is not None and is_valid(kept)
    relation = f"{'≥' if valid else '<'} {KEEP:.0%}".replace("%", " %")
    imp = percent(comparison["imp"], signed=True)
    low, high = (percent(comparison[f"imp_{side}"], signed=True) for side in ("low", "high"))
    return [
        *lines(["Metric", "Base", "Run", "Change", ""], rows, left=(0, 4)),
        "",
        f"Hit kept {percent(kept)} {relation}: {'valid' if valid else 'not valid'}"
        f" · Imp {imp} ({interval(low, high)})",
    ]


def _sure(low: float | None, high: float | None) -> str:
    """Return the direction of a change whose interval excludes 0; larger is better."""
    if low is None or high is None:  # no interval: the base's value is 0 in some resamples
        return ""
    return "better" if low > 0 else "worse" if high < 0 else ""


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
