"""Lists for people: what is in them, whose they are, and what they are written to."""

import json
from pathlib import Path

import polars as pl
import pytest

from mobench.cli.views.recommend import MOST

RUN = "data/runs/toy-mf-base-s1"
COLUMNS = ["user", "rank", "item", "score", "title", "price", "category"]


def evaluated(name: str = "toy-mf-base-s1") -> pl.DataFrame:
    """Return the lists that eval wrote, under raw ids."""
    users = pl.read_parquet("data/datasets/toy/users.parquet")
    items = pl.read_parquet("data/datasets/toy/items.parquet")
    lists = pl.read_parquet(f"data/metrics/{name}-test/recommendations.parquet")
    named = lists.join(users, on="user").join(items, on="item")
    return named.select(
        "rank", "score", "title", "price", "category", user="user_id", item="item_id"
    ).select(COLUMNS)


def ids(*wanted: str) -> str:
    Path("users.txt").write_text("\n".join(wanted) + "\n")
    return "users.txt"


READ = {
    ".csv": lambda path: pl.read_csv(path, schema_overrides={"score": pl.Float32}),
    ".parquet": pl.read_parquet,
    ".jsonl": pl.read_ndjson,
    ".json": lambda path: pl.DataFrame(json.loads(path.read_text())),
}


@pytest.mark.parametrize("suffix", READ)
@pytest.mark.parametrize("method", ["base", "morec", "popularity"])
def test_the_lists_are_those_of_the_evaluation(
    run, pipeline: Path, suffix: str, method: str
) -> None:
    """The test split hides what was had in train and val, which is what --seen val hides."""
    everybody = pl.read_parquet("data/datasets/toy/users.parquet")["user_id"].to_list()
    file = ids(*everybody[::-1])
    line = f"recommend data/runs/toy-mf-{method}-s1 --users {file} -k 5 --out out/lists{suffix}"
    code, out, err = run(line)
    assert (code, err) == (0, "")
    assert out == f"wrote out/lists{suffix}  ({5 * len(everybody)} rows, {len(everybody)} users)\n"
    found = READ[suffix](Path(f"out/lists{suffix}"))
    assert found.columns == COLUMNS
    assert found["user"].unique(maintain_order=True).to_list() == everybody[::-1]
    expected = evaluated(f"toy-mf-{method}-s1").sort("user", "rank")
    mine = found.sort("user", "rank").with_columns(pl.col("score").cast(pl.Float32))
    for column in COLUMNS:
        assert mine[column].to_list() == expected[column].to_list(), column
    assert sorted(path.name for path in Path("out").iterdir()) == [f"lists{suffix}"]


def test_nothing_that_was_had_is_recommended(run_json, pipeline: Path) -> None:
    rows = pl.read_parquet("data/datasets/toy/interactions.parquet")
    items = pl.read_parquet("data/datasets/toy/items.parquet")
    users = pl.read_parquet("data/datasets/toy/users.parquet")
    rows = rows.join(items, on="item").join(users, on="user")
    had = {
        split: set(rows.filter(pl.col("split").cast(pl.String) == split)["item_id"])
        for split in ("train", "val", "test")
    }
    mine = rows.filter(pl.col("user_id") == "U7")
    seen: list[str] = []
    lengths = []
    for split in ("train", "val", "test"):
        seen += mine.filter(pl.col("split").cast(pl.String) == split)["item_id"].to_list()
        (found,) = run_json(f"recommend {RUN} --users {ids('U7')} -k 99 --seen {split}")["users"]
        listed = [item["item"] for item in found["items"]]
        assert sorted(listed + seen) == sorted(items["item_id"])
        assert [item["item"] for item in found["last"]] == seen[::-1]
        assert found["n_had"] == len(seen)
        lengths.append(len(listed))
    assert lengths == [30 - 7, 30 - 8, 30 - 9]
    assert had["test"]


@pytest.mark.parametrize("kind", ["base", "morec"])
def test_sasrec_reads_the_history_up_to_the_split(run, run_json, pipeline: Path, kind) -> None:
    train = "train data/datasets/toy --backbone sasrec --epochs 1 --set batch_size=64"
    for method in ("base", "morec")[: 1 + (kind == "morec")]:
        line = f"{train} --method {method} --set min_group_size=1"
        assert run(line if method == "morec" else f"{train} --method base")[0] == 0
    name = f"toy-sasrec-{kind}-s1"
    assert run(f"eval data/runs/{name} --k 5")[0] == 0
    expected = evaluated(name)
    lists = {}
    for seen in ("train", "val"):
        line = f"recommend data/runs/{name} --users {ids('U3')} -k 5 --seen {seen}"
        lists[seen] = run_json(line)["users"][0]["items"]
    mine = expected.filter(pl.col("user") == "U3").sort("rank")
    assert [item["item"] for item in lists["val"]] == mine["item"].to_list()
    scores = [item["score"] for item in lists["val"]]
    assert scores == pytest.approx(mine["score"].to_list(), abs=1e-5)
    assert [item["score"] for item in lists["train"]] != scores


def test_some_users_are_drawn_where_none_are_named(run, run_json, pipeline: Path) -> None:
    code, out, err = run(f"recommend {RUN} -k 4")
    assert (code, err) == (0, "")
    assert max(map(len, out.splitlines())) <= 88
    heads = [line for line in out.splitlines() if line.startswith("user ")]
    assert len(heads) == 3
    assert heads[0].endswith(" · 8 items up to val")
    assert out.count(" Recommended ") == out.count(" Had last ") == 3
    assert run(f"recommend {RUN} -k 4")[1] == out
    found = run_json(f"recommend {RUN} -k 4 --set sample=5 --seed 1")["users"]
    assert len({one["user"] for one in found}) == 5
    assert [one["user"] for one in found] != [head.split()[1] for head in heads]
    row = next(line for line in out.splitlines() if line.startswith(" 1 "))
    item = run_json(f"recommend {RUN} -k 4")["users"][0]["items"][0]
    assert row.split()[:4] == ["1", item["title"], f"{item['price']:.2f}", f"{item['score']:.3f}"]


def test_unknown_users_are_counted_and_listed(run, run_json, pipeline: Path) -> None:
    file = ids("U1", "nobody", "U2", "U1", "", "ghost")
    code, out, err = run(f"recommend {RUN} --users {file} -k 2")
    assert code == 0
    assert err == "warning: 2 users are not in the dataset: 'nobody', 'ghost'\n"
    assert [line.split()[1] for line in out.splitlines() if line.startswith("user ")] == [
        "U1",
        "U2",
    ]
    found = run_json(f"recommend {RUN} --users {file} -k 2")
    assert (found["n_users"], found["n_unknown"], found["unknown"]) == (2, 2, ["nobody", "ghost"])


def test_many_users_belong_into_a_file(run, run_json, pipeline: Path) -> None:
    everybody = pl.read_parquet("data/datasets/toy/users.parquet")["user_id"].to_list()
    _, out, _ = run(f"recommend {RUN} --users {ids(*everybody)} -k 2")
    assert out.count("user ") == MOST
    assert f"{len(everybody) - MOST} more: write all of them with --out FILE.csv\n" in out
    assert len(run_json(f"recommend {RUN} --users users.txt -k 2")["users"]) == MOST
    found = run_json(f"recommend {RUN} --users users.txt -k 2 --out a.csv")
    assert (found["file"], found["n_rows"], found["n_users"]) == (
        "a.csv",
        2 * len(everybody),
        len(everybody),
    )
    assert "users" not in found


FAILURES = {
    "recommend data/runs/nothing": (4, "'data/runs/nothing' does not exist"),
    "recommend data/datasets/toy": (4, "'data/datasets/toy' is a dataset artifact"),
    f"recommend {RUN} --k 0": (2, "--k: '0' should be greater than or equal to 1"),
    f"recommend {RUN} --seen all": (2, "--seen 'all' is unknown"),
    f"recommend {RUN} --users missing.txt": (3, "'missing.txt' does not exist"),
    f"recommend {RUN} --users empty.csv": (3, "'empty.csv' cannot be read"),
    f"recommend {RUN} --users odd.csv": (3, "'odd.csv' has no column 'user_id', only name, age"),
    f"recommend {RUN} --users ghosts.txt": (
        3,
        "dataset 'toy' has none of the 2 users, such as 'a', 'b'",
    ),
    f"recommend {RUN} --out lists.xlsx": (2, "--out 'lists.xlsx' is no file to write"),
    f"recommend {RUN} --out there.csv": (4, "'there.csv' exists"),
    f"recommend {RUN} --out data": (2, "--out 'data' is no file to write"),
}


@pytest.mark.parametrize("line", FAILURES)
def test_what_cannot_be_done_is_explained(run, run_json, pipeline: Path, line: str) -> None:
    Path("empty.csv").write_text("")
    Path("odd.csv").write_text("name,age\na,1\n")
    Path("ghosts.txt").write_text("a\nb\n")
    Path("there.csv").write_text("mine")
    code, message = FAILURES[line]
    got, out, err = run(line)
    assert (got, out) == (code, "")
    assert err.startswith(f"error: {message}")
    assert err.splitlines()[1].startswith(" hint: ")
    assert run_json(line)["error"]["exit_code"] == code
    assert Path("there.csv").read_text() == "mine"


def test_force_replaces_a_file(run, pipeline: Path) -> None:
    Path("there.csv").write_text("mine")
    assert run(f"recommend {RUN} --out there.csv --force -k 1")[0] == 0
    assert len(pl.read_csv("there.csv")) == 3


def test_a_title_cannot_move_the_cursor(run, pipeline: Path) -> None:
    from mobench.cli.views.recommend import Shown, table
    from mobench.config import RecommendConfig

    item = {"item": "i", "title": "a\x1b[31m\nb" * 30, "price": None, "score": 1.0}
    lines = table([Shown("u\x1b[0m", 1, [item], [item])], RecommendConfig(), 1)
    assert all(line.isprintable() for line in lines)
    assert max(map(len, lines)) <= 88
