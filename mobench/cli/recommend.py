"""``mobench recommend``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mobench.cli.console import Output
from mobench.cli.evaluate import track_blocks
from mobench.cli.options import Json, with_config
from mobench.cli.views import recommend as view
from mobench.cli.words import count
from mobench.config import RecommendConfig
from mobench.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from mobench.evaluation.recommend import Recommender

NAMED = 5
"""Unknown users that a warning lists."""
MOST = 100
"""Unknown users that ``--json`` lists."""
RunPath = Annotated[Path, typer.Argument(metavar="RUN", help="A run artifact, made by train.")]
UsersFile = Annotated[
    Path | None,
    typer.Option(
        "--users",
        metavar="FILE",
        help="Raw ids: one a line, or a column of CSV or Parquet (unset: some are drawn).",
    ),
]
Out = Annotated[
    Path | None,
    typer.Option("--out", metavar="FILE", help="File to write: .parquet, .csv, .json or .jsonl."),
]
Force = Annotated[
    bool, typer.Option("--force", metavar="", help="Replace a file of the same name.")
]


@with_config(RecommendConfig)
def recommend(
    config: RecommendConfig,
    run: RunPath,
    users: UsersFile = None,
    out: Out = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Write lists with titles and prices, for people to look at."""
    from mobench.data.lists import Catalogue, check_target, write_lists
    from mobench.data.user_file import read_ids

    console = Output("recommend", as_json)
    ids = read_ids(users) if users else None
    if out:
        check_target(out, replace=force)
    from mobench.evaluation.recommend import Recommender

    recommender = Recommender(run, config)
    catalogue = Catalogue(recommender.dataset.artifact)
    chosen, facts = whose(console, recommender, ids)
    if out:
        blocks = recommender.lists(chosen, track_blocks)
        frames = (catalogue.named(*block) for block in blocks)
        n_rows = write_lists(out, frames, replace=force)
        console.show(f"wrote {out}  ({count(n_rows)} rows, {count(len(chosen))} users)")
        console.done(file=out, n_rows=n_rows, **facts)
        return
    found = view.shown(recommender, catalogue, chosen)
    console.show(*view.table(found, config, len(chosen)))
    console.done(file=None, users=[one.as_dict() for one in found], **facts)


def whose(
    console: Output, recommender: "Recommender", ids: list[str] | None
) -> "tuple[NDArray[np.int64], dict[str, Any]]":
    """Return the users that are meant, and what a machine should know of them.

    Raises:
        DataError: The dataset has none of them.
    """
    from mobench.data.user_file import find_users

    dataset = recommender.dataset
    if ids is None:
        chosen = recommender.sample()
        return chosen, {"n_users": len(chosen), "n_unknown": 0, "unknown": []}
    found = find_users(ids, dataset.artifact)
    n, some = len(found.unknown), ", ".join(f"'{one}'" for one in found.unknown[:NAMED])
    more = ", …" * (n > NAMED)
    if not len(found.code):
        raise DataError(
            f"dataset '{dataset.name}' has none of the {n} users, such as {some}{more}",
            "name them as the raw data do; users.parquet of the dataset has all.",
        )
    if n:
        console.warn(f"{n} user{'s are' if n != 1 else ' is'} not in the dataset: {some}{more}")
    return found.code, {"n_users": len(found.code), "n_unknown": n, "unknown": found.unknown[:MOST]}
