"""The numbers of a summary against plain loops over the rows of the artifact."""

import json
import statistics
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mobench.artifacts import Artifact
from mobench.data.summary.records import Summary
from mobench.data.summary.summarise import summarise
from tests.unit.data import make

SPLITS = ("train", "val", "test")
CONFIGS: dict[str, dict[str, Any]] = {
    "source": {},
    "random": {"tie_break": "random", "seed": 4, "pop_cut": "mass"},
    "basket": {"tie_break": "basket", "k_core": 1},
    "temporal": {"split": "temporal", "val_from": "2019-01-20", "test_from": "2019-01-25"},
    "no metadata": {"meta": ()},
    "repeats": {"duplicates": "keep", "target_distribution": "uniform"},
    "prices only": {"missing_price": "drop", "price_transform": "log1p"},
}


def tied_reviews(seed: int) -> list[tuple[str, str, float, int]]:
    """Rows on few days, so that users have several at once; the last items are rare and late."""
    rng = np.random.default_rng(seed)
    rows = []
    for user in range(40):
        for item in rng.choice(24, int(rng.integers(3, 12)), p=np.arange(24, 0, -1) / 300):
            day = int(rng.integers(30)) if item < 20 else 29
            rows.append(
                (f"U{user}", f"I{item}", float(rng.integers(1, 6)), make.START + day * make.DAY)
            )
    return rows


@pytest.fixture(params=CONFIGS)
def made(request: pytest.FixtureRequest, workdir: Path) -> Artifact:
    rows: list[Any] = tied_reviews(list(CONFIGS).index(request.param))
    rows[7:7] = [("U1", "I1", "five", make.START), ("U1", "", 5, make.START)]
    make.write_csv(Path("reviews.csv"), rows)
    make.write_jsonl(Path("meta.jsonl"), make.metadata(24))
    values = {"k_core": 2, "max_rejected": 0.1, **CONFIGS[request.param]}
    return make.run(**values).artifact


def rows_of(name: str) -> list[dict[str, Any]]:
    return make.table(name).to_dicts()


def iso(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def test_sizes_splits_and_cold_items(made: Artifact) -> None:
    found, rows = summarise(made), rows_of("interactions")
    users, items = {r["user"] for r in rows}, {r["item"] for r in rows}
    assert (found.rows, found.users, found.items) == (len(rows), len(users), len(items))
    assert found.density == pytest.approx(len(rows) / len(users) / len(items))
    train = [r for r in rows if r["split"] == "train"]
    warm_items, warm_users = ({r[key] for r in train} for key in ("item", "user"))
    for split, name in zip(found.splits, SPLITS, strict=True):
        own = [r for r in rows if r["split"] == name]
        cold = [r for r in own if r["item"] not in warm_items]
        times = [int(r["timestamp"]) for r in own]
        assert split.name == name
        assert (split.rows, split.users, split.items) == (
            len(own),
            len({r["user"] for r in own}),
            len({r["item"] for r in own}),
        )
        assert (split.first, split.last) == (iso(min(times)), iso(max(times)))
        assert (split.cold_rows, split.cold_items) == (len(cold), len({r["item"] for r in cold}))
        assert split.cold_users == len({r["user"] for r in own} - warm_users)


def test_something_is_cold_and_something_tied(workdir: Path) -> None:
    make.write_csv(Path("reviews.csv"), tied_reviews(0))
    make.write_jsonl(Path("meta.jsonl"), make.metadata(24))
    found = summarise(make.run(k_core=1, min_rating=0).artifact)
    assert found.ties.users > 10
    assert sum(split.cold_rows for split in found.splits) > 0


def test_ties(made: Artifact) -> None:
    found, rows = summarise(made).ties, rows_of("interactions")
    stamps = Counter((r["user"], r["timestamp"]) for r in rows)
    shared = [r for r in rows if stamps[r["user"], r["timestamp"]] > 1]
    assert (found.rows, found.rows_of_users) == (len(shared), len({r["user"] for r in shared}))
    config = made.manifest.config
    decided = 0
    if config["split"] == "leave-one-out" and config["tie_break"] != "basket":
        for user in {r["user"] for r in rows}:
            times = sorted(int(r["timestamp"]) for r in rows if r["user"] == user)
            decided += len(times) >= 3 and (times[-1] == times[-2] or times[-2] == times[-3])
    assert found.users == decided
    assert found.rule == config["tie_break"]


def test_groups_and_prices(made: Artifact) -> None:
    found, rows, items = summarise(made), rows_of("interactions"), rows_of("items")
    n_train = Counter(r["item"] for r in rows if r["split"] == "train")
    for group in found.groups:
        own = [i for i in items if i[f"{group.kind}_group"] == group.id]
        prices = [i["price"] for i in own if i["price"] is not None]
        assert group.items == len(own)
        assert group.train_rows == sum(n_train[i["item"]] for i in own)
        assert group.share == pytest.approx(group.train_rows / n_train.total())
        assert group.priced == len(prices)
        assert group.median_price == (pytest.approx(statistics.median(prices)) if prices else None)
    for kind in ("fair", "pop"):
        own_groups = found.group_list(kind)
        assert [group.id for group in own_groups] == list(range(len(own_groups)))
        assert sum(group.items for group in own_groups) == len(items)
        assert sum(group.target_share for group in own_groups) == pytest.approx(1)
    prices = [i["price"] for i in items if i["price"] is not None]
    known = sum(n_train[i["item"]] for i in items if i["price"] is not None)
    assert found.prices.items == len(prices) == sum(found.prices.counts)
    assert found.prices.coverage == pytest.approx(len(prices) / len(items))
    assert found.prices.train_coverage == pytest.approx(known / n_train.total())
    assert sum(found.prices.forms.values()) == len(prices)
    assert sum(found.prices.missing.values()) == len(items) - len(prices)
    if prices:
        ordered = sorted(prices)
        levels = found.prices.quantiles
        assert (levels["min"], levels["max"]) == (ordered[0], ordered[-1])
        assert levels["median"] == pytest.approx(statistics.median(prices))
        assert levels["p25"] == pytest.approx(statistics.quantiles(prices, method="inclusive")[0])


def test_times_add_up(made: Artifact) -> None:
    found, rows = summarise(made).times, rows_of("interactions")
    assert (found.unit, len(found.starts)) == ("D", 5)  # weeks
    for name in SPLITS:
        own = [r for r in rows if r["split"] == name]
        texts = Counter(max(s for s in found.starts if s <= iso(int(r["timestamp"]))) for r in own)
        assert found.rows[name] == [texts[start] for start in found.starts]


def test_activity_and_popularity(made: Artifact) -> None:
    found, rows = summarise(made), rows_of("interactions")
    for key, spread in (("user", found.rows_per_user), ("item", found.rows_per_item)):
        counts = list(Counter(r[key] for r in rows).values())
        assert spread.median == statistics.median(counts)
        assert spread.max == max(counts)
    n_train = Counter(r["item"] for r in rows if r["split"] == "train")
    ranked = sorted((n_train[item] for item in range(found.items)), reverse=True)
    tenth = -(-found.items // 10)
    assert found.popularity.top_tenth_share == pytest.approx(sum(ranked[:tenth]) / sum(ranked))
    points = zip(found.popularity.rank, found.popularity.train_rows, strict=True)
    assert all(ranked[rank - 1] == n for rank, n in points)


def test_funnel_and_rejected_rows(made: Artifact) -> None:
    found, stages = summarise(made), rows_of("funnel")
    assert [(s.name, s.rows, s.users, s.items) for s in found.funnel] == [
        tuple(stage[key] for key in ("stage", "rows", "users", "items")) for stage in stages
    ]
    assert [s.kept for s in found.funnel] == [s.rows / found.funnel[0].rows for s in found.funnel]
    assert found.rejected.rows == sum(found.rejected.reasons.values()) == 2
    assert {e.reason for e in found.rejected.examples} == set(found.rejected.reasons)
    lines = sorted((e.line, e.text) for e in found.rejected.examples)
    assert [(line, text.split(",")[2]) for line, text in lines] == [(9, "five"), (10, "5")]


def test_rejected_metadata_is_told_from_rejected_reviews(workdir: Path) -> None:
    make.write_csv(Path("reviews.csv"), make.reviews())
    records = [*make.metadata(), *[{"title": f"no id {n}" + "x" * 500} for n in range(3)]]
    make.write_jsonl(Path("meta.jsonl"), records)
    found = summarise(make.run(max_rejected=0.5).artifact).rejected
    (example,) = found.examples
    assert found.reasons == {example.reason: 3}
    assert example.reason.startswith("metadata: ")
    assert (example.file, example.line) == ("meta.jsonl", 21)
    assert "no id 0" in example.text
    assert len(example.text) == 200


def test_json_holds_it_all(made: Artifact) -> None:
    found = summarise(made)
    again = json.loads(json.dumps(found.as_dict(), allow_nan=False))
    assert again["splits"][1]["rows"] == found.splits[1].rows
    assert set(again) == set(Summary.__dataclass_fields__)


def test_a_dataset_without_times_says_so(made: Artifact) -> None:
    assert summarise(made).has_time
    results = {**made.manifest.results, "has_time": False}
    manifest = made.manifest.model_copy(update={"results": results})
    assert not summarise(Artifact(made.path, manifest)).has_time
