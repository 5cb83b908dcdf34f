"""``mobench report``."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mobench import places
from mobench.cli.console import Output
from mobench.cli.options import Force, Json, Name, with_config
from mobench.cli.views.dataset import page_name
from mobench.cli.views.report import more_lines, table_lines
from mobench.cli.words import wrapped
from mobench.config import ReportConfig
from mobench.errors import ConfigError

if TYPE_CHECKING:
    from mobench.report.build import Built

MetricsPaths = Annotated[
    list[Path],
    typer.Argument(
        metavar="METRICS…",
        help="Metrics artifacts, made by eval, or folders of them; or one dataset, for its page.",
    ),
]


@with_config(ReportConfig)
def report(
    config: ReportConfig,
    metrics: MetricsPaths,
    name: Name = None,
    force: Force = False,
    as_json: Json = False,
) -> None:
    """Compare evaluated runs: table, Pareto plots, HTML / Markdown / LaTeX."""
    from mobench.report.build import build
    from mobench.report.gather import gather

    out = Output("report", as_json)
    metrics = gather(metrics)
    if dataset := only_dataset(metrics):
        show_dataset(out, config, dataset, name, force=force)
        return
    path = places.place("reports", name or places.report_name(metrics))
    built = build(config, metrics, path, replace=force)
    tell(out, built)
    out.done(artifact=path, fresh=built.fresh, **built.artifact.manifest.results)


def only_dataset(paths: Sequence[Path]) -> Path | None:
    """Return the dataset that a page is wanted of, ``None`` where runs are to be compared.

    Raises:
        ArtifactError: One is missing or unfinished.
        ConfigError: There is more beside a dataset.
    """
    from mobench.artifacts import Artifact

    datasets = [path for path in paths if Artifact.open(path).manifest.kind == "dataset"]
    if not datasets:
        return None
    if len(paths) > 1:
        raise ConfigError(
            f"the page of dataset '{datasets[0]}' cannot show other artifacts, too",
            "give one dataset for its page, or only metrics to compare runs.",
        )
    return datasets[0]


def show_dataset(
    out: Output, config: ReportConfig, dataset: Path, name: str | None, *, force: bool
) -> None:
    """Write the page of a dataset.

    Raises:
        ConfigError: A setting of comparisons is given.
    """
    from mobench.report.dataset.build import build_page
    from mobench.report.dataset.words import headline, warnings

    if config.model_fields_set:
        flags = ", ".join(f"--{name.replace('_', '-')}" for name in sorted(config.model_fields_set))
        raise ConfigError(
            f"{flags} cannot be used with a dataset", "leave it out: it is for comparing runs."
        )
    path = places.place("reports", name or page_name(dataset))
    built = build_page(dataset, path, replace=force)
    out.show(headline(built.summary))
    for warning in warnings(built.summary):
        out.warn(warning)
    others = " (+ report.md, summary.json, figures/)"
    out.wrote(path / "report.html", fresh=built.fresh, also=others)
    out.done(artifact=path, fresh=built.fresh, **built.artifact.manifest.results)


def tell(out: Output, built: "Built") -> None:
    """Show the table, the verdict, what to beware of, and where the page is."""
    comparison = built.comparison
    out.show(
        *table_lines(comparison),
        *more_lines(comparison),
        "",
        wrapped(comparison.verdict),
    )
    for warning in comparison.warnings:
        out.warn(warning)
    others = " (+ report.md, table.tex, results.parquet, figures/)"
    out.wrote(built.artifact.path / "report.html", fresh=built.fresh, also=others)
