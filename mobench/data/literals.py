r"""Lines that are Python dicts, as ``ast.literal_eval`` reads them and many times faster.

Amazon published the metadata of 2014 with ``repr``. Such a line is almost JSON: what differs is the
quotes, a few escapes and three words. So it is rewritten, and the JSON parser (in Rust) both checks
and builds; a rewrite that leaves a doubt is not used, the line goes to ``ast.literal_eval``.

Why a rewrite that parses means the same: text without ``"`` and ``\`` holds only strings in single
quotes, and what is between them must be JSON as it stands, so prefixes (``b'…'``), comments,
tuples, sets, adjacent strings (and with them triple quotes) and numbers such as ``1_000`` do not
parse. The words that JSON has and Python has not, the escapes that they read differently, and a
lone carriage return (a line end to Python) are looked for. JSON's numbers are Python's.
"""

import ast
import re
import warnings
from typing import Any

from pydantic_core import from_json

from mobench.data.fields import BadRow

DEPTH = 100
"""Levels of brackets; CPython itself refuses 200, and recursion would end somewhere before long."""
LONGEST = 1 << 18
"""Bytes of a line that ``ast`` may see: it takes up to 540 times as much memory."""

_STRING = re.compile(rb"'[^'\\]*+(?:\\.[^'\\]*+)*+'|\"[^\"\\]*+(?:\\.[^\"\\]*+)*+\"")
_SPECIAL = re.compile(rb'"|\\(?:x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)')
_SAME = {rb"\\", rb"\"", rb"\n", rb"\t", rb"\r", rb"\b", rb"\f"}
_ESCAPES = {b'"': rb"\"", rb"\'": b"'"} | {escape: escape for escape in _SAME}
_WORD = re.compile(rb"[Tt]rue|[Ff]alse|None|null")
_WORDS = {b"True": b"true", b"False": b"false", b"None": b"null"}

_TEXT = r"""
    (?:[bB][rR]?|[rR][bB]?|[uU])?+
    (?:'''(?:[^'\\]|\\.|'(?!''))*+'''|\"{3}(?:[^"\\]|\\.|"(?!""))*+\"{3}
      |'(?:[^'\\]|\\.)*+'|"(?:[^"\\]|\\.)*+")
    |\#[^\r]*+"""
_TOKEN = rf"""(?:{_TEXT}
    |[\[({{,:]\s*+[+-]?|[\])}}]|\s++|\\\r
    |True|False|None|set|\.\.\.
    |0[xX][\da-fA-F_]++|0[oO][0-7_]++|0[bB][01_]++
    |(?:\d[\d_]*+(?:\.[\d_]*+)?+|\.\d[\d_]*+)(?:[eE][+-]?\d[\d_]*+)?+[jJ]?)"""
_HARMLESS = re.compile(
    rf"(?:{_TOKEN})*+(?:[+-](?:{_TOKEN})*+){{0,{DEPTH}}}+", re.VERBOSE | re.DOTALL | re.ASCII
)
"""What literals are made of. A sign that does not begin a value makes the syntax tree deeper, so
there may be few; operators and names, which could, too, are in no literal."""
_BRACKETS = re.compile(rf"(?:{_TEXT})|[\[({{]|[\])}}]", re.VERBOSE | re.DOTALL)


class _UnsureError(ValueError):
    """Nobody should trust the rewrite of this line."""


def parse_literal(line: bytes) -> dict[Any, Any]:
    """Return the dict of one line, equal to that of ``ast.literal_eval`` in values and types.

    Args:
        line: UTF-8 text without the line's end.

    Raises:
        BadRow: The line is no Python literal or no dict, is nested deeper than ``DEPTH`` levels,
            or is longer than ``LONGEST`` and not in the part of the language that JSON covers.
    """
    try:
        value = from_json(_to_json(line), allow_inf_nan=False, cache_strings="keys")
    except ValueError:
        value = _evaluate(line)
    if not isinstance(value, dict):
        raise BadRow("line is not a Python dict")
    return value


def _to_json(line: bytes) -> bytes:
    """Return JSON that means the same if it parses.

    The text is cut at its hard strings, those that hold a double quote or a backslash or stand in
    double quotes. They are few, so the code jumps from one to the next.

    Raises:
        _UnsureError: There may be no such JSON.
    """
    if b"\r" in line or line.count(b"[") + line.count(b"{") > DEPTH:
        raise _UnsureError
    has_words = b"rue" in line or b"alse" in line or b"null" in line or b"None" in line
    easy = _easy_with_words if has_words else _easy
    parts: list[bytes] = []
    done, end = 0, len(line)
    quote, slash = _find(line, b'"', 0), _find(line, b"\\", 0)
    while (hard := min(quote, slash)) < end:
        is_inside = line.count(b"'", done, hard) % 2
        string = _STRING.match(line, line.rindex(b"'", done, hard) if is_inside else hard)
        if string is None:
            raise _UnsureError
        parts += easy(line[done : string.start()]), _hard(string[0][1:-1])
        done = string.end()
        quote = quote if quote >= done else _find(line, b'"', done)
        slash = slash if slash >= done else _find(line, b"\\", done)
    return b"".join([*parts, easy(line[done:])])


def _find(line: bytes, byte: bytes, start: int) -> int:
    """Return where ``byte`` comes next, the length of the line if nowhere."""
    found = line.find(byte, start)
    return found if found >= 0 else len(line)


def _easy(text: bytes) -> bytes:
    """Return JSON for text that has strings in single quotes only, whole ones, and no escapes."""
    return text.replace(b"'", b'"')


def _easy_with_words(text: bytes) -> bytes:
    """Return the same where words such as ``None`` may stand between the strings."""
    pieces = text.split(b"'")
    pieces[::2] = [_WORD.sub(_word, piece) for piece in pieces[::2]]
    return b'"'.join(pieces)


def _word(match: re.Match[bytes]) -> bytes:
    word = _WORDS.get(match[0])
    if word is None:
        raise _UnsureError
    return word


def _hard(body: bytes) -> bytes:
    """Return the JSON string for what is between a string's quotes."""
    if b"\\" in body:
        # if these are all, no backslash follows another, and each begins an escape
        if body.count(b"\\") > body.count(rb"\'") + body.count(rb"\n") + body.count(rb"\t"):
            return b'"%b"' % _SPECIAL.sub(_escape, body)
        body = body.replace(rb"\'", b"'")
    return b'"%b"' % body.replace(b'"', rb"\"")


def _escape(match: re.Match[bytes]) -> bytes:
    text = match[0]
    known = _ESCAPES.get(text)
    if known is not None:
        return known
    if text[1:2] == b"x" and len(text) == 4:
        return rb"\u00" + text[2:]
    # JSON joins two halves of a surrogate pair, Python does not
    if text[1:2] == b"u" and len(text) == 6 and not 0xD8 <= int(text[2:4], 16) <= 0xDF:
        return text
    raise _UnsureError


def _evaluate(line: bytes) -> object:
    """Return what ``ast.literal_eval`` makes of a line that cannot harm it."""
    try:
        text = line.decode()
    except UnicodeDecodeError as error:
        raise BadRow("line is not UTF-8") from error
    if len(line) > LONGEST:
        raise BadRow(f"line is no Python literal of at most {LONGEST:,} bytes")
    if not _HARMLESS.fullmatch(text):
        raise BadRow("line is not a Python literal")
    if _depth(text) > DEPTH:
        raise BadRow("line is nested too deeply")
    try:
        with warnings.catch_warnings(action="ignore"):  # escapes that mean nothing
            return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
        raise BadRow("line is not a Python literal") from error


def _depth(text: str) -> int:
    """Return the levels of brackets outside of strings."""
    level = deepest = 0
    for token in _BRACKETS.finditer(text):
        level += (token[0] in "[({") - (token[0] in "])}")
        deepest = max(deepest, level)
    return deepest
