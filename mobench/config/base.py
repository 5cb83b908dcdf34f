"""What all config models share: frozen, strict, documented under each field."""

import ast
import inspect
import sys
import tomllib
from collections.abc import Mapping
from itertools import pairwise
from types import NoneType
from typing import Any, Literal, Self, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.fields import FieldInfo

from mobench.errors import ConfigError, suggest

C = TypeVar("C", bound="Config")


def option(default: Any, panel: str | None = None, *, moves: bool = True, **rules: Any) -> Any:
    """Declare a field.

    Args:
        default: Its default value.
        panel: The help panel of its command-line option; ``None`` keeps it off the command line
            (it stays reachable through ``--set`` and ``--config``).
        moves: Whether it can change a result; if not, artifacts that differ in it are the same.
        rules: Pydantic constraints such as ``ge=1``.
    """
    return Field(default, json_schema_extra={"panel": panel, "moves": moves}, **rules)


class Config(BaseModel):
    """Base of the command configs."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        defer_build=True,  # --help reads the fields and validates nothing
    )

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        """Take the text below each field as its description.

        Pydantic's own ``use_attribute_docstrings`` looks through all modules to find the source.
        """
        for name, text in _field_texts(cls).items():
            cls.model_fields[name].description = text

    def identity(self) -> dict[str, Any]:
        """Return the fields that can change a result, as plain JSON values."""
        fields = type(self).model_fields.items()
        fixed = {name for name, info in fields if extra(info, "moves") is False}
        return self.model_dump(mode="json", exclude=fixed)

    def with_defaults(self, defaults: Mapping[str, Any]) -> Self:
        """Return a copy in which fields that nobody set take their value from ``defaults``."""
        given = {name: getattr(self, name) for name in self.model_fields_set}
        return build(type(self), {**defaults, **given})


def _field_texts(model: type[Config]) -> dict[str, str]:
    """Return the text below each field in a model's source."""
    source = inspect.getsource(sys.modules[model.__module__])
    classes = (node for node in ast.parse(source).body if isinstance(node, ast.ClassDef))
    body = next((node.body for node in classes if node.name == model.__name__), [])
    return {
        field.target.id: inspect.cleandoc(text.value.value)
        for field, text in pairwise(body)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant)
        if isinstance(text.value.value, str)
    }


def extra(info: FieldInfo, key: str) -> Any:
    """Return one of the values that ``option`` stored with a field."""
    stored = info.json_schema_extra
    return stored.get(key) if isinstance(stored, dict) else None


def kinds(info: FieldInfo) -> tuple[Any, ...]:
    """Return the types that a field may have, each without its parameters (``tuple``, ``int``)."""
    annotation = info.annotation
    simple = isinstance(annotation, type) or get_origin(annotation) in (tuple, list, dict, Literal)
    return tuple(get_origin(a) or a for a in ((annotation,) if simple else get_args(annotation)))


def choices(info: FieldInfo) -> tuple[str, ...]:
    """Return the closed set of values of a ``Literal`` field, else nothing."""
    return get_args(info.annotation) if get_origin(info.annotation) is Literal else ()


def place_of(model: type[Config], name: str) -> str:
    """Return what a setting is called where one types it: its flag, or its name for ``--set``."""
    flag = extra(model.model_fields[name], "panel")
    return f"--{name.replace('_', '-')}" if flag else name


def build(model: type[C], values: Mapping[str, Any]) -> C:
    """Validate ``values``, which may be text as typed: ``"acc,rev"``, ``"0.1"``, ``"none"``.

    Raises:
        ConfigError: An unknown key, or a value outside its range.
    """
    for key in values:
        if key not in model.model_fields:
            close = suggest(key, model.model_fields)
            raise ConfigError(f"unknown setting '{key}'", f"{close}See --help for the settings.")
    read = {key: _read(model.model_fields[key], value) for key, value in values.items()}
    try:
        return model.model_validate(read)
    except ValidationError as error:
        raise ConfigError(*_explain(model, error)) from error


def _read(info: FieldInfo, value: Any) -> Any:
    """Turn text into what the field holds, as far as Pydantic does not do so itself."""
    if not isinstance(value, str):
        return value
    if value.lower() == "none" and NoneType in kinds(info):
        return None
    if tuple not in kinds(info):
        return value
    if value.startswith("["):
        return _read_list(value)
    return tuple(part.strip() for part in value.split(",")) if value else ()


def _read_list(text: str) -> Any:
    try:
        return tomllib.loads(f"list = {text}")["list"]
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"'{text}' is no list", "write it as a,b,c.") from error


def _explain(model: type[Config], error: ValidationError) -> tuple[str, str | None]:
    """Return message and hint for the first thing that is wrong."""
    first = error.errors()[0]
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, Explained):
        return str(cause), cause.hint
    name, value = str(first["loc"][0]), first["input"]
    info = model.model_fields[name]
    place = place_of(model, name)
    if first["type"] == "missing":
        return f"setting '{name}' is missing", info.description
    if allowed := choices(info):
        listed = ", ".join(allowed)
        return f"{place} '{value}' is unknown", f"{suggest(str(value), allowed)}One of: {listed}."
    if first["type"] == "string_pattern_mismatch":  # people read the description, not the pattern
        return f"{place}: '{value}' is not understood", info.description
    text = first["msg"].split(",")[0]
    return f"{place}: '{value}' {text[max(text.find('should'), 0) :]}", info.description


class Explained(ValueError):
    """A validator's failure that brings its own words and hint."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint
