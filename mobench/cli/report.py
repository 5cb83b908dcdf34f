"""``mobench report``."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mobench.cli import places
from mobench.cli.console import Output
from mobench.cli.options import Force, Json, Name, with_config
from mobench.cli.views.report import table_lines
from mobench.cli.words import wrapped
from mobench.config import ReportConfig

if TYPE_CHECKING:
    from mobench.report.build import Built

MetricsPaths = Annotated[
    list[Path], typer.Argument(metavar="METRICS…", help="Metrics artifacts, made by eval.")
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

    out = Output("report", as_json)
    path = places.place("reports", name or dataset_name(metrics))
    built = build(config, metrics, path, replace=force)
    tell(out, built)
    out.done(artifact=path, fresh=built.fresh, **built.artifact.manifest.results)


def dataset_name(metrics: Sequence[Path]) -> str:
    """Return the name of the dataset that the first of the runs was evaluated on."""
    from mobench.artifacts import Artifact

    first = Artifact.open(metrics[0], "metrics").manifest
    return next(Path(entry.path).name for entry in first.inputs if entry.role == "dataset")


def tell(out: Output, built: "Built") -> None:
    """Show the table, the verdict, what to beware of, and where the page is."""
    comparison = built.comparison
    out.show(*table_lines(comparison), "", wrapped(comparison.verdict))
    for warning in comparison.warnings:
        out.warn(warning)
    others = " (+ report.md, table.tex, results.parquet, figures/)"
    out.wrote(built.artifact.path / "report.html", fresh=built.fresh, also=others)
