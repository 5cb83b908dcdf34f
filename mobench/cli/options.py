"""A config model as command-line options: one per field that has a panel, the rest by ``--set``.

Precedence: flag > ``--set`` > ``--config`` > default. Only what the user gave reaches the model, so
that ``model_fields_set`` tells it from defaults. All values are validated in one place,
``mobench.config.build``, and options therefore arrive here as text.
"""

import functools
import inspect
import itertools
import json
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import typer
from pydantic.fields import FieldInfo

from mobench.config import Config, build
from mobench.config.base import choices, extra, kinds
from mobench.errors import ConfigError, suggest

ConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", metavar="FILE", help="TOML file, or manifest.json of an artifact."
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Any other setting; may be repeated."),
]
Name = Annotated[
    str | None, typer.Option("--name", metavar="NAME", help="Name of the artifact to write.")
]
Force = Annotated[
    bool, typer.Option("--force", metavar="", help="Replace an artifact of the same name.")
]
Json = Annotated[bool, typer.Option("--json", metavar="", help="Print one JSON object on stdout.")]
FrontSize = Annotated[
    int | None,
    typer.Option(
        "--front", metavar="N", min=1, help="Train about N preferences, an even grid of them."
    ),
]
SeedList = Annotated[
    str | None, typer.Option("--seeds", metavar="A,B,…", help="Train these seeds, not --seed.")
]
Jobs = Annotated[
    int, typer.Option("--jobs", metavar="N", min=1, help="Processes at once, for several runs.")
]

FILE_HINT = "give a TOML file of settings, or the manifest.json of an artifact."
SHORT = {"k": "-k"}
"""Fields that have a short flag, too."""
MOST_SHOWN = 8
"""A flag with more choices names them behind its description."""
METAVARS = {int: "N", float: "X", tuple: "A,B,…", str: "TEXT"}


def with_config(
    model: type[Config], *, without: Sequence[str] = (), several: str | None = None
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Replace a command's ``config`` parameter by options.

    A command with a parameter ``config_file`` is also told the file that they came from.

    Args:
        model: The config model; the command receives an instance.
        without: Fields that the command takes in another way.
        several: A field that may be given more than once; the command then has a parameter
            ``configs`` in the place of ``config``, one for each value.
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        fields = {
            name: info
            for name, info in model.model_fields.items()
            if extra(info, "panel") and name not in without
        }

        @functools.wraps(command)
        def wrapper(config_file: Path | None, settings: list[str] | None, **given: Any) -> None:
            flags = {name: given.pop(name) for name in fields}
            if takes_file:
                given["config_file"] = config_file
            choices = (flags.pop(several) if several else None) or [None]
            found = [
                collect(model, config_file, settings or [], flags | {several or "": value})
                for value in choices
            ]
            command(**({"configs": found} if several else {"config": found[0]}), **given)

        parameters = inspect.signature(command).parameters
        takes_file = "config_file" in parameters
        known = ("config", "configs", "config_file")
        own = [p for p in parameters.values() if p.name not in known]
        extras = [
            _parameter("config_file", ConfigFile),
            _parameter("settings", Settings),
            *(
                _parameter(name, _annotation(name, info, several=name == several))
                for name, info in fields.items()
            ),
        ]
        wrapper.__dict__["__signature__"] = inspect.Signature([*own, *extras])
        wrapper.__annotations__ = {p.name: p.annotation for p in [*own, *extras]}
        return wrapper

    return decorate


def collect(
    model: type[Config], file: Path | None, settings: Sequence[str], flags: Mapping[str, Any]
) -> Config:
    """Merge what the user gave into a config.

    Raises:
        ConfigError: A file that cannot be used, an unknown key, or a value outside its range.
    """
    values = _read_file(model, file) if file else {}
    for setting in settings:
        key, equals, text = setting.partition("=")
        if not equals:
            raise ConfigError(f"--set '{setting}' has no '='", "write --set KEY=VALUE.")
        _check_key(model, key, "--set")
        values[key] = text
    return build(model, values | {key: v for key, v in flags.items() if v is not None})


def _read_file(model: type[Config], path: Path) -> dict[str, Any]:
    """Read a TOML file, or the config inside a manifest."""
    try:
        text = path.read_text(encoding="utf-8")
        values = json.loads(text) if path.suffix == ".json" else tomllib.loads(text)
    except FileNotFoundError as error:
        raise ConfigError(f"--config '{path}' does not exist", FILE_HINT) from error
    except UnicodeDecodeError as error:
        message = f"--config '{path}' cannot be read: it is no text in UTF-8"
        raise ConfigError(message, FILE_HINT) from error
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise ConfigError(f"--config '{path}' cannot be read: {why}", FILE_HINT) from error
    if not isinstance(values, dict):
        raise ConfigError(f"--config '{path}' holds no settings", FILE_HINT)
    if path.suffix == ".json":
        values = values.get("config", values)
    for key in values:
        _check_key(model, key, f"--config '{path}'")
    return dict(values)


def _check_key(model: type[Config], key: str, place: str) -> None:
    if key not in model.model_fields:
        close = suggest(key, model.model_fields)
        raise ConfigError(
            f"{place}: unknown setting '{key}'",
            f"{close}Settings: {', '.join(model.model_fields)}.",
        )


def _parameter(name: str, annotation: Any) -> inspect.Parameter:
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation
    )


def _annotation(name: str, info: FieldInfo, *, several: bool = False) -> Any:
    """Return the annotated type that makes Typer show a field as an option."""
    allowed, flag = choices(info), "--" + name.replace("_", "-")
    flags = [flag, *([SHORT[name]] if name in SHORT else [])]
    shared = {"help": _help(info), "rich_help_panel": extra(info, "panel")}
    if bool in kinds(info):
        return Annotated[bool | None, typer.Option(f"{flag}/--no-{flag[2:]}", metavar="", **shared)]
    metavar = "|".join(allowed or _words(info))
    if len(allowed) > MOST_SHOWN:
        metavar = "NAME"
    complete = (lambda: list(allowed)) if allowed else None
    kind = list[str] | None if several else str | None
    return Annotated[kind, typer.Option(*flags, metavar=metavar, autocompletion=complete, **shared)]


def _words(info: FieldInfo) -> list[str]:
    """Return what stands for the value, then the words that may stand in its place."""
    words = [get_args(kind) for kind in get_args(info.annotation) if get_origin(kind) is Literal]
    return [METAVARS[kinds(info)[0]], *itertools.chain(*words)]


def _help(info: FieldInfo) -> str:
    """Return the field's docstring and default, safe from Rich's markup."""
    many = len(allowed := choices(info)) > MOST_SHOWN
    text = str(info.description) + f" One of: {', '.join(allowed)}." * many
    if info.default not in (None, ()):
        text += f" [default: {_shown(info.default)}]"
    return text.replace("[", r"\[")


def _shown(default: Any) -> str:
    return ",".join(map(str, default)) if isinstance(default, tuple) else str(default)
