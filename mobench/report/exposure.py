"""Figures of exposure: what each item group gets of the lists, beside what it should get."""

from collections.abc import Iterator, Sequence

from mobench.report.evidence import Columns
from mobench.report.figure import Figure, append
from mobench.report.notation import percent
from mobench.report.records import Row

WORDS = {
    "fair": ("fairness group", "the group's share of the held-out items"),
    "pop": ("popularity group", "its share of the train rows, the target of Pop-KL"),
}


def exposures(rows: Sequence[Row]) -> Iterator[Figure]:
    """Yield a figure per kind of item group.

    Args:
        rows: The rows to show, the base first.
    """
    for kind, (words, wanted) in WORDS.items():
        if kind in rows[0].exposure:
            yield _exposure(kind, rows, words, wanted)


def _exposure(kind: str, rows: Sequence[Row], words: str, wanted: str) -> Figure:
    data: Columns = {key: [] for key in ("row", "group", "label", "share", "target")}
    for row in rows:
        found = row.exposure[kind]
        for n, label in enumerate(found.label):
            append(data, row.label, n, label, 100 * found.share[n], 100 * found.target[n])
    gaps = {row.label: _gap(row, kind) for row in rows}
    return Figure(
        name=f"exposure-{kind}",
        kind="exposure",
        title=f"Exposure per {words}",
        caption=(
            f"Share of all recommended places, averaged over seeds; the upright mark is {wanted}."
            " The shorter the bar between them, the better the match."
        ),
        alt=f"Shares of {len(rows[0].exposure[kind].label)} {words}s; places that would have to"
        f" change hands: {', '.join(f'{name} {percent(gap)}' for name, gap in gaps.items())}.",
        data=data,
    )


def _gap(row: Row, kind: str) -> float:
    """Return the share of places that would have to go to other groups (total variation)."""
    found = row.exposure[kind]
    return sum(abs(a - b) for a, b in zip(found.share, found.target, strict=True)) / 2
