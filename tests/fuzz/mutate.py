"""Damage as files have it: bytes, lines, fields and numbers that are not what they were."""

import random

TOKENS = [
    *(b"", b" ", b"\t", b"\r", b"\r\n", b"\n", b"\n\n", b"\0", b"\x01", b"\x1f", b"\x85", b"\x0b"),
    *(b",", b";", b"|", b"::", b":", b'"', b'""', b"'", b"\\", b"{", b"}", b"[", b"]", b"[[[["),
    *(
        b"\xff",
        b"\xc3",
        b"\xc3\x28",
        b"\xef\xbb\xbf",
        b"\xef\xbf\xbd",
        b"\xed\xa0\x80",
        b"\xf0\x9f",
    ),
    *(
        "é".encode(),
        "\N{NO-BREAK SPACE}".encode(),
        "\u2028".encode(),
        "\N{MONGOLIAN VOWEL SEPARATOR}".encode(),
    ),
    *(b"nan", b"NaN", b"inf", b"-Infinity", b"null", b"None", b"true", b"True", b"1e400", b"-0"),
    *(b"1e5", b"+5", b".5", b"5.", b"1_000", b"0x10", b"9" * 18, b"9" * 19, b"-" + b"9" * 25),
    *(b"9223372036854775807", b"9223372036854775808", b"18446744073709551616", b"253402300800000"),
    *(b"2019-01-31", b"2019-02-30", b"2019-01-01T00:00:00Z", b"2019-01-01 25:00", b"0001-01-01"),
    *(b"\\u0000", b"\\ud800", b"\\udc00", b"\\x00", b"u'x'", b'{"a":1}', b"{'a': (1, 2)}", b"b'x'"),
    *(b"user", b"item", b"user_id", b"parent_asin", b"asin", b"rating", b"timestamp", b"price"),
]
SEPARATORS = b",;|\t:\n"


def mutated(data: bytes, other: bytes, draw: random.Random, limit: int = 1 << 14) -> bytes:
    """Return ``data`` with one to six damages; lines of ``other`` may come into it."""
    for _ in range(draw.choice((1, 1, 2, 3, 6))):
        data = draw.choice(DAMAGES)(data, other, draw)
    return data[:limit]


def _place(data: bytes, draw: random.Random) -> int:
    return draw.randint(0, len(data))


def _token(data: bytes, other: bytes, draw: random.Random) -> bytes:
    at = _place(data, draw)
    return data[:at] + draw.choice(TOKENS) + data[at:]


def _field(data: bytes, other: bytes, draw: random.Random) -> bytes:
    """Replace what stands between two separators."""
    at = _place(data, draw)
    start, end = at, at
    while start > 0 and data[start - 1] not in SEPARATORS:
        start -= 1
    while end < len(data) and data[end] not in SEPARATORS:
        end += 1
    return data[:start] + draw.choice(TOKENS) + data[end:]


def _cut(data: bytes, other: bytes, draw: random.Random) -> bytes:
    start, end = sorted((_place(data, draw), _place(data, draw)))
    return data[:start] + data[min(end, start + draw.choice((1, 3, 20))) :]


def _byte(data: bytes, other: bytes, draw: random.Random) -> bytes:
    at = _place(data, draw)
    return data[:at] + bytes([draw.randrange(256)]) + data[at + 1 :]


def _line(data: bytes, other: bytes, draw: random.Random) -> bytes:
    """Put a line of either file somewhere, or at the end of another line."""
    lines = data.split(b"\n")
    line = draw.choice(draw.choice((lines, other.split(b"\n"))))
    at = draw.randrange(len(lines))
    if draw.random() < 0.3:
        lines[at] += line
    else:
        lines.insert(at, line)
    return b"\n".join(lines)


def _swap(data: bytes, other: bytes, draw: random.Random) -> bytes:
    lines = data.split(b"\n")
    draw.shuffle(lines)
    return b"\n".join(lines)


def _end(data: bytes, other: bytes, draw: random.Random) -> bytes:
    return data[: _place(data, draw)]


def _all(data: bytes, other: bytes, draw: random.Random) -> bytes:
    """Replace a byte wherever it stands."""
    old = draw.choice((b",", b"\n", b'"', b"\t", b":", b"5", b" "))
    return data.replace(old, draw.choice(TOKENS))


DAMAGES = (_token, _token, _field, _field, _field, _cut, _byte, _byte, _line, _swap, _end, _all)
