"""What all config models share: frozen, strict, documented under each field."""

from collections.abc import Mapping
from typing import Any, Self, TypeVar

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

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    def identity(self) -> dict[str, Any]:
        """Return the fields that can change a result, as plain JSON values."""
        fixed = {name for name, info in type(self).model_fields.items() if not extra(info, "moves")}
        return self.model_dump(mode="json", exclude=fixed)

    def with_defaults(self, defaults: Mapping[str, Any]) -> Self:
        """Return a copy in which fields that nobody set take their value from ``defaults``."""
        given = {name: getattr(self, name) for name in self.model_fields_set}
        return build(type(self), {**defaults, **given})


def extra(info: FieldInfo, key: str) -> Any:
    """Return one of the values that ``option`` stored with a field."""
    stored = info.json_schema_extra
    return stored.get(key) if isinstance(stored, dict) else None


def build(model: type[C], values: Mapping[str, Any]) -> C:
    """Validate ``values``.

    Raises:
        ConfigError: An unknown key, or a value outside its range.
    """
    for key in values:
        if key not in model.model_fields:
            close = suggest(key, model.model_fields)
            raise ConfigError(f"unknown setting '{key}'", f"{close}See --help for the settings.")
    try:
        return model.model_validate(dict(values))
    except ValidationError as error:
        raise ConfigError(*_explain(error)) from error


def _explain(error: ValidationError) -> tuple[str, str | None]:
    """Return message and hint for the first thing that is wrong."""
    first = error.errors()[0]
    cause = first.get("ctx", {}).get("error")
    if isinstance(cause, Explained):
        return str(cause), cause.hint
    place = "--" + str(first["loc"][0]).replace("_", "-") if first["loc"] else "settings"
    text = first["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return f"{place}: '{first['input']}' {text}", None


class Explained(ValueError):
    """A validator's failure that brings its own words and hint."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint
