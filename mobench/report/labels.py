"""Row labels: the method, and what tells two configurations of one method apart."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from mobench.errors import ArtifactError
from mobench.report.inputs import Evaluated

NOT_A_CONFIGURATION = ("seed", "method")
"""Settings that differ between runs of one row, or that the label names already."""

AS_BASE = "as base"

Settings = Mapping[str, Any]


def own_settings(settings: Settings, base: Evaluated) -> dict[str, Any]:
    """Return those of a run's settings that its base does not use (all, if that is gone).

    Args:
        settings: What the run uses, or what it was asked for.
        base: Its base.
    """
    theirs = base.settings
    return {
        name: value
        for name, value in settings.items()
        if name not in NOT_A_CONFIGURATION and not (base.run and value == theirs.get(name))
    }


def wished_of(evaluated: Evaluated) -> list[str]:
    """Return the objectives that the preference of a run is about: all of them, or those after acc.

    A model conditioned on the preference is asked for all.
    """
    objectives = list(evaluated.settings.get("objectives", ()))
    wishes = evaluated.settings.get("preference") or ()
    return objectives if len(wishes) == len(objectives) else objectives[1:]


def labelled(pairs: Sequence[tuple[Evaluated, Evaluated]], name: str) -> dict[str, list[Evaluated]]:
    """Group the runs of one method and backbone by configuration, each group under its label.

    Args:
        pairs: (run, base), all of one method. Settings are compared as they were asked for, after
            removing what a run has from its base, so that what was tried and kept per seed, by
            the run or by its base, does not split a row.
        name: What the labels begin with: the method.

    Raises:
        ArtifactError: There are several configurations, and a run that is gone may be any of them.
    """
    own = _comparable(pairs)
    varying = _varying([each for run, each in own if run.run])
    if not varying:
        return {name: [run for run, _ in own]}
    groups: dict[str, list[Evaluated]] = {}
    for run, settings in own:
        if run.run is None:
            raise ArtifactError(
                f"'{run.path}': its run is gone, so its configuration is unknown",
                f"restore the run, or report one configuration of {run.method} only.",
            )
        key = [settings.get(each, AS_BASE) for each in varying]
        groups.setdefault(json.dumps(key, sort_keys=True), []).append(run)
    words = _words([{each: _common(runs, each) for each in varying} for runs in groups.values()])
    return {f"{name} {word}": runs for word, runs in zip(words, groups.values(), strict=True)}


def _comparable(
    pairs: Sequence[tuple[Evaluated, Evaluated]],
) -> list[tuple[Evaluated, Settings]]:
    """Return each run with its own settings; with all of them if any base is gone."""
    if all(base.run for _, base in pairs):
        return [(run, own_settings(run.asked, base)) for run, base in pairs]
    return [
        (run, {n: v for n, v in run.asked.items() if n not in NOT_A_CONFIGURATION})
        for run, _ in pairs
    ]


def _varying(settings: Sequence[Settings]) -> list[str]:
    """Return the names that do not have one value (or are absent) throughout, in order."""
    names = sorted({name for each in settings for name in each})
    return [
        name
        for name in names
        if len({json.dumps(each.get(name, AS_BASE), sort_keys=True) for each in settings}) > 1
    ]


def _common(runs: Sequence[Evaluated], name: str) -> Any:
    """Return the value that the runs of one configuration share; else it is their bases'."""
    value = runs[0].asked.get(name)
    if any(run.asked.get(name) != value for run in runs):
        return AS_BASE
    # A preference means nothing without the objectives that it is about.
    return {"of": wished_of(runs[0]), "wishes": value} if name == "preference" else value


def _words(chosen: Sequence[Settings]) -> list[str]:
    """Return what to call each configuration; long forms where short ones would not differ."""
    short = [" ".join(_say(name, value) for name, value in each.items()) for each in chosen]
    if len(set(short)) == len(short):
        return short
    long = [" ".join(_say(n, v, exact=True) for n, v in each.items()) for each in chosen]
    if len(set(long)) == len(long):
        return long
    return [f"{words} #{n}" for n, words in enumerate(long, start=1)]


def _say(name: str, value: Any, *, exact: bool = False) -> str:
    if value == AS_BASE:
        return f"{name} {AS_BASE}"
    if name == "preference":
        return _preference(value["of"], value["wishes"], exact=exact)
    if name == "objectives":
        return "+".join(value)
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return f"{name} {','.join(map(str, value)) or 'none'}"
    return f"{name} {'none' if value is None else value}"


def _preference(objectives: Sequence[str], wishes: Sequence[float] | None, *, exact: bool) -> str:
    """Return ``equal``, ``rev-heavy``, or the shares themselves."""
    if not wishes or len(set(wishes)) == 1:
        return "equal"
    shares = [wish / sum(wishes) for wish in wishes]
    top = max(shares)
    if exact or shares.count(top) > 1:
        return "/".join(f"{share:.3g}" for share in shares)
    return f"{objectives[shares.index(top)]}-heavy"
