"""Which run is compared with which: same dataset, same split, the base of the same seed."""

from collections.abc import Sequence
from typing import Any

from mobench.errors import ConfigError
from mobench.report.inputs import Evaluated
from mobench.report.labels import labelled

Pair = tuple[Evaluated, Evaluated]


def check_alike(evaluated: Sequence[Evaluated]) -> None:
    """Check that all runs answer the same question.

    Raises:
        ConfigError: Two differ in dataset, split, or the order of tied items.
    """
    first = evaluated[0]
    for other in evaluated[1:]:
        for what, mine, theirs in zip(
            ("dataset", "split", "tie order"), _protocol(first), _protocol(other), strict=True
        ):
            if mine != theirs:
                raise ConfigError(
                    f"'{first.path}' and '{other.path}' differ in {what}"
                    f" ({_brief(mine)}, {_brief(theirs)})",
                    "report runs that were evaluated alike.",
                )


def _protocol(evaluated: Evaluated) -> tuple[Any, ...]:
    config = evaluated.artifact.manifest.config
    return evaluated.made_from("dataset").sha256, config.get("split"), config.get("seed")


def _brief(value: Any) -> str:
    return str(value)[:8]


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


def bases_by_seed(evaluated: Sequence[Evaluated]) -> dict[int, Evaluated]:
    """Return the base of each seed.

    Raises:
        ConfigError: There is none, or two have the same seed.
    """
    bases: dict[int, Evaluated] = {}
    for each in evaluated:
        if each.method != "base":
            continue
        if other := bases.get(each.seed):
            raise ConfigError(
                f"'{other.path}' and '{each.path}' are both base with seed {each.seed}",
                "report one base per seed.",
            )
        bases[each.seed] = each
    if not bases:
        raise ConfigError(
            "no base among the runs to compare", "evaluate the base run and add its metrics."
        )
    return dict(sorted(bases.items()))


def base_of(run: Evaluated, bases: dict[int, Evaluated]) -> Evaluated:
    """Return the base that a run is compared with: that of its seed, from which it started.

    Raises:
        ConfigError: It is missing, or the run started from another one.
    """
    base = bases.get(run.seed)
    if base is None:
        raise ConfigError(
            f"'{run.path}' has seed {run.seed}, the bases given have {', '.join(map(str, bases))}",
            f"evaluate the base of seed {run.seed} and add its metrics.",
        )
    record = run.input("base")
    if record and record.sha256 != base.made_from("run").sha256:
        raise ConfigError(
            f"'{run.path}' started from '{record.path}', not from the base of '{base.path}'",
            "add the metrics of its own base, or train it again.",
        )
    return base


def popularity_pairs(runs: Sequence[Evaluated], bases: dict[int, Evaluated]) -> list[Pair]:
    """Return (popularity, base) for every base: without training, one run stands for all seeds."""
    by_seed = {run.seed: run for run in runs}
    first = by_seed[min(by_seed)]
    return [(by_seed.get(seed, first), base) for seed, base in bases.items()]


def row_pairs(evaluated: Sequence[Evaluated]) -> dict[str, list[Pair]]:
    """Return (run, base) pairs by row label, seeds ascending; the base is paired with itself.

    Raises:
        ArtifactError: The configuration of a run cannot be told any more.
        ConfigError: A run without its base, or two runs of one configuration and seed.
    """
    bases = bases_by_seed(evaluated)
    rows: dict[str, list[Pair]] = {}
    for method in sorted({each.method for each in evaluated}):
        runs = [each for each in evaluated if each.method == method]
        if method == "popularity":
            rows[method] = popularity_pairs(runs, bases)
            continue
        groups = labelled([(run, base_of(run, bases)) for run in runs])
        for label, members in sorted(groups.items()):
            _check_seeds(members)
            members = sorted(members, key=lambda run: run.seed)
            rows[label] = [(run, bases[run.seed]) for run in members]
    return rows


def _check_seeds(runs: Sequence[Evaluated]) -> None:
    seen: dict[int, Evaluated] = {}
    for run in runs:
        if other := seen.get(run.seed):
            raise ConfigError(
                f"'{other.path}' and '{run.path}' are the same configuration and seed",
                "report each run once.",
            )
        seen[run.seed] = run
