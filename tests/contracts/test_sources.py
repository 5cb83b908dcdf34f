"""What every source must do; a new entry of ``SOURCES`` needs a sample here and nothing else."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import mobench
from mobench.config import PrepConfig
from mobench.data.catalogue import Catalogue
from mobench.data.dataset import Dataset
from mobench.data.plan import plan
from mobench.data.prep import prepare
from mobench.data.schema import REVIEWS, Rejects
from mobench.data.sources import SOURCES
from mobench.data.sources.demo import folder
from mobench.errors import DataError

ROWS = [
    (f"U{u}", f"I{(u + i * i) % 7}", 3.0 + (u + i) % 3, 1_546_300_800_000 + 1000 * (10 * i + u))
    for u in range(10)
    for i in range(5)
]
ITEMS = [(f"I{i}", f"Item {i}", ["Root", f"Leaf {i % 3}"], 5.0 + i) for i in range(7)]


def _lines(path: Path, records: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))


def _amazon_items(place: Path) -> dict[str, Any]:
    keys = ("parent_asin", "title", "categories", "price")
    _lines(place / "meta.jsonl", [dict(zip(keys, item, strict=True)) for item in ITEMS])
    return {"meta": (str(place / "meta.jsonl"),)}


def amazon_csv(place: Path, rows: list[tuple[Any, ...]]) -> dict[str, Any]:
    text = "".join(",".join(map(str, row)) + "\n" for row in rows)
    (place / "raw").write_text("user_id,parent_asin,rating,timestamp\n" + text)
    return {"source": (str(place / "raw"),), **_amazon_items(place)}


def amazon_jsonl(place: Path, rows: list[tuple[Any, ...]]) -> dict[str, Any]:
    keys = ("user_id", "parent_asin", "rating", "timestamp")
    _lines(place / "raw", [dict(zip(keys, row, strict=True)) for row in rows])
    return {"source": (str(place / "raw"),), **_amazon_items(place)}


def demo(place: Path, rows: list[tuple[Any, ...]]) -> dict[str, Any]:
    user, item, _, time = zip(*rows, strict=True)
    columns = {"user_id": user, "item_id": item, "timestamp": time}
    pl.DataFrame(columns).write_parquet(place / "demo" / "interactions.parquet")
    columns = {
        "item_id": [item[0] for item in ITEMS],
        "title": [item[1] for item in ITEMS],
        "department": [item[2][0] for item in ITEMS],
        "category": [item[2][1] for item in ITEMS],
        "price": [item[3] for item in ITEMS],
    }
    pl.DataFrame(columns).write_parquet(place / "demo" / "items.parquet")
    return {"source": ("demo",)}


SAMPLES: dict[str, Callable[[Path, list[tuple[Any, ...]]], dict[str, Any]]] = {
    "amazon-2023-csv": amazon_csv,
    "amazon-2023-jsonl": amazon_jsonl,
    "demo": demo,
}


@pytest.fixture
def place(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder in which mobench finds the demo's files, as in an installed package."""
    (workdir / "demo").mkdir()
    monkeypatch.setattr(mobench, "__file__", str(workdir / "__init__.py"))
    return workdir


every_source = pytest.mark.parametrize("name", SOURCES)


def test_every_source_has_a_sample_and_a_value_in_the_config() -> None:
    assert list(SAMPLES) == list(SOURCES)
    for name, source in SOURCES.items():
        assert source.name == name
        assert PrepConfig(format=name).format == name
        PrepConfig().with_defaults(source.defaults)
    assert len({source.label for source in SOURCES.values()}) == len(SOURCES)


@every_source
def test_samples_are_recognised_by_their_own_source_alone(place: Path, name: str) -> None:
    made = plan(PrepConfig(**SAMPLES[name](place, ROWS)))
    assert made.source is SOURCES[name]
    head = (place / "raw").read_bytes() if (place / "raw").exists() else b""
    others = [one.name for one in SOURCES.values() if head and one.recognises(head)]
    assert others == ([name] if head else [])


@every_source
@pytest.mark.parametrize("noise", [b"", b"\x00\x01", b"hello\n", b"a,b\n1,2\n", b"PAR1", b"[1]\n"])
def test_noise_is_not_recognised(name: str, noise: bytes) -> None:
    assert not SOURCES[name].recognises(noise)


@every_source
def test_rows_come_in_the_schema(place: Path, name: str) -> None:
    made = plan(PrepConfig(**SAMPLES[name](place, ROWS)))
    (file,) = made.having("reviews")
    rejects = Rejects()
    frames = list(made.source.read_reviews(file, made.units[file.name], rejects))
    frame = pl.concat(frames)
    assert frame.schema == REVIEWS
    assert frame.select("user", "item", "timestamp").null_count().sum_horizontal().item() == 0
    assert frame["rating"].null_count() in (0, frame.height)
    assert [(u, i, t) for u, i, _, t in frame.rows()] == [(u, i, t) for u, i, _, t in ROWS]
    assert len(rejects) == 0


@every_source
def test_items_come_into_the_catalogue(place: Path, name: str) -> None:
    made = plan(PrepConfig(**SAMPLES[name](place, ROWS)))
    (file,) = made.having("metadata")
    catalogue = Catalogue(["I3", "nobody", "I1"])
    assert made.item_sources[file.name].read_items(file, catalogue, Rejects("metadata")) == len(
        ITEMS
    )
    assert catalogue.title == ["Item 3", None, "Item 1"]
    assert catalogue.price == [8.0, None, 6.0]
    assert catalogue.paths == [(("Root", "Leaf 0"),), (), (("Root", "Leaf 1"),)]


@every_source
def test_a_sample_of_fifty_rows_prepares(place: Path, name: str) -> None:
    config = PrepConfig(**SAMPLES[name](place, ROWS), k_core=2)
    made = prepare(config, place / "out")
    dataset = Dataset.load(place / "out")
    assert dataset.n_users == 10
    assert len(dataset.splits["val"]) == len(dataset.splits["test"]) == 10
    assert dataset.has_prices
    assert made.artifact.manifest.results["format"] == name
    assert not prepare(config, place / "out").fresh


def test_the_demo_is_found_in_a_wheel_and_in_a_checkout(
    workdir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = workdir / "mobench"
    monkeypatch.setattr(mobench, "__file__", str(package / "__init__.py"))
    with pytest.raises(DataError, match="the embedded demo is missing from this installation"):
        folder()
    for found in (workdir / "data" / "demo", package / "demo"):
        found.mkdir(parents=True)
        (found / "interactions.parquet").touch()
        assert folder() == found


def test_the_demo_of_this_checkout_is_there() -> None:
    assert (folder() / "items.parquet").is_file()
