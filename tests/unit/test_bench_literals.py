"""The benchmark of Python literals: its lines, its check, and the script as a process."""

import gzip
from pathlib import Path

import pytest

from tests.unit.test_benchmarks import FOLDER, load, numbers, run, tables


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))


def test_made_up_lines_look_like_the_real_ones() -> None:
    bench = load("bench_literals")
    lines = bench.made_up(500, 1)
    assert lines == bench.made_up(500, 1) != bench.made_up(500, 2)
    assert 0.3 < sum(b'"' in line for line in lines) / 500 < 0.7
    assert 0.1 < sum(b"\\" in line for line in lines) / 500 < 0.6
    assert 1000 < sum(map(len, lines)) / 500 < 2500


def test_lines_that_are_read_differently_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    bench = load("bench_literals")
    assert bench.agreement([b"{'a': 1}"] * 2) == "equal to ast.literal_eval on 2 of 2 lines"
    monkeypatch.setattr(bench, "parse_literal", lambda line: {"a": True})
    with pytest.raises(SystemExit, match="read differently"):
        bench.agreement([b"{'a': 1}"])


def test_a_file(tmp_path: Path) -> None:
    lines = load("bench_literals").made_up(400, 1)
    broken = gzip.compress(b"".join(line + b"\n" for line in lines))[:-8]
    (tmp_path / "meta.json.gz").write_bytes(broken)
    options = ["--file", str(tmp_path / "meta.json.gz"), "--lines", "300", "--rounds", "1"]
    printed = run("bench_literals.py", *options)
    assert "equal to ast.literal_eval on 300 of 300 lines" in printed
    assert f"300 lines, {sum(map(len, lines[:300])) / 1e6:.1f} MB" in printed
    (table,) = tables(printed)
    assert set(table) == {"", "mobench", "ast.literal_eval", "json.loads, same records"}
    assert numbers(table["mobench"])[3] < 0.5
    assert numbers(table["ast.literal_eval"])[4] > 2
