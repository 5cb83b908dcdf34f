"""Downloads that break off, are interrupted, and go on."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.data.downloads import DATA, MD5, beside, get, interrupt_after
from tests.unit.data.site import Page, Site, running


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running() as server:
        yield server


@pytest.mark.parametrize("version", [{"etag": '"a"'}, {"etag": 'W/"a"', "modified": "Mon, 1"}])
@pytest.mark.parametrize("resets", [False, True])
def test_a_server_that_breaks_off(
    site: Site, tmp_path: Path, version: dict[str, str], resets: bool
) -> None:
    page = Page(DATA, cuts=[10_000, 1, 20_000], resets=resets, **version)
    naps: list[float] = []
    get(site.add("/breaks", page), tmp_path / "file", md5=MD5, sleep=naps.append)
    assert (tmp_path / "file").read_bytes() == DATA
    assert beside(tmp_path / "file") == ["file"]
    assert len(page.asked) == 4
    assert naps == [1, 1, 1]
    if not resets:  # a reset may overtake the bytes before it
        assert page.ranges == ["", "bytes=10000-", "bytes=10001-", "bytes=30001-"]
        validator = version.get("modified") or version["etag"]
        assert {headers["if-range"] for headers in page.asked[1:]} == {validator}


def test_a_server_that_ignores_ranges_starts_again(site: Site, tmp_path: Path) -> None:
    page = Page(DATA, has_ranges=False, cuts=[10_000, 30_000])
    told = get(site.add("/ignores", page), tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == DATA
    assert page.ranges == ["", "bytes=10000-", "bytes=30000-"]
    assert told.count((0, 50_000)) == 3


def test_no_version_no_resuming(site: Site, tmp_path: Path) -> None:
    page = Page(DATA, etag="", cuts=[10_000])
    with pytest.raises(KeyboardInterrupt):
        get(site.add("/bare", page), tmp_path / "file", progress=interrupt_after(1))
    get(site.add("/bare", page), tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == DATA
    assert page.ranges == ["", ""]


@pytest.mark.parametrize("minds", [True, False], ids=["minds If-Range", "ignores If-Range"])
def test_a_file_that_changed_starts_again(site: Site, tmp_path: Path, minds: bool) -> None:
    old, new = Page(DATA[::-1], cuts=[9_000]), Page(DATA, etag='"two"', minds_changes=minds)
    url = site.add("/changes", old)

    def change(seconds: float) -> None:
        site.add("/changes", new)

    get(url, tmp_path / "file", sleep=change)
    assert (tmp_path / "file").read_bytes() == DATA
    assert new.asked[0]["if-range"] == '"one"'
    assert len(new.asked) == (1 if minds else 2)


@pytest.mark.parametrize("whole", ["60000", "40000", "9000", "*", "many"])
def test_a_range_with_another_size_is_not_appended(site: Site, tmp_path: Path, whole: str) -> None:
    page = Page(DATA, cuts=[9_000], whole=whole)
    get(site.add("/other", page), tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == DATA
    assert page.ranges == ["", "bytes=9000-"] + [""] * (whole != "*")


@pytest.mark.parametrize("etag", ['"one"', ""])
def test_chunks_without_a_size(site: Site, tmp_path: Path, etag: str) -> None:
    page = Page(DATA, is_chunked=True, cuts=[8_000, 3_000], etag=etag)
    told = get(site.add("/chunks", page), tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == DATA
    assert told[0] == (0, None)
    assert page.ranges == (["", "bytes=8000-", "bytes=11000-"] if etag else ["", "", ""])


def test_a_complete_part_needs_no_request(site: Site, tmp_path: Path) -> None:
    """Killed between the last byte and the new name."""
    url = f"http://{site.host}/gone"
    (tmp_path / "file.part").write_bytes(DATA)
    note = {"url": url, "validator": '"one"', "total": len(DATA)}
    (tmp_path / "file.part.json").write_text(json.dumps(note))
    get(url, tmp_path / "file", md5=MD5)
    assert (tmp_path / "file").read_bytes() == DATA


@pytest.mark.parametrize(
    "note",
    [
        "",
        "{",
        "[]",
        '{"url": 1}',
        '{"url": "URL", "validator": "", "total": 50000}',
        '{"url": "URL", "validator": ["x"], "total": 50000}',
        '{"url": "URL", "validator": "x\\r\\nHost: y", "total": 50000}',
        '{"url": "URL", "validator": "\\"one\\"", "total": "many"}',
        '{"url": "URL", "validator": "\\"one\\"", "total": 5}',
        '{"url": "http://other/", "validator": "\\"one\\"", "total": 50000}',
    ],
)
def test_a_part_of_unknown_origin_is_dropped(site: Site, tmp_path: Path, note: str) -> None:
    page = Page(DATA)
    url = site.add("/unknown", page)
    (tmp_path / "file.part").write_bytes(b"other bytes")
    (tmp_path / "file.part.json").write_text(note.replace("URL", url))
    get(url, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == DATA
    assert page.ranges == [""]


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    size=st.integers(1, 5_000),
    cuts=st.lists(st.integers(1, 1_500), max_size=10),
    interrupts=st.lists(st.integers(0, 3), max_size=3),
    has_ranges=st.booleans(),
    is_chunked=st.booleans(),
)
def test_any_sequence_of_breaks_gives_the_same_bytes(
    site: Site,
    tmp_path_factory: pytest.TempPathFactory,
    size: int,
    cuts: list[int],
    interrupts: list[int],
    has_ranges: bool,
    is_chunked: bool,
) -> None:
    target = tmp_path_factory.mktemp("any") / "file"
    cuts = cuts if has_ranges else cuts[:4]  # more would be five attempts without news
    page = Page(DATA[:size], cuts=list(cuts), has_ranges=has_ranges, is_chunked=is_chunked)
    url = site.add("/any", page)
    for calls in interrupts:
        if not target.exists():
            try:
                get(url, target, progress=interrupt_after(calls))
            except KeyboardInterrupt:
                assert not target.exists()
    get(url, target)
    assert target.read_bytes() == DATA[:size]
    assert beside(target) == ["file"]
