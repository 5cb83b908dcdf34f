"""What each row cost: time, memory, runs."""

from collections.abc import Mapping, Sequence
from statistics import fmean

from mobench.report.evidence import Origin
from mobench.report.markup import Markup, element, joined, lead, table
from mobench.report.notation import MISSING
from mobench.report.palette import Style
from mobench.report.records import Comparison, Row
from mobench.report.tabulate import swatch

WORDS = (
    "Wall time is what a clock showed, CPU time is summed over threads, both per run on average;"
    " memory is the most that a process held (one that made several runs counts for each of them)."
)
HEAD = ("Method", "Runs", "Epochs", "Train", "CPU", "All runs", "Eval", "Memory", "Device")


def costs(comparison: Comparison, style: Mapping[str, Style]) -> Markup:
    """Return the table of costs, with a bar that compares the time of all runs of a row."""
    totals = {row.label: _total(row.origins) for row in comparison.rows}
    longest = max((total for total in totals.values() if total is not None), default=0.0)
    rows = [_row(row, totals[row.label], longest, style) for row in comparison.rows]
    return joined(lead(WORDS), table(_caption(comparison), HEAD, rows, "Costs", "sortable"))


def _caption(comparison: Comparison) -> str:
    origins = [origin for row in comparison.rows for origin in row.origins]
    total = sum(o.train_seconds or 0.0 for o in origins) + sum(o.eval_seconds for o in origins)
    return f"{len(origins)} runs, {duration(total)} of training and evaluation in all."


def _row(row: Row, total: float | None, longest: float, style: Mapping[str, Style]) -> Markup:
    origins = row.origins
    train, cpu = (
        _mean([getattr(o, name) for o in origins])
        for name in ("train_seconds", "train_cpu_seconds")
    )
    evaluate = _mean([o.eval_seconds for o in origins])
    epochs = _mean([o.epochs for o in origins])
    peaks = [m for o in origins for m in (o.train_memory_mb, o.eval_memory_mb) if m]
    share = (total or 0.0) / longest if longest else 0.0
    bar = element(
        "span", class_="bar", style=f"inline-size: {100 * share:.1f}%", aria_hidden="true"
    )
    cells = [
        _cell(len(origins), str(len(origins))),
        _cell(epochs, f"{epochs:.3g}" if epochs else MISSING),
        *(_cell(seconds, duration(seconds)) for seconds in (train, cpu)),
        _cell(total, duration(total), bar),
        _cell(evaluate, duration(evaluate)),
        _cell(max(peaks, default=None), f"{max(peaks):,.0f} MB" if peaks else MISSING),
        element("td", ", ".join(dict.fromkeys(o.device for o in origins))),
    ]
    return element("tr", element("th", swatch(row.label, style), row.label, scope="row"), *cells)


def _cell(value: float | None, text: str, *more: Markup) -> Markup:
    return element("td", text, *more, data_value="" if value is None else repr(value))


def _total(origins: Sequence[Origin]) -> float | None:
    times = [o.train_seconds for o in origins if o.train_seconds is not None]
    return sum(times) if times else None


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fmean(known) if known else None


def duration(seconds: float | None) -> str:
    """Return ``0.4 s``, ``12 s``, ``3 min 20 s``, ``2 h 5 min``; a dash for nothing known."""
    if seconds is None:
        return MISSING
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
