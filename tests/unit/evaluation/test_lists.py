"""Lists of other tools: right ones give what the model gave, wrong rows are counted."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from mobench.artifacts import Artifact, read_columns
from mobench.config import EvalConfig, PrepConfig, ReportConfig, build
from mobench.data.prep import prepare
from mobench.errors import ArtifactError, ConfigError, DataError
from mobench.evaluation import list_file
from mobench.evaluation.external import Given, evaluate_lists
from mobench.evaluation.run import evaluate
from mobench.report.build import build as report
from tests.synthetic import planted
from tests.unit.training.helpers import trained

K = 6
CONFIG = build(EvalConfig, {"k": (3, K), "resamples": 100})


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("lists")
    source = {"source": ("synthetic:rows=3000,users=120,items=60,seed=2",)}
    prepare(build(PrepConfig, source), root / "datasets" / "toy")
    base = trained(root, "base", method="base", epochs=3)
    evaluate(CONFIG, base.path, root / "metrics" / "base")
    return root


@pytest.fixture(scope="module")
def rows(root) -> dict[str, np.ndarray]:
    """The base's own lists, with the ids of the raw data beside the codes."""
    found = read_columns(root / "metrics" / "base" / "recommendations.parquet")
    for kind in ("user", "item"):
        ids = read_columns(root / "datasets" / "toy" / f"{kind}s.parquet")
        by_code = ids[f"{kind}_id"][np.argsort(ids[kind])]
        found[f"{kind}_id"] = by_code[found[kind]].astype(str)
    return found


def scored(root: Path, columns, name: str = "x", base: bool = False, **values) -> Artifact:
    file = root / f"{name}.parquet"
    pq.write_table(pa.table(columns), file)
    config = CONFIG.model_copy(update=values)
    run = root / "runs" / "base" if base else None
    given = Given(file, root / "datasets" / "toy", run, name)
    return evaluate_lists(config, given, root / "metrics" / name, replace=True).artifact


def headline(artifact: Artifact, but: tuple[str, ...] = ()) -> dict[str, float]:
    values = artifact.manifest.results["metrics"]
    return {name: value for name, value in values.items() if name.partition("@")[0] not in but}


@pytest.mark.parametrize(
    "names",
    [
        ("user_id", "item_id", "rank"),
        ("user_id", "item_id", "score"),
        ("user", "item", "rank"),
        ("user", "item_id", "score"),
    ],
)
@pytest.mark.parametrize("block", [7, 1 << 19])
def test_a_models_own_lists_give_its_metrics(root, rows, names, block, monkeypatch):
    monkeypatch.setattr(list_file, "BLOCK", block)
    order = np.random.default_rng(0).permutation(len(rows["user"]))
    found = scored(root, {name: rows[name][order] for name in names})
    want = Artifact.open(root / "metrics" / "base")
    # beyond the lists a target has no rank; every metric at k ≤ K is the same
    assert headline(found) == pytest.approx(headline(want), rel=1e-12)
    assert set(found.manifest.results["lists"].values()) == {0, len(order)}


def test_hostile_rows_are_counted_and_left_out(root, rows, monkeypatch):
    monkeypatch.setattr(list_file, "BLOCK", 11)
    train = read_columns(root / "datasets" / "toy" / "interactions.parquet")
    first = np.flatnonzero(train["split"] == "train")[:5]  # user 0 had these
    user, item, score = (rows[name] for name in ("user", "item", "score"))
    keep = user != 7  # a user without a list
    keep[np.flatnonzero(user == 8)[-2:]] = False  # a short list
    wrong = [
        (train["user"][first], train["item"][first], np.full(5, 99.0)),  # seen
        (user[keep][:4], item[keep][:4], np.full(4, -99.0)),  # again, worse
        ([-1, 10**9, 3], [0, 0, 0], [99.0] * 3),  # two unknown users, one fine row
        ([4, 5], [-5, 10**12], [99.0, 99.0]),  # unknown items
        ([6, 6], [1, 2], [np.nan, np.nan]),  # no number
    ]
    parts = [(user[keep], item[keep], score[keep]), *wrong[:2], *wrong[2:]]
    columns = [np.concatenate([np.asarray(part[n]) for part in parts]) for n in range(3)]
    order = np.random.default_rng(1).permutation(len(columns[0]))
    given = dict(zip(("user", "item", "score"), (c[order] for c in columns), strict=True))
    found = scored(root, given)
    tally = found.manifest.results["lists"]
    fine = (train["user"] == 3) & (train["item"] == 0) & (train["split"] != "test")
    dup = int(((user[keep] == 3) & (item[keep] == 0)).sum())
    assert tally["rows"] == len(order)
    assert (tally["no_value"], tally["unknown_users"], tally["unknown_items"]) == (2, 2, 2)
    assert tally["seen"] == 5 + int(fine.any())
    assert 4 <= tally["duplicates"] <= 4 + dup
    assert (tally["missing_users"], tally["short_lists"]) == (1, 1)
    targets = found.read("targets.parquet")
    assert (targets["rank"][targets["user"] == 7] > K).all()
    lists = found.read("recommendations.parquet")
    want = read_columns(root / "metrics" / "base" / "recommendations.parquet")
    for u in (0, 1, 2, 9):
        assert (
            lists["item"][lists["user"] == u].tolist() == want["item"][want["user"] == u].tolist()
        )


def test_a_report_takes_them_beside_their_base(root, rows):
    found = scored(
        root, {name: rows[name] for name in ("user_id", "item_id", "rank")}, "other", base=True
    )
    comparison = found.manifest.results["comparison"]
    assert comparison["accuracy_kept"] == 1
    assert comparison["imp"] == 0
    paths = [root / "metrics" / name for name in ("base", "other")]
    built = report(build(ReportConfig, {"resamples": 50}), paths, root / "reports" / "r")
    row = built.comparison.row("other")
    assert row.values["hit"].value == built.comparison.row("base").values["hit"].value > 0
    assert row.kept.value == 1


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"item_id": ["a"], "rank": [1]}, "has no column 'user_id', only item_id, rank"),
        ({"user_id": ["a"], "item_id": ["b"]}, "neither column 'rank' nor 'score'"),
        ({"user": ["a"], "item_id": ["b"], "rank": [1]}, "column 'user' of .* holds string"),
        ({"user_id": [1.5], "item_id": ["b"], "rank": [1]}, "'user_id' of .* holds double, not te"),
        ({"user_id": ["a"], "item_id": ["b"], "rank": ["1"]}, "'rank' of .* not numbers"),
        ({"user_id": ["a"], "item_id": ["b"], "rank": [1]}, "used: 1 row, 1 of users that"),
        ({"user": [0.5], "item": [1], "rank": [1]}, "'user' of .* double, not integers"),
        ({"user": [0], "item": [10**6], "rank": [1]}, "1 row, 1 of items that the data"),
        ({"user": [0], "item": [1], "score": [float("nan")]}, "1 without user, item or a number"),
        ({"user": [0, 0], "item": [1, 2], "rank": [1, -2]}, "'rank' of .* goes below 0"),
    ],
)
def test_what_cannot_be_read_is_refused(root, columns, says):
    with pytest.raises(DataError, match=says):
        scored(root, columns, "bad")
    assert not (root / "metrics" / "bad").exists()


def test_a_file_that_is_none_or_missing_is_refused(root):
    (root / "text.parquet").write_text("user_id,item_id,rank\n")
    for name, says in (("text", "cannot be read as Parquet"), ("nothing", "does not exist")):
        given = Given(root / f"{name}.parquet", root / "datasets" / "toy", None, "m")
        with pytest.raises(DataError, match=says):
            evaluate_lists(CONFIG, given, root / "metrics" / "m")


def test_what_does_not_fit_is_refused(root, rows, tmp_path):
    columns = {name: rows[name] for name in ("user", "item", "rank")}
    with pytest.raises(ConfigError, match="'morec', which is a method of mobench"):
        scored(root, columns, "morec")
    with pytest.raises(ConfigError, match="--candidates cannot be used"):
        scored(root, columns, candidates="uniform:5")
    planted(tmp_path / "other", seed=4)
    given = Given(root / "x.parquet", tmp_path / "other", root / "runs" / "base", "m")
    with pytest.raises(ArtifactError, match="was not trained on"):
        evaluate_lists(CONFIG, given, root / "metrics" / "m")


def test_the_same_lists_again_are_up_to_date(root, rows):
    pq.write_table(pa.table({n: rows[n] for n in ("user", "item", "rank")}), root / "y.parquet")
    given = Given(root / "y.parquet", root / "datasets" / "toy", None, "y")
    path = root / "metrics" / "y"
    assert [evaluate_lists(CONFIG, given, path).fresh for _ in range(2)] == [True, False]
    pq.write_table(pa.table({n: rows[n][:50] for n in ("user", "item", "rank")}), given.file)
    with pytest.raises(ArtifactError, match="was made with another run"):
        evaluate_lists(CONFIG, given, path)
