"""From metrics artifacts to a report artifact."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, nan
from pathlib import Path

from mobench import RESULTS_VERSION
from mobench.artifacts import Artifact, Draft, draft_manifest, existing
from mobench.config.report import ReportConfig
from mobench.manifest import Input
from mobench.report.compare import compare, load
from mobench.report.dataset.plots import draw as draw_chart
from mobench.report.facts import dataset_charts
from mobench.report.figures import figures
from mobench.report.heat import twin
from mobench.report.html import page
from mobench.report.inputs import Evaluated
from mobench.report.markdown import markdown
from mobench.report.palette import styles
from mobench.report.plots import draw
from mobench.report.records import Comparison, Row
from mobench.report.tables import main_table
from mobench.report.tables_fronts import fronts_table
from mobench.report.writers import arrow, as_csv, front_results, latex, latex_plain, results


@dataclass(frozen=True)
class Built:
    """A report artifact, whether it was made just now, and what it says."""

    artifact: Artifact
    fresh: bool
    comparison: Comparison


def build(
    config: ReportConfig,
    metric_paths: Sequence[Path],
    path: Path,
    *,
    replace: bool = False,
    rows: Mapping[str, str] | None = None,
) -> Built:
    """Compare evaluated runs and write a report.

    Args:
        config: Settings of the comparison.
        metric_paths: Metrics artifacts, in any order.
        path: Where the report goes; its name is its title.
        replace: Replace a report of the same name.
        rows: The row of every run by the path of its metrics, where somebody has named them (a
            recipe); else rows are told apart by settings.

    Raises:
        ArtifactError: An artifact is missing, changed or of another kind, or the name is taken.
        ConfigError: The runs cannot be compared.
        DataError: The rankings are not of the same users.
    """
    evaluated = sorted(load(metric_paths), key=lambda each: each.path)
    inputs = _inputs(evaluated)
    comparison = compare(evaluated, config, rows)
    identity = config.identity() | ({"rows": dict(sorted(rows.items()))} if rows else {})
    found = None if replace else existing(path, identity, inputs, RESULTS_VERSION)
    if found:
        return Built(found, fresh=False, comparison=comparison)
    manifest = draft_manifest("report", config.model_dump(mode="json"), identity, inputs)
    with Draft.start(path, manifest) as draft:
        write(draft, comparison, path.name)
        artifact = draft.finish(headline(comparison), replace=replace)
    return Built(artifact, fresh=True, comparison=comparison)


def _inputs(evaluated: Sequence[Evaluated]) -> list[Input]:
    """Return what the report is made from, runs included where their traces are shown."""
    metrics = [each.artifact.as_input("metrics") for each in evaluated]
    return metrics + [each.run.as_input("run") for each in evaluated if each.run]


def write(draft: Draft, comparison: Comparison, title: str) -> None:
    """Write every file of a report."""
    table, shown = main_table(comparison), figures(comparison)
    style = styles(labels(comparison))
    drawn = {figure.name: draw(figure, style) for figure in shown}
    about = dataset_charts(comparison)
    drawn |= {chart.name: draw_chart(chart) for chart in about}
    for chart in (*shown, *about):
        draft.write_text(f"figures/{chart.name}.svg", drawn[chart.name])
        draft.write_text(f"figures/{chart.name}.csv", as_csv(chart.data))
    columns = results(comparison)
    draft.write_text("results.csv", as_csv(columns))
    draft.write_table("results.parquet", arrow(columns))
    draft.write_text("table.tex", latex(table))
    if of_fronts := fronts_table(comparison):
        draft.write_text("fronts.tex", latex(of_fronts))
        draft.write_text("fronts.csv", as_csv(front_results(comparison)))
    if preferences := [figure for figure in shown if figure.kind == "heat"]:
        draft.write_text("preferences.tex", latex_plain([twin(each) for each in preferences]))
    draft.write_text("report.md", markdown(comparison, title, table, shown))
    draft.write_text("report.html", page(comparison, title, table, shown, drawn, style))


def labels(comparison: Comparison) -> list[str]:
    """Return everything that has a colour: rows and fronts."""
    fronts = [front.label for front in comparison.fronts if not front.is_single]
    return list(dict.fromkeys([*(row.label for row in comparison.rows), *fronts]))


def headline(comparison: Comparison) -> dict[str, object]:
    """Return what the manifest keeps of a report; numbers that do not exist are ``None``."""
    return {
        "verdict": comparison.verdict,
        "warnings": list(comparison.warnings),
        "dataset": comparison.dataset.name,
        "split": comparison.split,
        "k": comparison.k,
        "imp_over": list(comparison.imp_over),
        "rows": [row.label for row in comparison.rows],
        "metrics": {row.label: _numbers(row, comparison.k) for row in comparison.rows},
    }


def _numbers(row: Row, k: int) -> dict[str, float | str | bool | None]:
    numbers = {f"{name}@{k}": estimate.value for name, estimate in row.values.items()}
    numbers |= {"imp": row.imp.value if row.imp else nan, "hv": row.hv, "hv_valid": row.hv_valid}
    numbers["accuracy_kept"] = row.kept.value if row.kept else nan
    known: dict[str, float | str | bool | None] = {
        name: value if isfinite(value) else None for name, value in numbers.items()
    }
    return known | {"validity": row.validity, "valid_point": row.valid_point}
