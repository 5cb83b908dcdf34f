"""Looking at results: lists of recommendations, and what differs between two artifacts."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mobench.api.settings import PathLike, settle
from mobench.config import CompareConfig, RecommendConfig

if TYPE_CHECKING:
    import polars as pl

    from mobench.report.differences import Differences


def recommend(
    run: PathLike, users: Iterable[object] | None = None, **settings: Any
) -> "pl.DataFrame":
    """Return lists with titles and prices, as ``mobench recommend`` writes them.

    Args:
        run: A run.
        users: Raw ids; some are drawn if left out. Those that the dataset does not have are left
            out of the frame.
        settings: Fields of ``mobench.config.RecommendConfig``, such as ``k=10``.

    Returns:
        A row per item: ``user``, ``rank``, ``item``, ``score``, ``title``, ``price``, ``category``.

    Raises:
        ArtifactError: The run is missing or has changed.
        ConfigError: A wrong setting.
    """
    from mobench.data.lists import Catalogue
    from mobench.data.user_file import find_users
    from mobench.evaluation.recommend import Recommender

    recommender = Recommender(Path(run), settle(RecommendConfig, settings))
    dataset = recommender.dataset.artifact
    chosen = recommender.sample() if users is None else find_users(map(str, users), dataset).code
    return Catalogue(dataset).all_named(recommender.lists(chosen))


def compare(first: PathLike, second: PathLike, **settings: Any) -> "Differences":
    """Return what changed between two artifacts of one kind, as ``mobench compare`` says it.

    Args:
        first: An artifact.
        second: Another of the same kind.
        settings: Fields of ``mobench.config.CompareConfig``, such as ``k=20``.

    Returns:
        Settings, inputs, versions and numbers; ``beyond()`` has the changes that matter, and
        ``mobench.report.differing.verdict`` puts them into words.

    Raises:
        ArtifactError: One is missing, unfinished, or has changed.
        ConfigError: They are of different kinds, or share no list length.
    """
    from mobench.report.differences import differences

    return differences(Path(first), Path(second), settle(CompareConfig, settings))
