"""A backbone of the user's own, in one Python file."""

import hashlib
import importlib.util
import inspect
import sys
from pathlib import Path
from types import ModuleType

from mobench.errors import ConfigError
from mobench.models.base import Backbone


def is_file(name: str) -> bool:
    """Return whether ``--backbone`` names a file rather than an entry of the table."""
    return name.endswith(".py")


def trusted(given: Path, copy: Path) -> Path:
    """Return ``given`` if it holds what the copy in a run does.

    A run may come from anywhere, and its copy is a program: it is run only where the user has the
    same file in the place that the run names.

    Raises:
        ConfigError: There is no such file, or it differs.
    """
    if given.is_file() and given.read_bytes() == copy.read_bytes():
        return given
    state = "differs from it" if given.is_file() else "is not there"
    raise ConfigError(
        f"'{copy.parent}' was trained with a backbone of its own, and '{given}' {state}",
        f"read '{copy}'; if you trust it, copy it to '{given}'.",
    )


def load(path: Path) -> type[Backbone]:
    """Return the one ``Backbone`` that a file defines; the file is run.

    Raises:
        ConfigError: The file is missing or cannot be run, or it does not hold exactly one backbone
            with all that a backbone must have.
    """
    if not path.is_file():
        raise ConfigError(f"--backbone '{path}' does not exist", "give a Python file.")
    kinds = [
        value
        for value in vars(_module(path)).values()
        if inspect.isclass(value) and issubclass(value, Backbone) and _is_own(value)
    ]
    kinds = list(dict.fromkeys(kinds))
    if len(kinds) != 1:
        names = ", ".join(kind.__name__ for kind in kinds) or "none"
        raise ConfigError(
            f"--backbone '{path}' must hold one subclass of Backbone, it has {names}",
            "put each in a file of its own; see 'from mobench.models import Backbone'.",
        )
    if missing := sorted(kinds[0].__abstractmethods__):
        raise ConfigError(f"{kinds[0].__name__} in '{path}' lacks {', '.join(missing)}")
    return kinds[0]


def _is_own(kind: type[Backbone]) -> bool:
    return kind.__module__.startswith(PREFIX)


PREFIX = "mobench_backbone_"
ERRORS = (ImportError, SyntaxError, NameError, AttributeError, TypeError, ValueError, OSError)
"""What goes wrong when a file is imported; anything rarer shows its whole trace."""


def _module(path: Path) -> ModuleType:
    """Return the file as a module; equal content is run once, under a name made of its hash."""
    content = path.read_bytes()
    name = PREFIX + hashlib.sha256(content).hexdigest()[:16]
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ConfigError(f"--backbone '{path}' cannot be read as Python")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickling look their module up
    try:
        spec.loader.exec_module(module)
    except ERRORS as error:
        del sys.modules[name]
        line = str(error).partition("\n")[0]
        raise ConfigError(
            f"--backbone '{path}' cannot be imported: {type(error).__name__}: {line}"
        ) from error
    return module
