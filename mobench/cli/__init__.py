"""The command line: the only part of mobench that prints, reads ``sys.argv`` or exits."""

import atexit
import errno
import gc
import os
import sys
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TYPE_CHECKING

import typer

from mobench.errors import ArtifactError, ConfigError, Interrupted, MobenchError

if TYPE_CHECKING:
    from mobench.cli.console import Output

ExceptHook = Callable[[type[BaseException], BaseException, TracebackType | None], None]

ENVIRONMENT = {
    "OMP_WAIT_POLICY": "PASSIVE",
    "GOMP_SPINCOUNT": "0",
    "PYDANTIC_DISABLE_PLUGINS": "__all__",
}
"""Waiting threads sleep instead of spinning, read by OpenMP when torch loads it; and Pydantic does
not look through all that is installed for plugins, of which our models need none."""
GARBAGE_AFTER = 200_000
"""New objects between two searches for garbage in circles: importing libraries makes as many that
all stay, and at Python's default of 700 the searches take a tenth of a short command's time."""

DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
BROKEN_PIPE = 141
"""What a shell reports of a program that SIGPIPE ended: somebody closed our stdout."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code (``mobench.errors`` lists them).

    Args:
        argv: The words after ``mobench``; those of the process if left out.
    """
    from mobench.cli.console import Output

    unheard = _open_closed_streams()
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    gc.set_threshold(GARBAGE_AFTER)
    atexit.register(gc.freeze)  # else Python looks through all objects twice on its way out
    words = list(sys.argv[1:] if argv is None else argv) or ["--help"]
    out = Output(_command(words), "--json" in words)
    sys.excepthook = _report_bug(out)
    failure: MobenchError
    try:
        return _run(words) or (BROKEN_PIPE if unheard else 0)
    except MobenchError as error:
        failure = error
    except typer.TyperException as error:
        failure = _usage(error)
    except KeyboardInterrupt:
        failure = Interrupted("interrupted")
    except OSError as error:
        if error.errno not in DISK_FULL:
            raise
        failure = _disk_full(error)
    except _became_of_interrupt():
        failure = Interrupted("interrupted")
    return _fail(out, failure)


def _became_of_interrupt() -> type[BaseException] | tuple[()]:
    """Return the kind of the exception under way if a Ctrl-C was behind it, else nothing to catch.

    One that falls into a library while it loads becomes its ImportError; into Python for which
    polars, in Rust, waits, its panic.
    """
    error = under_way = sys.exception()
    while error and not isinstance(error, KeyboardInterrupt):
        if type(error).__name__ == "PanicException" and "'KeyboardInterrupt'" in str(error):
            break
        error = error.__cause__
    return type(under_way) if error and under_way else ()


def _fail(out: "Output", failure: MobenchError) -> int:
    """Say what went wrong, as far as anything can still be said."""
    try:
        out.fail(failure)
        sys.stdout.flush()
    except OSError:
        _discard_stdout()
    return failure.exit_code


def _open_closed_streams() -> bool:
    """Give closed standard streams somewhere to write to; return whether stdout was closed.

    Left alone, the next file to be opened would take the place of stdout and be printed into.
    """
    unheard = sys.stdout is None
    for name, number in (("stdout", 1), ("stderr", 2)):
        if getattr(sys, name) is None:
            null = os.open(os.devnull, os.O_WRONLY)
            if null != number:
                os.dup2(null, number)
            setattr(sys, name, open(number, "w", closefd=False))  # noqa: SIM115
    return unheard


def _discard_stdout() -> None:
    """Let what is still to be written to stdout disappear, so that nothing more fails."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _run(words: list[str]) -> int:
    from mobench.cli.app import app_for

    try:
        command = typer.main.get_command(app_for(words))
        code = command.main(words, prog_name="mobench", standalone_mode=False)
        sys.stdout.flush()
    except (SystemExit, BrokenPipeError) as stop:
        # Typer and Rich turn a closed pipe into exit 1, which here would mean a bug.
        if isinstance(stop, SystemExit) and stop.code != 1:
            raise
        _discard_stdout()
        return BROKEN_PIPE
    if code == Interrupted.exit_code:
        raise Interrupted("interrupted")
    return code or 0


def _command(words: Sequence[str]) -> str | None:
    """Return the name of the command, for messages about a command that never began."""
    return next((word for word in words if not word.startswith("-")), None)


def _usage(error: typer.TyperException) -> ConfigError:
    """Put Typer's own complaint into our words."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "mobench"
    text = " ".join(error.format_message().split())
    return ConfigError(text[:1].lower() + text[1:].rstrip("."), f"see '{path} --help'.")


def _disk_full(error: OSError) -> ArtifactError:
    where = f" ('{error.filename}')" if error.filename else ""
    return ArtifactError(
        f"no space left on the disk{where}", "free some space, then run the same command again."
    )


def _report_bug(out: "Output") -> ExceptHook:
    """Return the hook for what nobody foresaw: the whole traceback, and where it should go."""

    def hook(kind: type[BaseException], bug: BaseException, trace: TracebackType | None) -> None:
        sys.__excepthook__(kind, bug, trace)
        failure = MobenchError(
            f"{kind.__name__}: {bug}", "this is a bug in mobench: please report it with the above."
        )
        out.fail(failure, kind.__name__)

    return hook
