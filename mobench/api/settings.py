"""Keyword arguments as a config, and as the words that would give the same on the command line."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from mobench.config.base import Config, build, extra, kinds
from mobench.manifest import COMMAND

C = TypeVar("C", bound=Config)
PathLike = str | os.PathLike[str]


def settle(model: type[C], settings: Mapping[str, Any]) -> C:
    """Return the config of keyword arguments; paths may be given as such, and ``k=10`` for (10,).

    Raises:
        ConfigError: An unknown setting, or a value outside its range.
    """
    lists = {name for name, info in model.model_fields.items() if tuple in kinds(info)}
    given = {name: _plain(value) for name, value in settings.items()}
    bare = {name for name in lists & given.keys() if isinstance(given[name], int | float)}
    return build(model, given | {name: (given[name],) for name in bare})


def _plain(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return tuple(_plain(part) for part in value)
    return os.fspath(value) if isinstance(value, os.PathLike) else value


@contextmanager
def told(
    command: str,
    arguments: Sequence[PathLike],
    config: Config,
    options: Mapping[str, PathLike | bool | None],
    without: Sequence[str] = (),
) -> Iterator[None]:
    """Let artifacts record the command that does what the body does.

    Args:
        command: Its name.
        arguments: What stands for itself.
        config: Its settings; those that were given are named.
        options: Values of the other flags, by name; those that are unset are left out.
        without: Settings that stand among the arguments.
    """
    words = ["mobench", command, *(os.fspath(word) for word in arguments)]
    words += words_of(config, without)
    for name, value in options.items():
        if value:
            words += [f"--{name}"] if value is True else [f"--{name}", os.fspath(value)]
    token = COMMAND.set(words)
    try:
        yield
    finally:
        COMMAND.reset(token)


def words_of(config: Config, without: Sequence[str] = ()) -> list[str]:
    """Return the options of the settings that were given, in the order of the fields."""
    words: list[str] = []
    for name, info in type(config).model_fields.items():
        if name not in config.model_fields_set or name in without:
            continue
        text = _text(getattr(config, name))
        is_flag = extra(info, "panel") and bool not in kinds(info)
        words += ["--" + name.replace("_", "-"), text] if is_flag else ["--set", f"{name}={text}"]
    return words


def _text(value: Any) -> str:
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return "none" if value is None else str(value)
