"""Many runs with one command: preferences times seeds, each seed on a base of its own."""

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mobench import places
from mobench.cli.given import Given
from mobench.cli.wishes import names_of, preferences
from mobench.config import TrainConfig
from mobench.errors import ConfigError

if TYPE_CHECKING:
    from mobench.training.run import Plan


@dataclass(frozen=True)
class Asked:
    """What the user asked for.

    Attributes:
        configs: Settings, one for each preference that was given.
        dataset: The dataset artifact.
        base: The base run, if one was named.
        name: What the names of the runs begin with, if not as usual.
        front: How many preferences to choose.
        seeds: Seeds, if not that of the settings alone.
        force: Begin anew whatever is there.
        file: The file that settings came from.
    """

    configs: Sequence[TrainConfig]
    dataset: Path
    base: Path | None = None
    name: str | None = None
    front: int | None = None
    seeds: Sequence[int] = ()
    force: bool = False
    file: Path | None = None


@dataclass
class Member:
    """One run of the set.

    Attributes:
        plan: What is to be done.
        base: Where its base is or will be.
        begun: Whether a part of it is done.
        done: Whether all of it is.
    """

    plan: "Plan"
    base: Path | None = None
    begun: bool = False
    done: bool = False

    @property
    def seed(self) -> int:
        """The seed of the run."""
        return self.plan.config.seed


@dataclass
class Front:
    """All that is to be done.

    Attributes:
        members: The runs.
        bases: Base runs that are to be made first.
        note: How the preferences were chosen.
    """

    members: list[Member]
    bases: list[Member] = field(default_factory=list)
    note: str = ""

    @property
    def method(self) -> str:
        """The method of all members."""
        return self.members[0].plan.config.method


def check_dataset(dataset: Path | None, given: Given) -> Path:
    """Return the dataset of a set of runs.

    Raises:
        ConfigError: None was given; or a file was, which makes one base.
    """
    if not dataset:
        raise ConfigError("missing argument 'DATASET'", "see 'mobench train --help'.")
    if given.file:
        raise ConfigError(
            f"{given.flag} makes one base run, of one seed",
            "make it with --method base, then give it with --base and --front.",
        )
    return dataset


def read_seeds(text: str | None) -> tuple[int, ...]:
    """Return the seeds of ``1,2,3``, none of nothing.

    Raises:
        ConfigError: It is no list of different numbers from 0 on.
    """
    if text is None:
        return ()
    words = [word.strip() for word in text.split(",")]
    if not all(word.isdecimal() for word in words) or len(set(words)) < len(words):
        raise ConfigError(
            f"--seeds '{text}' is not understood", "give different numbers, as in --seeds 1,2,3."
        )
    return tuple(map(int, words))


def arrange(asked: Asked) -> Front:
    """Find out which runs there are to be, and check all of them before anything is written.

    Raises:
        ConfigError: Options that do not go together, or settings that do not fit the data.
        ArtifactError: A name is taken, or an artifact is missing or damaged.
    """
    wishes, note = preferences(asked.configs, asked.front)
    labels = names_of(wishes)
    front = Front([], note=note)
    for seed in asked.seeds or (wishes[0].seed,):
        first = wishes[0].model_copy(update={"seed": seed})
        base, made = base_of(asked, first)
        if made:
            front.bases.append(made)
        for config, label in zip(wishes, labels, strict=True):
            front.members.append(member(asked, front, config, (base, made, seed), label))
    paths = [each.plan.path for each in front.members]
    if len(set(paths)) < len(paths):
        raise ConfigError("two of the runs would have one name", "give each seed once.")
    for each in (*front.bases, *front.members):
        look_at(each, force=asked.force and each not in front.bases)
    return front


def member(
    asked: Asked,
    front: Front,
    config: TrainConfig,
    start: tuple[Path | None, Member | None, int],
    label: str,
) -> Member:
    """Return a run of the set; runs of one seed differ in nothing but the preference."""
    from mobench.training.run import plan

    base, made, seed = start
    config = config.model_copy(update={"seed": seed, "batched": "auto"})  # is of the set
    path = path_of(asked, config, label)
    alike = [each for each in front.members if each.seed == seed]
    if not alike:
        todo = plan(config, asked.dataset, base, path, first=made.plan if made else None)
        return Member(todo, made.plan.path if made else base)
    settings = alike[0].plan.config.model_copy(update={"preference": config.preference})
    return Member(dataclasses.replace(alike[0].plan, config=settings, path=path), alike[0].base)


def path_of(asked: Asked, config: TrainConfig, label: str) -> Path:
    """Return where a run goes."""
    usual = places.run_name(asked.dataset.name, config, label)
    parts = (asked.name, label, f"s{config.seed}")
    return places.place("runs", "-".join(filter(None, parts)) if asked.name else usual)


def base_of(asked: Asked, config: TrainConfig) -> tuple[Path | None, Member | None]:
    """Return the base of a seed: where it is, or the run that is to be made first.

    Raises:
        ConfigError: One base was named for several seeds.
    """
    from mobench.training.run import plan
    from mobench.training.vectors import base_config

    if not config.starts_from_base:
        return asked.base, None
    if asked.base and len(asked.seeds) > 1:
        raise ConfigError(
            "--base is one run, and every seed has a base of its own",
            "leave it out (the newest of each seed is used), or give one seed.",
        )
    recorded = asked.file and places.recorded_base(asked.file, asked.dataset, config)
    if found := asked.base or recorded or places.find_base(asked.dataset, config):
        return found, None
    before = base_config(config)
    path = places.place("runs", places.run_name(asked.dataset.name, before))
    return None, Member(plan(before, asked.dataset, None, path))


def look_at(member: Member, *, force: bool) -> None:
    """Note what is there of a run already.

    Raises:
        ArtifactError: The name is taken by another run.
    """
    from mobench.training.run import begun_for, up_to_date

    if force:
        return
    member.begun = not member.plan.path.exists() and begun_for(member.plan) is not None
    member.done = not member.begun and up_to_date(member.plan) is not None


def listed(member: Member, **also: Any) -> dict[str, Any]:
    """Return a run for ``--json``."""
    from mobench.training.fitting import has_front

    config = member.plan.config
    wish = list(config.shares) if has_front(config) else None
    return {
        "path": member.plan.path,
        "method": config.method,
        "seed": config.seed,
        "preference": wish,
        "base": member.base,
        **also,
    }


def by_seed(members: Sequence[Member]) -> Iterator[list[Member]]:
    """Yield the runs of each seed."""
    for seed in dict.fromkeys(member.seed for member in members):
        yield [member for member in members if member.seed == seed]
