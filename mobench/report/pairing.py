"""Which run is compared with which: same dataset, same split, the base of the same seed."""

from collections.abc import Mapping, Sequence
from typing import Any

from mobench.errors import ConfigError
from mobench.report.inputs import Evaluated
from mobench.report.labels import labelled

Pair = tuple[Evaluated, Evaluated]
Place = tuple[str, int]
"""Backbone and seed: what a base is the base of."""


def check_alike(evaluated: Sequence[Evaluated]) -> None:
    """Check that all runs answer the same question.

    Raises:
        ConfigError: Two differ in dataset, split, the order of tied items, or the candidates.
    """
    first = evaluated[0]
    for other in evaluated[1:]:
        for what, mine, theirs in zip(
            ("dataset", "split", "tie order", "candidates"),
            _protocol(first),
            _protocol(other),
            strict=True,
        ):
            if mine != theirs:
                raise ConfigError(
                    f"'{first.path}' and '{other.path}' differ in {what}"
                    f" ({_brief(mine)}, {_brief(theirs)})",
                    "report runs that were evaluated alike.",
                )


def _protocol(evaluated: Evaluated) -> tuple[Any, ...]:
    config = evaluated.artifact.manifest.config
    dataset, candidates = evaluated.made_from("dataset").sha256, config.get("candidates")
    return dataset, config.get("split"), config.get("seed"), candidates or "all items"


def _brief(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 16 else text[:8]  # of a hash


def sampled(evaluated: Evaluated) -> list[str]:
    """Return what to beware of where runs were ranked among sampled candidates only."""
    candidates = evaluated.artifact.manifest.config.get("candidates")
    if not candidates:
        return []
    kind, _, n = candidates.partition(":")
    return [
        f"Sampled protocol: every target was ranked among {n} drawn items ({kind}), not among all."
        " Such numbers are not those of a full ranking, and may order methods otherwise"
        " (Krichene and Rendle 2020)."
    ]


def common_k(evaluated: Sequence[Evaluated], wanted: int) -> int:
    """Return the list length to compare at: ``wanted``, or if 0 the first that all share.

    Raises:
        ConfigError: There is none.
    """
    offered = [list(each.artifact.manifest.config["k"]) for each in evaluated]
    shared = [k for k in offered[0] if all(k in other for other in offered)]
    if wanted == 0 and shared:
        return int(shared[0])
    if wanted in shared:
        return wanted
    raise ConfigError(
        f"k = '{wanted}' was not evaluated for all runs" if wanted else "the runs share no k",
        f"shared: {', '.join(map(str, shared)) or 'none'}; evaluate again with --k.",
    )


def find_bases(evaluated: Sequence[Evaluated]) -> dict[Place, Evaluated]:
    """Return the base of each backbone and seed, in this order.

    Raises:
        ConfigError: There is none, or two of a backbone have the same seed.
    """
    bases: dict[Place, Evaluated] = {}
    for each in evaluated:
        if each.method != "base":
            continue
        if other := bases.get(place(each)):
            raise ConfigError(
                f"'{other.path}' and '{each.path}' are both base with seed {each.seed}",
                "report one base per backbone and seed.",
            )
        bases[place(each)] = each
    if not bases:
        raise ConfigError(
            "no base among the runs to compare", "evaluate the base run and add its metrics."
        )
    return dict(sorted(bases.items()))


def place(evaluated: Evaluated) -> Place:
    """Return what a run's base must share with it."""
    return evaluated.backbone, evaluated.seed


def base_of(run: Evaluated, bases: Mapping[Place, Evaluated]) -> Evaluated:
    """Return the base that a run is compared with: of its backbone and seed, where it started.

    Raises:
        ConfigError: It is missing, or the run started from another one.
    """
    base = bases.get(place(run))
    if base is None:
        given = ", ".join(str(seed) for name, seed in bases if name == run.backbone) or "none"
        raise ConfigError(
            f"'{run.path}' has seed {run.seed}, the bases given on {run.backbone} have {given}",
            f"evaluate the base of seed {run.seed} on {run.backbone} and add its metrics.",
        )
    record = run.input("base")
    if record and record.sha256 != base.made_from("run").sha256:
        raise ConfigError(
            f"'{run.path}' started from '{record.path}', not from the base of '{base.path}'",
            "add the metrics of its own base, or train it again.",
        )
    return base


def popularity_pairs(runs: Sequence[Evaluated], bases: Mapping[Place, Evaluated]) -> list[Pair]:
    """Return (popularity, base) for every base of the first backbone.

    Without training, one run stands for all seeds, and whatever backbone it names it has none.
    """
    by_seed = {run.seed: run for run in runs}
    first = by_seed[min(by_seed)]
    backbone = next(iter(bases))[0]
    return [
        (by_seed.get(seed, first), base) for (name, seed), base in bases.items() if name == backbone
    ]


def row_pairs(
    evaluated: Sequence[Evaluated], names: Mapping[str, str] | None = None
) -> dict[str, list[Pair]]:
    """Return (run, base) pairs by row label, seeds ascending; the base is paired with itself.

    Args:
        evaluated: All runs.
        names: The row of every run by the path of its metrics, where somebody has named them; else
            runs of one method and backbone are rows by what their configurations differ in.

    Raises:
        ArtifactError: The configuration of a run cannot be told any more.
        ConfigError: A run without its base, or two runs of one configuration and seed.
    """
    bases = find_bases(evaluated)
    several = len({backbone for backbone, _ in bases}) > 1
    rows: dict[str, list[Pair]] = {}
    for method in sorted({each.method for each in evaluated}):
        runs = [each for each in evaluated if each.method == method]
        if method == "popularity":
            rows[names[runs[0].path] if names else method] = popularity_pairs(runs, bases)
            continue
        pairs = [(run, base_of(run, bases)) for run in runs]
        groups = _named(runs, names) if names else _by_configuration(pairs, several=several)
        for label, members in sorted(groups.items()):
            _check_seeds(members)
            members = sorted(members, key=lambda run: run.seed)
            rows[label] = [(run, bases[place(run)]) for run in members]
    return rows


def _named(runs: Sequence[Evaluated], names: Mapping[str, str]) -> dict[str, list[Evaluated]]:
    groups: dict[str, list[Evaluated]] = {}
    for run in runs:
        groups.setdefault(names[run.path], []).append(run)
    return groups


def _by_configuration(pairs: Sequence[Pair], *, several: bool) -> dict[str, list[Evaluated]]:
    """Return the runs of a method by configuration, those of one backbone at a time."""
    groups: dict[str, list[Evaluated]] = {}
    for backbone in sorted({run.backbone for run, _ in pairs}):
        mine = [pair for pair in pairs if pair[0].backbone == backbone]
        method = mine[0][0].method
        groups |= labelled(mine, f"{method} {backbone}" if several else method)
    return groups


def _check_seeds(runs: Sequence[Evaluated]) -> None:
    seen: dict[int, Evaluated] = {}
    for run in runs:
        if other := seen.get(run.seed):
            raise ConfigError(
                f"'{other.path}' and '{run.path}' are the same configuration and seed",
                "report each run once.",
            )
        seen[run.seed] = run
