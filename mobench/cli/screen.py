"""Where lines appear: on a terminal by Rich, in a file or a pipe as they are."""

import os
import sys
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TextIO

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

FORCING = {"FORCE_COLOR", "TTY_COMPATIBLE"}
"""Variables by which Rich takes a pipe for a terminal, or a terminal for a pipe."""
MOVING = dict.fromkeys(b"\a\b\v\f\r")
"""Characters that only move things about; Rich leaves them out, too."""


class Screen:
    """A standard stream. Rich is loaded if it has something to draw: it takes a while.

    Args:
        stream: Its name.
    """

    def __init__(self, stream: Literal["stdout", "stderr"]) -> None:
        self.stream = stream

    @property
    def file(self) -> TextIO:
        """The stream as it is now."""
        file: TextIO = getattr(sys, self.stream)
        return file

    @cached_property
    def console(self) -> "Console":
        """Rich's console for it."""
        from rich.console import Console

        stderr = self.stream == "stderr"
        return Console(highlight=False, markup=False, emoji=False, soft_wrap=True, stderr=stderr)

    @property
    def is_terminal(self) -> bool:
        """Whether a person looks on, or wants it to look so."""
        asked = "console" in self.__dict__ or FORCING & os.environ.keys() or self.file.isatty()
        return bool(asked) and self.console.is_terminal

    def print(self, line: "str | Text", style: str | None = None) -> None:
        """Print a line, whatever its length, in a style of Rich's where there is a terminal."""
        if self.is_terminal:
            self.console.print(line, style=style)
        else:
            self.file.write(str(line).translate(MOVING).expandtabs() + "\n")
            self.file.flush()
