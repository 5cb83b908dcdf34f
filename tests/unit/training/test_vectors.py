"""Vectors made elsewhere as the base of a run."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from safetensors.numpy import load_file

from mobench.artifacts import Artifact
from mobench.config import TrainConfig, build
from mobench.data.dataset import Dataset
from mobench.errors import ConfigError, DataError
from mobench.training.plan import plan
from mobench.training.run import train, up_to_date
from mobench.training.vectors import base_config, read_vectors
from tests.unit.training.helpers import finish, make_plan, trained

WIDTH = 5


@pytest.fixture(scope="module")
def dataset(root) -> Dataset:
    return Dataset.load(root / "datasets" / "toy")


def raw_ids(dataset: Dataset, kind: str) -> list[str]:
    columns = dataset.artifact.read(f"{kind}s.parquet", [kind, f"{kind}_id"])
    return [str(name) for name in columns[f"{kind}_id"][np.argsort(columns[kind])]]


def make_table(dataset: Dataset, seed: int = 0) -> pa.Table:
    """Return a whole file of random vectors, its rows in random order."""
    rng = np.random.default_rng(seed)
    kinds, ids = [], []
    for kind in ("user", "item"):
        names = raw_ids(dataset, kind)
        kinds += [kind] * len(names)
        ids += names
    order = rng.permutation(len(ids))
    vectors = rng.normal(size=(len(ids), WIDTH)).astype(np.float32)
    return pa.table(
        {
            "kind": [kinds[i] for i in order],
            "id": [ids[i] for i in order],
            "vector": pa.array(list(vectors), pa.list_(pa.float32())),
        }
    )


def write(folder: Path, table: pa.Table, **options: Any) -> Path:
    pq.write_table(table, folder / "vectors.parquet", **options)
    return folder / "vectors.parquet"


def export(run: Artifact, dataset: Dataset, folder: Path) -> Path:
    """Write the weights of a run as a file of vectors."""
    weights = load_file(run.path / "model.safetensors")
    parts = []
    for kind in ("user", "item"):
        ids = raw_ids(dataset, kind)
        vectors = pa.array(list(weights[f"{kind}s"]), pa.list_(pa.float32()))
        parts.append(pa.table({"kind": [kind] * len(ids), "id": ids, "vector": vectors}))
    return write(folder, pa.concat_tables(parts))


def test_exported_vectors_are_the_run_they_came_from(root, base, dataset, tmp_path):
    """Same metrics as the trained base, and MoRec from either ends in the same bytes."""
    trained_base = Artifact.open(base)
    path = export(trained_base, dataset, tmp_path)
    todo = make_plan(root, "mine", method="base", vectors=path)
    records, mine = finish(train(todo))
    assert records == []
    theirs = trained_base.manifest.results["val"]
    for name in ("hit", "ndcg", "mrr", "rhit", "min_hit", "pop_kl", "hits", "min_hit_hits"):
        assert mine.manifest.results["val"][name] == theirs[name], name
    assert mine.manifest.results["val"]["imp"] is None
    assert mine.manifest.config["embedding_size"] == trained_base.manifest.config["embedding_size"]
    assert mine.digest == trained_base.digest
    assert up_to_date(todo).digest == mine.digest
    runs = [trained(root, f"from-{b.path.name}", b.path, epochs=2) for b in (mine, trained_base)]
    one, other = ((run.path / "model.safetensors").read_bytes() for run in runs)
    assert one == other


def test_the_file_is_an_input_and_its_coverage_is_recorded(root, dataset, tmp_path):
    table = make_table(dataset)
    extra = pa.table({"kind": ["item"], "id": ["nobody"], "vector": [[0.0] * WIDTH]})
    path = write(tmp_path, pa.concat_tables([table, extra.cast(table.schema)]))
    run = finish(train(make_plan(root, "coverage", method="base", vectors=path)))[1]
    (entry,) = [i for i in run.manifest.inputs if i.role == "vectors"]
    assert entry.path == str(path)
    assert run.manifest.results["vectors"] == {
        "users_missing": 0,
        "items_missing": 0,
        "users_unused": 0,
        "items_unused": 1,
    }
    assert run.manifest.results["epochs_run"] == run.manifest.results["best_epoch"] == 0
    assert run.manifest.config["embedding_size"] == WIDTH


def as_large_lists(table: pa.Table) -> pa.Table:
    return table.set_column(2, "vector", table["vector"].cast(pa.large_list(pa.float64())))


def as_fixed_lists(table: pa.Table) -> pa.Table:
    return table.set_column(2, "vector", table["vector"].cast(pa.list_(pa.float32(), WIDTH)))


def as_categories(table: pa.Table) -> pa.Table:
    return table.set_column(0, "kind", table["kind"].dictionary_encode())


FORMS: dict[str, Callable[[pa.Table], pa.Table]] = {
    "large lists of doubles": as_large_lists,
    "fixed size": as_fixed_lists,
    "categories": as_categories,
    "other order": lambda t: t.take(np.arange(len(t))[::-1]),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_tables(dataset, tmp_path, form):
    table = make_table(dataset)
    wanted = {
        (row["kind"], row["id"]): np.array(row["vector"], dtype=np.float32)
        for row in table.to_pylist()
    }
    found = read_vectors(write(tmp_path, FORMS[form](table), row_group_size=37), dataset, 0.0)
    for kind, side in (("user", found.users), ("item", found.items)):
        rows = np.stack([wanted[kind, name] for name in raw_ids(dataset, kind)])
        assert np.array_equal(side.table, rows)
        assert side.table.dtype == np.float32


def test_blocks_of_any_size_give_the_same_tables(dataset, tmp_path, monkeypatch):
    path = write(tmp_path, make_table(dataset))
    whole = read_vectors(path, dataset, 0.0)
    monkeypatch.setattr("mobench.training.vector_file.BATCH", 7)
    blocks = read_vectors(path, dataset, 0.0)
    assert np.array_equal(blocks.items.table, whole.items.table)
    assert np.array_equal(blocks.users.table, whole.users.table)


def test_integers_are_ids_too(dataset, tmp_path, monkeypatch):
    """Integer ids of the file are the same as their text in the dataset."""
    table = make_table(dataset)
    names = {name: str(n) for n, name in enumerate(sorted(set(table["id"].to_pylist())))}
    read = Artifact.read

    def renamed(self, name, columns=None):
        found = read(self, name, columns)
        for column in [c for c in found if c.endswith("_id")]:
            found[column] = np.array([names[str(v)] for v in found[column]], dtype=object)
        return found

    numbers = pa.array([int(names[v]) for v in table["id"].to_pylist()], pa.int32())
    text = read_vectors(write(tmp_path, table), dataset, 0.0)
    monkeypatch.setattr(Artifact, "read", renamed)
    found = read_vectors(write(tmp_path, table.set_column(1, "id", numbers)), dataset, 0.0)
    assert np.array_equal(found.items.table, text.items.table)


def test_who_has_no_vector_gets_the_mean(dataset, tmp_path):
    table = make_table(dataset)
    whole = read_vectors(write(tmp_path, table), dataset, 0.0).items.table
    name = raw_ids(dataset, "item")[3]
    keep = [
        not (k == "item" and i == name)
        for k, i in zip(*map(pa.ChunkedArray.to_pylist, table.columns[:2]), strict=True)
    ]
    found = read_vectors(write(tmp_path, table.filter(pa.array(keep))), dataset, 0.5)
    others = np.delete(whole, 3, axis=0)
    assert found.counts() == {
        "users_missing": 0,
        "items_missing": 1,
        "users_unused": 0,
        "items_unused": 0,
    }
    assert found.items.table[3] == pytest.approx(others.mean(0), rel=1e-5)
    assert np.array_equal(np.delete(found.items.table, 3, axis=0), others)


def replaced(table: pa.Table, row: int, value: Any) -> pa.Table:
    vectors = table["vector"].to_pylist()
    vectors[row] = value
    return table.set_column(2, "vector", pa.array(vectors, pa.list_(pa.float64())))


def without(table: pa.Table, kind: str, share: float) -> pa.Table:
    rows = [n for n, k in enumerate(table["kind"].to_pylist()) if k == kind]
    gone = set(rows[: int(share * len(rows))])
    return table.take([n for n in range(len(table)) if n not in gone])


HOSTILE: dict[str, tuple[Callable[[pa.Table], pa.Table], str]] = {
    "nan": (lambda t: replaced(t, 9, [1.0, np.nan, 0, 0, 0]), "vectors that are not finite"),
    "infinity": (lambda t: replaced(t, 9, [1.0, np.inf, 0, 0, 0]), "vectors that are not finite"),
    "too large": (lambda t: replaced(t, 9, [1.0, 1e300, 0, 0, 0]), "vectors that are not finite"),
    "no number": (lambda t: replaced(t, 9, [1.0, None, 0, 0, 0]), "vectors that are not finite"),
    "short": (lambda t: replaced(t, 9, [1.0, 2.0]), "a vector of 2 numbers .*, the first has 5"),
    "none": (lambda t: replaced(t, 9, None), "a vector of 0 numbers .*, the first has 5"),
    "empty": (lambda t: replaced(t, 0, []), "a vector of 0 numbers"),
    "twice": (
        lambda t: pa.concat_tables([t, t.slice(4, 2)]),
        "vectors more than ids, for example a",
    ),
    "no rows": (lambda t: t.slice(0, 0), "has no rows"),
    "no column": (lambda t: t.drop_columns(["kind"]), "has no column 'kind', only id, vector"),
    "other kind": (
        lambda t: t.set_column(0, "kind", pa.array(["users"] * len(t))),
        "column 'kind' of .* holds 'users'",
    ),
    "kind as number": (
        lambda t: t.set_column(0, "kind", pa.array([1] * len(t))),
        "column 'kind' of .* holds int64, not text",
    ),
    "ids as floats": (
        lambda t: t.set_column(1, "id", pa.array([1.0] * len(t))),
        "column 'id' of .* holds double",
    ),
    "id missing": (
        lambda t: t.set_column(1, "id", pa.array([None, *t["id"].to_pylist()[1:]])),
        "has 1 rows without an id",
    ),
    "text vectors": (
        lambda t: t.set_column(2, "vector", pa.array(["[1, 2]"] * len(t))),
        "column 'vector' of .* holds string, not lists of numbers",
    ),
    "lists of text": (
        lambda t: t.set_column(2, "vector", pa.array([["1"]] * len(t))),
        "column 'vector' of .* holds list<",
    ),
    "other ids": (
        lambda t: t.set_column(1, "id", pa.array([f"x{n}" for n in range(len(t))])),
        r"no vector for 120 of 120 users: the dataset's ids look like '.*', its ids look like 'x",
    ),
    "no items": (lambda t: without(t, "item", 1.0), "of .* items: .*, it has none at all"),
    "many missing": (lambda t: without(t, "item", 0.5), "has no vector for .* items, for example"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_that_cannot_be_used_is_explained(dataset, tmp_path, name):
    change, message = HOSTILE[name]
    with pytest.raises(DataError, match=message) as error:
        read_vectors(write(tmp_path, change(make_table(dataset))), dataset, 0.1)
    assert "\n" not in error.value.message
    assert error.value.hint


def test_the_hint_about_missing_vectors_is_enough(dataset, tmp_path):
    path = write(tmp_path, without(make_table(dataset), "item", 0.5))
    with pytest.raises(DataError) as error:
        read_vectors(path, dataset, 0.1)
    share = float(error.value.hint.partition("max_missing=")[2].rstrip("."))
    assert read_vectors(path, dataset, share).items.missing > 0


def test_what_is_no_parquet_file(dataset, tmp_path):
    with pytest.raises(DataError, match="does not exist"):
        read_vectors(tmp_path / "nothing.parquet", dataset, 0.1)
    (tmp_path / "text.parquet").write_text("user,1,2\n" * 20)
    with pytest.raises(DataError, match="is no Parquet file"):
        read_vectors(tmp_path / "text.parquet", dataset, 0.1)
    with pytest.raises(DataError, match="is no Parquet file"):
        read_vectors(tmp_path, dataset, 0.1)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"epochs": 3}, "--epochs does nothing for a base of vectors"),
        ({"tries": 3}, "--tries does nothing for a base of vectors"),
        ({"embedding_size": 6}, "embedding_size 6 is not that of .*, 5"),
        ({"backbone": "sasrec"}, "--init-from does not go with --backbone sasrec"),
        ({"method": "popularity"}, "--init-from does not go with --method popularity"),
    ],
)
def test_settings_that_vectors_leave_no_room_for(root, dataset, tmp_path, values, message):
    path = write(tmp_path, make_table(dataset))
    with pytest.raises(ConfigError, match=message):
        make_plan(root, "never", vectors=path, **({"method": "base"} | values))


def test_vectors_that_score_beyond_floats_are_refused(root, dataset, tmp_path):
    from mobench.errors import TrainingError

    table = make_table(dataset)
    huge = pa.array([[1e25] * WIDTH] * len(table), pa.list_(pa.float32()))
    path = write(tmp_path, table.set_column(2, "vector", huge))
    with pytest.raises(TrainingError, match="scores are not finite with the vectors"):
        finish(train(make_plan(root, "huge", method="base", vectors=path)))


def test_a_run_is_checked_before_its_base_is_made(root, dataset, tmp_path):
    path = write(tmp_path, make_table(dataset))
    wanted = build(TrainConfig, {"learning_rate": 0.02, "seed": 4, "keep_accuracy": 0.9, "k": 5})
    before = base_config(wanted)
    assert before.model_fields_set == {"method", "learning_rate", "seed", "k"}
    first = plan(before, root / "datasets" / "toy", None, root / "runs" / "b", vectors=path)
    later = plan(wanted, root / "datasets" / "toy", None, root / "runs" / "m", first=first)
    assert later.config.embedding_size == WIDTH
    assert later.config.learning_rate == 0.02
    with pytest.raises(ConfigError, match="--keep-accuracy does nothing for method continue"):
        plan(
            build(TrainConfig, {"method": "continue", "keep_accuracy": 0.9}),
            root / "datasets" / "toy",
            None,
            root / "runs" / "m",
            first=first,
        )
