"""Conditioned runs on the command line: train, evaluate at preferences, recommend, report."""

from pathlib import Path
from typing import Any

import polars as pl

TRAIN = "train data/datasets/toy --method conditioned --epochs 1 --set front_parts=2"
RUN = "data/runs/toy-mf-conditioned-s1"
WISHES = ("0.8,0.1,0.05,0.05", "1,7,1,1", "1,1,1,7")


def test_one_training_evaluated_at_three_preferences_is_a_front(
    pipeline: Path, run: Any, run_json: Any
) -> None:
    code, out, err = run(TRAIN)
    assert code == 0, err
    assert "one model for all preferences · selected at acc 0.25 rev 0.25" in out
    assert "10 preferences · Spearman of wish and metric: acc " in out
    assert all(len(line) <= 88 for line in out.splitlines())
    done = [run_json(f"eval {RUN} --k 5 --preference {wish}") for wish in WISHES]
    paths = [each["artifact"] for each in done]
    assert paths[1] == "data/metrics/toy-mf-conditioned-s1-test-at-0.1-0.7-0.1-0.1"
    assert len({str(each["metrics"]) for each in done}) == 3
    assert done[1]["wishes"] == {"acc": 0.1, "rev": 0.7, "fair": 0.1, "align": 0.1}
    again = run_json(f"eval {RUN} --k 5 --preference 0.1,0.7,0.1,0.1")
    assert (again["artifact"], again["fresh"]) == (paths[1], False)
    base = "data/metrics/toy-mf-base-s1-test"
    code, out, err = run(f"report {base} {' '.join(paths)} --name front")
    assert code == 0, err
    for words in ("acc-heavy", "rev-heavy", "align-heavy", "Fronts"):
        assert words in out
    assert "--preference" not in run(f"eval {RUN} --k 5 --preference 1,7,1,1")[1].split("next")[-1]


def test_recommend_speaks_for_the_preference_that_eval_measures(
    pipeline: Path, run: Any, run_json: Any
) -> None:
    assert run(TRAIN)[0] == 0
    own = run_json(f"recommend {RUN} -k 3 --sample 2")["users"]
    found = {
        wish: run_json(f"recommend {RUN} -k 3 --sample 2 --preference {wish}")["users"]
        for wish in ("1,1,1,1", *WISHES)
    }
    scores = {w: [i["score"] for u in users for i in u["items"]] for w, users in found.items()}
    assert found["1,1,1,1"] == own
    assert len({str(each) for each in scores.values()}) == 4
    metrics = run_json(f"eval {RUN} --k 3 --preference {WISHES[1]} --split test")["artifact"]
    items = pl.read_parquet("data/datasets/toy/items.parquet").select("item", "item_id")
    lists = pl.read_parquet(f"{metrics}/recommendations.parquet").join(items, on="item")
    ids = pl.read_parquet("data/datasets/toy/users.parquet").select("user", "user_id")
    lists = lists.join(ids, on="user").sort("user_id", "rank")
    for user in found[WISHES[1]]:
        mine = lists.filter(pl.col("user_id") == user["user"])["item_id"].to_list()
        assert [item["item"] for item in user["items"]] == mine


def test_what_does_not_fit_is_said_at_once(pipeline: Path, run: Any) -> None:
    for line, message in (
        ("eval data/runs/toy-mf-morec-s1 --preference 1,1,1,1", "a morec run has one model"),
        ("recommend data/runs/toy-mf-morec-s1 --preference 1,1,1,1", "a morec run has one model"),
        ("recommend data/runs/toy-mf-base-s1 --preference=-1,1", "is no mix of wishes"),
        ("eval data/runs/toy-mf-base-s1 --preference=-1,1", "is no mix of wishes"),
        ("train data/datasets/toy --set conditioning=film2", "conditioning 'film2' is unknown"),
        ("train data/datasets/toy --set agreement=cosine", "agreement does nothing for"),
        (f"{TRAIN} --front 4", "method conditioned has one model for all preferences"),
        (f"{TRAIN} --objectives acc", "conditioned weighs objectives"),
    ):
        code, _, err = run(line)
        assert (code, message in err) == (2, True), err
        assert " hint: " in err
