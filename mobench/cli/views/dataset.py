"""A dataset on the terminal."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.cells import cell_len

from mobench.cli.console import Output
from mobench.cli.table import beside, lines, pairs
from mobench.cli.words import COLUMNS, count, percent

if TYPE_CHECKING:
    from mobench.artifacts import Artifact


def summary(artifact: "Artifact") -> list[str]:
    """Return the source, the funnel, the split, and what is known of the items."""
    results = artifact.manifest.results
    detected = ", detected" * results["format_detected"]
    n_files = results["n_review_files"]
    files = f"{n_files} file{'s' * (n_files != 1)}" + " + metadata" * (
        results["n_metadata_files"] > 0
    )
    return [
        f"source {results['format_label']}{detected} · {files}",
        "",
        *funnel(artifact),
        "",
        *side_by_side(split(artifact), facts(results)),
    ]


def side_by_side(first: list[str], second: list[str]) -> list[str]:
    """Return two blocks beside each other, or one below the other where there is no room."""
    both = beside(first, second)
    return both if max(map(cell_len, both)) <= COLUMNS else [*first, "", *second]


def funnel(artifact: "Artifact") -> list[str]:
    """Return what every stage left."""
    from mobench.data.frames import read_frame

    stages = read_frame(artifact, "funnel.parquet", ["stage", "rows", "users", "items"]).rows()
    rows = [
        [stage, *map(count, counts), percent(counts[0] / stages[0][1])] for stage, *counts in stages
    ]
    return lines(["Stage", "Rows", "Users", "Items", "Kept"], rows)


def split(artifact: "Artifact") -> list[str]:
    """Return size and rule of the splits."""
    from mobench.report.dataset.words import split_rules

    results, rules = artifact.manifest.results, split_rules(artifact.manifest.config)
    rows = [[name, count(results[f"n_{name}"]), rule] for name, rule in rules.items()]
    return lines(["Split", "Rows", "Rule"], rows, left=(0, 2))


def facts(results: dict[str, Any]) -> list[str]:
    """Return prices, groups, ties and rejected rows."""
    forms, rejected = results["price_forms"], results["n_rejected"]
    shapes = f", written in {len(forms)} ways" if len(forms) > 1 else ""
    rows = [
        ("Price", f"{percent(results['price_coverage'])} of items{shapes}"),
        ("Groups", f"{results['n_fair_groups']} fairness, {results['n_pop_groups']} popularity"),
        ("Ties", ties(results)),
        (
            "Rejected",
            f"{count(rejected)} row{'s' * (rejected != 1)}"
            + " (rejected.parquet)" * (rejected > 0),
        ),
    ]
    return pairs(rows)


def ties(results: dict[str, Any]) -> str:
    """Return how many users' held-out rows were decided by a tie, and by what."""
    from mobench.report.dataset.words import TIES

    if not results.get("has_time", True):
        return "no times: file order decides"
    if results["split"] == "temporal":
        return "none (cut in time)"
    return f"{count(results['tie_users'])} users ({TIES[results['tie_break']]})"


def caveats(out: Output, artifact: "Artifact") -> None:
    """Warn of what will limit the experiments."""
    from mobench.data.frames import read_frame

    results = artifact.manifest.results
    has_metadata = results["n_metadata_files"] > 0
    for file, form in cut_short(artifact):
        out.warn(
            f"{file} ends early (truncated {form}): everything after the break is missing.",
            "download it again.",
        )
    if not results.get("has_time", True):
        out.warn(
            "there is no time column, so the order of the rows in the file decides which are held"
            " out.",
            "if there is one, name it with --columns time=NAME.",
        )
    if results["price_missing"].get("no metadata") == results["n_items"] and has_metadata:
        out.warn(
            "the metadata says nothing of any of the items.",
            "see whether its ids are those of the reviews: mobench prep FILE --inspect.",
        )
    if not results["price_coverage"]:
        train = "train with --objectives acc,fair,align."
        out.warn(
            "no item has a price, so the objective rev cannot be used.",
            train if has_metadata else f"name a metadata file with --meta, or {train}",
        )
    if results["n_fair_groups"] == 1:
        titles = read_frame(artifact, "items.parquet", ["title"])["title"]
        titled = titles.null_count() < len(titles)
        ways = ["name a metadata file with --meta"] * (not has_metadata)
        ways += ["use --category-from title:12"] * titled
        ways += ["train without the objective fair"] * (not ways)
        out.warn("all items are in one fairness group.", f"{', or '.join(ways)}.")
    if unrated(artifact):
        out.warn(
            "there are no ratings, so --min-rating keeps all rows.",
            "if there is a column of them, name it with --columns rating=NAME.",
        )
    if results["short_users"]:
        out.warn(f"{count(results['short_users'])} users have too few rows and stay in train.")


def unrated(artifact: "Artifact") -> bool:
    """Return whether ratings may have been overlooked: a table of the user's, read without them."""
    from mobench.data.frames import read_frame

    tables = ("csv", "jsonl", "parquet")
    stages = read_frame(artifact, "funnel.parquet", ["stage"])["stage"]
    return artifact.manifest.results["format"] in tables and "no ratings" in stages


def cut_short(artifact: "Artifact") -> list[tuple[str, str]]:
    """Return the raw files that break off in a compressed stream, each with its compression."""
    from mobench.data.frames import read_frame

    reasons = artifact.manifest.results["rejected"]
    counted = [reason for reason in reasons if "ends early" in reason]
    if not counted:
        return []
    rows = read_frame(artifact, "rejected.parquet", ["file", "reason"]).rows()
    found = {(file, compression(reason)) for file, reason in rows if "ends early" in reason}
    # The list of rejected rows has an end, the counts have not.
    return sorted(found) or [("a source file", compression(counted[0]))]


def compression(reason: str) -> str:
    """Return ``gzip`` for ``metadata: gzip stream ends early``."""
    return reason.rpartition(": ")[2].split()[0]


def next_commands(path: Path) -> list[str]:
    """Return the commands that go on from a dataset: train on it, or see it as a page."""
    train = ["mobench", "train", str(path), "--method", "base"]
    page = ["mobench", "report", str(path), "--name", page_name(path)]
    return [f"next  {shlex.join(train)}", f"page  {shlex.join(page)}"]


def page_facts(artifact: "Artifact") -> list[str]:
    """Return what the page of a dataset shows, in short."""
    results = artifact.manifest.results
    facts = [
        ("dataset", results["dataset"]),
        *((name, count(results[f"n_{name}"])) for name in ("rows", "users", "items")),
        ("density", f"{100 * results['density']:.3g} %"),
        ("price", f"{percent(results['price_coverage'])} of items"),
        ("gini", f"{results['gini']:.3f}"),
    ]
    return pairs(facts)


def page_name(path: Path) -> str:
    """Return the name of the report that shows a dataset, if nobody gives one."""
    return f"{path.resolve().name}-data"
