"""prep and its inputs: the same rows in other files, names that are taken, rows that are bad."""

import gzip
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mobench.config import PrepConfig
from mobench.data.prep import prepare
from mobench.errors import ArtifactError, DataError
from tests.unit.data.make import (
    HEADER,
    SMALL,
    START,
    TABLES,
    csv_text,
    hashes,
    reviews,
    run,
    table,
    write,
    write_csv,
    write_jsonl,
)


def test_csv_json_lines_and_gzip_give_the_same_dataset(files: Path) -> None:
    names = ("user_id", "parent_asin", "rating", "timestamp")
    write_jsonl(files / "reviews.jsonl", [dict(zip(names, r, strict=True)) for r in reviews()])
    write_jsonl(files / "reviews.jsonl.gz", [dict(zip(names, r, strict=True)) for r in reviews()])
    write_csv(files / "reviews.csv.gz", reviews())
    wanted = hashes(run())
    for name in ("reviews.csv.gz", "reviews.jsonl", "reviews.jsonl.gz"):
        assert hashes(run("other", source=(name,))) == wanted


def test_several_files_are_one_source(files: Path) -> None:
    rows = reviews()
    wanted = hashes(run())
    write_csv(files / "a.csv", rows[:100])
    write_csv(files / "b.csv", rows[100:])
    made = run("other", source=("a.csv", "b.csv"))
    assert hashes(made) == wanted
    assert [i.rows for i in made.artifact.manifest.inputs] == [100, len(rows) - 100, 20]


@pytest.mark.parametrize("tie_break", ["source", "random", "basket"])
def test_same_input_same_bytes(files: Path, tie_break: str) -> None:
    first = hashes(run("a", tie_break=tie_break))
    assert len(first) == len(TABLES)
    assert hashes(run("b", tie_break=tie_break)) == first


def test_seeds_move_random_ties_only(files: Path) -> None:
    write_csv(files / "reviews.csv", [(u, i, r, START) for u, i, r, _ in reviews()])
    assert hashes(run("a", seed=1)) == hashes(run("b", seed=2))
    made = run("c", seed=1, tie_break="random")
    other = run("d", seed=2, tie_break="random")
    assert hashes(made) != hashes(other)
    results = made.artifact.manifest.results
    assert results["tie_users"] == results["n_users"]


HASHING = ["hashing reviews.csv", "hashing meta.jsonl"]


def test_up_to_date_taken_and_replaced(files: Path) -> None:
    config = PrepConfig(**SMALL)
    assert prepare(config, Path("out")).fresh
    stages: list[str] = []
    again = prepare(config, Path("out"), track=stages.append)
    assert not again.fresh
    assert stages == ["checking files", *HASHING]
    taken = r"'out' exists and was made with other settings .k_core."
    with pytest.raises(ArtifactError, match=taken):
        prepare(PrepConfig(**{**SMALL, "k_core": 2}), Path("out"))
    write_csv(files / "reviews.csv", reviews(seed=1))
    with pytest.raises(ArtifactError, match="'out' exists and was made with other inputs"):
        prepare(config, Path("out"))
    assert prepare(config, Path("out"), replace=True).fresh
    assert not Path("out.old").exists()


def test_replacing_never_touches_what_is_no_dataset(files: Path) -> None:
    (files / "thesis").mkdir()
    (files / "thesis" / "chapter.tex").write_text("years of work")
    with pytest.raises(ArtifactError, match="'thesis' is not an artifact"):
        prepare(PrepConfig(**SMALL), Path("thesis"), replace=True)
    assert (files / "thesis" / "chapter.tex").read_text() == "years of work"


def test_stages_are_told_in_order(files: Path) -> None:
    stages: list[str] = []
    prepare(PrepConfig(**SMALL), Path("out"), track=stages.append)
    assert stages == [
        "checking files",
        *HASHING,
        "reading reviews.csv",
        "filtering",
        "reading meta.jsonl",
        "splitting",
        "grouping items",
        "writing",
    ]


def test_too_many_rejected_rows_publish_nothing(files: Path) -> None:
    lines = [f"U{n},I1,{'five' if n % 50 == 7 else 4.0},{START}" for n in range(1000)]
    write(files / "reviews.csv", HEADER + "\n".join(lines) + "\n")
    with pytest.raises(DataError) as caught:
        prepare(PrepConfig(**SMALL), Path("out"))
    assert caught.value.message == (
        "reviews.csv, row 9: column 'rating' is 'five', expected a number"
    )
    assert caught.value.hint == (
        "20 of 1,000 rows (2.00 %) are rejected, more than --max-rejected 1 %."
    )
    assert sorted(p.name for p in files.iterdir()) == ["meta.jsonl", "reviews.csv"]


def test_too_much_rejected_metadata(files: Path) -> None:
    with (files / "meta.jsonl").open("a") as file:
        file.write("{oops\n")
    with pytest.raises(DataError) as caught:
        prepare(PrepConfig(**SMALL), Path("out"))
    assert caught.value.message == "meta.jsonl, row 21: line is not JSON"
    assert caught.value.hint == (
        "1 of 21 metadata rows (4.76 %) are rejected, more than --max-rejected 1 %."
    )
    made = run(max_rejected=0.05)
    assert made.artifact.manifest.results["rejected"] == {"metadata: line is not JSON": 1}
    assert table("rejected").rows() == [("meta.jsonl", 21, "line is not JSON", "{oops")]


def test_nothing_left_and_nothing_held_out(files: Path) -> None:
    with pytest.raises(DataError, match=r"no row is left after '9-core \(\d+ rounds?\)'"):
        run(k_core=9, min_rating=5)
    write_csv(files / "few.csv", [("U", "I", 5, START), ("U", "J", 5, START + 1)])
    with pytest.raises(DataError, match="the val split is empty"):
        run(source=("few.csv",), k_core=1)
    write(files / "none.csv", HEADER)
    with pytest.raises(DataError, match=r"'none\.csv' has no rows"):
        run(source=("none.csv",))


def test_a_truncated_gzip_is_one_rejected_row(files: Path) -> None:
    packed = gzip.compress((HEADER + csv_text(reviews(60, 40))).encode(), mtime=0)
    Path("cut.csv.gz").write_bytes(packed[: len(packed) // 2])
    made = run(source=("cut.csv.gz",))
    assert made.artifact.manifest.results["rejected"] == {"gzip stream ends early": 1}
    assert table("rejected").height == 1
    n_read = table("funnel")["rows"][0]
    assert n_read == table("rejected")["line"][0] - 1  # all lines before the break but the header
    assert n_read > 300


def test_a_break_is_told_where_too_little_is_left(files: Path) -> None:
    packed = gzip.compress((HEADER + csv_text(reviews(60, 40))).encode(), mtime=0)
    Path("cut.csv.gz").write_bytes(packed[: len(packed) // 2])
    with pytest.raises(DataError) as caught:
        run(source=("cut.csv.gz",), k_core=90)
    assert caught.value.message.startswith("no row is left after '90-core")
    assert caught.value.message.endswith(" (cut.csv.gz: gzip stream ends early)")
    assert caught.value.hint == "download it again."


DIRT = {
    "U1,I1,five,{t}": "rating is not a number",
    "U1,I1,nan,{t}": "rating is not finite",
    "U1,I1,,{t}": "rating is missing",
    ",I1,4,{t}": "user_id is empty",
    "U1, ,4,{t}": "parent_asin is empty",
    "U1,I1,4,soon": "timestamp is not a time",
    "U1,I1,4,-1": "timestamp is out of range",
    "U1,I1,4": "wrong number of columns",
    '"U1,I1,4,{t}': "line has an unbalanced quote",
}


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(sorted(DIRT)), st.integers(0, 200)), max_size=40))
def test_rows_in_are_rows_out_plus_rejected_by_reason(
    files: Path, dirt: list[tuple[str, int]]
) -> None:
    lines = csv_text(reviews()).splitlines()
    n_good = len(lines)
    for text, place in dirt:
        lines.insert(place, text.format(t=START))
    write(files / "reviews.csv", HEADER + "\n".join(lines) + "\n")
    made = run(max_rejected=1.0)
    funnel = table("funnel")["rows"].to_list()
    assert funnel[:2] == [n_good + len(dirt), n_good]
    results = made.artifact.manifest.results
    assert results["rejected"] == dict(sorted(Counter(DIRT[t] for t, _ in dirt).items()))
    assert results["n_rejected"] == len(dirt)
    assert (Path("out") / "rejected.parquet").exists() == bool(dirt)
    if dirt:
        for file, line, reason, text in table("rejected").iter_rows():
            assert (file, lines[line - 2]) == ("reviews.csv", text)
            assert DIRT[text.replace(str(START), "{t}")] == reason
