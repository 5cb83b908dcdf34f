"""Lines of Python literals (Amazon metadata of 2014): our parser beside ``ast.literal_eval``.

python benchmarks/bench_literals.py [--file meta_Digital_Music.json.gz] [--lines 8000] [--rounds 3]
"""

import argparse
import ast
import json
import random
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from bench_rounds import Clock, Sample, load, play, table

from mobench.data.blocks import Block, read_blocks
from mobench.data.files import SourceFile
from mobench.data.literals import parse_literal

PEER, LIMIT = "ast.literal_eval", "json.loads, same records"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
WORDS = ("the", "sound", "of", "it's", "a", '"live"', "don't", "true", "love,", '12"', "vinyl\n(A)")


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--file", type=Path, help="a metadata file instead of made-up lines")
    parser.add_argument("--lines", type=int, default=8000, help="lines at most")
    parser.add_argument("--rounds", type=int, default=3, help="turns of every way")
    parser.add_argument("--seed", type=int, default=1, help="seed of made-up lines")
    return parser.parse_args()


def made_up(n_lines: int, seed: int) -> list[bytes]:
    """Return lines that look like the real ones: long lists of ids, some texts with quotes."""
    rng = random.Random(seed)
    return [repr(_record(rng)).encode() for _ in range(n_lines)]


def _record(rng: random.Random) -> dict[str, Any]:
    record: dict[str, Any] = {"asin": _name(rng), "title": _text(rng, 4)}
    if rng.random() < 0.75:
        record["description"] = _text(rng, rng.choice([15, 30, 120]))
    record["price"] = round(rng.lognormvariate(2.4, 0.6), 2)
    record["imUrl"] = f"http://ecx.images-amazon.com/images/I/{_name(rng)}._SX300_.jpg"
    if rng.random() < 0.9:
        both = ("also_bought", "buy_after_viewing")
        record["related"] = {key: [_name(rng) for _ in range(rng.randrange(100))] for key in both}
    record["salesRank"] = {"Music": rng.randrange(10**6)}
    record["categories"] = [["CDs & Vinyl", rng.choice(["Rock", "Pop"])] for _ in range(5)]
    return record


def _name(rng: random.Random) -> str:
    return "B00" + "".join(rng.choices(LETTERS, k=7))


def _text(rng: random.Random, n_words: int) -> str:
    # every other text is one without quotes, as in the real files
    words = WORDS if rng.random() < 0.5 else ["songs", "of", "love"]
    return " ".join(rng.choices(words, k=n_words))


def read(path: Path, n_lines: int) -> list[bytes]:
    """Return the first lines of a file; a broken end is left out."""
    lines: list[bytes] = []
    for block in read_blocks(SourceFile("metadata", path, str(path))):
        if isinstance(block, Block):
            lines += filter(None, block.data.split(b"\n"))
        if len(lines) >= n_lines:
            break
    return lines[:n_lines]


def turn(
    parse: Callable[[bytes], object], lines: Sequence[bytes], megabytes: float
) -> Callable[[], Sample]:
    """Return a way's turn: every line parsed and forgotten."""

    def run() -> Sample:
        clock = Clock()
        for line in lines:
            parse(line)
        return clock.sample(megabytes)

    return run


def agreement(lines: Iterable[bytes]) -> str:
    """Return how many lines are read alike, values and types.

    Raises:
        SystemExit: One is not.
    """
    n_lines = 0
    for line in lines:
        if repr(parse_literal(line)) != repr(ast.literal_eval(line.decode())):
            raise SystemExit(f"read differently: {line[:200]!r}")
        n_lines += 1
    return f"equal to {PEER} on {n_lines} of {n_lines} lines"


def main() -> None:
    """Get the lines, compare the results, run the rounds, print the table."""
    options = arguments()
    count = options.lines
    lines = read(options.file, count) if options.file else made_up(count, options.seed)
    print(agreement(lines))
    megabytes = sum(map(len, lines)) / 1e6
    print(f"{len(lines)} lines, {megabytes:.1f} MB; {load()}")
    records = [json.dumps(parse_literal(line)).encode() for line in lines]
    ways = {
        "mobench": turn(parse_literal, lines, megabytes),
        PEER: turn(lambda line: ast.literal_eval(line.decode()), lines, megabytes),
        LIMIT: turn(json.loads, records, megabytes),
    }
    print(*table(play(ways, options.rounds), "MB", [PEER, LIMIT]), sep="\n")
    print(load())


if __name__ == "__main__":
    main()
