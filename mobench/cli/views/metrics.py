"""An evaluation on the terminal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mobench.cli.table import lines
from mobench.cli.words import count, interval, number, percent

if TYPE_CHECKING:
    from mobench.artifacts import Artifact

NAME_CELLS = 26
"""Of the names in a table of many runs: what 88 cells leave."""


def summary(artifact: "Artifact") -> list[str]:
    """Return the protocol and the numbers: beside the base where there is one."""
    comparison = artifact.manifest.results.get("comparison")
    found = beside_base(comparison) if comparison else alone(artifact)
    return [" · ".join(protocol(artifact)), "", *found]


def protocol(artifact: "Artifact") -> list[str]:
    """Return how the numbers were made: what papers differ in."""
    manifest = artifact.manifest
    rows = {entry.path: entry.rows or 0 for entry in manifest.files}
    config = manifest.config
    if candidates := config.get("candidates"):
        kind, _, n = candidates.partition(":")
        among = f"SAMPLED: {count(int(n))} candidates, {kind}; no full ranking"
    elif "lists" in manifest.results:
        among = f"lists of {manifest.results['method']}"
    else:
        among = f"full ranking over {count(rows['items.parquet'])} items"
    return [
        f"{config['split']} split",
        among,
        *(["seen items masked"] if not candidates else []),
        f"{count(rows['targets.parquet'])} users",
        f"k = {config['k'][0]}",
    ]


LOST = {
    "no_value": "rows without user, item or a number, left out",
    "unknown_users": "rows of users that the dataset does not have, left out",
    "unknown_items": "rows of items that the dataset does not have, left out",
    "not_held_out": "rows of users without a held-out item, left out",
    "seen": "rows of items that their user had before, left out",
    "duplicates": "rows that repeat a pair of user and item (the best place counts)",
    "missing_users": "users with a held-out item and no list (they miss)",
    "short_lists": "users whose list is shorter than the largest k",
}


def warnings(artifact: "Artifact") -> list[str]:
    """Return what was wrong with the lists of another tool."""
    tally = artifact.manifest.results.get("lists", {})
    return [f"{text}: {count(tally[name])}." for name, text in LOST.items() if tally.get(name)]


def many(found: "Sequence[tuple[Artifact, bool]]") -> list[str]:
    """Return the protocol and a line per run: its objective metrics, and Imp against its base."""
    from mobench.metrics import METRICS, OBJECTIVE_METRICS

    first = found[0][0]
    k = first.manifest.config["k"][0]
    rows = []
    for artifact, is_fresh in found:
        results = artifact.manifest.results
        comparison = results.get("comparison") or {}
        values = [number(results["metrics"][f"{name}@{k}"]) for name in OBJECTIVE_METRICS]
        imp = percent(comparison.get("imp"), signed=True)
        kept = percent(comparison.get("accuracy_kept"))
        name = shortened(artifact.path.name, NAME_CELLS)
        rows.append([name, *values, imp, kept, "" if is_fresh else "up to date"])
    labels = [METRICS[name].label for name in OBJECTIVE_METRICS]
    table = lines(["Metrics", *labels, "Imp", "Kept", ""], rows, left=(0, 7), gap=2)
    return [" · ".join(protocol(first)), "", *table]


def shortened(text: str, cells: int) -> str:
    """Return a text of at most so many cells, its middle left out."""
    if len(text) <= cells:
        return text
    half = (cells - 1) // 2
    return f"{text[: cells - 1 - half]}…{text[-half:]}"


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
