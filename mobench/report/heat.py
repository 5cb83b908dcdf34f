"""Preference control: what each wish gave, as a heat map and as a plain table."""

from collections.abc import Sequence

from mobench.metrics import METRICS
from mobench.objectives import OBJECTIVES
from mobench.report.evidence import Columns
from mobench.report.figure import Figure, append, slug
from mobench.report.notation import percent
from mobench.report.records import Row
from mobench.report.wishes import shared_words

HEAD = "Preference"


def heat_map(study: Sequence[Row]) -> Figure:
    """Return the figure of rows that differ in preference only: what each of them changed.

    Cells are relative improvements over base, larger is better; the shares stand beside them.
    """
    wishes = [row.wish.shares if row.wish else {} for row in study]
    objectives = list(wishes[0])
    metrics = [OBJECTIVES[name].metric for name in ("acc", *objectives)]
    shares, changes = [f"share_{o}" for o in objectives], [f"change_{m}" for m in metrics]
    data: Columns = {key: [] for key in ("label", *shares, *changes)}
    for row, wish in zip(study, wishes, strict=True):
        append(data, row.label, *wish.values(), *(row.change[name].value for name in metrics))
    words = shared_words([row.label for row in study])
    return Figure(
        name=f"preferences-{slug(words)}",
        kind="heat",
        title=f"{words}: what each preference changes",
        caption=(
            "Relative improvement over base, mean over seeds: above 0 is better in every column,"
            " also where the metric itself falls. The shares of the preference stand on the left;"
            " colours compare within a column."
        ),
        alt=f"Heat map of {len(study)} preferences by {len(metrics)} metrics:"
        f" {_best(data, metrics)}.",
        data=data,
        facts={"objectives": objectives, "metrics": metrics, "shared": words},
    )


def _best(data: Columns, metrics: Sequence[str]) -> str:
    """Return which row improves each metric most."""
    words = []
    for name in metrics:
        column = data[f"change_{name}"]
        top = max(column)
        row = data["label"][column.index(top)]
        words.append(f"{METRICS[name].label} most with {row} ({percent(top, signed=True)})")
    return "; ".join(words)


def twin(figure: Figure) -> tuple[list[str], list[list[str]]]:
    """Return the figure as a plain table: its head, and a row per preference."""
    objectives, metrics = figure.facts["objectives"], figure.facts["metrics"]
    data = figure.data
    head = [HEAD, *objectives, *(METRICS[name].label for name in metrics)]
    rows = [
        [
            data["label"][n],
            *(f"{data[f'share_{name}'][n]:.2f}" for name in objectives),
            *(percent(data[f"change_{name}"][n], signed=True) for name in metrics),
        ]
        for n in range(len(data["label"]))
    ]
    return head, rows
