"""An oracle for rows that go on over several lines: character by character, slow and plain."""

import math
from collections.abc import Callable

from mobench.data.clock import instant
from mobench.data.fields import to_number

Judge = Callable[..., bool]
"""Whether all fields of a line, or its first ones, are those of a row."""


def strict_fields(text: str, separator: str) -> list[str] | None:
    """Return the fields of a row of RFC 4180, or ``None`` if it is none."""
    fields, place = [""], 0
    while place < len(text):
        char = text[place]
        if char == '"' and fields[-1] == "" and text[place - 1 : place] in ("", separator):
            end = place + 1
            while text[end : end + 1] != '"' or text[end + 1 : end + 2] == '"':
                if end >= len(text):
                    return None
                fields[-1] += text[end]
                end += 2 if text[end] == '"' else 1
            if text[end + 1 : end + 2] not in ("", separator):
                return None
            place = end + 1
        elif char == separator:
            fields.append("")
            place += 1
        elif char in '"\n':
            return None
        else:
            fields[-1] += char
            place += 1
    return fields


def loose_fields(line: str, separator: str) -> list[str] | None:
    """Return the fields of a line in which quotes may stand in fields that begin otherwise."""
    fields, rest = [], line
    while True:
        if rest.startswith('"'):
            end = next((n for n in closings(rest)), None)
            if end is None or rest[end + 1 : end + 2] not in ("", separator):
                return None
            fields.append(rest[1:end].replace('""', '"'))
            rest = rest[end + 1 :]
        else:
            field, mark, after = rest.partition(separator)
            fields.append(field)
            rest = mark + after
        if not rest:
            return fields
        rest = rest[1:]


def closings(text: str) -> list[int]:
    """Return where the field that a quote opens is closed: at most one place."""
    place = 1
    while place < len(text):
        if text[place] != '"':
            place += 1
        elif text[place + 1 : place + 2] == '"':
            place += 2
        else:
            return [place]
    return []


def judge(ids: list[int], numbers: list[int], times: list[int]) -> Judge:
    """Return the judge of a table with such columns; ``known`` fields tell nothing of a row."""

    def is_row(fields: list[str], known: int = 0, rest: str = "") -> bool:
        n = len(fields)
        telling = [place for place in numbers + times if known <= place < n]
        if known and not telling:
            return False
        if not telling and not any(place < n for place in ids):
            return False
        if any(not fields[place].strip() for place in ids if place < n):
            return False
        if not any(place < n for place in numbers + times):
            return not any(field[:1].isspace() for field in [*fields, rest])
        return all(_is_number(fields[p]) for p in numbers if p < n) and all(
            _is_number(fields[p]) or instant(fields[p], "iso") is not None for p in times if p < n
        )

    return is_row


def _is_number(text: str) -> bool:
    return math.isfinite(math.nan if (number := to_number(text)) is None else number)


def join(
    lines: list[str], n_fields: int, separator: str, is_row: Judge, most: tuple[int, int]
) -> list[tuple[int, str]]:
    """Return rows with the place of their first lines.

    Args:
        lines: Without their ends.
        n_fields: Fields of a row.
        separator: One character.
        is_row: Whether a line is a row.
        most: Lines and bytes of the longest row.
    """
    rows, place = [], 0
    while place < len(lines):
        last = place
        if lines[place].count('"') % 2:
            others = [n for n in range(place + 1, len(lines)) if lines[n].count('"') % 2]
            if others and _is_one(lines[place : others[0] + 1], n_fields, separator, is_row, most):
                last = others[0]
        rows.append((place, "\n".join(lines[place : last + 1])))
        place = last + 1
    return rows


def _is_one(
    lines: list[str], n_fields: int, separator: str, is_row: Judge, most: tuple[int, int]
) -> bool:
    text = "\n".join(lines).removesuffix("\r")
    if len(lines) > most[0] or len(text.encode(errors="surrogateescape")) > most[1]:
        return False
    fields = strict_fields(text, separator)
    if fields is None or len(fields) != n_fields:
        return False
    if _is_whole(lines[0].removesuffix("\r"), n_fields, separator, is_row):
        return False
    for line in lines[1:-1]:
        found = loose_fields(line.removesuffix("\r"), separator)
        if found is not None and len(found) == n_fields and is_row(found):
            return False
    return not _begins_one(text, lines[-1].removesuffix("\r"), n_fields, separator, is_row)


def _is_whole(first: str, n_fields: int, separator: str, is_row: Judge) -> bool:
    """Return whether a line is a row if the quote that it leaves open is a character."""
    for n_closed in range(n_fields):
        for end in (n for n in range(len(first)) if n == 0 or first[n - 1] == separator):
            closed = strict_fields(first[: max(end - 1, 0)], separator) if end else []
            is_open = first[end] == '"' and not closings(first[end:])
            if is_open and closed is not None and len(closed) == n_closed:
                fields = [*closed, *first[end:].split(separator)]
                return len(fields) == n_fields and is_row(fields, n_closed + 1)
    return False


def _begins_one(text: str, last: str, n_fields: int, separator: str, is_row: Judge) -> bool:
    """Return whether the last line has, before its closing quote, the fields that it should."""
    for n_before in range(n_fields):  # the field that goes on in the last line is this one
        rest = last.split(separator)
        if n_before >= len(rest):
            break
        inside = separator.join([*rest[:n_before], ""])
        after = last[len(inside) :]
        end = next(iter(closings('"' + after.replace('""', "xx"))), None)
        if end is None or separator in after[: end - 1] or '"' in inside.replace('""', ""):
            continue
        tail = strict_fields(after[end:], separator)
        if tail is not None and n_before + len(tail) == n_fields:
            return is_row(rest[:n_before], rest=after)
    return False
