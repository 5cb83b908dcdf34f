"""Lines of Python literals: what ``ast.literal_eval`` says of them is what we say."""

import ast
import time
import warnings
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobench.data import literals
from mobench.data.fields import BadRow
from mobench.data.literals import DEPTH, LONGEST, parse_literal


def oracle(line: bytes) -> dict[Any, Any] | None:
    """What Python makes of the line; ``None`` where it refuses or where it is no dict."""
    with warnings.catch_warnings(action="ignore"):
        try:
            value = ast.literal_eval(line.decode())
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            return None
    return value if isinstance(value, dict) else None


def ours(line: bytes) -> dict[Any, Any] | None:
    try:
        return parse_literal(line)
    except BadRow:
        return None


def check(line: bytes) -> None:
    wanted, found = oracle(line), ours(line)
    assert repr(found) == repr(wanted), line  # shows types, order, signs of zeros, surrogates
    assert found == wanted


TEXTS = st.text(max_size=12) | st.text(
    st.sampled_from("'\"\\\n\r\t\x00\x07\x7féÿ€\ud800\udc00😀ntf ")
)
KEYS = TEXTS | st.sampled_from(["asin", "price", "True", "null", "it's", 'say "x"'])
LEAVES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.complex_numbers(allow_nan=False, allow_infinity=False)
    | TEXTS
    | st.binary(max_size=4)
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(KEYS | st.integers(), inner, max_size=4)
    ),
    max_leaves=12,
)
RECORDS = st.dictionaries(KEYS, VALUES, max_size=5)
PIECES = [
    *"'\"\\#,:[](){}\r\t\n \x00\x0b\x0c-+.0_1ejbrufNT",
    *("true", "false", "null", "None", "True", "False", "NaN", "Infinity", "set()", "..."),
    *("'''", '"""', "''", '""', "'a' 'b'", "\\'", '\\"', "\\\\", "\\/", "\\x4", "\\x41", "\\u00e9"),
    *("\\ud83d\\ude00", "\\N{DASH}", "\\N{EM DASH}", "\\07", "\\U0001f600", "é", "\ufeff", "\xa0"),
    *("1_000", "0x1F", "01", "1.", ".5", "1j", "-0", "1e400", "1E5", "+1", "- 1", "1+2j", "--1"),
    *("{**{}}", "{1: 2, 1: 3}", "{1, 2}", "()", "(1,)", "[1,]", "f'{1}'", "1if 1else 2", "\\\r"),
]


@settings(max_examples=200)
@given(RECORDS, st.sampled_from([repr, ascii]))
def test_what_python_writes(record: dict[Any, Any], write: Any) -> None:
    line = write(record).encode()
    check(line)
    assert ours(line) == record


@settings(max_examples=400)
@given(RECORDS, st.lists(st.tuples(st.sampled_from(PIECES), st.floats(0, 1), st.integers(0, 2))))
def test_what_damage_makes_of_it(record: dict[Any, Any], damage: list[Any]) -> None:
    text = repr(record)
    for piece, place, n_lost in damage[:3]:
        at = int(place * len(text))
        text = text[:at] + piece + text[at + n_lost :]
    check(text.encode(errors="surrogatepass").replace(b"\n", b" "))


@settings(max_examples=300)
@given(st.lists(st.sampled_from(PIECES), max_size=12), st.sampled_from(["'", '"', ""]))
def test_values_of_nasty_pieces(pieces: list[str], quote: str) -> None:
    check(f"{{'a': {quote}{''.join(pieces)}{quote}}}".replace("\n", " ").encode())


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize(
    "frame",
    [
        "{'a': %s}",
        "{'a':%s, 'b': 'true'}",
        "{'a': '%s'}",
        "{'a': \"%s\"}",
        "{'a': 'x', %s: 1}",
        "{'a': \"it's\" %s}",
        "%s{'a': 1}",
        "{'a': 1}%s",
        "{'a': 1, 'a': %s, 'b': 'say \"%s\"'}",
        "{'a': %s'b', 'c': 'd\"'}",
        "{'a': 'null', 'b': [%s, None, True]}",
        "{'true': -%s}",
    ],
)
def test_nasty_pieces_in_place(piece: str, frame: str) -> None:
    check(frame.replace("%s", piece).replace("\n", " ").encode())


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"   ",
        b"{}",
        b" \t{'a': 1} \t",
        b"\r {'a': 1}",
        b"{'a': 1}\r",
        b"{'a':\r1}",
        b"{'a': 1} # the end",
        b"# {'a': 1}",
        b"{'a': 1}; 2",
        b"{'a': '\xff'}",
        b"{'a': '\xed\xa0\x80'}",
        b"[1]",
        b"'a'",
        b"{'a'}",
        b"{[1]: 2}",
        b"{1: 2, 1.0: 3, True: 4}",
        b"{'a': x}",
        b"{'a': dict()}",
        b"{'a': __import__('os')}",
        b"{'a': 1 < 2}",
        b"{'a': (1)+2j, 'b': -(1)}",
        b"{'a': [-1, +2, (-3), {-4: -5}]}",
        b"{'a': " + b"9" * 4300 + b"}",
        b"{'a': " + b"9" * 4301 + b"}",
        b"{'a': 9007199254740993.0, 'b': 2.2250738585072011e-308, 'c': -1e400}",
        b"{'a': '" + b'"' * 999 + b"'}",
        b"{'a': " + b"'''b''' " * 20 + b"}",
    ],
)
def test_odd_lines(line: bytes) -> None:
    check(line)


def nested(depth: int, opening: str = "[", closing: str = "]") -> bytes:
    inner = depth - 1
    return ("{'a': " + opening * inner + "1" + closing * inner + "}").encode()


@pytest.mark.parametrize("pair", [("[", "]"), ("{'b': ", "}"), ("(", ",)"), ("['[', ", "]")])
def test_depth_is_bounded(pair: tuple[str, str]) -> None:
    for depth in (2, 50, DEPTH):
        assert ours(nested(depth, *pair)) == oracle(nested(depth, *pair)) is not None
    for depth in (DEPTH + 1, 150, 5000):
        with pytest.raises(BadRow, match="nested too deeply"):
            parse_literal(nested(depth, *pair))


def test_brackets_in_texts_are_not_depth() -> None:
    check(repr({"a": "[" * 5000, "b": "([{\"'" * 50, "c": [[1]] * 300}).encode())


@pytest.mark.parametrize(
    "attack",
    [
        "-" * 200_000 + "1",
        "1" + "+1" * 100_000,
        "1" + "+1j" * 60_000,
        "[1]" + "+[1]" * 50_000,
        "0xe" + "-0xe" * 50_000,
        "not " * 50_000 + "1",
        "1" + " if 1 else 1" * 20_000,
        "a" + ".a" * 100_000,
        "a" + "()" * 100_000,
        "lambda:" * 30_000 + "1",
        "f'{" * 50_000,
        "\\'" * 100_000,
        "'''" + "\\'" * 100_000,
        "'" + "\\\\" * 100_000,
        '"""' * 60_001,
        "(" * 200_000,
        "[]," * 60_000 + "}",
        "9" * 200_000,
    ],
    ids=lambda text: text[:8],
)
def test_attacks_end_soon_in_a_refusal(attack: str) -> None:
    started = time.process_time()
    with pytest.raises(BadRow):
        parse_literal(f"{{'a': {attack}}}".encode())
    assert time.process_time() - started < 2


def test_long_lines_need_to_be_json() -> None:
    fits = {"a": "x" * 3 * LONGEST}
    assert parse_literal(repr(fits).encode()) == fits
    with pytest.raises(BadRow, match="at most 262,144 bytes"):
        parse_literal(repr({**fits, "b": (1,)}).encode())
    dense = ("{'a': (" + "1," * (LONGEST // 2 - 10) + ")}").encode()
    assert len(parse_literal(dense)["a"]) == LONGEST // 2 - 10


def test_what_python_2_wrote_needs_no_evaluation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(literals, "_evaluate")
    record = {
        "asin": "B000",
        "title": 'Don\'t say "no"',
        "text": "a\tb\n'c' \"d\" \\e\x07"[:-1],
        "true": [True, False, None, "None", -1.5, 0, 10**30, 1e-07],
        "it's": {"nested": [[], {}]},
    }
    assert parse_literal(repr(record).encode()) == record
    assert parse_literal(rb"{'a': 'Beyonc\xc3\xa9 \u00e9'}") == {"a": "Beyonc\xc3\xa9 é"}


@pytest.mark.data
def test_every_line_of_a_real_file(research_data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = research_data / "amazon-2014-digital-music" / "meta_Digital_Music.json.gz"
    if not path.is_file():
        pytest.skip(f"no '{path}'")
    lines = zlib.decompressobj(31).decompress(path.read_bytes()).split(b"\n")
    alone: list[bytes] = []
    evaluate = literals._evaluate
    monkeypatch.setattr(literals, "_evaluate", lambda line: (alone.append(line), evaluate(line))[1])
    for line in lines:
        check(line)
    assert len(lines) == 7420
    assert alone == lines[-1:]  # it breaks off
