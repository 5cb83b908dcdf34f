import io

import pytest
from rich.console import Console
from rich.text import Text

from mobench.cli.screen import Screen

LINES = ["", "plain", "[bold]no markup[/bold] :smile:", "a\tb\n\tc", "bell\a, back\b, \v \f \r."]


@pytest.mark.parametrize("line", [*LINES, Text("styled", style="red"), "long " * 60])
def test_a_pipe_gets_what_rich_would_write(
    capsys: pytest.CaptureFixture[str], line: str | Text
) -> None:
    drawn = io.StringIO()
    Console(file=drawn, highlight=False, markup=False, emoji=False, soft_wrap=True).print(line)
    Screen("stdout").print(line, style="yellow")
    assert capsys.readouterr().out == drawn.getvalue()


def test_colours_come_where_they_are_asked_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("NO_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("FORCE_COLOR", "1")
    Screen("stderr").print("careful", style="yellow")
    assert capsys.readouterr().err == "\x1b[33mcareful\x1b[0m\n"
