"""Summaries of datasets that are not as others are."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from mobench.artifacts import Artifact
from mobench.data.summary.records import Summary
from mobench.data.summary.summarise import summarise
from tests.unit.data import make

ESCAPE = "\x1b[31m"
LONG = f"{ESCAPE}日本語 <b>|*" + "x" * 190
HUGE = 10**9


def usual(**values: Any) -> Artifact:
    """A dataset of some users and items in the current directory."""
    make.write_csv(Path("reviews.csv"), make.reviews())
    make.write_jsonl(Path("meta.jsonl"), make.metadata())
    return make.run(**values).artifact


def extreme() -> Artifact:
    """Prices from a cent to a billion, labels of 200 characters, and rejected rows of that kind."""
    rows: list[Any] = make.reviews()
    rows[3:3] = [("U1", "I1", LONG, make.START), (LONG, "", 5, make.START)]
    make.write_csv(Path("reviews.csv"), rows)
    records = make.metadata()
    for n, record in enumerate(records):
        record["price"] = 0.01 * 10 ** (n * 11 / 19)
        record["categories"] = ["Shop", f"{n % 4}{LONG}"]
    make.write_jsonl(Path("meta.jsonl"), records)
    return make.run(max_rejected=0.5).artifact


def tiny() -> Artifact:
    """One user and one item."""
    rows = [("U", "I", 5.0, make.START + n * make.DAY) for n in range(3)]
    make.write_csv(Path("reviews.csv"), rows)
    return make.run(meta=(), duplicates="keep", k_core=1).artifact


def huge(artifact: Artifact) -> Summary:
    """The summary of a dataset with numbers that are as large as can be."""
    found = summarise(artifact)
    groups = [replace(g, items=HUGE, train_rows=HUGE, median_price=1e9) for g in found.groups]
    counts = {name: [HUGE - 1] * len(rows) for name, rows in found.times.rows.items()}
    cold = {"cold_items": HUGE, "cold_rows": HUGE, "cold_users": HUGE}
    return replace(
        found,
        rows=HUGE,
        users=HUGE,
        items=HUGE,
        funnel=[replace(s, rows=HUGE, users=HUGE, items=HUGE) for s in found.funnel],
        splits=[replace(s, rows=HUGE, users=HUGE, items=HUGE, **cold) for s in found.splits],
        groups=groups,
        times=replace(found.times, rows=counts),
        ties=replace(found.ties, users=HUGE, rows=HUGE, rows_of_users=HUGE, short_users=HUGE),
        prices=replace(found.prices, items=HUGE, counts=[HUGE] * len(found.prices.counts)),
    )


def timeless(artifact: Artifact) -> Artifact:
    """The same dataset, as if its source had no time column."""
    results = {**artifact.manifest.results, "has_time": False}
    return Artifact(artifact.path, artifact.manifest.model_copy(update={"results": results}))
