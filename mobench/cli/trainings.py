"""The runs of a recipe: which there are, where they go, and what each starts from."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mobench import places
from mobench.config import Recipe, TrainConfig, build
from mobench.errors import ConfigError

Place = tuple[str, str, int]
"""Method with label, backbone and seed of a run."""


@dataclass(frozen=True)
class Training:
    """One run of the recipe.

    Attributes:
        config: Its settings.
        path: Where it goes.
        base: Where the run that it starts from will be.
        row: What its row of the report is called: method, backbone (where the recipe has several)
            and label. Expectations use the same name.
    """

    config: TrainConfig
    path: Path
    base: Path | None
    row: str


def trainings(recipe: Recipe, dataset: Path) -> Iterator[Training]:
    """Yield the runs: for each entry one per seed, bases before what starts from them.

    Raises:
        ConfigError: A setting is wrong, a base is missing, or two runs or rows have one name.
    """
    made: dict[Place, Path] = {}
    rows: set[str] = set()
    several = len({_backbone(entry) for entry in recipe.train}) > 1
    for entry in (each for written in recipe.train for each in _entries(written, recipe)):
        label, backbone = _label(entry, recipe), _backbone(entry)
        row = _row(entry, label, backbone if several else "")
        if row in rows:
            raise ConfigError(
                f"recipe '{recipe.name}' has two entries for row '{row}'", "give one a label."
            )
        rows.add(row)
        for config in _configs(entry):
            here = (f"{config.method} {label}".strip(), backbone, config.seed)
            _check_one_base(made, here, recipe)
            _check_start(config, entry, row, recipe)
            start = _base(made, here, entry["base"], recipe) if "base" in entry else None
            path = places.place("runs", places.run_name(dataset.name, config, label))
            if path in made.values():
                raise ConfigError(
                    f"recipe '{recipe.name}' makes '{path}' twice", "change one of the labels."
                )
            made[here] = path
            yield Training(config, path, start, row)


def _entries(entry: Mapping[str, Any], recipe: Recipe) -> Iterator[Mapping[str, Any]]:
    """Yield an entry for each of its ``methods`` and ``preferences``, wishes behind its label.

    Raises:
        ConfigError: One of them is no list of such values, or its singular is there as well.
    """
    for of_method in _swept(entry, "method", recipe):
        for each in _swept(of_method, "preference", recipe):
            if "preferences" in entry:
                said = "/".join(f"{value:g}" for value in each["preference"])
                yield {**each, "label": f"{entry.get('label', '')} {said}".strip()}
            else:
                yield each


def _swept(entry: Mapping[str, Any], one: str, recipe: Recipe) -> Iterator[Mapping[str, Any]]:
    """Yield an entry for each value of the list that is called like ``one`` with an s."""
    many = f"{one}s"
    if many not in entry:
        yield entry
        return
    values, others = entry[many], {name: value for name, value in entry.items() if name != many}
    fits, example = SWEPT[one]
    if not (isinstance(values, list) and values and all(map(fits, values))):
        raise ConfigError(
            f"recipe '{recipe.name}': {many} is no list of {many}", f"write it as {example}."
        )
    if one in entry:
        raise ConfigError(
            f"recipe '{recipe.name}' has {one} beside {many}", "leave one of them out."
        )
    yield from ({**others, one: value} for value in values)


def _is_method(value: Any) -> bool:
    return isinstance(value, str)


def _is_wish(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(part, int | float) for part in value)


SWEPT: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "method": (_is_method, '["static", "mgda"]'),
    "preference": (_is_wish, "[[0.8, 0.1, 0.1], [0.1, 0.8, 0.1]]"),
}
"""Settings that may be lists of themselves: what a value is, and an example."""


def _configs(entry: Mapping[str, Any]) -> Iterator[TrainConfig]:
    """Yield the settings of an entry, one per seed."""
    own = {name: value for name, value in entry.items() if name not in ("base", "seeds", "label")}
    for seed in entry.get("seeds") or [own.get("seed", TrainConfig().seed)]:
        yield build(TrainConfig, {**own, "seed": seed})


def _row(entry: Mapping[str, Any], label: str, backbone: str) -> str:
    """Return what the row of an entry is called; popularity has no backbone."""
    method = str(entry.get("method", TrainConfig().method))
    parts = [method, "" if method == "popularity" else backbone, label]
    return " ".join(part for part in parts if part)


def _label(entry: Mapping[str, Any], recipe: Recipe) -> str:
    """Return the label of an entry, empty where it has none.

    Raises:
        ConfigError: It is no text on one line, or nothing of it can be part of a file name.
    """
    label = entry.get("label", "")
    if label and entry.get("method") == "popularity":
        raise ConfigError(
            f"recipe '{recipe.name}': popularity has nothing to label", "leave the label out."
        )
    fits = isinstance(label, str) and label.isprintable() and label == " ".join(label.split())
    if fits and (not label or places.slug(label)):
        return str(label)
    raise ConfigError(
        f"recipe '{recipe.name}': label {label!r} is no name", "write a few words in quotes."
    )


def _backbone(entry: Mapping[str, Any]) -> str:
    """Return what the backbone of an entry is called; one of the user's own by its file."""
    return Path(str(entry.get("backbone", TrainConfig().backbone))).stem


def _check_start(config: TrainConfig, entry: Mapping[str, Any], row: str, recipe: Recipe) -> None:
    """Check that an entry names a base if its method starts from one, and only then.

    Raises:
        ConfigError: It does not.
    """
    if config.starts_from_base and "base" not in entry:
        raise ConfigError(
            f"recipe '{recipe.name}': '{row}' names no base to start from",
            'write base = "base" into its entry, the name of an earlier row.',
        )
    if "base" in entry and not config.starts_from_base:
        raise ConfigError(
            f"recipe '{recipe.name}': '{row}' does not start from a base", "leave its base out."
        )


def _base(made: Mapping[Place, Path], here: Place, base: str, recipe: Recipe) -> Path:
    """Return where the base of that name is: the run of the same backbone and seed.

    Raises:
        ConfigError: There is none before it.
    """
    _, backbone, seed = here
    if found := made.get((base, backbone, seed)):
        return found
    raise ConfigError(
        f"recipe '{recipe.name}' has no '{base}' on {backbone} with seed {seed} to start from",
        "list it earlier, with the same backbone and seeds.",
    )


def _check_one_base(made: Mapping[Place, Path], here: Place, recipe: Recipe) -> None:
    """Check that a report can tell which base its rows are compared with.

    Raises:
        ConfigError: There is another base of the same backbone and seed.
    """
    name, backbone, seed = here
    bases = [other for other in made if other[0].split(" ")[0] == "base" == name.split(" ")[0]]
    if any(other[1:] == here[1:] for other in bases):
        raise ConfigError(
            f"recipe '{recipe.name}' has two bases on {backbone} with seed {seed}",
            "a report compares with one: make another recipe.",
        )
