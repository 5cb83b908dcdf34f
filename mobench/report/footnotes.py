"""What stands below the main table: a line for each reason, not for each row."""

from collections.abc import Sequence

from mobench.metrics import METRICS
from mobench.report.notation import percent, percent_range
from mobench.report.records import Comparison, Estimate, Row
from mobench.report.verdict import failed_on_validation, keeps_too_little


def footnotes(comparison: Comparison) -> list[str]:
    """Return what Imp and HV are over, why rows are not valid, and what ``?`` means."""
    over = ", ".join(METRICS[name].label for name in comparison.imp_over) or "nothing"
    notes = [
        f"Imp and HV over {over}; HV of all runs of a row, reference point"
        f" {comparison.hv_reference:g}."
    ]
    keep = percent(comparison.config.keep, places=0)
    notes += _daggers([row for row in comparison.rows if row.reasons], comparison.config.keep)
    if any(row.validity == "undecided" for row in comparison.rows):
        notes.append(f"? The interval of Hit kept leaves open whether it is {keep} or more.")
    return notes


def _daggers(rows: Sequence[Row], keep: float) -> list[str]:
    """Return a line per reason with the rows that it applies to, in the order of the table.

    What each of them keeps stands in its column.
    """
    little = [row.label for row in rows if keeps_too_little(row.kept, keep)]
    notes = [f"† Hit kept < {percent(keep, places=0)}: {_listed(little)}."] if little else []
    by_seeds: dict[tuple[int, ...], list[str]] = {}
    for row in rows:
        if seeds := failed_on_validation(row.points):
            by_seeds.setdefault(seeds, []).append(row.label)
    if by_seeds:
        groups = [
            f"{_listed(labels)} ({'seed' if len(seeds) == 1 else 'seeds'}"
            f" {', '.join(map(str, seeds))})"
            for seeds, labels in by_seeds.items()
        ]
        notes.append(f"† Invalid on validation: {'; '.join(groups)}.")
    return notes


def against_continue(rows: Sequence[Row]) -> list[str]:
    """Return Imp against continue for where its column does not fit: one paragraph."""
    found = [(row.label, row.imp_continue) for row in rows if row.imp_continue]
    if len(found) == 1:
        [(label, gain)] = found
        limits = percent_range(gain.low, gain.high)
        return [f"{label}: Imp {percent(gain.value, signed=True)} against continue ({limits})."]
    listed = "; ".join(f"{label} {_brief(gain)}" for label, gain in found)
    return [f"Imp against continue, %: {listed}."] if found else []


def _brief(gain: Estimate) -> str:
    """Return ``+8.0 (+5.0 to +12.2)``, in percent."""
    limits = percent_range(gain.low, gain.high).removesuffix(" %")
    value = percent(gain.value, signed=True).removesuffix(" %")
    return value + (f" ({limits})" if limits else "")


def _listed(labels: Sequence[str]) -> str:
    """Return labels one after the other; those with commas of their own stay apart."""
    return ("; " if any(", " in label for label in labels) else ", ").join(labels)
