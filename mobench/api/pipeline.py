"""From raw reviews to a report: what each step of the pipeline is as a function."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mobench import places
from mobench.api.made import Made
from mobench.api.settings import PathLike, settle, told
from mobench.config import EvalConfig, PrepConfig, ReportConfig, TrainConfig

if TYPE_CHECKING:
    from mobench.training.log import EpochRecord


def prep(
    *source: PathLike,
    name: str | None = None,
    download: bool = False,
    force: bool = False,
    **settings: Any,
) -> Made:
    """Turn raw reviews into a dataset, as ``mobench prep`` does.

    Args:
        source: Review files; or ``demo``, ``synthetic:…``, the name of a public set.
        name: Name of the dataset; that of the source if left out.
        download: Whether a public set may be fetched.
        force: Replace a dataset of the same name.
        settings: Fields of ``mobench.config.PrepConfig``, such as ``k_core=2``.

    Returns:
        The dataset; its main table is the funnel.

    Raises:
        ConfigError: A wrong setting.
        DataError: Raw data that cannot be used.
        ArtifactError: The name is taken.
    """
    from mobench.data.download.chosen import names_public_set, with_files_of
    from mobench.data.prep import prepare

    config = settle(PrepConfig, {"source": source, **settings})
    path = places.place("datasets", name or places.dataset_name(config))
    options = {"name": name, "download": download, "force": force}
    with told("prep", source, config, options, without=["source"]):
        if download or names_public_set(config):
            cache = places.cache_folder()
            config, _ = with_files_of(config, cache, lambda _: _unseen, download=download)
        done = prepare(config, path, replace=force)
    return Made.of(done.artifact, fresh=done.fresh)


def _unseen(*_: object) -> None:
    """Show nothing of the progress of a download."""


def train(
    dataset: PathLike,
    *,
    base: PathLike | None = None,
    name: str | None = None,
    force: bool = False,
    on_epoch: "Callable[[EpochRecord], object] | None" = None,
    **settings: Any,
) -> Made:
    """Train a recommender, as ``mobench train`` does.

    Ctrl-C saves the state; ``mobench train --resume`` goes on from there.

    Args:
        dataset: A dataset.
        base: The run that a method starts from; the newest that fits if left out.
        name: Name of the run.
        force: Replace a run of the same name.
        on_epoch: Is told of every epoch as it ends, for example ``print``.
        settings: Fields of ``mobench.config.TrainConfig``, such as ``method="base"``.

    Returns:
        The run; its main table is the history, a row an epoch.

    Raises:
        ConfigError: A wrong setting.
        ArtifactError: The dataset or the base is missing, or the name is taken.
        Interrupted: Ctrl-C.
        TrainingError: A loss is not finite.
    """
    from mobench.training.run import plan, up_to_date
    from mobench.training.run import train as begin

    config, source = settle(TrainConfig, settings), Path(dataset)
    start = Path(base) if base is not None else None
    if start is None and config.starts_from_base:
        start = places.newest_base(source, config)
    path = places.place("runs", name or places.run_name(source.name, config))
    with told("train", [dataset], config, {"base": base, "name": name, "force": force}):
        todo = plan(config, source, start, path)
        if not force and (found := up_to_date(todo)):
            return Made.of(found, fresh=False)
        records = begin(todo, replace=force)
        while True:
            try:
                record = next(records)
            except StopIteration as end:
                return Made.of(end.value, fresh=True)
            if on_epoch:
                on_epoch(record)


def evaluate(
    run: PathLike, *, name: str | None = None, force: bool = False, **settings: Any
) -> Made:
    """Score a run on held-out rows, as ``mobench eval`` does.

    Args:
        run: A run.
        name: Name of the metrics.
        force: Replace metrics of the same name.
        settings: Fields of ``mobench.config.EvalConfig``, such as ``k=(10, 20)``.

    Returns:
        The metrics; the main table has a row per metric and list length, with its interval.

    Raises:
        ConfigError: A wrong setting, or a split without rows.
        ArtifactError: The run is missing or has changed, or the name is taken.
    """
    from mobench.evaluation.run import evaluate as score

    config, source = settle(EvalConfig, settings), Path(run)
    usual = places.metrics_name(source.name, config)
    path = places.place("metrics", name or usual)
    with told("eval", [run], config, {"name": name, "force": force}):
        done = score(config, source, path, replace=force)
    return Made.of(done.artifact, fresh=done.fresh)


def make_report(
    *metrics: PathLike, name: str | None = None, force: bool = False, **settings: Any
) -> Made:
    """Compare evaluated runs, as ``mobench report`` does (that name is taken by its package).

    Args:
        metrics: Evaluated runs; a folder or a pattern such as ``data/metrics/**`` stands for all
            that are in it.
        name: Name of the report; that of the dataset if left out.
        force: Replace a report of the same name.
        settings: Fields of ``mobench.config.ReportConfig``, such as ``keep=0.95``.

    Returns:
        The report; its main table has a row per method and metric.

    Raises:
        ConfigError: A wrong setting, or runs that cannot be compared.
        ArtifactError: An evaluation is missing or has changed, or the name is taken.
    """
    from mobench.report.build import build
    from mobench.report.gather import gather

    config = settle(ReportConfig, settings)
    paths = gather([Path(path) for path in metrics])
    path = places.place("reports", name or places.report_name(paths))
    with told("report", metrics, config, {"name": name, "force": force}):
        built = build(config, paths, path, replace=force)
    return Made.of(built.artifact, fresh=built.fresh)
