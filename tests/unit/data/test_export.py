"""Other tools get the rows of our split, each once, with the ids of the raw files."""

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq
import pytest

from mobench.artifacts import Artifact
from mobench.config import PrepConfig
from mobench.data.dataset import SPLITS
from mobench.data.export import TARGETS, run
from mobench.data.export.run import Exported, export
from mobench.data.plan import plan
from mobench.data.prep import prepare
from mobench.data.schema import Rejects
from mobench.errors import ArtifactError, DataError
from tests.unit.data.make import write_jsonl

Row = tuple[str, str, float | None, int]
SYNTHETIC = "synthetic:rows=6000,users=200,items=80,price_missing=0.3,id_length=28"
every_target = pytest.mark.parametrize("to", TARGETS)


def exported(to: str, dataset: str = "toy", **more: Any) -> Exported:
    return export(Path(dataset), to, Path(f"out-{to}"), lambda stage: None, **more)


def truth(dataset: str = "toy") -> dict[str, list[Row]]:
    """The rows of each split as the dataset artifact has them."""
    rows = pl.read_parquet(f"{dataset}/interactions.parquet").with_columns(
        pl.col("split").cast(pl.String)
    )
    users = pl.read_parquet(f"{dataset}/users.parquet")["user_id"]
    items = pl.read_parquet(f"{dataset}/items.parquet")["item_id"]
    return {
        split: [
            (users[user], items[item], rating, time)
            for user, item, time, rating, name in rows.iter_rows()
            if name == split
        ]
        for split in SPLITS
    }


def _number(text: str) -> float | None:
    return float(text) if text else None


def read_recbole(split: str) -> list[Row]:
    name = {"val": "valid"}.get(split, split)
    text = Path(f"out-recbole/toy/toy.{name}.inter").read_bytes().decode()
    head, *lines = text.split("\n")
    assert head == "user_id:token\titem_id:token\trating:float\ttimestamp:float"
    assert lines.pop() == ""
    rows = [line.split("\t") for line in lines]
    return [(user, item, _number(rating), int(time)) for user, item, rating, time in rows]


def read_csv(split: str) -> list[Row]:
    with Path(f"out-csv/{split}.csv").open(newline="", encoding="utf-8") as file:
        head, *rows = csv.reader(file)
    assert head == ["user_id", "item_id", "rating", "timestamp"]
    return [(user, item, _number(rating), int(time)) for user, item, rating, time in rows]


def read_lenskit(split: str) -> list[Row]:
    table = pq.read_table(f"out-lenskit/{split}.parquet")
    kinds = {field.name: str(field.type) for field in table.schema}
    assert kinds["user_id"] == kinds["item_id"] == "string"
    assert kinds["timestamp"] == "timestamp[ms]"
    times = table["timestamp"].cast("int64").to_pylist()
    return list(
        zip(*(table[n].to_pylist() for n in ("user_id", "item_id", "rating")), times, strict=True)
    )


READERS: dict[str, Callable[[str], list[Row]]] = {
    "recbole": read_recbole,
    "csv": read_csv,
    "lenskit": read_lenskit,
}


@pytest.fixture
def toy(workdir: Path) -> Path:
    prepare(PrepConfig(source=(SYNTHETIC,)), Path("toy"))
    return workdir


@every_target
def test_rows_of_every_split_come_back_in_order(
    toy: Path, monkeypatch: pytest.MonkeyPatch, to: str
) -> None:
    monkeypatch.setattr(run, "BATCH", 100)  # many parts
    made = exported(to).artifact
    wanted = truth()
    assert {len(wanted["val"]), len(wanted["test"])} == {200}
    for split in SPLITS:
        assert READERS[to](split) == wanted[split]
        assert made.manifest.results[f"n_{split}"] == len(wanted[split])
    counted = [entry.rows for entry in made.manifest.files if entry.rows is not None]
    assert sorted(counted) == sorted([*(len(rows) for rows in wanted.values()), 80])
    made.verify()
    assert (made.path / "README.md").read_text().startswith("# toy ")
    assert not Path(f"out-{to}.partial").exists()


def items(to: str) -> pl.DataFrame:
    if to == "recbole":
        path = Path("out-recbole/toy/toy.item")
        frame = pl.read_csv(path, separator="\t", quote_char=None)
        kinds = [name.partition(":")[2] for name in frame.columns]
        assert kinds == ["token", "float", "token", "token_seq"]
        return frame.rename(lambda name: name.partition(":")[0])
    return (
        pl.read_csv("out-csv/items.csv")
        if to == "csv"
        else pl.read_parquet("out-lenskit/items.parquet")
    )


@every_target
def test_items_are_all_there_with_price_and_category(toy: Path, to: str) -> None:
    exported(to)
    wanted = pl.read_parquet("toy/items.parquet")
    names = ["item_id", "price", "category", "title"]
    assert items(to).select(names).equals(wanted.select(names))
    assert wanted["price"].null_count() == 24
    if to != "recbole":
        more = ["revenue", "fair_group", "pop_group"]
        assert items(to).select(more).cast(pl.Float64).equals(wanted.select(more).cast(pl.Float64))


@pytest.mark.parametrize(
    ("to", "train"), [("recbole", "out-recbole/toy/toy.train.inter"), ("csv", "out-csv/train.csv")]
)
def test_prep_reads_the_export_again(toy: Path, to: str, train: str) -> None:
    exported(to)
    made = plan(PrepConfig(source=(train,)))
    assert made.source.name == to
    rejects = Rejects()
    frames = list(made.source.read_reviews(made.files[0], made.units[train], rejects))
    assert pl.concat(frames).rows() == truth()["train"]
    assert len(rejects) == 0


def test_the_recbole_config_names_files_and_fields_that_exist(toy: Path) -> None:
    exported("recbole")
    yaml = pytest.importorskip("yaml")
    config = yaml.safe_load(Path("out-recbole/toy.yaml").read_text())
    folder = Path(config["data_path"]) / config["dataset"]
    for name in config["benchmark_filename"]:
        header = (folder / f"toy.{name}.inter").read_text().partition("\n")[0]
        fields = [field.partition(":")[0] for field in header.split("\t")]
        assert fields == config["load_col"]["inter"]
    header = (folder / "toy.item").read_text().partition("\n")[0]
    assert [field.partition(":")[0] for field in header.split("\t")] == config["load_col"]["item"]
    assert config["eval_args"] == {"mode": "full"}


@every_target
def test_sources_without_ratings_give_no_rating_column(workdir: Path, to: str) -> None:
    prepare(
        PrepConfig(source=("synthetic:rows=3000,users=100,items=50,ratings=none",)), Path("toy")
    )
    made = exported(to)
    assert not made.artifact.manifest.results["is_rated"]
    file = next(entry for entry in made.artifact.manifest.files if "train" in entry.path)
    path = made.artifact.path / file.path
    parquet = to == "lenskit"
    head = " ".join(pq.read_schema(path).names) if parquet else path.read_text().partition("\n")[0]
    assert "timestamp" in head
    assert "rating" not in head
    for config in made.artifact.path.glob("*.yaml"):
        assert "inter: [user_id, item_id, timestamp]\n" in config.read_text()


HOSTILE = {
    "a\tb": "'a\N{REPLACEMENT CHARACTER}b'",
    "a\nb": "'a\N{REPLACEMENT CHARACTER}b'",
    '"a': "'\"a'",
    'a"b,c': "'a\"b,c'",
    "NA": "'NA'",
    "null": "'null'",
    "[PAD]": "'[PAD]'",
    " x y ": None,
    "é,;|'": None,
}


def hostile(user: str, title: str = "A title") -> None:
    """Three users with five items each; the first has a hostile id, item 1 a hostile title."""
    rows = [
        {"user_id": who, "parent_asin": f"I{i}", "rating": 5, "timestamp": 1_600_000_000_000 + i}
        for who in (user, "U1", "U2")
        for i in range(5)
    ]
    write_jsonl(Path("reviews.jsonl"), rows)
    keys = ("parent_asin", "title", "price", "categories")
    described = [("I1", title, 1.5, ["Root", 'Leaf, "x"']), ("I2", "B", None, [])]
    write_jsonl(Path("meta.jsonl"), [dict(zip(keys, item, strict=True)) for item in described])
    config = PrepConfig(source=("reviews.jsonl",), meta=("meta.jsonl",), k_core=2)
    prepare(config, Path("toy"), replace=True)


@pytest.mark.parametrize("user", HOSTILE)
def test_ids_that_recbole_would_not_read_back_are_refused(workdir: Path, user: str) -> None:
    hostile(user)
    shown = HOSTILE[user]
    if shown is None:
        exported("recbole")
        assert {row[0] for row in read_recbole("train")} == {user, "U1", "U2"}
        return
    with pytest.raises(DataError) as caught:
        exported("recbole")
    assert caught.value.message.startswith(f"user_id {shown} holds a control character or quote")
    assert caught.value.hint == "1 of 3 ids are such; --to lenskit (Parquet) takes any."
    assert not list(Path().glob("out-recbole*"))


@pytest.mark.parametrize("user", HOSTILE)
def test_other_targets_read_every_id_back_or_refuse_it(workdir: Path, user: str) -> None:
    hostile(user)
    exported("lenskit")
    assert read_lenskit("train") == truth()["train"]
    if "\n" in user:
        with pytest.raises(DataError, match="holds a line break, which csv cannot store"):
            exported("csv")
    else:
        exported("csv")
        assert read_csv("train") == truth()["train"]
        lines = Path("out-csv/train.csv").read_text().splitlines()
        assert len(lines) == 1 + len(truth()["train"])


@pytest.mark.parametrize("title", ['"Heroes"\tand\nothers\u2028\x00 &#34;', "x" * 200_000])
def test_titles_stay_in_one_field(workdir: Path, title: str) -> None:
    hostile("U0", title)
    exported("recbole")
    exported("csv")
    found = items("recbole").filter(pl.col("item_id") == "I1")
    assert found["title"][0] == ("x" * 1000 if "x" in title else "'Heroes' and others '")
    assert found["category"][0] == "Leaf, 'x'"
    assert items("recbole").height == items("csv").height == 5
    row = items("csv").filter(pl.col("item_id") == "I1")
    assert row["title"][0] in (title, '"Heroes" and others "')
    assert row["category"][0] == 'Leaf, "x"'


def test_the_same_export_is_up_to_date_and_another_is_refused(toy: Path) -> None:
    def made(to: str, **more: bool) -> Exported:
        return export(Path("toy"), to, Path("out"), lambda stage: None, **more)

    assert made("csv").fresh
    again = made("csv")
    assert not again.fresh
    assert again.artifact.manifest.kind == "export"
    with pytest.raises(
        ArtifactError, match=r"'out' exists and was made with other settings \(to\)"
    ):
        made("recbole")
    assert made("recbole", replace=True).fresh
    assert not Path("out/train.csv").exists()
    prepare(PrepConfig(source=(SYNTHETIC,), seed=1, k_core=6), Path("toy"), replace=True)
    with pytest.raises(ArtifactError, match="'out' exists and was made with another dataset"):
        made("recbole")


def test_nothing_but_exports_is_replaced(toy: Path) -> None:
    Path("mine").mkdir()
    Path("mine/file").touch()
    for path, words in (("toy", "is a dataset artifact"), ("mine", "is not an artifact")):
        with pytest.raises(ArtifactError, match=words):
            export(Path("toy"), "csv", Path(path), lambda stage: None, replace=True)
    assert Path("mine/file").exists()
    assert Artifact.open(Path("toy"), "dataset")


def test_a_changed_dataset_is_refused(toy: Path) -> None:
    users = Path("toy/users.parquet")
    pl.read_parquet(users).reverse().write_parquet(users)
    with pytest.raises(ArtifactError, match=r"users.parquet' has changed"):
        exported("csv")
    assert not Path("out-csv").exists()


@every_target
def test_a_dataset_named_by_a_dot_is_the_same(
    toy: Path, monkeypatch: pytest.MonkeyPatch, to: str
) -> None:
    def rows(made: Exported) -> dict[str, str]:
        files = made.artifact.manifest.files
        return {f.path: f.sha256 for f in files if f.rows is not None}

    first = rows(exported(to))
    monkeypatch.chdir("toy")
    again = rows(export(Path(), to, Path("../other"), lambda stage: None))
    assert again == first
    assert len(first) == 4
