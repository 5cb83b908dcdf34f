"""A dataset on the terminal."""

from typing import TYPE_CHECKING, Any

from mobench.cli.console import Output
from mobench.cli.table import beside, lines, pairs
from mobench.cli.words import count, percent

if TYPE_CHECKING:
    from mobench.artifacts import Artifact

RULES = {
    "leave-one-out": ("all but the last two", "last but one", "last"),
    "temporal": ("before {val_from}", "before {test_from}", "from {test_from}"),
}
TIES = {"source": "file order", "random": "random order", "basket": "kept together"}


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
        *beside(split(artifact), facts(results)),
    ]


def funnel(artifact: "Artifact") -> list[str]:
    """Return what every stage left."""
    table = artifact.read("funnel.parquet")
    columns = zip(*(table[name] for name in ("stage", "rows", "users", "items")), strict=True)
    rows = [
        [stage, *(count(int(n)) for n in counts), percent(counts[0] / table["rows"][0])]
        for stage, *counts in columns
    ]
    return lines(["Stage", "Rows", "Users", "Items", "Kept"], rows)


def split(artifact: "Artifact") -> list[str]:
    """Return size and rule of the splits."""
    results, config = artifact.manifest.results, artifact.manifest.config
    rows = [
        [name, count(results[f"n_{name}"]), rule.format(**config)]
        for name, rule in zip(("train", "val", "test"), RULES[config["split"]], strict=True)
    ]
    return lines(["Split", "Rows", "Rule"], rows, left=(0, 2))


def facts(results: dict[str, Any]) -> list[str]:
    """Return prices, groups, ties and rejected rows."""
    forms, rejected = results["price_forms"], results["n_rejected"]
    shapes = f", {len(forms)} form{'s' * (len(forms) != 1)}" if forms else ""
    rows = [
        ("Price", f"{percent(results['price_coverage'])} of items{shapes}"),
        ("Groups", f"{results['n_fair_groups']} fairness, {results['n_pop_groups']} popularity"),
        ("Ties", f"{count(results['tie_users'])} users ({TIES[results['tie_break']]})"),
        ("Rejected", f"{count(rejected)} rows" + " (rejected.parquet)" * (rejected > 0)),
    ]
    return pairs(rows)


def caveats(out: Output, artifact: "Artifact") -> None:
    """Warn of what will limit the experiments."""
    results = artifact.manifest.results
    for file in cut_short(artifact):
        out.warn(
            f"{file} ends early (truncated gzip): everything after the break is missing.",
            "download it again.",
        )
    if not results["price_coverage"]:
        out.warn(
            "no item has a price, so the objective rev cannot be used.",
            "name a metadata file with --meta, or train with --objectives acc,fair,align.",
        )
    if results["n_fair_groups"] == 1:
        out.warn(
            "all items are in one fairness group.",
            "name a metadata file with --meta, or use --category-from title:12.",
        )
    if results["short_users"]:
        out.warn(f"{count(results['short_users'])} users have too few rows and stay in train.")


def cut_short(artifact: "Artifact") -> list[str]:
    """Return the raw files that break off in the middle of a gzip stream."""
    if not any("ends early" in reason for reason in artifact.manifest.results["rejected"]):
        return []
    rows = artifact.read("rejected.parquet", ["file", "reason"])
    pairs = zip(rows["file"], rows["reason"], strict=True)
    files = {str(file) for file, reason in pairs if "ends early" in reason}
    return sorted(files) or ["a source file"]  # the list of rejected rows has an end


def groups(artifact: "Artifact") -> list[str]:
    """Return the groups with their shares of the train rows."""
    table = artifact.read("groups.parquet")
    total = sum(table["n_train"][table["kind"] == "fair"])
    names = ("kind", "label", "n_items", "n_train")
    rows = [
        [kind, str(label), count(int(n_items)), count(int(n_train)), percent(n_train / total)]
        for kind, label, n_items, n_train in zip(*(table[name] for name in names), strict=True)
    ]
    return lines(["Group", "Label", "Items", "Train rows", "Share"], rows, left=(0, 1))
