"""Public data sets on the terminal: where they go, how far they are, what one may do with them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from mobench.cli import words
from mobench.cli.console import STDERR, Output
from mobench.config import PrepConfig
from mobench.places import cache_folder

if TYPE_CHECKING:
    from rich.progress import Progress as Bars

    from mobench.data.download.fetch import Obtained, Progress


def with_files(config: PrepConfig, out: Output, *, download: bool) -> PrepConfig:
    """Return ``config`` with the files of a public set in the place of its name.

    A file of the user's that is called so comes first, unless ``download``; a folder never does,
    as it is no source.

    Raises:
        ConfigError: ``download`` and no public set, or more than one source.
        DataError: The set is not in the cache and ``download`` is false, or cannot be had.
    """
    from mobench.data.download.chosen import names_public_set, with_files_of
    from mobench.data.download.publishers import is_public

    if not download and not names_public_set(config):
        return config
    for folder in (s for s in config.source if is_public(s) and Path(s).is_dir()):
        out.talk(f"'{folder}' is the public set; files in your folder are '{folder}/NAME'.")
    with progress(out) as track:
        found, obtained = with_files_of(config, cache_folder(), track, download=download)
    notice(out, obtained)
    return found


@contextmanager
def progress(out: Output) -> "Iterator[Callable[[str], Progress]]":
    """Show the files that are downloaded: bars on a terminal, one line each elsewhere."""
    if not STDERR.is_terminal:
        yield lambda name: _line(out, name)
        return
    from rich import progress as rich

    columns = (rich.TextColumn(" {task.description}"), rich.BarColumn(), rich.DownloadColumn())
    speed = (rich.TransferSpeedColumn(), rich.TimeRemainingColumn())
    with rich.Progress(*columns, *speed, console=STDERR.console, transient=True) as bars:
        yield lambda name: _bar(bars, name)


def notice(out: Output, obtained: "Obtained") -> None:
    """Say where the data come from, what one may do with them, and what to cite."""
    chosen = obtained.chosen
    collection = chosen.collection
    out.talk(f"data   {chosen.name} · {collection.page}")
    out.talk(words.wrapped(f"terms  {collection.terms}", " " * 7))
    out.talk(words.wrapped(f"cite   {collection.citation}", " " * 7))


def _bar(bars: "Bars", name: str) -> "Progress":
    task = bars.add_task(name, total=None)

    def show(done: int, total: int | None) -> None:
        bars.update(task, completed=done, total=total)

    return show


def _line(out: Output, name: str) -> "Progress":
    said: list[bool] = []

    def show(done: int, total: int | None) -> None:
        if not said:
            said.append(True)
            size = f" ({words.size(total)})" if total else ""
            resumed = f", {words.size(done)} of it are here" if done else ""
            out.talk(f"downloading {name}{size}{resumed}")

    return show
