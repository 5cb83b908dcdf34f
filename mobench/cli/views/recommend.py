"""Lists on the terminal, beside what their users bought last."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len

from mobench.cli.table import lines
from mobench.cli.views.layout import clipped
from mobench.cli.words import COLUMNS, number

if TYPE_CHECKING:
    from mobench.config import RecommendConfig
    from mobench.data.lists import Catalogue
    from mobench.evaluation.recommend import Recommender

MOST = 10
"""Users that are shown; more belong into a file."""
TITLES = ("", "Recommended", "Price", "Score", "Had last", "Price")
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Shown:
    """A user's list and what they had last, latest first; rows have the columns of the files."""

    user: str
    n_had: int
    items: Sequence[Row]
    last: Sequence[Row]

    def as_dict(self) -> dict[str, Any]:
        """Return what a machine should know."""
        return {"user": self.user, "n_had": self.n_had, "items": self.items, "last": self.last}


def shown(
    recommender: "Recommender", catalogue: "Catalogue", users: NDArray[np.int64]
) -> list[Shown]:
    """Return the lists of the first users, with as many of their last items as a list is long."""
    k = recommender.config.k
    found = []
    for block in recommender.lists(users[:MOST]):
        for user, items, scores in zip(block.user, block.items, block.scores, strict=True):
            one, last = np.array([user]), recommender.last(int(user), k)
            had = catalogue.named(one, last[None, :], np.zeros((1, len(last)), np.float32))
            best = catalogue.named(one, items[None, :], scores[None, :])
            found.append(
                Shown(
                    user=catalogue.users["user_id"][int(user)],
                    n_had=int(np.diff(recommender.had.starts)[user]),
                    items=best.drop("user").to_dicts(),
                    last=had.drop("user", "rank", "score").to_dicts(),
                )
            )
    return found


def table(found: Sequence[Shown], config: "RecommendConfig", n_users: int) -> list[str]:
    """Return a table per user."""
    made = []
    for one in found:
        had = f"{one.n_had} item{'s' * (one.n_had != 1)} up to {config.seen}"
        made += [f"user {clipped(one.user, 40)} · {had}", "", *_table(one), ""]
    if n_users > len(found):
        made.append(f"{n_users - len(found)} more: write all of them with --out FILE.csv")
    return made


def _table(one: Shown) -> list[str]:
    cells = []
    for n, (item, had) in enumerate(zip_longest(one.items, one.last[: len(one.items)])):
        price, score = number(item["price"], 2), number(item["score"], 3)
        theirs = [_name(had), number(had["price"], 2)] if had else ["", ""]
        cells.append([str(n + 1), _name(item), price, score, *theirs])
    narrow = [[row[n] for n in (0, 2, 3, 5)] for row in (TITLES, *cells)]
    widths = [max(map(cell_len, column)) for column in zip(*narrow, strict=True)]
    room = (COLUMNS - 1 - sum(widths) - 2 * (len(TITLES) - 1)) // 2
    for row in cells:
        row[1], row[4] = clipped(row[1], room), clipped(row[4], room)
    return lines(TITLES, cells, left=(1, 4), gap=2)


def _name(item: Row) -> str:
    return str(item["title"] or item["item"])
