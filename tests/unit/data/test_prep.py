"""prep end to end on small files: every table against plain loops."""

import json
from collections import Counter
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from mobench.artifacts import Artifact
from mobench.config import PrepConfig
from mobench.data.dataset import Dataset
from mobench.data.prep import prepare
from mobench.errors import DataError
from tests.unit.data.make import (
    DAY,
    START,
    TABLES,
    metadata,
    reviews,
    run,
    table,
    write_csv,
    write_jsonl,
)


def naive_rows(min_rating: float, k: int) -> list[tuple[str, str, float, int]]:
    """Filters in plain loops; rows in file order."""
    rows = [r for r in reviews() if r[2] >= min_rating]
    while True:
        users, items = Counter(r[0] for r in rows), Counter(r[1] for r in rows)
        kept = [r for r in rows if users[r[0]] >= k and items[r[1]] >= k]
        if len(kept) == len(rows):
            return rows
        rows = kept


def test_tables_have_the_columns_of_the_specification(files: Path) -> None:
    run()
    schemas = {name: dict(table(name).schema) for name in TABLES}
    assert schemas["interactions"] == {
        "user": pl.Int32,
        "item": pl.Int32,
        "timestamp": pl.Int64,
        "rating": pl.Float32,
        "split": pl.Categorical,
    }
    assert schemas["users"] == {"user": pl.Int32, "user_id": pl.String, "n_train": pl.Int32}
    assert schemas["items"] == {
        "item": pl.Int32,
        "item_id": pl.String,
        "title": pl.String,
        "category": pl.String,
        "categories": pl.String,
        "price": pl.Float64,
        "revenue": pl.Float64,
        "fair_group": pl.Int16,
        "pop_group": pl.Int16,
        "n_train": pl.Int32,
    }
    assert list(schemas["groups"]) == ["kind", "id", "label", "n_items", "n_train", "target_share"]
    assert list(schemas["funnel"]) == ["stage", "rows", "users", "items"]


@pytest.mark.parametrize(("min_rating", "k"), [(3.0, 3), (4.0, 2), (1.0, 1)])
def test_rows_codes_and_order(files: Path, min_rating: float, k: int) -> None:
    run(min_rating=min_rating, k_core=k)
    wanted = naive_rows(min_rating, k)
    users = list(dict.fromkeys(r[0] for r in wanted))
    items = list(dict.fromkeys(r[1] for r in wanted))
    assert 0 < len(wanted) <= len(reviews())
    assert table("users")["user_id"].to_list() == users
    assert table("items")["item_id"].to_list() == items
    rows = sorted(wanted, key=lambda r: (users.index(r[0]), r[3]))
    found = table("interactions")
    assert found["user"].to_list() == [users.index(r[0]) for r in rows]
    assert found["item"].to_list() == [items.index(r[1]) for r in rows]
    assert found["timestamp"].to_list() == [r[3] for r in rows]
    assert found["rating"].to_list() == [r[2] for r in rows]


def test_the_funnel_counts_each_stage(files: Path) -> None:
    rows = reviews()
    again = [(u, i, 5.0, t + 1) for u, i, _, t in rows[:7]]
    write_csv(files / "reviews.csv", [*rows, *again, ("X", "Y", "oops", START)])
    run(max_rejected=1)
    funnel = table("funnel").rows()
    good = [*rows, *again]
    latest = {(u, i): r for u, i, r, _ in [x for x in good if x[2] >= 3]}
    assert funnel[0] == ("read", len(good) + 1, 31, 21)
    assert funnel[1] == ("valid rows", len(good), 30, 20)
    assert funnel[2][:2] == ("rating ≥ 3", sum(r[2] >= 3 for r in good))
    assert funnel[3][:2] == ("latest per pair", len(latest))
    assert funnel[4][0].startswith("3-core (")
    assert funnel[4][1] == table("interactions").height


def test_the_dataset_loads_and_agrees_with_its_results(files: Path) -> None:
    made = run()
    dataset = Dataset.load(Path("out"))
    results = made.artifact.manifest.results
    for name in ("train", "val", "test"):
        assert len(dataset.splits[name]) == results[f"n_{name}"] > 0
    assert (dataset.n_users, dataset.n_items) == (results["n_users"], results["n_items"])
    train = dataset.splits["train"]
    np.testing.assert_array_equal(
        dataset.items.n_train, np.bincount(train.item, minlength=dataset.n_items)
    )
    assert table("users")["n_train"].to_list() == np.bincount(train.user).tolist()
    assert dataset.target_share.sum() == pytest.approx(1)
    assert dataset.has_prices
    assert results["n_val"] == results["n_test"] == results["n_users"]


def test_items_carry_their_metadata(files: Path) -> None:
    made = run(fair_min_share=0.0)
    known = {record["parent_asin"]: record for record in metadata()}
    items = table("items")
    for row in items.iter_rows(named=True):
        record = known[row["item_id"]]
        assert row["title"] == record["title"].replace("&amp;", "&")
        assert row["price"] == record["price"]
        assert row["category"] == record["categories"][1]
        assert row["categories"] == " > ".join(record["categories"])
        assert row["revenue"] == row["price"] or row["price"] is None
    filled = items.filter(pl.col("price").is_null())["revenue"]
    assert filled.n_unique() == 1  # that category has no prices: the median of all
    assert filled[0] == items["price"].median()
    results = made.artifact.manifest.results
    assert results["price_coverage"] == 1 - items["price"].null_count() / items.height
    assert results["price_missing"] == {"missing": items["price"].null_count()}
    assert results["fair_level"] == "1"
    assert set(results["fair_labels"]) == {f"Leaf {n}" for n in range(4)}


def test_groups_describe_the_items(files: Path) -> None:
    run()
    items, groups = table("items"), table("groups")
    for kind in ("fair", "pop"):
        part = groups.filter(pl.col("kind") == kind)
        assert part["id"].to_list() == list(range(part.height))
        code = items[f"{kind}_group"]
        assert part["n_items"].to_list() == np.bincount(code).tolist()
        rows = np.bincount(code, weights=items["n_train"])
        assert part["n_train"].to_list() == rows.tolist()
        np.testing.assert_allclose(part["target_share"], rows / rows.sum())


def test_without_metadata_everything_is_missing(files: Path) -> None:
    made = run(meta=())
    items = table("items")
    assert items["title"].null_count() == items["price"].null_count() == items.height
    assert items["revenue"].sum() == 0
    results = made.artifact.manifest.results
    assert results["price_missing"] == {"no metadata": items.height}
    assert results["fair_labels"] == ["(missing)"]
    assert not Dataset.load(Path("out")).has_prices


def test_items_without_a_price_can_be_dropped_before_the_core(files: Path) -> None:
    run(missing_price="drop")
    assert table("items")["price"].null_count() == 0
    stages = table("funnel")["stage"].to_list()
    assert stages[4] == "price known"
    assert min(Counter(table("interactions")["item"]).values()) >= 3
    run("all", missing_price="zero")
    zero = table("items", "all").filter(pl.col("price").is_null())["revenue"]
    assert zero.len() > 0
    assert zero.sum() == 0


def test_rules_for_revenue_groups_and_targets(files: Path) -> None:
    Path("shares.csv").write_text("group,share\n0,0.25\n1,0.75\n")
    made = run(
        price_transform="log1p",
        pop_groups=2,
        target_distribution="shares.csv",
        fair_level="0",
        category_from=None,
    )
    items, groups = table("items"), table("groups")
    priced = items.filter(pl.col("price").is_not_null())
    np.testing.assert_allclose(priced["revenue"], np.log1p(priced["price"]))
    assert groups.filter(pl.col("kind") == "pop")["target_share"].to_list() == [0.25, 0.75]
    assert set(items["category"]) == {"Shop"}
    assert [i.role for i in made.artifact.manifest.inputs] == [
        "reviews",
        "metadata",
        "target_distribution",
    ]


def test_categories_from_titles(files: Path) -> None:
    words = ["usb cable cord", "bass headphones audio"]
    records = [{**r, "title": words[n % 2], "categories": []} for n, r in enumerate(metadata())]
    write_jsonl(files / "meta.jsonl", records)
    made = run(category_from="title:2")
    items = table("items")
    parity = items["item_id"].str.strip_prefix("I").cast(pl.Int64) % 2
    assert pl.DataFrame({"p": parity, "c": items["category"]}).n_unique() == 2
    assert items["categories"].null_count() == items.height
    assert made.artifact.manifest.results["fair_level"] == "title"


def test_a_temporal_split(files: Path) -> None:
    run(split="temporal", val_from="2020-06-01", test_from="2021-01-01")
    rows = table("interactions")
    cuts = [pl.datetime(2020, 6, 1, time_zone="UTC"), pl.datetime(2021, 1, 1, time_zone="UTC")]
    time = pl.from_epoch("timestamp", "ms").dt.replace_time_zone("UTC")
    wanted = pl.when(time < cuts[0]).then(pl.lit("train"))
    wanted = wanted.when(time < cuts[1]).then(pl.lit("val")).otherwise(pl.lit("test"))
    assert rows.select((pl.col("split").cast(pl.String) == wanted).all()).item()
    assert rows["split"].n_unique() == 3
    with pytest.raises(DataError, match="the test split is empty"):
        run(split="temporal", val_from="2020-06-01", test_from="2090-01-01")


def test_the_manifest_tells_what_a_summary_needs(files: Path) -> None:
    made = run()
    manifest = Artifact.open(Path("out"), "dataset").manifest
    assert manifest.results == json.loads(json.dumps(made.artifact.manifest.results))
    assert set(manifest.results) == {
        "n_users", "n_items", "n_rows", "n_train", "n_val", "n_test", "core_rounds",
        "core_left",
        "split", "tie_break", "tie_users", "short_users", "time_from", "time_to",
        "n_rejected", "rejected", "has_time", "format", "format_label", "format_detected",
        "n_review_files", "n_metadata_files", "price_coverage", "price_forms", "price_missing",
        "category_coverage", "fair_level", "fair_labels", "n_fair_groups", "n_pop_groups",
        "repeated_metadata",
    }  # fmt: skip
    assert manifest.results["core_left"] == [], "everybody has enough from the beginning"
    smaller = prepare(PrepConfig(source=("demo",), k_core=7), Path("core")).artifact
    left = smaller.manifest.results["core_left"]
    assert len(left) == smaller.manifest.results["core_rounds"] > 0
    assert table("funnel", "core").row(-1)[1:] == tuple(left[-1])
    time = table("interactions")["timestamp"]
    assert manifest.results["time_from"].startswith("20")
    assert time.max() - time.min() < 900 * DAY


def test_the_demo_prepares(workdir: Path) -> None:
    made = prepare(PrepConfig(source=("demo",)), Path("demo"))
    results = made.artifact.manifest.results
    assert results["n_val"] == results["n_test"] == results["n_users"] > 100
    assert results["price_coverage"] > 0.5
    assert results["n_fair_groups"] == 4
    rows = table("interactions", "demo")
    assert rows["rating"].null_count() == rows.height
    assert table("funnel", "demo")["stage"][2] == "no ratings"
