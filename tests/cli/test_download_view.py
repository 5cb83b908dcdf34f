"""What is said of a download, and where it goes."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mobench.cli import console
from mobench.cli.console import Output
from mobench.cli.views import download as view
from mobench.config import PrepConfig
from mobench.data.download import publishers
from mobench.data.download.fetch import Obtained
from mobench.data.download.publishers import find
from mobench.errors import ConfigError, DataError
from tests.unit.data.site import Page, Site, running


def test_the_cache_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MOBENCH_CACHE", raising=False)
    assert view.cache_folder() == Path("data/raw")
    monkeypatch.setenv("MOBENCH_CACHE", "/big/disk")
    assert view.cache_folder() == Path("/big/disk")
    monkeypatch.setenv("MOBENCH_CACHE", "")
    assert view.cache_folder() == Path("data/raw")


def test_the_notice(capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("ml-25m", "amazon-2023/Electronics"):
        chosen = find(name)
        view.notice(Output("prep", as_json=True), Obtained(chosen, (), ()))
        said = capsys.readouterr()
        assert said.out == ""
        flat = " ".join(said.err.split())
        for text in (name, chosen.collection.page, chosen.collection.terms):
            assert text in flat
        assert chosen.collection.citation in flat
        assert all(len(line) <= 88 for line in said.err.splitlines())


def test_one_line_a_file_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with view.progress(Output("prep", as_json=False)) as track:
        first, second, third = track("a.zip"), track("b.zip"), track("c.zip")
        first(0, 2_000_000)
        first(2_000_000, 2_000_000)
        second(500_000, 1_000_000)
        third(0, None)
    assert capsys.readouterr().err.splitlines() == [
        "downloading a.zip (2.0 MB)",
        "downloading b.zip (1.0 MB), 500 kB of it are here",
        "downloading c.zip",
    ]


def test_bars_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(console.STDERR.console, "_force_terminal", True)
    monkeypatch.setattr(console.STDERR.console, "is_interactive", True)
    monkeypatch.setattr(console.STDERR.console, "_environ", {"TERM": "xterm", "COLUMNS": "88"})
    with view.progress(Output("prep", as_json=False)) as track:
        show = track("a.zip")
        show(0, None)
        show(1_500_000, 2_000_000)
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "a.zip" in shown.err
    assert "1.5/2.0 MB" in shown.err


@pytest.fixture
def publisher(monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A server in the place of the publisher of Amazon 2014."""
    table = next(c for c in publishers.COLLECTIONS if c.folder == "amazon-2014")
    with running() as site:
        base = f"http://{site.host}"
        mine = replace(table, reviews=base + "/r_{}.csv", metadata=base + "/m_{}.json.gz")
        monkeypatch.setattr(publishers, "COLLECTIONS", (mine,))
        site.add("/r_Baby.csv", Page(b"u,i,5,1"))
        site.add("/m_Baby.json.gz", Page(b"{}"))
        yield site


def config(**fields: Any) -> PrepConfig:
    return PrepConfig(**{"source": ("amazon-2014/Baby",), **fields})


def test_a_name_becomes_files(
    publisher: Site, workdir: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = Output("prep", as_json=False)
    found = view.with_files(config(k_core=3), out, download=True)
    assert found == PrepConfig(
        source=("data/raw/amazon-2014/r_Baby.csv",),
        meta=("data/raw/amazon-2014/m_Baby.json.gz",),
        format="amazon-2014-csv",
        k_core=3,
    )
    assert Path(found.source[0]).read_bytes() == b"u,i,5,1"
    first = capsys.readouterr().err
    assert "downloading r_Baby.csv" in first
    assert view.with_files(config(k_core=3), out, download=False) == found
    again = capsys.readouterr().err
    assert "downloading" not in again
    assert "terms" in again
    own = view.with_files(config(meta=("own",), format="csv"), out, download=False)
    assert (own.meta, own.format) == (("own",), "csv")


def test_nothing_is_fetched_unasked(publisher: Site, workdir: Path) -> None:
    out = Output("prep", as_json=False)
    with pytest.raises(DataError) as caught:
        view.with_files(config(), out, download=False)
    assert "--download" in (caught.value.hint or "")
    for source in (("demo",), ("reviews.csv", "more.csv"), ()):
        mine = config(source=source)
        assert view.with_files(mine, out, download=False) is mine
    Path("amazon-2014").mkdir()
    Path("amazon-2014/Baby").write_text("my own file")
    assert view.with_files(config(), out, download=False).source == ("amazon-2014/Baby",)
    assert not publisher.pages["/r_Baby.csv"].asked


@pytest.mark.parametrize("source", [(), ("amazon-2014/Baby", "more.csv"), ("reviews.csv",)])
def test_what_cannot_be_downloaded(publisher: Site, workdir: Path, source: tuple[str, ...]) -> None:
    with pytest.raises(ConfigError):
        view.with_files(config(source=source), Output("prep", as_json=False), download=True)


def test_a_folder_does_not_hide_a_public_set(workdir: Path, run) -> None:
    Path("ml-100k").mkdir()
    code, _, err = run("prep ml-100k")
    said, error = err.splitlines()[:2]
    assert code == 3
    assert said == "'ml-100k' is the public set; files in your folder are 'ml-100k/NAME'."
    assert error.startswith("error: 'ml-100k' is not in ")
