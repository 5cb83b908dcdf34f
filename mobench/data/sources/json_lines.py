"""JSON lines, one object each, within bounds on length and depth."""

from typing import Any

from pydantic_core import from_json

from mobench.data.fields import BadRow

SAMPLE = 100


def parse_object(line: str | bytes) -> dict[str, Any]:
    """Return the object of one line.

    Raises:
        BadRow: The line is no JSON (or nested too deeply), or another value than an object.
    """
    try:
        value = from_json(line)
    except ValueError as error:
        raise BadRow("line is not JSON") from error
    if not isinstance(value, dict):
        raise BadRow("line is not a JSON object")
    return value


def sample_keys(head: bytes) -> list[str]:
    """Return the keys of the first objects, sorted."""
    keys: set[str] = set()
    for line in head.split(b"\n")[:SAMPLE]:
        try:
            keys.update(parse_object(line))
        except BadRow:
            continue
    return sorted(keys)
