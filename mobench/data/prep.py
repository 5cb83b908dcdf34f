"""``prep``: raw files in, dataset artifact out."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from mobench import RESULTS_VERSION
from mobench.artifacts import Artifact, Draft, draft_manifest, existing
from mobench.config import PrepConfig
from mobench.data.funnel import select
from mobench.data.items import item_tables
from mobench.data.plan import Plan, plan
from mobench.data.reading import Reader, Track
from mobench.data.schema import REVIEWS, rejected_table
from mobench.data.tables import (
    funnel_table,
    interactions_table,
    split_results,
    split_rows,
    users_table,
)
from mobench.errors import MobenchError


@dataclass(frozen=True)
class Prepared:
    """A dataset artifact, and whether it was made now (``fresh``) or was there already."""

    artifact: Artifact
    fresh: bool


def no_track(stage: str) -> None:
    """Report a stage to nobody."""


def prepare(
    config: PrepConfig, path: Path, *, replace: bool = False, track: Track = no_track
) -> Prepared:
    """Make a dataset artifact, unless the same one is there already.

    Args:
        config: What to read and how to filter, split and group it.
        path: The artifact's directory.
        replace: Make it anew even if a dataset has that name.
        track: Told the name of each stage as it begins.

    Raises:
        ConfigError: Settings that contradict each other.
        DataError: Raw data that cannot be used; nothing is published.
        ArtifactError: The name is taken, by another dataset or by something else.
    """
    track("checking files")
    made = plan(config)
    identity = made.config.identity()
    if not replace:
        found = existing(path, identity, made.inputs, RESULTS_VERSION)
        if found is not None:
            return Prepared(found, fresh=False)
    elif path.exists():
        Artifact.open(path, "dataset")  # replace datasets, never anything else
    settings = made.config.model_dump(mode="json")
    manifest = draft_manifest("dataset", settings, identity, made.inputs, seed=config.seed)
    with Draft.start(path, manifest) as draft:
        try:
            results = _fill(draft, made, track)
        except MobenchError:
            shutil.rmtree(draft.work)
            raise
        return Prepared(draft.finish(results, replace=replace), fresh=True)


def _fill(draft: Draft, made: Plan, track: Track) -> dict[str, Any]:
    """Run all stages, write the tables, and return the results."""
    config = made.config
    reader = Reader(made, track)
    frame = pl.concat([REVIEWS.to_frame(), *reader.reviews()], rechunk=True)
    track("filtering")
    chosen = select(frame, reader.rejects, config, reader.catalogue)
    track("splitting")
    split = split_rows(chosen.rows, config)
    n_users, n_items = len(chosen.user_ids), len(chosen.catalogue.ids)
    track("grouping items")
    items = item_tables(chosen.catalogue, split.n_train(split.rows.item, n_items), config)
    track("writing")
    draft.write_table("interactions.parquet", interactions_table(split))
    users = users_table(chosen.user_ids.to_arrow(), split.n_train(split.rows.user, n_users))
    draft.write_table("users.parquet", users)
    draft.write_table("items.parquet", items.items)
    draft.write_table("groups.parquet", items.groups)
    draft.write_table("funnel.parquet", funnel_table(chosen.funnel))
    if reader.rejects.listed or reader.item_rejects.listed:
        rejected = rejected_table(reader.rejects, reader.item_rejects)
        draft.write_table("rejected.parquet", rejected)
    _record_rows(draft, reader.n_rows)
    counts = {"n_users": n_users, "n_items": n_items, "core_rounds": chosen.core_rounds}
    return {
        **counts,
        **split_results(split, config),
        **items.results,
        **_source_results(made, reader),
    }


def _record_rows(draft: Draft, n_rows: dict[str, int]) -> None:
    """Add the number of rows to the inputs in the manifest."""
    inputs = [i.model_copy(update={"rows": n_rows.get(i.path)}) for i in draft.manifest.inputs]
    draft.manifest = draft.manifest.model_copy(update={"inputs": inputs})


def _source_results(made: Plan, reader: Reader) -> dict[str, Any]:
    counts = reader.rejects.counts + reader.item_rejects.counts
    return {
        "n_rejected": counts.total(),
        "rejected": dict(sorted(counts.items())),
        "format": made.source.name,
        "format_label": made.source.label,
        "format_detected": made.detected,
        "n_review_files": len(made.having("reviews")),
        "n_metadata_files": len(made.having("metadata")),
    }
