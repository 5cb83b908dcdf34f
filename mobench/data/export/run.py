"""``export``: dataset artifact in, the files of another tool out."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq

from mobench import RESULTS_VERSION
from mobench.artifacts import Artifact, Draft, draft_manifest, existing, tidy
from mobench.data.dataset import SPLITS, Split
from mobench.data.export import TARGETS
from mobench.data.export.base import Facts, Files, Target
from mobench.data.fields import quoted
from mobench.errors import ArtifactError, DataError
from mobench.manifest import Kind

KIND: Kind = "export"
BATCH = 250_000
"""Rows in memory at a time."""
ITEMS = ("item_id", "title", "category", "price", "revenue", "fair_group", "pop_group")

Track = Callable[[str], None]
"""Called with the name of each stage as it begins."""


@dataclass(frozen=True)
class Exported:
    """An export, and whether it was made now (``fresh``) or was there already."""

    artifact: Artifact
    fresh: bool


def export(dataset: Path, to: str, path: Path, track: Track, *, replace: bool = False) -> Exported:
    """Write a dataset's split for another tool, unless the same export is there already.

    Args:
        dataset: The dataset artifact.
        to: One of ``TARGETS``.
        path: Where the export is to be.
        track: Told the name of each stage as it begins.
        replace: Make it anew even if an export has that name.

    Raises:
        DataError: An id that the format cannot hold; nothing is published.
        ArtifactError: No such dataset, or a changed one; or the name is taken.
    """
    track("checking the dataset")
    source = Artifact.open(dataset, "dataset")
    source.verify()
    inputs, settings = [source.as_input("dataset")], {"to": to}
    if not replace:
        found = existing(path, settings, inputs, RESULTS_VERSION)
        if found is not None:
            tidy(path)
            return Exported(found, fresh=False)
    elif path.exists() and (kind := Artifact.open(path).manifest.kind) != KIND:
        raise ArtifactError(f"'{path}' is a {kind} artifact", "choose another --name.")
    manifest = draft_manifest(KIND, settings, settings, inputs)
    with Draft.start(path, manifest) as draft, draft.whole():
        results = _fill(draft, source, TARGETS[to], dataset.resolve().name, track)
        return Exported(draft.finish({"to": to, **results}, replace=replace), fresh=True)


def _fill(draft: Draft, source: Artifact, to: Target, stem: str, track: Track) -> dict[str, Any]:
    """Write all files and return the results."""
    users = _ids(source, "user_id", to)
    items = _ids(source, "item_id", to)
    names = {split: to.review_file(stem, split) for split in SPLITS}
    for name in (*names.values(), to.item_file(stem)):
        (draft.work / name).parent.mkdir(exist_ok=True)
    track("writing rows")
    rows = dict.fromkeys(SPLITS, 0)
    is_rated = _is_rated(source)
    with Files({split: to.open(draft.work / name) for split, name in names.items()}) as files:
        for split, frame in _rows(source, users, items, is_rated=is_rated):
            files.writers[split].write(to.reviews(frame.lazy()).collect())
            rows[split] += frame.height
    draft.rows.update({names[split]: n for split, n in rows.items()})
    track("writing items")
    table = pl.read_parquet(source.path / "items.parquet", columns=list(ITEMS))
    with closing(to.open(draft.work / to.item_file(stem))) as file:
        file.write(to.items(table.select(ITEMS).lazy()).collect())
    draft.rows[to.item_file(stem)] = table.height
    for name, text in to.texts(Facts(stem, draft.path, is_rated, rows)).items():
        draft.write_text(name, text)
    counts = {f"n_{split}": n for split, n in rows.items()}
    return {**counts, "n_users": len(users), "n_items": len(items), "is_rated": is_rated}


def _ids(source: Artifact, column: str, to: Target) -> pl.Series:
    """Return the raw ids in code order.

    Raises:
        DataError: The format cannot hold one of them.
    """
    table = "users.parquet" if column == "user_id" else "items.parquet"
    ids = pl.read_parquet(source.path / table, columns=[column])[column]
    if to.bad_id:
        bad = ids.filter(ids.str.contains(to.bad_id) | ids.is_in(list(to.bad_words)))
        if len(bad):
            raise DataError(
                f"{column} {quoted(bad[0])} holds {to.bad_reason}, which {to.name} cannot store",
                f"{len(bad):,} of {len(ids):,} ids are such; --to lenskit (Parquet) takes any.",
            )
    return ids


def _is_rated(source: Artifact) -> bool:
    ratings = pl.scan_parquet(source.path / "interactions.parquet").select(pl.col("rating").count())
    return bool(ratings.collect(engine="streaming").item())


def _rows(
    source: Artifact, users: pl.Series, items: pl.Series, *, is_rated: bool
) -> Iterator[tuple[Split, pl.DataFrame]]:
    """Yield the rows of all splits with raw ids, in the order of the dataset."""
    with pq.ParquetFile(source.path / "interactions.parquet") as file:
        for batch in file.iter_batches(BATCH):
            part = pl.DataFrame(pl.from_arrow(batch))
            frame = part.select(
                user_id=users.gather(part["user"]),
                item_id=items.gather(part["item"]),
                rating="rating",
                timestamp="timestamp",
            )
            label = part["split"].cast(pl.String)
            for split in SPLITS:
                chosen = frame.filter(label == split)
                yield split, chosen if is_rated else chosen.drop("rating")
