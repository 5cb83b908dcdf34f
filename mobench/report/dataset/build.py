"""From a dataset artifact to a report artifact that shows it."""

import json
from dataclasses import dataclass
from pathlib import Path

from mobench import RESULTS_VERSION
from mobench.artifacts import Artifact, Draft, draft_manifest, existing
from mobench.data.summary.records import Summary
from mobench.data.summary.summarise import summarise
from mobench.report.dataset.figures import charts
from mobench.report.dataset.html import page
from mobench.report.dataset.markdown import markdown
from mobench.report.dataset.plots import draw
from mobench.report.writers import as_csv

IDENTITY = {"about": "dataset"}
"""What tells the page of a dataset from a comparison of runs, in ``identity`` and ``results``."""


@dataclass(frozen=True)
class DatasetPage:
    """A report artifact, whether it was made just now, and the numbers that it shows."""

    artifact: Artifact
    fresh: bool
    summary: Summary


def build_page(dataset_path: Path, path: Path, *, replace: bool = False) -> DatasetPage:
    """Write the page of a dataset.

    Args:
        dataset_path: The dataset artifact.
        path: Where the report goes; its name is its title.
        replace: Replace a report of the same name.

    Raises:
        ArtifactError: The dataset is missing, changed or of another kind, or the name is taken.
    """
    dataset = Artifact.open(dataset_path, "dataset")
    dataset.verify()
    summary = summarise(dataset)
    inputs = [dataset.as_input("dataset")]
    found = None if replace else existing(path, IDENTITY, inputs, RESULTS_VERSION)
    if found:
        return DatasetPage(found, fresh=False, summary=summary)
    with Draft.start(path, draft_manifest("report", {}, IDENTITY, inputs)) as draft:
        write(draft, dataset, summary, path.name)
        artifact = draft.finish(headline(dataset, summary), replace=replace)
    return DatasetPage(artifact, fresh=True, summary=summary)


def write(draft: Draft, dataset: Artifact, summary: Summary, title: str) -> None:
    """Write every file of the report."""
    shown = charts(summary)
    drawn = {chart.name: draw(chart) for chart in shown}
    for chart in shown:
        draft.write_text(f"figures/{chart.name}.svg", drawn[chart.name])
        draft.write_text(f"figures/{chart.name}.csv", as_csv(chart.data))
    text = json.dumps(summary.as_dict(), indent=1, ensure_ascii=False, allow_nan=False)
    draft.write_text("summary.json", text + "\n")
    draft.write_text("report.md", markdown(summary, dataset.manifest, title, shown))
    draft.write_text("report.html", page(summary, dataset.manifest, title, shown, drawn))


def headline(dataset: Artifact, summary: Summary) -> dict[str, object]:
    """Return what the manifest keeps of the page."""
    return {
        **IDENTITY,
        "dataset": dataset.path.name,
        "n_rows": summary.rows,
        "n_users": summary.users,
        "n_items": summary.items,
        "density": summary.density,
        "price_coverage": summary.prices.coverage,
        "gini": summary.popularity.gini,
    }
