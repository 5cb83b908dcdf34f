"""Amazon's metadata of 2014, 2018 and 2023: told apart by content, read with their flaws."""

import gzip
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mobench.config import PrepConfig
from mobench.data.blocks import read_head
from mobench.data.catalogue import Catalogue
from mobench.data.files import SourceFile
from mobench.data.prep import prepare
from mobench.data.schema import Rejects
from mobench.data.sources import SOURCES
from mobench.data.sources.amazon_items import LONGEST_LABEL
from tests.unit.data.make import write, write_jsonl

ITEM, TIME = "5555991584", 1158019200
META_2014 = {
    "asin": ITEM,
    "title": 'Don\'t say "no"',
    "price": 9.49,
    "imUrl": "http://x/y.jpg",
    "related": {"also_bought": ["B000002LRT"]},
    "categories": [["CDs & Vinyl", "Pop"], ["Digital Music", "Rock"]],
}
META_2018 = {
    "category": ["Clothing, Shoes &amp; Jewelry", "Rings"],
    "tech1": "",
    "title": "A ring",
    "also_buy": [],
    "main_cat": "Grocery",
    "price": "$1,250.00",
    "asin": ITEM,
}
META_2023 = {"parent_asin": ITEM, "title": "A", "price": None, "categories": [], "details": {}}


def item_formats(line: str) -> list[str]:
    amazon = (n for n in SOURCES if n.startswith("amazon"))
    return [name for name in amazon if SOURCES[name].recognises_items(line.encode() + b"\n")]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (repr(META_2014), "amazon-2014-jsonl"),
        (json.dumps(META_2014), "amazon-2014-jsonl"),
        (json.dumps(META_2018), "amazon-2018-jsonl"),
        (json.dumps(META_2023), "amazon-2023-jsonl"),
    ],
)
def test_metadata_is_told_apart_by_keys(line: str, name: str) -> None:
    assert item_formats(line) == [name]


def items(path: Path, ids: list[str]) -> tuple[Catalogue, Rejects, int]:
    """Read a metadata file as prep would, whatever the reviews are."""
    file = SourceFile("metadata", path, path.name)
    head = read_head(file)
    source = next(s for s in SOURCES.values() if s.recognises_items(head))
    source.check_items(file, head)
    catalogue, rejects = Catalogue(ids), Rejects("metadata")
    return catalogue, rejects, source.read_items(file, catalogue, rejects)


def test_metadata_of_2014_may_be_python_and_json(workdir: Path) -> None:
    lines = [
        repr(META_2014),
        json.dumps({**META_2014, "asin": "B1", "title": "Caf\u00e9 \\/ \u2013"}),
        " { 'asin': 'B2', 'title': 'Beyonc\\xc3\\xa9', 'price': (1,), 'categories': [['A']]}\r",
        "{'asin': 'B3', 'title': '\\ud83d half', 'price': None, 'category': ['A', 'B']}",
        "{'asin': 'B4', 'title': true}",
        "{'asin': 'B5', 'title': open('x')}",
        '{"asin": "B6", "title": None}',
        "",
        "{'title': 'nobody'}",
        repr({**META_2014, "asin": "B7"})[:-50],
    ]
    path = write(workdir / "meta.json.gz", "\n".join(lines))
    catalogue, rejects, n_rows = items(path, [ITEM, "B1", "B2", "B3"])
    assert catalogue.title == [
        'Don\'t say "no"',
        "Café \\/ –",
        "Beyonc\u00c3\u00a9",
        "\ufffd half",
    ]
    assert catalogue.price == [9.49, 9.49, None, None]
    assert catalogue.price_note[2:] == ["not a price", "missing"]
    both = (("CDs & Vinyl", "Pop"), ("Digital Music", "Rock"))
    assert catalogue.paths == [both, both, (("A",),), (("A", "B"),)]
    assert n_rows == 9
    assert [(r.line, r.reason) for r in rejects.listed] == [
        (5, "line is not a Python literal"),
        (6, "line is not a Python literal"),
        (7, "line is not JSON"),
        (9, "asin is empty"),
        (10, "line is not a Python literal"),
    ]


def test_metadata_of_2018_leaks(workdir: Path) -> None:
    long = "x" * LONGEST_LABEL
    paths = {
        "B1": ["Clothing, Shoes &amp; Jewelry", "Rings", "</span></span>", "More"],
        "B2": ["Gift Cards", "Gift Cards", "No expiration, no fees.", "Variety"],
        "B3": ["Gift Cards", long, long + "x", "More"],
        "B4": ["Books", "Canada & U.S.", "R.E.M.", None, "Pop"],
        "B5": ['<a href="x">y</a>', "More"],
        "B6": [],
        "B7": "Just one",
    }
    prices = {"B1": "", "B2": ".a-box{color:red}", "B3": '\n <div class="a"', "B4": "$1 - $3"}
    records = [
        {**META_2018, "asin": item, "category": path, "price": prices.get(item, "$2")}
        for item, path in paths.items()
    ]
    old = {"asin": "B8", "categories": ["Old key"], "also_view": [], "price": "$5"}
    records += [old, {**META_2018, "asin": "B1", "price": "$7.50", "category": ["Late"]}]
    catalogue, rejects, n_rows = items(write_jsonl(workdir / "meta.json", records), [*paths, "B8"])
    assert (n_rows, len(rejects)) == (9, 0)
    assert catalogue.paths == [
        (("Clothing, Shoes & Jewelry", "Rings"),),
        (("Gift Cards", "Gift Cards"),),
        (("Gift Cards", long),),
        (("Books", "Canada & U.S.", "R.E.M.", "Pop"),),
        (),
        (),
        (("Just one",),),
        (("Old key",),),
    ]
    assert catalogue.price == [7.5, None, None, 2.0, 2.0, 2.0, 2.0, 5.0]
    assert catalogue.price_note[1:4] == ["markup", "markup", "range"]
    assert catalogue.n_repeated == 1


def test_parents_of_2023_may_repeat(workdir: Path) -> None:
    path = ["Electronics", "Cables &amp; more", "HDMI"]
    records = [META_2023, {**META_2023, "title": "B", "price": 3.5, "categories": path}]
    catalogue, rejects, n_rows = items(write_jsonl(workdir / "meta.jsonl", records), [ITEM])
    assert (n_rows, len(rejects), catalogue.n_repeated) == (2, 0, 1)
    assert (catalogue.title, catalogue.price) == (["A"], [3.5])
    assert catalogue.paths == [(("Electronics", "Cables & more", "HDMI"),)]


def test_every_metadata_line_is_counted_though_nobody_asks_for_it(workdir: Path) -> None:
    lines = [repr({**META_2014, "asin": f"B{n}"}) for n in range(2000)]
    for n in range(0, 2000, 100):
        lines[n] = lines[n].replace("9.49", "9,49,")
    path = write(workdir / "meta.json", "\n".join(lines))
    catalogue, rejects, n_rows = items(path, ["B7"])
    assert (n_rows, len(rejects)) == (2000, 20)
    assert catalogue.price == [9.49]


def test_ratings_of_one_file_go_with_metadata_of_another(workdir: Path) -> None:
    users = [f"A{n:010d}" for n in range(6)]
    rows = [f"B00000000{i},{u},5.0,{TIME + 100 * i}" for u in users for i in range(6)]
    write(workdir / "ratings.csv", "\n".join(rows))
    records = [{**META_2018, "asin": f"B00000000{i}", "price": f"${i}.50"} for i in range(6)]
    data = gzip.compress("".join(json.dumps(r) + "\n" for r in records).encode(), mtime=0)
    Path("meta.json.gz").write_bytes(data[:-8])
    config = PrepConfig(source=("ratings.csv",), meta=("meta.json.gz",), max_rejected=0.5)
    results = prepare(config, Path("out")).artifact.manifest.results
    assert results["format"] == "amazon-2018-csv"
    assert (results["n_users"], results["n_items"], results["n_rows"]) == (6, 6, 36)
    assert results["rejected"] == {"metadata: gzip stream ends early": 1}
    prices = pl.read_parquet("out/items.parquet").sort("item_id")["price"].to_list()
    assert prices[:4] == [0.5, 1.5, 2.5, 3.5]


REAL = [
    (
        ("amazon-2014-digital-music", "reviews_Digital_Music_5.json.gz"),
        "meta_Digital_Music.json.gz",
        ("amazon-2014-jsonl", 6908, 7419, (2292, 249, 196)),
        {"gzip stream ends early": 1, "metadata: gzip stream ends early": 1},
    ),
    (
        ("amazon-2018-gift-cards", "Gift_Cards_5.json.gz"),
        "meta_Gift_Cards.json.gz",
        ("amazon-2018-jsonl", 2972, 1547, (2871, 442, 146)),
        {},
    ),
]


@pytest.mark.data
@pytest.mark.parametrize(("reviews", "meta", "wanted", "rejected"), REAL)
def test_real_files_need_their_names_only(
    research_data: Path, workdir: Path, reviews: Any, meta: str, wanted: Any, rejected: Any
) -> None:
    folder = research_data / reviews[0]
    if not folder.is_dir():
        pytest.skip(f"no '{folder}'")
    config = PrepConfig(source=(str(folder / reviews[1]),), meta=(str(folder / meta),))
    manifest = prepare(config, Path("out")).artifact.manifest
    name, n_reviews, n_items, core = wanted
    assert manifest.results["format"] == name
    assert manifest.results["rejected"] == rejected
    n_broken = 1 if rejected else 0
    assert [i.rows for i in manifest.inputs] == [n_reviews + n_broken, n_items + n_broken]
    funnel = pl.read_parquet("out/funnel.parquet").rows()
    assert funnel[0][1] == n_reviews + n_broken
    assert funnel[-1][1:] == core
    labels = pl.read_parquet("out/items.parquet")["category"].drop_nulls().unique().to_list()
    assert labels
    assert all("<" not in label and not label.endswith(".") for label in labels)
