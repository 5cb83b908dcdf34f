"""The table of public sets, and what becomes of them in the cache."""

import hashlib
import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import get_args
from urllib.parse import urlsplit

import pytest

from mobench.config import PrepConfig
from mobench.data.download import fetch, publishers
from mobench.data.download.fetch import Obtained, obtain
from mobench.data.download.publishers import COLLECTIONS, Collection, find, is_public
from mobench.errors import ConfigError, DataError
from tests.unit.data.site import Page, Site, running

DATA = random.Random(11).randbytes(3_000)
MD5 = hashlib.md5(DATA).hexdigest()
HOSTS = ("files.grouplens.org", "mcauleylab.ucsd.edu", "snap.stanford.edu")
ALL = [find(name) for collection in COLLECTIONS for name in collection.names]

KNOWN = {  # seen in public code as they stand here
    "ml-100k": ["https://files.grouplens.org/datasets/movielens/ml-100k.zip"],
    "ml-latest-small": ["https://files.grouplens.org/datasets/movielens/ml-latest-small.zip"],
    "amazon-2023/Movies_and_TV": [
        "https://mcauleylab.ucsd.edu/public_datasets/data/amazon_2023/benchmark/0core/rating_only/"
        "Movies_and_TV.csv.gz",
        "https://mcauleylab.ucsd.edu/public_datasets/data/amazon_2023/raw/meta_categories/"
        "meta_Movies_and_TV.jsonl.gz",
    ],
    "amazon-2018/AMAZON_FASHION": [
        "https://mcauleylab.ucsd.edu/public_datasets/data/amazon_v2/categoryFilesSmall/"
        "AMAZON_FASHION.csv",
        "https://mcauleylab.ucsd.edu/public_datasets/data/amazon_v2/metaFiles2/"
        "meta_AMAZON_FASHION.json.gz",
    ],
    "amazon-2014/Electronics": [
        "https://snap.stanford.edu/data/amazon/productGraph/categoryFiles/ratings_Electronics.csv",
        "https://snap.stanford.edu/data/amazon/productGraph/categoryFiles/meta_Electronics.json.gz",
    ],
}


def track(name: str) -> "fetch.Progress":
    return lambda done, total: None


@pytest.mark.parametrize("name", KNOWN)
def test_addresses(name: str) -> None:
    assert find(name).addresses == KNOWN[name]


def test_the_table_is_whole() -> None:
    sizes = {collection.folder: 0 for collection in COLLECTIONS}
    for public in ALL:
        sizes[public.collection.folder] += 1
    assert sizes == {"ml": 8, "amazon-2023": 34, "amazon-2018": 29, "amazon-2014": 24}
    places = [(p.collection.folder, file) for p in ALL for file in p.files]
    assert len(set(places)) == len(places) == 8 + 2 * (34 + 29 + 24)
    assert len({public.name for public in ALL}) == len(ALL)


@pytest.mark.parametrize("collection", COLLECTIONS, ids=lambda c: c.names[0])
def test_entries_are_complete(collection: Collection) -> None:
    for name in collection.names:
        for address in find(name).addresses:
            assert urlsplit(address).scheme == "https"
            assert urlsplit(address).netloc in HOSTS
            assert address == address.strip()
            assert "{" not in address
    assert collection.page.startswith("https://")
    assert collection.terms.endswith(".")
    assert "20" in collection.citation
    assert collection.format in get_args(PrepConfig.model_fields["format"].annotation)


def test_names_that_are_meant() -> None:
    assert is_public("ml-100k")
    assert is_public("amazon-2023/Electronics")
    assert is_public("amazon-2014/Elektronics")
    for other in ("ml-100k.zip", "demo", "reviews.csv", "amazon-2023", "data/amazon-2023/x", ""):
        assert not is_public(other)


@pytest.mark.parametrize(
    ("name", "close"),
    [
        ("amazon-2018/Electronic", "amazon-2018/Electronics"),
        ("ml-24m", "ml-"),
        ("amazon-2014/electronics", "amazon-2014/Electronics"),
    ],
)
def test_a_close_miss(name: str, close: str) -> None:
    with pytest.raises(ConfigError, match=name) as caught:
        find(name)
    assert f"did you mean '{close}" in (caught.value.hint or "")


def test_what_there_is() -> None:
    with pytest.raises(ConfigError) as caught:
        find("amazon-2018/zzz")
    assert "Luxury_Beauty" in (caught.value.hint or "")
    assert "Baby_Products" not in (caught.value.hint or "")
    with pytest.raises(ConfigError) as caught:
        find("zzz")
    for known in ("ml-32m", "ml-latest", "amazon-2023/CATEGORY"):
        assert known in (caught.value.hint or "")


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A server in the place of the publishers, with one set that has a checksum and one not."""
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with running() as site:
        base = f"http://{site.host}"
        tables = (
            replace(COLLECTIONS[0], reviews=base + "/ml-{}.zip"),
            replace(
                next(c for c in COLLECTIONS if c.folder == "amazon-2014"),
                reviews=base + "/ratings_{}.csv",
                metadata=base + "/meta_{}.json.gz",
            ),
        )
        monkeypatch.setattr(publishers, "COLLECTIONS", tables)
        site.add("/ml-100k.zip", Page(DATA))
        site.add(
            "/ml-100k.zip.md5", Page(f"MD5 (ml-100k.zip) = {MD5}\n".encode(), kind="text/plain")
        )
        site.add("/ratings_Baby.csv", Page(DATA[:1000]))
        site.add("/meta_Baby.json.gz", Page(DATA[1000:]))
        yield site


def test_reviews_and_metadata(world: Site, tmp_path: Path) -> None:
    seen: dict[str, list[int]] = {}

    def tracking(name: str) -> "fetch.Progress":
        seen[name] = []
        return lambda done, total: seen[name].append(done)

    found = obtain("amazon-2014/Baby", tmp_path, tracking, download=True)
    folder = tmp_path / "amazon-2014"
    assert found.reviews == (folder / "ratings_Baby.csv",)
    assert found.metadata == (folder / "meta_Baby.json.gz",)
    assert found.reviews[0].read_bytes() == DATA[:1000]
    assert found.metadata[0].read_bytes() == DATA[1000:]
    assert found.chosen.name == "amazon-2014/Baby"
    assert {name: done[-1] for name, done in seen.items()} == {
        "ratings_Baby.csv": 1000,
        "meta_Baby.json.gz": 2000,
    }


def test_the_cache_needs_no_network(world: Site, tmp_path: Path) -> None:
    first = obtain("ml-100k", tmp_path, track, download=True)
    world.pages.clear()
    for download in (True, False):
        assert obtain("ml-100k", tmp_path, track, download=download) == first
    assert first.reviews[0].read_bytes() == DATA
    assert isinstance(first, Obtained)
    assert first.metadata == ()


def test_nothing_is_downloaded_unasked(world: Site, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not in") as caught:
        obtain("ml-100k", tmp_path, track, download=False)
    assert "--download" in (caught.value.hint or "")
    assert not world.pages["/ml-100k.zip"].asked
    assert list(tmp_path.iterdir()) == []


def test_the_second_file_alone_is_fetched(world: Site, tmp_path: Path) -> None:
    obtain("amazon-2014/Baby", tmp_path, track, download=True)
    (tmp_path / "amazon-2014" / "meta_Baby.json.gz").unlink()
    with pytest.raises(DataError, match="not in"):
        obtain("amazon-2014/Baby", tmp_path, track, download=False)
    obtain("amazon-2014/Baby", tmp_path, track, download=True)
    assert len(world.pages["/ratings_Baby.csv"].asked) == 1
    assert len(world.pages["/meta_Baby.json.gz"].asked) == 2


@pytest.mark.parametrize("text", [f"{MD5}  ml-100k.zip\n", MD5.upper(), f"{MD5} *a\n{MD5}  b"])
def test_forms_of_checksums(world: Site, tmp_path: Path, text: str) -> None:
    world.add("/ml-100k.zip.md5", Page(text.encode(), kind="text/plain", statuses=[500]))
    assert obtain("ml-100k", tmp_path, track, download=True).reviews[0].read_bytes() == DATA


@pytest.mark.parametrize(
    "text", [b"", b"\xff\xfe", b"none here", b"0" * 33, b"0" * 32 + b" " + b"1" * 32, b"x" * 9999]
)
def test_no_checksum_no_file(world: Site, tmp_path: Path, text: bytes) -> None:
    world.add("/ml-100k.zip.md5", Page(text, kind="text/plain"))
    with pytest.raises(DataError, match=r"ml-100k\.zip\.md5"):
        obtain("ml-100k", tmp_path, track, download=True)
    assert not world.pages["/ml-100k.zip"].asked


def test_a_file_that_is_not_the_published_one(world: Site, tmp_path: Path) -> None:
    world.add("/ml-100k.zip", Page(DATA[::-1]))
    with pytest.raises(DataError, match=MD5):
        obtain("ml-100k", tmp_path, track, download=True)
    assert not any(path.is_file() for path in tmp_path.rglob("*"))
