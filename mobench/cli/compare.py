"""``mobench compare``."""

from pathlib import Path
from typing import Annotated

import typer

from mobench.cli.console import Output
from mobench.cli.options import Json, with_config
from mobench.cli.views.compare import facts, summary
from mobench.config import CompareConfig
from mobench.errors import ToleranceError

First = Annotated[Path, typer.Argument(metavar="A", help="Metrics, a run, a dataset or a report.")]
Second = Annotated[Path, typer.Argument(metavar="B", help="Another of the same kind.")]
FailOnChange = Annotated[
    bool,
    typer.Option(
        "--fail-on-change", metavar="", help="Exit with 6 if anything that counts changed."
    ),
]


@with_config(CompareConfig)
def compare(
    config: CompareConfig,
    first: First,
    second: Second,
    fail_on_change: FailOnChange = False,
    as_json: Json = False,
) -> None:
    """Say what changed between two results, and whether it matters."""
    from mobench.report.differences import differences
    from mobench.report.differing import verdict

    out = Output("compare", as_json)
    found = differences(first, second, config)
    said = verdict(found)
    told = {"artifact": None, **facts(found, said)}
    out.show(*summary(found, said))
    allowed = config.tolerance or 0.0
    if (fail_on_change or config.tolerance is not None) and found.is_changed(allowed):
        n = len(found.beyond(allowed))
        what = f"{n} number{'s' * (n != 1)}" if n else "the content"
        more = f" by more than {100 * allowed:g} %" if allowed else ""
        raise ToleranceError(
            f"{what} changed{more}", "see the table above; --tolerance says what may.", facts=told
        )
    out.done(**told)
