"""``prep``: raw files in, dataset artifact out."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mobench import RESULTS_VERSION
from mobench.artifacts import Artifact, Draft, draft_manifest, existing, tidy
from mobench.config import PrepConfig
from mobench.data.engines import engine_for
from mobench.data.frames import write_frame
from mobench.data.funnel import Selection, core_results, select
from mobench.data.ingest import Ingest
from mobench.data.items import item_tables
from mobench.data.plan import Plan, Track, no_track, plan
from mobench.data.reading import Reader
from mobench.data.schema import rejected_table
from mobench.data.spark.needs import check_spark
from mobench.data.tables import (
    funnel_table,
    interactions_table,
    split_results,
    split_rows,
    users_table,
)
from mobench.errors import DataError

GIGA = 1e9


@dataclass(frozen=True)
class Prepared:
    """A dataset artifact, and whether it was made now (``fresh``) or was there already."""

    artifact: Artifact
    fresh: bool


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
        ArtifactError: The name is taken, by another dataset or by something else; another process
            is making it; or the disk is full or cannot be written.
    """
    track("checking files")
    if config.engine == "spark":
        check_spark()
    made = plan(config, track)
    identity = made.config.identity()
    if not replace:
        found = existing(path, identity, made.inputs, RESULTS_VERSION)
        if found is not None:
            tidy(path)
            return Prepared(found, fresh=False)
    elif path.exists():
        Artifact.open(path, "dataset")  # replace datasets, never anything else
    settings = made.config.model_dump(mode="json")
    manifest = draft_manifest("dataset", settings, identity, made.inputs, seed=config.seed)
    with Draft.start(path, manifest) as draft, draft.whole():
        # another process may have made it between the look above and our lock
        found = None if replace else existing(path, identity, made.inputs, RESULTS_VERSION)
        if found is not None:
            return Prepared(found, fresh=False)
        results = _fill(draft, made, track)
        return Prepared(draft.finish(results, replace=replace), fresh=True)


def _fill(draft: Draft, made: Plan, track: Track) -> dict[str, Any]:
    """Run all stages, write the tables, and return the results."""
    config = made.config
    reader = Reader(made, track)
    if config.engine == "spark":
        from mobench.data.spark.engine import fill

        results = fill(draft, reader)
        return {**results, **_close(draft, made, reader)}
    with scratch(draft.work) as folder, breaks_told(reader):
        chosen = _select(made, reader, folder, track)
    track("splitting")
    split = split_rows(chosen.rows, config)
    n_users, n_items = len(chosen.user_ids), len(chosen.catalogue.ids)
    track("grouping items")
    items = item_tables(chosen.catalogue, split.n_train(split.rows.item, n_items), config)
    track("writing")
    write_frame(draft, "interactions.parquet", interactions_table(split))
    users = users_table(chosen.user_ids, split.n_train(split.rows.user, n_users))
    write_frame(draft, "users.parquet", users)
    write_frame(draft, "items.parquet", items.items)
    write_frame(draft, "groups.parquet", items.groups)
    write_frame(draft, "funnel.parquet", funnel_table(chosen.funnel))
    counts = {"n_users": n_users, "n_items": n_items, **core_results(chosen.core)}
    return {
        **counts,
        **split_results(split, config),
        **items.results,
        **_close(draft, made, reader),
    }


def _close(draft: Draft, made: Plan, reader: Reader) -> dict[str, Any]:
    """Write what the reader refused, and return what it says about the source."""
    if reader.rejects.listed or reader.item_rejects.listed:
        rejected = rejected_table(reader.rejects, reader.item_rejects)
        write_frame(draft, "rejected.parquet", rejected)
    _record_rows(draft, reader.n_rows)
    return _source_results(made, reader)


def _select(made: Plan, reader: Reader, folder: Path, track: Track) -> Selection:
    config = made.config
    engine = engine_for(made)
    memory = GIGA * config.memory if config.memory else physical_memory() / 2
    ingest = Ingest(engine.coder(), engine.coder(), config.min_rating, folder, memory)
    coded = ingest.take(reader.reviews())
    track("filtering")
    return select(coded, reader.rejects, config, reader.catalogue, engine.core, memory)


@contextmanager
def scratch(work: Path) -> Iterator[Path]:
    """Give a folder for rows that memory does not hold; it is gone afterwards."""
    folder = work / "rows"
    folder.mkdir()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # interrupted, the draft may have gone before it


@contextmanager
def breaks_told(reader: Reader) -> Iterator[None]:
    """Where what was read cannot be used, say which files were not read to their end."""
    try:
        yield
    except DataError as error:
        broken = [row for row in reader.rejects.listed if "ends early" in row.reason]
        if not broken:
            raise
        told = "; ".join(f"{row.file}: {row.reason}" for row in broken)
        raise DataError(f"{error.message} ({told})", "download it again.") from error


def physical_memory() -> int:
    """Return the bytes of memory of this machine."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _record_rows(draft: Draft, n_rows: dict[str, int]) -> None:
    """Add the number of rows to the inputs in the manifest."""
    inputs = [i.model_copy(update={"rows": n_rows.get(i.path)}) for i in draft.manifest.inputs]
    draft.manifest = draft.manifest.model_copy(update={"inputs": inputs})


def _source_results(made: Plan, reader: Reader) -> dict[str, Any]:
    counts = reader.rejects.counts + reader.item_rejects.counts
    return {
        "n_rejected": counts.total(),
        "rejected": dict(sorted(counts.items())),
        "has_time": None not in made.units.values(),
        "format": made.source.name,
        "format_label": made.source.label,
        "format_detected": made.detected,
        "n_review_files": len(made.having("reviews")),
        "n_metadata_files": len(made.having("metadata")),
    }
