"""The two consoles, the progress bar, and the one JSON object of ``--json``.

Results go to stdout, talk goes to stderr. With ``--json`` stdout holds exactly one JSON object, and
what a person would read goes to stderr as well.
"""

import json
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from mobench.cli import words
from mobench.cli.screen import Screen
from mobench.errors import MobenchError

if TYPE_CHECKING:
    from rich.text import Text

T = TypeVar("T")
SCHEMA = 1
INDENT = " " * len("warning: ")
STDOUT, STDERR = Screen("stdout"), Screen("stderr")


@dataclass
class Output:
    """What a command says: to a person, or as one JSON object.

    Args:
        command: Name of the command.
        as_json: Whether ``--json`` was given.
    """

    command: str | None
    as_json: bool
    started: float = field(default_factory=time.perf_counter)

    def show(self, *lines: "str | Text") -> None:
        """Print result lines."""
        screen = STDERR if self.as_json else STDOUT
        for line in lines:
            screen.print(line)

    def talk(self, line: str, style: str | None = None) -> None:
        """Print a line that is no result."""
        STDERR.print(line, style=style)

    def warn(self, message: str, hint: str | None = None) -> None:
        """Print a caveat and what to do about it."""
        self.talk(words.wrapped(f"warning: {message}", INDENT), style="yellow")
        if hint:
            self.talk(words.wrapped(f"   hint: {hint}", INDENT))

    def wrote(self, path: Path, *, fresh: bool = True, also: str = "") -> None:
        """Name the artifact that a command made, or found up to date."""
        if fresh:
            folder = path if path.is_dir() else path.parent
            total = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
            facts = f"{words.size(total)}, {words.duration(self.seconds)}"
            line = f"wrote {path}{also}  ({facts})"
            self.show(words.wrapped(line, " " * 6) if also else line)
        else:
            self.show(f"up to date  {path}{also}")

    def next(self, command: str) -> None:
        """Name the next command to type, in one line that can be copied."""
        self.talk(f"next  {command}")

    def done(self, **facts: Any) -> None:
        """Print the JSON object of a success, if it is wanted."""
        self._emit({"status": "ok", **facts})

    def fail(self, error: MobenchError, kind: str | None = None) -> None:
        """Report a failure: to a person, and as the JSON object if it is wanted.

        Args:
            error: What went wrong.
            kind: Name of the exception behind it; that of the class if left out.
        """
        prefix = "" if error.exit_code == 130 else "error: "
        self.talk(_fitted(f"{prefix}{error.message}"), style="bold red" if prefix else None)
        if error.hint:
            self.talk(_fitted(f"{' hint: ' if prefix else ''}{error.hint}"))
        details = {
            "type": kind or type(error).__name__,
            "message": error.message,
            "hint": error.hint,
            "exit_code": error.exit_code,
        }
        self._emit({"status": "error", **error.facts, "error": details})

    @property
    def seconds(self) -> float:
        """Seconds since the command began."""
        return time.perf_counter() - self.started

    def _emit(self, facts: Mapping[str, Any]) -> None:
        if self.as_json:
            envelope = {"schema": SCHEMA, "command": self.command, **facts}
            envelope["seconds"] = round(self.seconds, 3)
            text = json.dumps(plain(envelope), ensure_ascii=False, allow_nan=False)
            STDOUT.file.write(text + "\n")
            STDOUT.file.flush()


def plain(value: Any) -> Any:
    """Return ``value`` in JSON's terms: no NaN, no infinity, paths as text."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, Path) else value


@contextmanager
def stages() -> Iterator[Callable[[str], None]]:
    """Show the stage that is under way on a terminal; it disappears at the end."""
    if not STDERR.is_terminal:
        yield lambda stage: None  # noqa: ARG005
        return
    with STDERR.console.status("") as status:
        yield lambda stage: status.update(f" {stage}")


def _fitted(line: str) -> str:
    """Return a line of a failure as a terminal shows it best; elsewhere it stays one line."""
    return words.wrapped(line, " " * len("error: ")) if STDERR.is_terminal else line


def track(items: Iterable[T], label: str, total: int) -> Iterable[T]:
    """Draw a progress bar on a terminal while ``items`` are taken; it disappears at the end."""
    return _bar(items, label, total) if STDERR.is_terminal else items


def track_epoch(steps: Iterable[int], epoch: int, total: int) -> Iterable[int]:
    """Draw the progress of an epoch's steps (0: settings that are tried first; −1: a front)."""
    return track(steps, {0: "trials", -1: "front"}.get(epoch, f"epoch {epoch}"), total)


def _bar(items: Iterable[T], label: str, total: int) -> Iterator[T]:
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (TextColumn(" {task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(
        *columns, TimeRemainingColumn(), console=STDERR.console, transient=True
    ) as progress:
        yield from progress.track(items, total=total, description=label)
