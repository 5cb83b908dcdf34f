"""JSON lines, one object each, within bounds on length and depth."""

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

import polars as pl
from pydantic_core import from_json

from mobench.data.fields import BadRow

SAMPLE = 100
Parse = Callable[[bytes], dict[str, Any]]
DEPTH = 200
"""Levels at which ``from_json`` refuses; polars goes on to about 1,000."""
_HALVES = (
    re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F])"),
    re.compile(rb"\\u[dD][c-fC-F](?<!\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F])"),
    re.compile(rb"\\\\u[dD]"),
)
"""Half a pair of surrogates, or what may hide one."""
_WHOLE = r"^-?\d+$"
_BRACKETS = re.compile(rb"[\[{]{%d}" % (DEPTH + 1))
_OTHERS = bytes(set(range(256)) - set(b"[{\n"))


def parse_object(line: str | bytes) -> dict[str, Any]:
    """Return the object of one line.

    Raises:
        BadRow: The line is no JSON (or nested too deeply), or another value than an object.
    """
    try:
        value = from_json(line, cache_strings="keys")
    except ValueError as error:
        raise BadRow("line is not JSON") from error
    if not isinstance(value, dict):
        raise BadRow("line is not a JSON object")
    return value


def parse_first(line: str, names: Sequence[str]) -> dict[str, Any]:
    """Return the object of one line; of keys that come twice the first counts, as polars has it.

    Args:
        line: The line.
        names: The keys that will be read, the only ones for which it matters.

    Raises:
        BadRow: As ``parse_object``.
    """
    record = parse_object(line)
    is_repeated = any(line.count(f'"{name}"') > 1 for name in names)
    if is_repeated or "\\u00" in line:  # an escape may hide a key
        record = json.loads(line, object_pairs_hook=lambda pairs: dict(reversed(pairs)))
    return record


def is_doubtful(data: bytes) -> bool:
    """Return whether polars may accept a line of this block that ``parse_object`` refuses.

    It does not look at values that nobody asked for: at half a surrogate pair, or how deep they
    are (a line of no more than ``DEPTH`` opening brackets is not too deep).
    """
    halves = any(half.search(data) for half in _HALVES)
    return halves or _BRACKETS.search(data.translate(None, _OTHERS)) is not None


def hides_decimals(data: bytes, ids: pl.DataFrame, names: Sequence[str]) -> bool:
    """Return whether an id may be a number that is no whole one: polars makes ``1`` of ``1.0``.

    Args:
        data: The lines.
        ids: What polars made of their ids, one column for each of ``names``.
        names: The keys of the ids.
    """
    return any(
        ids[column].str.contains(_WHOLE).any()
        and re.search(rb'"%b"\s*:\s*-?\d+[.eE]' % re.escape(name.encode()), data) is not None
        for column, name in zip(ids.columns, names, strict=True)
    )


def sample_keys(head: bytes, parse: Parse = parse_object) -> list[str]:
    """Return the keys of the first objects, sorted; ``parse`` reads a line or raises ``BadRow``."""
    keys: set[str] = set()
    for line in head.split(b"\n")[:SAMPLE]:
        try:
            record = parse(line.removesuffix(b"\r"))
            keys.update(key for key in record if isinstance(key, str))  # a literal has others, too
        except BadRow:
            continue
    return sorted(keys)
