"""The commands of the README's section on data run as they stand, on small files of those names."""

import json
import zipfile
from pathlib import Path

import polars as pl
import pytest

from mobench.cli import main
from tests.cli.test_readme import README, SHELL, commands
from tests.unit.data.make import metadata, reviews, write_csv, write_jsonl

(BLOCK,) = [block for block in SHELL if "--inspect" in block]


def movielens(path: Path, folder: str) -> None:
    """Write an archive as GroupLens publishes it."""
    rows = [(u[1:], i[1:], int(r), t // 1000) for u, i, r, t in reviews()]
    with zipfile.ZipFile(path, "w") as archive:
        if folder == "ml-100k":
            lines = ["\t".join(map(str, row)) for row in rows]
            archive.writestr("ml-100k/u.data", "\n".join(lines) + "\n")
            items = [
                f"{n}|Film {n} (1995)|01-Jan-1995||http://x|" + "0|" * 18 + "1" for n in range(20)
            ]
            archive.writestr("ml-100k/u.item", "\n".join(items) + "\n")
        else:
            lines = ["::".join(map(str, row)) for row in rows]
            archive.writestr(f"{folder}/ratings.dat", "\n".join(lines) + "\n")
            items = [f"{n}::Film {n} (1995)::Drama|War" for n in range(20)]
            archive.writestr(f"{folder}/movies.dat", "\n".join(items) + "\n")


@pytest.fixture
def named_files(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_csv(workdir / "reviews.csv", reviews())
    write_csv(workdir / "Electronics.csv.gz", reviews(n_users=60))
    write_jsonl(workdir / "meta_Electronics.jsonl.gz", metadata())
    movielens(workdir / "ml-1m.zip", "ml-1m")
    cache = workdir / "cache"
    (cache / "ml").mkdir(parents=True)
    movielens(cache / "ml" / "ml-100k.zip", "ml-100k")
    monkeypatch.setenv("MOBENCH_CACHE", str(cache))
    user, item, _, time = zip(*reviews(), strict=True)
    visits = pl.DataFrame({"visitor": user, "page": item, "at": time})
    visits.write_parquet(workdir / "visits.parquet")
    return workdir


def test_the_commands_run_and_leave_what_they_say(named_files: Path) -> None:
    for words in commands(BLOCK):
        assert main(words) == 0, words
    made = {path.parent.name for path in Path("data/datasets").glob("*/manifest.json")}
    assert made == {"electronics", "ml-1m", "visits", "ml-100k", "planted"}
    assert Path("data/reports/electronics-data/report.html").is_file()
    assert Path("data/exports/electronics-recbole/manifest.json").is_file()
    config = json.loads(Path("data/datasets/visits/manifest.json").read_text())["config"]
    assert (config["user_core"], config["item_core"]) == (3, 8)


def test_every_format_of_the_table_is_one_that_prep_has() -> None:
    from mobench.data.download.publishers import is_public
    from mobench.data.sources import SOURCES

    assert {name.partition("-")[0] for name in SOURCES} == {
        "amazon", "movielens", "recbole", "csv", "parquet", "jsonl", "demo", "synthetic",
    }  # fmt: skip
    for name in ("ml-1m", "amazon-2014/Electronics"):
        assert f"`{name}`" in README
        assert is_public(name)
