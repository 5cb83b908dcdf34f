"""A set of runs on the terminal: one display for all, and a line for each that has ended."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mobench.cli.console import STDERR, Output
from mobench.cli.members import Front, Member
from mobench.cli.table import Table, lines
from mobench.cli.words import NOTHING, count, duration, percent

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from mobench.cli.task import Outcome

TITLES = ("Run", "Epochs", "Best", "Hit kept", "Imp", "Time")
WIDTHS = (6, 4, 8, 8, 12)
"""Of all columns but the first."""


def header(front: Front) -> list[str]:
    """Return what is trained, how often, and from what."""
    config = front.members[0].plan.config
    seeds = list(dict.fromkeys(each.seed for each in front.members))
    wishes = len(front.members) // len(seeds)
    total = f" · {wishes} × {len(seeds)} runs" if wishes > 1 < len(seeds) else ""
    alone = config.method == "popularity"
    what = config.method if alone else f"{config.method} on {config.backbone}"
    found = [f"{what} · {front.members[0].plan.device} · {seeds_text(seeds)}{total}"]
    found += [front.note] if front.note else []
    if missing := [each.seed for each in front.bases if not each.done]:
        found.append(f"no base for {seeds_text(missing)} yet: trained first")
    if config.tries:
        at = "at equal wishes, once per seed" if config.tries_at == "equal" else "per run"
        found.append(f"{config.tries} settings are tried {at}")
    return found


def seeds_text(seeds: Sequence[int]) -> str:
    """Return ``seed 1`` or ``seeds 1, 2``."""
    return f"seed{'s' * (len(seeds) > 1)} {', '.join(map(str, seeds))}"


def dry_run_lines(front: Front) -> list[str]:
    """Return the runs, and which of them are there."""
    states = {True: "up to date", False: "to be trained"}
    body = [
        [
            each.plan.path.name,
            each.base.name if each.base else NOTHING,
            "begun" if each.begun else states[each.done],
        ]
        for each in (*front.bases, *front.members)
    ]
    return lines(["Run", "Base", "State"], body, left=(0, 1, 2))


def cells(member: Member, outcome: "Outcome") -> list[str]:
    """Return the row of a run that has ended."""
    if outcome.error:
        return [member.plan.path.name, *[NOTHING] * 4, "failed"]
    results, took = outcome.results, duration(outcome.seconds)
    val = results["val"]
    return [
        member.plan.path.name,
        str(results["epochs_run"]),
        str(results["best_epoch"]),
        percent(val.get("accuracy_kept")),
        percent(val.get("imp"), signed=True),
        took if outcome.fresh else "up to date",
    ]


def summed(made: int, there: int, failed: int, seconds: float) -> str:
    """Return how many runs there are, and how they came to be."""
    parts = [(made, f"trained in {duration(seconds)}"), (there, "up to date"), (failed, "failed")]
    return " · ".join(f"{count(n)} {what}" for n, what in parts if n)


@dataclass
class Board:
    """The display: on a terminal bars for the runs that are under way; everywhere the lines.

    Args:
        out: Where the lines go.
        front: The runs.
    """

    out: Output
    front: Front
    progress: "Progress | None" = None
    whole: "TaskID | None" = None
    bars: "dict[Any, TaskID]" = field(default_factory=dict)

    def __enter__(self) -> "Board":
        """Print the titles and start the bars."""
        runs = (*self.front.bases, *self.front.members)
        names = max(len(each.plan.path.name) for each in runs)
        self.table = Table(TITLES, (names, *WIDTHS), gap=2)
        self.out.show(*self.table.head())
        if STDERR.is_terminal:
            self.progress = _progress()
            self.whole = self.progress.add_task("runs", total=len(runs))
            self.progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Take the bars away."""
        if self.progress:
            self.progress.stop()

    def looking(self, members: Sequence[Member]) -> Callable[[int, int, int, int], None]:
        """Return what is told the number of a member, its epoch, step and steps."""

        def look(number: int, epoch: int, step: int, total: int) -> None:
            if self.progress is None:
                return
            member = members[number]
            name, epochs = member.plan.path.name, member.plan.config.max_epochs
            if name not in self.bars:
                self.bars[name] = self.progress.add_task(name, total=1.0)
            share = (epoch - 1 + step / total) / epochs if epoch else step / total
            text = f"{name}{' tries' * (not epoch)}"
            self.progress.update(self.bars[name], completed=share, description=text)

        return look

    def add(self, member: Member, outcome: "Outcome") -> None:
        """Print the line of a run that has ended."""
        self._print(member, self.table.row(cells(member, outcome)), ended=True)
        if outcome.error:
            self.out.talk(f"        {outcome.error.message}")

    def tried(self, member: Member, outcome: "Outcome") -> None:
        """Print how many settings were tried for a seed."""
        n = len(outcome.results["trials"])
        text = f"seed {member.seed}: tried {n} settings"
        self._print(member, self.table.row([text, *[""] * 4, duration(outcome.seconds)]))

    def _print(self, member: Member, line: str, *, ended: bool = False) -> None:
        """Print a result line with the bars out of the way."""
        if self.progress is None or self.whole is None:
            self.out.show(line)
            return
        if (bar := self.bars.pop(member.plan.path.name, None)) is not None:
            self.progress.remove_task(bar)
        self.progress.advance(self.whole, float(ended))
        self.progress.stop()
        self.out.show(line)
        self.progress.start()


def _progress() -> "Progress":
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    columns = (TextColumn(" {task.description}"), BarColumn(), TaskProgressColumn())
    return Progress(
        *columns,
        console=STDERR.console,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
