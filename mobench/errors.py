"""Every failure that mobench explains, each with its own exit code and a hint.

Library code raises these; only ``cli.main`` prints them and exits. Codes 0 (success) and 1 (a bug,
with its traceback) belong to the interpreter, 130 to an interrupt whose state was saved.
"""

import difflib
from collections.abc import Iterable, Mapping
from typing import Any


def printable(text: str) -> str:
    """Return text without what a terminal would obey: files may hold escape sequences."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


class MobenchError(Exception):
    """A failure with one line of explanation and, where there is one, a line that helps.

    Args:
        message: What is wrong, with the offending value in quotes.
        hint: One action that fixes it.
        facts: What a machine should know besides (``--json``).
    """

    exit_code: int = 1

    def __init__(
        self, message: str, hint: str | None = None, *, facts: Mapping[str, Any] | None = None
    ) -> None:
        self.message = printable(message)
        self.hint = hint if hint is None else printable(hint)
        super().__init__(self.message)
        if self.hint:
            self.add_note(f"hint: {self.hint}")  # what a notebook shows below the message
        self.facts = dict(facts or {})


class ConfigError(MobenchError):
    """A bad option, a bad recipe, or settings that contradict each other."""

    exit_code = 2


class DataError(MobenchError):
    """Raw data or a table that breaks the schema."""

    exit_code = 3


class ArtifactError(MobenchError):
    """An artifact that is missing, unfinished, changed or of the wrong kind, or a taken name."""

    exit_code = 4


class TrainingError(MobenchError):
    """Training that cannot go on: a non-finite loss, a solver that did not converge."""

    exit_code = 5


class ToleranceError(MobenchError):
    """A reproduced value outside its tolerance."""

    exit_code = 6


class Interrupted(MobenchError):
    """The user stopped the work; the state was saved."""

    exit_code = 130


def suggest(word: str, choices: Iterable[str]) -> str:
    """Return ``"did you mean 'x'? "`` for a close miss among ``choices``, else an empty string."""
    close = difflib.get_close_matches(word, list(choices), n=1)
    return f"did you mean '{close[0]}'? " if close else ""
