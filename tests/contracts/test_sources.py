"""What every source must do; a new entry of ``SOURCES`` needs a sample in ``samples`` alone."""

from collections.abc import Iterator
from pathlib import Path

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
from tests.contracts.samples import GENERATED, ITEMS, ROWS, SAMPLES


@pytest.fixture
def place(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder in which mobench finds the demo's files, as in an installed package."""
    (workdir / "demo").mkdir()
    monkeypatch.setattr(mobench, "__file__", str(workdir / "__init__.py"))
    return workdir


every_source = pytest.mark.parametrize("name", SOURCES)
every_written_source = pytest.mark.parametrize("name", [n for n in SOURCES if n not in GENERATED])


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
    if name not in GENERATED:
        assert [(u, i, t) for u, i, _, t in frame.rows()] == [(u, i, t) for u, i, _, t in ROWS]
    assert len(rejects) == 0


@every_written_source
def test_items_come_into_the_catalogue(place: Path, name: str) -> None:
    made = plan(PrepConfig(**SAMPLES[name](place, ROWS)))
    (file,) = made.having("metadata")
    catalogue = Catalogue([ITEMS[3][0], "nobody", ITEMS[1][0]])
    assert made.item_sources[file.name].read_items(file, catalogue, Rejects("metadata")) == len(
        ITEMS
    )
    assert catalogue.title == ["Item 3", None, "Item 1"]
    assert catalogue.price == [8.0, None, 6.0]
    assert [path[:1] for path in catalogue.paths] == [
        (("Root", "Leaf 0"),),
        (),
        (("Root", "Leaf 1"),),
    ]


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
