"""Scores of any tool: a base as they are, and what is made of it."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import torch

from mobench.config import TrainConfig, build
from mobench.data.dataset import Dataset
from mobench.errors import ConfigError, DataError
from mobench.evaluation.ranking import Ranker
from mobench.evaluation.run import load_model
from mobench.training.rerank.candidate_file import read_candidates
from mobench.training.run import plan, train
from tests.unit.training.helpers import finish
from tests.unit.training.test_run import content


@pytest.fixture(scope="module")
def dataset(root) -> Dataset:
    return Dataset.load(root / "datasets" / "toy")


@pytest.fixture(scope="module")
def table(root, base, dataset) -> pa.Table:
    """The scores of the trained base, of all items, in no order."""
    from mobench.artifacts import Artifact

    model = load_model(Artifact.open(base), dataset, "cpu")
    scores = model.score_all(torch.arange(dataset.n_users), None).detach().numpy()
    user, item = (index.ravel() for index in np.indices(scores.shape))
    order = np.random.default_rng(0).permutation(len(user))
    columns = {
        "user": [f"u{u}" for u in user[order]],
        "item": [f"i{i}" for i in item[order]],
        "score": scores.ravel()[order].astype(np.float64),
    }
    return pa.table(columns)


def write(folder, table: pa.Table):
    path = folder / "scores.parquet"
    pq.write_table(table, path)
    return path


def config(**values) -> TrainConfig:
    return build(TrainConfig, {"method": "base", **values})


def make(root, name, base=None, candidates=None, **values):
    wanted = build(TrainConfig, values)
    where = root / "runs" / name
    return plan(wanted, root / "datasets" / "toy", base, where, candidates=candidates)


def changed(table: pa.Table, row: int, column: str, value) -> pa.Table:
    values = table[column].to_pylist()
    values[row] = value
    return table.set_column(table.schema.get_field_index(column), column, pa.array(values))


def test_a_round_trip_ranks_as_the_base_did(root, base, dataset, table, tmp_path):
    from mobench.artifacts import Artifact

    path = write(tmp_path, table)
    run = finish(train(make(root, "listed", candidates=path, method="base")))[1]
    tally = run.manifest.results["candidates"]
    train_pairs = len(dataset.splits["train"])
    assert tally["rows"] == 120 * 60
    assert tally["seen"] == train_pairs
    assert tally["beyond"] == tally["users_missing"] == tally["items_unknown"] == 0
    trained = Artifact.open(base)
    for split in ("val", "test"):
        ranker = Ranker(dataset, split, 20, 0, "cpu")
        one, other = (ranker.rank(load_model(r, dataset, "cpu")) for r in (trained, run))
        assert np.array_equal(one.rank, other.rank)
        assert np.array_equal(one.items, other.items)
    assert [(i.role, i.path) for i in run.manifest.inputs][1] == ("candidates", str(path))
    assert run.manifest.results["val"]["hit"] == trained.manifest.results["val"]["hit"]
    values = {"method": "rerank", "tries": 40}
    ours, theirs = (
        finish(train(make(root, f"from {run_of.path.name}", run_of.path, **values)))[1]
        for run_of in (trained, run)
    )
    assert ours.manifest.results["mix"] == theirs.manifest.results["mix"]
    assert ours.manifest.results["val"] == theirs.manifest.results["val"]
    rows = [r.read("trials.parquet") for r in (ours, theirs)]
    assert np.array_equal(rows[0]["rhit"], rows[1]["rhit"])


def test_short_lists_are_ranked_by_hand(dataset, table, tmp_path):
    """Users with 3 candidates: these first, then all others; none of those is re-ranked."""
    from mobench.models import Reranked

    few = pa.table(
        {
            "user": [f"u{u}" for u in range(120) for _ in range(3)],
            "item": [f"i{i}" for u in range(120) for i in (u % 60, (u + 7) % 60, (u + 9) % 60)],
            "score": [3, 2, 1] * 120,
        }
    )
    found = read_candidates(write(tmp_path, few), dataset, config(max_missing=1))
    ranker = Ranker(dataset, "val", 60, 0, "cpu")
    base = ranker.rank(found.model(60))
    values = torch.rand((1, 60), dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    mix = torch.tensor([0.0, 1.0], dtype=torch.float64)
    turned = ranker.rank(Reranked(found.model(60), values, mix, 200))
    place, worth = ranker.place.numpy(), values[0].numpy()
    for row, user in enumerate(base.user):
        listed = [c for c in found.codes[user].tolist() if c < 60]
        shown = [i for i in base.items[row].tolist() if i >= 0]
        rest = sorted(set(shown) - set(listed), key=lambda i: place[i])
        assert shown == listed + rest
        by_worth = sorted(listed, key=lambda i: -worth[i])
        assert [i for i in turned.items[row].tolist() if i >= 0] == by_worth + rest


def test_a_try_agrees_with_the_model_on_short_lists(root, dataset, table, tmp_path):
    """The run measures its mix as the try did, also where lists are shorter than k."""
    short = table.filter(pa.array(np.random.default_rng(1).random(len(table)) < 0.12))
    path = write(tmp_path, short)
    start = finish(train(make(root, "short", candidates=path, method="base")))[1]
    run = finish(train(make(root, "short turned", start.path, method="rerank", tries=50)))[1]
    rows = run.read("trials.parquet")
    at = int(np.flatnonzero(rows["selected"])[0])
    for name in ("hit", "ndcg", "mrr", "rhit", "min_hit", "pop_kl"):
        assert rows[name][at] == run.manifest.results["val"][name]
        assert rows[name][0] == start.manifest.results["val"][name]


def test_only_the_best_of_each_user_are_held(dataset, table, tmp_path):
    path = write(tmp_path, table)
    all_of_them = read_candidates(path, dataset, config())
    best = read_candidates(path, dataset, config(n_candidates=7))
    assert best.codes.shape == (120, 7)
    assert np.array_equal(best.codes, all_of_them.codes[:, :7])
    assert best.tally.beyond == 120 * 60 - best.tally.seen - 120 * 7
    assert best.scores.max() == 1
    assert (np.diff(best.scores, axis=1) <= 0).all()


def test_the_order_of_rows_and_the_scale_of_scores_do_not_matter(dataset, table, tmp_path):
    one = read_candidates(write(tmp_path, table), dataset, config())
    scaled = pa.array(1e305 * np.array(table["score"]) + 1e300)
    other = table.set_column(2, "score", scaled).sort_by("item")
    two = read_candidates(write(tmp_path, other), dataset, config())
    assert np.array_equal(one.codes, two.codes)
    assert one.scores == pytest.approx(two.scores, abs=1e-6)
    assert np.isfinite(two.scores).all()


def test_ids_and_scores_may_be_integers(root, dataset, table, tmp_path):
    ints = table.set_column(2, "score", pa.array(range(len(table)), pa.int64()))
    path = write(tmp_path, ints.append_column("more", pa.array(["x"] * len(table))))
    assert read_candidates(path, dataset, config()).tally.users_missing == 0


def test_unknown_ids_are_counted(dataset, table, tmp_path):
    odd = changed(changed(table, 5, "user", "nobody"), 9, "item", "nothing")
    odd = changed(odd, 5, "item", "nothing either")
    tally = read_candidates(write(tmp_path, odd), dataset, config()).tally
    assert (tally.users_unknown, tally.items_unknown) == (1, 1)


HOSTILE = {
    "nan": (lambda t: changed(t, 3, "score", float("nan")), "scores that are no finite numbers"),
    "infinite": (lambda t: changed(t, 3, "score", float("inf")), "that are no finite numbers"),
    "no score": (lambda t: changed(t, 3, "score", None), "scores that are no finite numbers"),
    "text": (
        lambda t: t.set_column(2, "score", pa.array(["1"] * len(t))),
        "column 'score' of .* holds string, not numbers",
    ),
    "no user": (lambda t: changed(t, 3, "user", None), "has 1 rows without a user"),
    "no item": (lambda t: changed(t, 3, "item", None), "has 1 rows without an item"),
    "float ids": (
        lambda t: t.set_column(0, "user", pa.array([1.5] * len(t))),
        "column 'user' of .* holds double",
    ),
    "no column": (lambda t: t.drop_columns(["score"]), "has no column 'score', only user, item"),
    "empty": (lambda t: t.slice(0, 0), "has 0 rows"),
    "twice": (lambda t: pa.concat_tables([t, t.slice(4, 2)]), "2 rows whose user and item come tw"),
    "others": (
        lambda t: t.set_column(0, "user", pa.array(["x"] * len(t))),
        "has no row with a user and an item of the dataset",
    ),
    "few users": (
        lambda t: t.filter(pc.invert(pc.starts_with(t["user"], "u1"))),
        "has no unseen item for 31 of 120 users",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_that_cannot_be_used_is_explained(dataset, table, tmp_path, name):
    change, message = HOSTILE[name]
    with pytest.raises(DataError, match=message) as error:
        read_candidates(write(tmp_path, change(table)), dataset, config())
    assert "\n" not in error.value.message
    assert error.value.hint


def test_what_is_no_parquet_file(dataset, table, tmp_path):
    with pytest.raises(DataError, match="does not exist"):
        read_candidates(tmp_path / "nothing.parquet", dataset, config())
    whole = write(tmp_path, table).read_bytes()
    for name, data in (("text", b"user,1,2\n" * 20), ("cut", whole[:-9])):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(DataError, match="is no Parquet file"):
            read_candidates(tmp_path / name, dataset, config())
    (tmp_path / "hole").write_bytes(whole[:40] + b"\xff" * 400 + whole[440:])
    with pytest.raises(DataError, match="cannot be read"):
        read_candidates(tmp_path / "hole", dataset, config())


def test_a_list_may_be_all_of_seen_items(dataset, table, tmp_path):
    train = dataset.splits["train"]
    known = {(f"u{u}", f"i{i}") for u, i in zip(train.user, train.item, strict=True)}
    pairs = zip(table["user"].to_pylist(), table["item"].to_pylist(), strict=True)
    seen = table.filter(pa.array([pair in known for pair in pairs]))
    with pytest.raises(DataError, match="has no unseen item for 120 of 120 users"):
        read_candidates(write(tmp_path, seen), dataset, config())
    found = read_candidates(write(tmp_path, seen), dataset, config(max_missing=1))
    assert (found.codes == 60).all()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"method": "base", "epochs": 3}, "--epochs does nothing for a base of scores"),
        ({"method": "base", "tries": 3}, "--tries does nothing for a base of scores"),
        ({"method": "base", "backbone": "mf"}, "--candidates does not go with --backbone mf"),
        ({"method": "popularity"}, "--method popularity trains its base"),
    ],
)
def test_settings_that_scores_leave_no_room_for(root, table, tmp_path, values, message):
    with pytest.raises(ConfigError, match=message) as error:
        make(root, "never", candidates=write(tmp_path, table), **values)
    assert error.value.hint


def test_scores_cannot_be_trained(root, table, tmp_path):
    with pytest.raises(ConfigError, match="backbone candidates is made of a file"):
        make(root, "never", method="base", backbone="candidates")
    start = finish(train(make(root, "still", candidates=write(tmp_path, table), method="base")))[1]
    for method in ("morec", "continue", "mgda"):
        with pytest.raises(ConfigError, match=f"--method {method} trains its base"):
            make(root, "never", start.path, method=method)


def test_the_same_file_gives_the_same_bytes(root, table, tmp_path):
    path = write(tmp_path, table)
    runs = [
        finish(train(make(root, name, candidates=path, method="base")))[1]
        for name in ("bytes one", "bytes two")
    ]
    assert content(runs[0]) == content(runs[1])
