"""What the runs of a row were to do: the preference, and whether rows differ in it alone."""

import json
from collections.abc import Sequence

from mobench.report.inputs import Evaluated
from mobench.report.labels import own_settings, wished_of
from mobench.report.records import Row, Wish

FEWEST = 3
"""Two preferences are two rows of the main table; from three on a picture helps."""


def wish(pairs: Sequence[tuple[Evaluated, Evaluated]]) -> Wish | None:
    """Return what the runs of a row were to do, ``None`` if a run or a base is gone.

    Args:
        pairs: (run, base) of one configuration.
    """
    if any(each.run is None for pair in pairs for each in pair):
        return None
    run, base = pairs[0]
    objectives = wished_of(run)
    wishes = run.settings["preference"] or [1.0] * len(objectives)
    shares = {name: share / sum(wishes) for name, share in zip(objectives, wishes, strict=True)}
    rest = {name: v for name, v in own_settings(run.asked, base).items() if name != "preference"}
    return Wish(shares, json.dumps(rest, sort_keys=True))


def studies(rows: Sequence[Row]) -> list[list[Row]]:
    """Return the groups of at least three rows that differ in preference only.

    Within a group the rows stand by the objective that is wished for most, the largest wish first,
    and equal wishes last.
    """
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        if row.wish and len(row.wish.shares) > 1:
            key = row.method, row.backbone, row.wish.rest
            groups.setdefault(key, []).append(row)
    return [sorted(group, key=_place) for group in groups.values() if len(group) >= FEWEST]


def _place(row: Row) -> tuple[bool, int, float, str]:
    shares = list(row.wish.shares.values()) if row.wish else []
    top = max(shares)
    is_tied = shares.count(top) > 1
    return is_tied, shares.index(top), -top, row.label


def shared_words(labels: Sequence[str]) -> str:
    """Return the words that all labels begin with: the method, and the backbone if named."""
    shared = []
    for words in zip(*(label.split(" ") for label in labels), strict=False):
        if len(set(words)) > 1:
            break
        shared.append(words[0])
    return " ".join(shared)
