"""The page of a dataset: its numbers, its bytes, and what can be read without seeing it."""

import csv
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from matplotlib.figure import Figure as Canvas

from mobench.artifacts import Artifact
from mobench.data.summary.summarise import summarise
from mobench.errors import ArtifactError
from mobench.report.dataset import tables, words
from mobench.report.dataset.build import DatasetPage, build_page
from mobench.report.dataset.figures import charts
from mobench.report.dataset.markdown import escaped, markdown
from mobench.report.dataset.plots import DRAW, draw
from tests.unit.data import summaries
from tests.unit.report.test_html import parsed

MAKERS = {
    "usual": summaries.usual,
    "extreme": summaries.extreme,
    "tiny": summaries.tiny,
    "no prices": lambda: summaries.usual(meta=()),
    "many groups": lambda: summaries.usual(pop_groups=1000, fair_min_share=0),
    "temporal": lambda: summaries.usual(
        split="temporal", val_from="2020-06-01", test_from="2020-12-01"
    ),
}
FIGURES = {"funnel", "times", "groups-fair", "groups-pop", "prices", "popularity"}


@pytest.fixture(scope="module", params=MAKERS)
def built(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Artifact, DatasetPage]:
    """A dataset and its page."""
    folder = tmp_path_factory.mktemp("dataset")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        MAKERS[request.param]()
    made = Artifact.open(folder / "out")
    return made, build_page(made.path, folder / "page")


@pytest.fixture
def usual(workdir: Path) -> Artifact:
    return summaries.usual()


class Tables(HTMLParser):
    """Collects captions and cells of every table, header cells with their scope."""

    def __init__(self) -> None:
        super().__init__()
        self.captions: list[str] = []
        self.rows: list[list[str]] = []
        self.scopes: list[str | None] = []
        self.inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.inside = tag
        if tag == "tr":
            self.rows.append([])
        elif tag in ("th", "td"):
            self.rows[-1].append("")
            self.scopes += [dict(attrs).get("scope")] if tag == "th" else []
        elif tag == "caption":
            self.captions.append("")

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""

    def handle_data(self, data: str) -> None:
        if self.inside in ("th", "td"):
            self.rows[-1][-1] += data.replace("\u00a0", " ")
        elif self.inside == "caption":
            self.captions[-1] += data


def read(page: Path) -> Tables:
    found = Tables()
    found.feed(page.read_text())
    return found


def shown_tables(artifact: Artifact) -> list[tables.TextTable]:
    summary = summarise(artifact)
    groups = [tables.group_table(summary.group_list(kind), kind) for kind in words.GROUPS]
    priced = [tables.level_table(summary), tables.price_table(summary)]
    rejected = [tables.rejected_table(summary)] if summary.rejected.rows else []
    return [
        tables.funnel_table(summary),
        tables.split_table(summary),
        tables.time_table(summary),
        *groups,
        *(priced if summary.prices.items else []),
        tables.activity_table(summary),
        *rejected,
    ]


def test_tables_are_those_of_the_summary_and_can_be_read_aloud(
    built: tuple[Artifact, DatasetPage],
) -> None:
    made, page = built
    found = read(page.artifact.path / "report.html")
    wanted = shown_tables(made)
    assert found.captions == [table.caption for table in wanted]
    expected = [list(row) for table in wanted for row in (table.head, *table.rows)]
    flat = [[cell.replace("\u00a0", " ") for cell in row] for row in expected]
    assert found.rows == flat
    n_rows = sum(len(table.rows) for table in wanted)
    n_columns = sum(len(table.head) for table in wanted)
    assert (found.scopes.count("row"), found.scopes.count("col")) == (n_rows, n_columns)
    assert set(found.scopes) == {"row", "col"}


def test_well_formed_self_contained_and_described(built: tuple[Artifact, DatasetPage]) -> None:
    page = built[1]
    html = (page.artifact.path / "report.html").read_text()
    outline = parsed(html)
    assert len(outline.ids) == len(set(outline.ids))
    assert outline.tags["h1"] == 1
    assert not {"script", "img", "link", "iframe", "image", "object"} & set(outline.tags)
    assert not re.search(r"https?:|//cdn|@import|src=", html)
    wanted = set(re.findall(r'(?:url\(#|href="#)([^)"]+)', html))
    assert wanted <= set(outline.ids)
    described = [v for tag, name, v in outline.values if (tag, name) == ("svg", "aria-label")]
    names = FIGURES - ({"prices"} if not page.summary.prices.items else set())
    assert len(described) == len(names) == outline.tags["svg"]
    assert all(len(text) > 30 for text in described)
    links = {value for _, name, value in outline.values if name == "href"}
    linked = {link for link in links if not link.startswith("#")}
    assert linked == {f"figures/{name}.csv" for name in names}
    files = {path.stem for path in (page.artifact.path / "figures").iterdir()}
    assert files == names


def test_hostile_labels_stay_text(workdir: Path) -> None:
    made = summaries.extreme()
    page = build_page(made.path, Path("page")).artifact.path
    html = (page / "report.html").read_text()
    assert "日本語 &lt;b&gt;|*" in html
    assert "<b>|" not in html
    assert "\x1b" not in html
    assert "mathdefault" not in html
    for path in (page / "figures").glob("*.svg"):
        root = ElementTree.fromstring(path.read_text())
        assert not [e for e in root.iter() if e.tag.endswith(("metadata", "image", "date"))]
    rows = (page / "report.md").read_text().splitlines()
    head = next(n for n, row in enumerate(rows) if row.startswith("| Fairness group |"))
    for row in rows[head : head + 6]:
        assert len(re.findall(r"(?<!\\)\|", row)) == 8


def test_figures_and_json_hold_the_numbers(built: tuple[Artifact, DatasetPage]) -> None:
    path, summary = built[1].artifact.path, built[1].summary
    assert json.loads((path / "summary.json").read_text()) == json.loads(
        json.dumps(summary.as_dict())
    )

    def column(name: str, key: str) -> list[str]:
        text = (path / "figures" / f"{name}.csv").read_text()
        return [row[key] for row in csv.DictReader(io.StringIO(text, newline=""))]

    assert [int(n) for n in column("funnel", "rows")] == [s.rows for s in summary.funnel]
    for split in summary.splits:
        assert sum(map(int, column("times", split.name))) == split.rows
    for kind in words.GROUPS:
        shares = [group.share for group in summary.group_list(kind)]
        assert [float(x) for x in column(f"groups-{kind}", "share")] == shares
        assert sum(shares) == pytest.approx(1)
    if summary.prices.items:
        assert sum(map(int, column("prices", "items"))) == summary.prices.items
    assert [int(n) for n in column("popularity", "train_rows")] == summary.popularity.train_rows
    results = built[1].artifact.manifest.results
    assert (results["about"], results["n_rows"]) == ("dataset", summary.rows)
    assert results["gini"] == summary.popularity.gini


def test_bars_are_as_long_as_their_numbers(usual: Artifact) -> None:
    summary = summarise(usual)
    shown = {chart.name: chart for chart in charts(summary)}
    axes = {name: Canvas().add_subplot() for name in shown}
    for name, chart in shown.items():
        DRAW[chart.kind](axes[name], chart)
        assert draw(chart) == draw(chart)
    heights = [bar.get_height() for bar in axes["prices"].patches]
    assert heights == summary.prices.counts
    stacked = [bar.get_height() for bar in axes["times"].patches]
    assert stacked == [n for rows in summary.times.rows.values() for n in rows]
    tops = [bar.get_y() + bar.get_height() for bar in axes["times"].patches]
    assert tops[-1] == sum(rows[-1] for rows in summary.times.rows.values())
    widths = [bar.get_width() for bar in axes["funnel"].patches]
    assert widths == [stage.rows for stage in summary.funnel]
    for kind in words.GROUPS:
        shares = [100 * group.share for group in summary.group_list(kind)]
        assert [bar.get_width() for bar in axes[f"groups-{kind}"].patches] == shares
    assert list(axes["popularity"].lines[0].get_ydata()) == summary.popularity.train_rows


def test_the_page_says_how_to_remake_the_dataset(usual: Artifact) -> None:
    manifest = usual.manifest.model_copy(update={"argv": ["mobench", "prep", "my file.csv"]})
    text = markdown(summarise(usual), manifest, "x", [])
    assert "\n    mobench prep 'my file.csv'\n" in text
    page = build_page(usual.path, Path("page")).artifact.path / "report.html"
    html = "".join(parsed(page.read_text()).text)
    for entry in usual.manifest.inputs:
        assert entry.path in html
        assert f"sha256 {entry.sha256[:4]}…{entry.sha256[-2:]}" in html


def test_what_is_missing_is_warned_of(workdir: Path) -> None:
    made = summaries.timeless(summaries.usual(meta=()))
    summary = summarise(made)
    found = " ".join(words.warnings(summary))
    for part in ("no time column", "No item has a price", "one fairness group"):
        assert part in found
    assert "prices" not in {c for c in FIGURES if c in markdown(summary, made.manifest, "x", [])}
    assert words.warnings(summarise(summaries.usual())) == []


def test_up_to_date_taken_replaced_and_changed(usual: Artifact) -> None:
    first = build_page(usual.path, Path("page"))
    before = {p: p.read_bytes() for p in Path("page").rglob("*") if p.is_file()}
    assert first.fresh
    assert not build_page(usual.path, Path("page")).fresh
    again = build_page(usual.path, Path("page"), replace=True)
    assert again.fresh
    assert again.artifact.digest == first.artifact.digest
    assert {p for p in before if p.read_bytes() != before[p]} <= {Path("page/manifest.json")}
    other = summaries.usual(k_core=2)
    with pytest.raises(ArtifactError, match="was made with another dataset"):
        build_page(other.path, Path("page"))
    with (other.path / "items.parquet").open("ab") as file:
        file.write(b"x")
    with pytest.raises(ArtifactError, match="has changed"):
        build_page(other.path, Path("new"))
    assert not Path("new").exists()


def test_markdown_is_escaped() -> None:
    assert escaped("a|b <i>\n*x*") == r"a\|b &lt;i&gt; \*x\*"


def test_round_numbers_are_brief() -> None:
    edges = (0.01, 0.15, 1, 1.5, 700, 5000, 10_000, 150_000, 1e6, 3e8, 1e9, 1e10)
    assert [words.brief(edge) for edge in edges] == (
        ["0.01", "0.15", "1", "1.5", "700", "5000", "10k", "150k", "1M", "300M", "1B", "10B"]
    )
    assert words.between(0, 10_000) == "below 10k"
    assert [words.money(p) for p in (None, 0.0, 0.004, 0.5, 1299.0)] == (
        ["—", "0.00", "0.004", "0.50", "1,299.00"]
    )
