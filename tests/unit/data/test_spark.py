"""``--engine spark`` gives what the default engine gives, row for row."""

import importlib.metadata
import itertools
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mobench.config import PrepConfig
from mobench.data import joins
from mobench.data.files import SourceFile
from mobench.data.plan import plan
from mobench.data.schema import REVIEWS, Rejects
from mobench.data.sources import SOURCES
from mobench.data.spark import spans
from mobench.data.spark.needs import check_spark, java_version
from mobench.data.spark.parts import ROW_BITS, Part, read_part, refused_rows
from mobench.data.spark.regroup import regroup
from mobench.data.spark.spans import LINES, QUOTED, cut
from mobench.data.streams import compression
from mobench.errors import ArtifactError, ConfigError, DataError
from tests.contracts.samples import ROWS as SAMPLE
from tests.contracts.samples import SAMPLES
from tests.unit.data.make import (
    DAY,
    HEADER,
    START,
    TABLES,
    csv_text,
    metadata,
    run,
    write,
    write_csv,
    write_jsonl,
)

ODD_NAME = "a {1} [*] %20 ü"
LOCAL = "--master local[2] --conf spark.sql.shuffle.partitions=3 pyspark-shell"

# PySpark leaves its sockets to the garbage collector
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    """One session for all tests: it takes seconds to start."""
    try:
        check_spark()
    except ConfigError as error:
        pytest.skip(error.message)
    from mobench.data.spark.session import spark_session

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_SUBMIT_ARGS", LOCAL)
        with spark_session(None) as session:
            yield session


# ---- without Spark -------------------------------------------------------------------------


def test_without_pyspark_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", missing)
    with pytest.raises(ConfigError, match="needs PySpark") as caught:
        check_spark()
    assert "mobench[spark]" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("said", "problem"),
    [(None, "there is no 'java'"), ('openjdk version "1.8.0_292"', "found Java 8")],
)
def test_without_java_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: str | None, problem: str
) -> None:
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "4.0.0")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    if said is not None:
        fake_java(tmp_path, said)
    with pytest.raises(ConfigError, match=problem) as caught:
        check_spark()
    assert "openjdk-17" in str(caught.value.hint)


def test_an_old_pyspark_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.metadata, "version", lambda name: "3.5.6")
    with pytest.raises(ConfigError, match=r"needs PySpark 4, found 3\.5\.6"):
        check_spark()


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('java version "1.8.0_292"', 8),
        ('openjdk version "25" 2025-09-16', 25),
    ],
)
def test_java_versions_are_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, said: str, version: int
) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    fake_java(tmp_path, said)
    assert java_version() == version


def fake_java(home: Path, said: str) -> None:
    (home / "bin").mkdir()
    java = home / "bin" / "java"
    java.write_text(f"#!/bin/sh\necho '{said}' >&2\n")
    java.chmod(0o755)


@given(st.lists(st.integers(0, 9), max_size=12), st.integers(1, 7))
def test_regrouping_moves_no_row(sizes: list[int], n_rows: int) -> None:
    values = pa.array(range(sum(sizes)), pa.int64())
    starts = np.cumsum([0, *sizes])
    tables = [pa.table({"n": values[start:stop]}) for start, stop in itertools.pairwise(starts)]
    pieces = list(regroup(tables, n_rows))
    assert [n for piece in pieces for n in piece["n"].to_pylist()] == list(range(sum(sizes)))
    assert all(piece.num_rows == n_rows for piece in pieces[:-1])
    assert all(0 < piece.num_rows <= n_rows for piece in pieces[-1:])


def test_a_part_is_read_as_the_source_reads_it(workdir: Path) -> None:
    rows = [*dirty_rows(40, seed=1), ("U1", "I1", "bad", START)]
    path = write_csv(workdir / "reviews.csv", rows)
    part = Part(3, "amazon-2023-csv", SourceFile("reviews", path, "reviews.csv"), "ms")
    outcome = read_part(part, workdir, made_folder(workdir / "refused"))
    rejects = Rejects()
    frames = list(SOURCES[part.source].read_reviews(part.file, part.unit, rejects))
    expected = pl.concat(frames)
    found = pl.read_parquet(workdir / "part-00000003.parquet")
    assert found.drop("position").equals(expected.select("user", "item", "rating", "timestamp"))
    assert found["position"].to_list() == [(3 << ROW_BITS) + n for n in range(len(expected))]
    refused = list(refused_rows(workdir / "refused" / "part-00000003.parquet"))
    assert refused == rejects.listed
    assert outcome.rejected == dict(rejects.counts)
    assert outcome.n_valid == len(expected)
    assert outcome.n_valid + sum(outcome.rejected.values()) == len(rows)
    assert len(list(workdir.iterdir())) == 3  # nothing temporary is left


def test_a_file_that_cannot_be_read_is_told_as_a_value(workdir: Path) -> None:
    gone = SourceFile("reviews", workdir / "gone.csv", "gone.csv")
    outcome = read_part(Part(0, "amazon-2023-csv", gone, "ms"), workdir, workdir)
    assert outcome.fault is not None
    assert "gone.csv" in outcome.fault[0]
    assert not list(workdir.iterdir())


@given(
    st.lists(st.binary(max_size=6).map(lambda b: b.replace(b"\n", b"")), max_size=15),
    st.booleans(),
    st.integers(1, 20),
    st.integers(1, 9),
)
def test_spans_are_whole_lines(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], ends: bool, size: int, step: int
) -> None:
    path = tmp_path_factory.mktemp("cut") / "lines"
    data = b"\n".join(lines) + b"\n" * ends
    path.write_bytes(data)
    found = cut(path, size, step)
    assert b"".join(data[span.start : span.stop] for span in found) == data
    for span in found:
        before = data[: span.start]
        assert span.line == before.count(b"\n") + 1
        assert not before or before.endswith(b"\n")
    assert all(span.stop - span.start >= size for span in found[:-1])


@pytest.mark.parametrize("name", sorted(LINES))
def test_spans_are_read_as_the_whole(name: str, workdir: Path) -> None:
    """A header in the first span counts for all; so do line numbers of rejected rows."""
    made = plan(PrepConfig(**SAMPLES[name](workdir, SAMPLE)))
    (file,) = made.having("reviews")
    if compression(file) != "plain":
        pytest.skip("the sample is packed")
    with file.path.open("ab") as target:
        target.write(b"\n\xff bad\n" + file.path.read_bytes().splitlines()[-1])
    several = cut(file.path, 200, 64, quoted=name in QUOTED)
    assert len(several) > 5
    found: dict[bool, list[list[Any]]] = {}
    for cut_up in (False, True):
        rejects, frames = Rejects(), []
        for span in several if cut_up else [None]:
            one = replace(file, span=span)
            frames += made.source.read_reviews(one, made.units[file.name], rejects)
        found[cut_up] = [pl.concat(frames).rows(), rejects.listed]
    assert found[True] == found[False]
    rows, (bad,) = found[True]
    assert len(rows) == len(SAMPLE) + 1
    assert bad.line == len(file.path.read_bytes().splitlines()) - 1


TEXTS = ["fine", '"two\nlines"', '"stray', '19"', '"a, ""b""\r\n\n"', '"']
NOTED = "user,item,rating,timestamp,note\n"


def noted(texts: list[str]) -> str:
    """Reviews with texts in their last column."""
    lines = [f"U{n % 7},I{n % 5},{n % 5 + 1},{START + n},{t}\n" for n, t in enumerate(texts)]
    return NOTED + "".join(lines)


@given(
    st.lists(st.sampled_from(TEXTS), max_size=40),
    st.integers(1, 60),
    st.integers(1, 90),
    st.integers(2, 5),
)
def test_no_span_ends_inside_a_row(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], size: int, step: int, most: int
) -> None:
    path = tmp_path_factory.mktemp("cut") / "raw"
    path.write_text(noted(texts), newline="")
    found: list[Any] = []
    with mock.patch.object(joins, "LINES", most):
        for spans in (cut(path, size, step, quoted=True), [None]):
            rejects, frames = Rejects(), [REVIEWS.to_frame()]
            for span in spans:
                file = SourceFile("reviews", path, "raw", span=span)
                frames += SOURCES["csv"].read_reviews(file, "ms", rejects)
            found.append((pl.concat(frames).rows(), rejects.listed))
    assert found[0] == found[1]


def test_spans_where_rows_have_several_lines_all_over(tmp_path: Path) -> None:
    """Such a file is one span; where the last of them is far away, there are several."""
    path = tmp_path / "raw"
    path.write_text(noted(['"two\nlines"'] * 2000))
    assert len(cut(path, 1000, 300, quoted=True)) == 1
    assert len(cut(path, 1000, 300)) > 20
    path.write_text(noted(['"two\nlines"', *["fine"] * 2000]))
    several = cut(path, 1000, 300, quoted=True)
    assert len(several) > 20
    assert path.read_bytes()[: several[0].stop].count(b"\n") >= joins.LINES + 2


# ---- with Spark ----------------------------------------------------------------------------


def dirty_rows(n_users: int, seed: int) -> list[tuple[Any, ...]]:
    """Rows with many ties in time, repeated pairs with other ratings, and some that are bad."""
    rng = np.random.default_rng(seed)
    rows: list[tuple[Any, ...]] = []
    for user in range(n_users):
        for _ in range(int(rng.integers(1, 16))):
            item = int(rng.zipf(1.4)) % 30
            time = START + int(rng.integers(6)) * DAY
            rows.append((f"U{user}", f"I{item}", float(rng.integers(1, 6)), time))
    for bad in (("U1", "I1", "five", START), ("", "I2", 4.0, START), ("New", "Other", 4.0, -5)):
        rows.insert(int(rng.integers(len(rows))), bad)
    return rows


def made_folder(path: Path) -> Path:
    path.mkdir()
    return path


@pytest.fixture
def dirty(workdir: Path) -> Path:
    """Three review files, one of them packed, and metadata."""
    rows = dirty_rows(90, seed=7)
    third = len(rows) // 3
    write_csv(workdir / "r1.csv", rows[:third])
    write(workdir / "r2.csv.gz", HEADER + csv_text(rows[third : 2 * third]))
    write_csv(workdir / "r3.csv", rows[2 * third :])
    write_jsonl(workdir / "meta.jsonl", metadata(30))
    return workdir


def assert_equal_engines(**values: Any) -> dict[str, Any]:
    """Prepare with both engines, compare everything, and return the results."""
    default, other = run("default", **values), run(ODD_NAME, **values, engine="spark")
    names = {entry.path for entry in default.artifact.manifest.files}
    assert {entry.path for entry in other.artifact.manifest.files} == names
    assert {f"{name}.parquet" for name in TABLES} <= names
    for name in names:
        tables = [pq.read_table(Path(where) / name) for where in ("default", ODD_NAME)]
        assert tables[0].schema.equals(tables[1].schema), name
        assert tables[0].num_rows > 0
        assert tables[0].to_pylist() == tables[1].to_pylist(), name
    manifests = [made.artifact.manifest for made in (default, other)]
    assert manifests[0].results == manifests[1].results
    assert manifests[0].inputs == manifests[1].inputs
    rows = [[(f.path, f.rows) for f in manifest.files] for manifest in manifests]
    assert rows[0] == rows[1]
    assert manifests[0].identity == manifests[1].identity
    assert json.dumps(manifests[1].results)  # plain numbers only
    return dict(manifests[1].results)


@pytest.mark.slow
@pytest.mark.parametrize("tie_break", ["random", "basket"])
def test_the_demo(spark: Any, workdir: Path, tie_break: str) -> None:
    results = assert_equal_engines(source=("demo",), meta=(), k_core=5, tie_break=tie_break)
    assert results["core_rounds"] >= 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "values",
    [
        {},
        {"tie_break": "random", "duplicates": "first", "missing_price": "drop", "seed": 3},
        {"tie_break": "basket", "duplicates": "keep", "user_core": 4, "item_core": 6},
        {"split": "temporal", "val_from": "2019-01-03", "test_from": "2019-01-05", "k_core": 2},
    ],
    ids=["default", "random", "basket", "temporal"],
)
def test_dirty_files(spark: Any, dirty: Path, values: dict[str, Any]) -> None:
    sources = ("r3.csv", "r1.csv", "r2.csv.gz")  # not in the order of their names
    results = assert_equal_engines(source=sources, max_rejected=0.1, **values)
    assert results["n_rejected"] == 3
    if values.get("tie_break", "source") != "basket" and "split" not in values:
        assert results["tie_users"] > 0  # so the tie rule is compared


@pytest.mark.slow
def test_spans_of_one_file(spark: Any, dirty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spans, "SPAN", 600)
    assert len(spans.spans_of(SourceFile("reviews", Path("r1.csv"), "r1.csv"), "csv")) > 4
    results = assert_equal_engines(source=("r3.csv", "r1.csv"), max_rejected=0.1)
    assert results["n_rejected"] > 0


@pytest.mark.slow
def test_rows_in_several_lines(spark: Any, workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spans, "SPAN", 600)
    texts = [TEXTS[n % 4] for n in range(60)] + ["fine"] * 1100 + [TEXTS[1]] * 60
    write(workdir / "reviews.csv", noted(texts))
    things = "".join(f'I{n},"a\nb",{n}\n' for n in range(5))
    write(workdir / "meta.csv", f"item,title,price\n{things}")
    file = SourceFile("reviews", Path("reviews.csv"), "reviews.csv")
    assert len(spans.spans_of(file, "csv")) > 2
    results = assert_equal_engines(
        source=("reviews.csv",), meta=("meta.csv",), k_core=1, max_rejected=0.1
    )
    assert results["rejected"] == {"line has an unbalanced quote": 15}


@pytest.mark.slow
def test_the_core_stops_after_so_many_rounds(spark: Any, workdir: Path) -> None:
    write_csv(workdir / "reviews.csv", [*staircase(12), *block(40)])
    write_jsonl(workdir / "meta.jsonl", metadata(3))
    whole = assert_equal_engines(k_core=2)
    assert whole["core_rounds"] > 4
    stopped = assert_equal_engines(k_core=2, max_core_rounds=2)
    assert stopped["core_rounds"] == 2
    assert stopped["n_rows"] > whole["n_rows"]


def staircase(steps: int) -> list[tuple[Any, ...]]:
    """A path user–item–user–…, of which every round of the 2-core takes the ends only."""
    pairs = [(f"P{n // 2}", f"Q{(n + 1) // 2}") for n in range(2 * steps)]
    return [(user, item, 5.0, START + n * DAY) for n, (user, item) in enumerate(pairs)]


def block(n_users: int) -> list[tuple[Any, ...]]:
    """Users who share three items, so that something is left."""
    return [
        (f"U{user}", f"I{item}", 5.0, START + item * DAY)
        for user in range(n_users)
        for item in range(3)
    ]


@pytest.mark.slow
def test_the_plan_and_the_disk_do_not_grow_with_the_rounds(spark: Any, workdir: Path) -> None:
    from mobench.data.spark.stages import k_core
    from mobench.data.spark.steps import Steps

    pairs = [(user, item) for user, item, _, _ in [*staircase(8), *block(5)]]
    depths = {}
    for most in (1, 3, 0):
        steps = Steps(spark, made_folder(workdir / f"rounds-{most}"))
        frame = spark.createDataFrame(pa.table(dict(zip(("user", "item"), zip(*pairs)))))  # noqa: B905
        core = k_core(steps.settle(frame, "rows"), 2, 2, most, steps, "rows")
        plan = core.rows._jdf.queryExecution().logical().toString()
        depths[len(core.left)] = len(plan.splitlines())
        users, items = (core.rows.select(n).distinct().count() for n in ("user", "item"))
        assert core.left[-1] == (core.rows.count(), users, items)
        assert [path.name for path in steps.folder.iterdir()] == [core.name]
    assert sorted(depths)[:2] == [1, 3]
    assert max(depths) > 3
    assert set(depths.values()) == {1}  # one scan of one step, nothing before it


@pytest.mark.slow
def test_the_same_errors(spark: Any, dirty: Path) -> None:
    for values in (
        {"source": ("r1.csv",), "max_rejected": 0.0},
        {"source": ("r1.csv",), "max_rejected": 0.5, "min_rating": 6.0},
        {"source": ("r1.csv",), "max_rejected": 0.5, "k_core": 1, "duplicates": "latest",
         "split": "temporal", "val_from": "2030-01-01", "test_from": "2030-01-02"},
    ):  # fmt: skip
        said = []
        for engine in ("numpy", "spark"):
            with pytest.raises(DataError) as caught:
                run("out", engine=engine, **values)
            said.append((caught.value.message, caught.value.hint))
        assert said[0] == said[1]
        assert not Path("out.partial").exists()


@pytest.mark.slow
def test_a_failure_of_spark_is_explained(spark: Any, workdir: Path) -> None:
    from mobench.data.spark.session import spark_session

    with pytest.raises(ArtifactError, match="Spark failed"), spark_session(None) as session:
        session.read.parquet((workdir / "nowhere").as_uri())
    assert spark.range(3).count() == 3  # a session that was there before stays


def test_the_engine_is_no_part_of_the_identity() -> None:
    """Which engine made a dataset is no part of what it is."""
    one, other = PrepConfig(source=("demo",)), PrepConfig(source=("demo",), engine="spark")
    assert one.identity() == other.identity()
