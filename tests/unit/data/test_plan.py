"""Everything that can be known before the work is known before the work, in exact words."""

import gzip
from pathlib import Path
from typing import Any

import pytest

from mobench.artifacts import sha256
from mobench.config import PrepConfig
from mobench.data.plan import cut_instants, plan
from mobench.errors import ConfigError, DataError, MobenchError
from tests.unit.data.make import metadata, reviews, write, write_csv, write_jsonl

GOOD = {"user_id": "U", "parent_asin": "I", "rating": 5.0, "timestamp": 1546300800000}

CHOICES = (
    "ame review files, or the built-in 'demo' or 'synthetic', or a public set such as 'ml-100k'."
)


@pytest.fixture
def files(workdir: Path) -> Path:
    write_csv(workdir / "reviews.csv", reviews())
    write_csv(workdir / "reviews.csv.gz", reviews())
    write_jsonl(workdir / "reviews.jsonl", [GOOD] * 3)
    write_jsonl(workdir / "meta.jsonl", metadata())
    return workdir


def settings(**values: Any) -> PrepConfig:
    return PrepConfig(**{"source": ("reviews.csv",), **values})


def test_a_plan_names_files_formats_units_and_hashes(files: Path) -> None:
    made = plan(settings(source=("reviews.csv.gz",), meta=("meta.jsonl",)))
    assert (made.source.name, made.detected) == ("amazon-2023-csv", True)
    assert [(f.role, f.name) for f in made.files] == [
        ("reviews", "reviews.csv.gz"),
        ("metadata", "meta.jsonl"),
    ]
    assert made.units == {"reviews.csv.gz": "ms"}
    assert [i.sha256 for i in made.inputs] == [
        sha256(Path("reviews.csv.gz")),
        sha256(Path("meta.jsonl")),
    ]
    assert sorted(p.name for p in files.iterdir()) == [
        "meta.jsonl",
        "reviews.csv",
        "reviews.csv.gz",
        "reviews.jsonl",
    ]  # nothing was written


def test_formats_are_detected_by_content_not_by_name(files: Path) -> None:
    Path("reviews.jsonl").rename("odd.csv")
    assert plan(settings(source=("odd.csv",))).source.name == "amazon-2023-jsonl"


def test_a_named_format_wins_over_the_content(files: Path) -> None:
    made = plan(settings(format="amazon-2023-csv"))
    assert not made.detected
    with pytest.raises(DataError, match=r"'reviews\.jsonl' has no column 'user_id'"):
        plan(settings(source=("reviews.jsonl",), format="amazon-2023-csv"))


def test_patterns_are_sorted_and_arguments_keep_their_order(files: Path) -> None:
    for name in ("b.csv", "a.csv", "c.txt"):
        write_csv(files / name, reviews())
    made = plan(settings(source=("c.txt", "[ab].csv")))
    assert [f.name for f in made.files] == ["c.txt", "a.csv", "b.csv"]


@pytest.mark.parametrize(("stamp", "unit"), [("1546300800", "s"), ("2019-01-01T00:00:00Z", "iso")])
def test_units_are_detected_and_can_be_named(files: Path, stamp: str, unit: str) -> None:
    write_csv(files / "other.csv", [("U", "I", 5, stamp)] * 3)
    assert plan(settings(source=("other.csv",))).units == {"other.csv": unit}
    assert plan(settings(source=("other.csv",), time_unit="us")).units == {"other.csv": "us"}


def test_the_demo_brings_its_own_defaults() -> None:
    made = plan(PrepConfig(source=("demo",)))
    assert made.config.tie_break == "random"
    assert (made.config.fair_level, made.config.fair_groups) == ("0", 4)
    assert [i.path for i in made.inputs] == ["demo/interactions.parquet", "demo/items.parquet"]
    assert plan(PrepConfig(source=("demo",), tie_break="source")).config.tie_break == "source"
    assert plan(PrepConfig(format="demo")).inputs == made.inputs


def raised(config: PrepConfig) -> tuple[type[MobenchError], str, str | None]:
    with pytest.raises(MobenchError) as caught:
        plan(config)
    return type(caught.value), caught.value.message, caught.value.hint


@pytest.mark.parametrize(
    ("values", "error", "message", "hint"),
    [
        (
            {"source": ()},
            ConfigError,
            "no source given",
            "n" + CHOICES,
        ),
        (
            {"source": ("review.csv",)},
            DataError,
            "'review.csv' does not exist",
            "did you mean 'reviews.csv'? N" + CHOICES,
        ),
        (
            {"meta": ("nowhere/meta.jsonl",)},
            DataError,
            "'nowhere/meta.jsonl' does not exist",
            "N" + CHOICES,
        ),
        (
            {"source": (".",)},
            DataError,
            "'.' is not a file",
            "name its files, such as './*.csv.gz'.",
        ),
        (
            {"source": ("reviews.csv", "*.csv")},
            ConfigError,
            "'reviews.csv' is named twice",
            "leave one out.",
        ),
        (
            {"source": ("demo", "reviews.csv")},
            ConfigError,
            "'demo' is complete in itself",
            "name no other file or format.",
        ),
        (
            {"source": ("demo",), "meta": ("meta.jsonl",)},
            ConfigError,
            "'demo' is complete in itself",
            "name no other file or format.",
        ),
        (
            {"format": "demo"},
            ConfigError,
            "'demo' is complete in itself",
            "name no other file or format.",
        ),
        (
            {"source": ("reviews.csv", "reviews.jsonl")},
            DataError,
            "'reviews.jsonl' is amazon-2023-jsonl, but 'reviews.csv' is amazon-2023-csv",
            "prepare files of one format at a time.",
        ),
        (
            {"meta": ("reviews.csv.gz",)},
            DataError,
            "'reviews.csv.gz' holds reviews, not metadata (of items)",
            "leave out --meta before it.",
        ),
        (
            {"meta": ("reviews.jsonl",)},
            DataError,
            "'reviews.jsonl' holds reviews, not metadata (of items)",
            "leave out --meta before it.",
        ),
        (
            {"source": ("meta.jsonl",)},
            DataError,
            "'meta.jsonl' is metadata (of items), not reviews",
            "give it as --meta meta.jsonl",
        ),
        (
            {"target_distribution": "shares.csv"},
            DataError,
            "'shares.csv' does not exist",
            "--target-distribution is train, uniform, or a file with group,share.",
        ),
        (
            {"target_distribution": "."},
            DataError,
            "'.' is not a file",
            "--target-distribution is train, uniform, or a file with group,share.",
        ),
        (
            {"val_from": "2020-01-01"},
            ConfigError,
            "--val-from and --test-from belong to a temporal split",
            "add --split temporal.",
        ),
        (
            {"split": "temporal", "val_from": "2020-01-01"},
            ConfigError,
            "--split temporal needs --test-from",
            "give a date such as 2020-01-31.",
        ),
        (
            {"split": "temporal", "val_from": "soon", "test_from": "2020-01-01"},
            ConfigError,
            "--val-from 'soon' is no time",
            "give a date such as 2020-01-31.",
        ),
        (
            {"split": "temporal", "val_from": "2021-01-01", "test_from": "2020-01-01"},
            ConfigError,
            "--val-from '2021-01-01' is not before --test-from '2020-01-01'",
            "val comes between train and test.",
        ),
    ],
)
def test_what_cannot_work(
    files: Path, values: dict[str, Any], error: type[MobenchError], message: str, hint: str
) -> None:
    assert raised(settings(**values)) == (error, message, hint)


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("", "'x.csv' holds no readable line", "is the download complete?"),
        ("\n \n", "'x.csv' holds no readable line", "is the download complete?"),
        (
            "a,b\n1,2\n",
            "'x.csv' is of no known format: it begins with 'a,b'",
            "name its columns: --columns user=…,item=…,rating=…,time=… (or places: 1, 2, …)",
        ),
        (
            "user,parent_asin,rating,timestamp\nU,I,5,1\n",
            "'x.csv' has no column 'user_id'",
            "did you mean 'user'? Columns: user, parent_asin, rating, timestamp.",
        ),
        (
            "user_id,parent_asin,ratings,timestamp\nU,I,5,1\n",
            "'x.csv' has no column 'rating'",
            "did you mean 'ratings'? Columns: user_id, parent_asin, ratings, timestamp.",
        ),
    ],
)
def test_files_that_cannot_be_read(files: Path, text: str, message: str, hint: str) -> None:
    write(files / "x.csv", text)
    assert raised(settings(source=("x.csv",))) == (DataError, message, hint)


def test_a_gzip_that_is_all_damage(files: Path) -> None:
    Path("x.gz").write_bytes(gzip.compress(b"a,b\n")[:6])
    assert raised(settings(source=("x.gz",)))[1] == (
        "'x.gz' holds no readable line: gzip stream ends early"
    )


@pytest.mark.parametrize(
    ("unit", "val_from"),
    [("auto", "2020-01-01"), ("auto", "1577836800"), ("s", "1577836800"), ("iso", "2020-01-01")],
)
def test_instants_of_a_temporal_split(unit: Any, val_from: str) -> None:
    config = PrepConfig(split="temporal", time_unit=unit, val_from=val_from, test_from="2020-02-01")
    assert cut_instants(config) == (1577836800000, 1580515200000)


def test_numbers_of_eight_digits_are_dates_and_longer_ones_are_not(files: Path) -> None:
    numbers = {"split": "temporal", "val_from": "1512010112345", "test_from": "1512010212345"}
    assert cut_instants(settings(**numbers)) == (1512010112345, 1512010212345)
    dates = {"split": "temporal", "val_from": "20200131", "test_from": "2020-02-01"}
    assert cut_instants(settings(**dates)) == (1580428800000, 1580515200000)
    write_csv(files / "other.csv", [("U", "I", 5, "20200131")] * 3)
    assert plan(settings(source=("other.csv",))).units == {"other.csv": "iso"}
