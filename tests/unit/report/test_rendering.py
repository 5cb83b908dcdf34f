"""The page in a real browser: drawn, quiet, alone, sorted and searched by keyboard, accessible."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib.image
import numpy as np
import pyarrow.parquet as pq
import pytest

from mobench.artifacts import Artifact
from mobench.report.build import build
from mobench.report.dataset.build import build_page
from tests.unit.data.summaries import usual
from tests.unit.report.browsing import Seen, browsing, opened
from tests.unit.report.conftest import CONFIG
from tests.unit.report.making import Shelf

pytestmark = pytest.mark.slow

RESULTS = "table.results"
COLUMNS = {
    "Hit ↑": "hit@10",
    "rHit ↑": "rhit@10",
    "min-Hit ↑": "min_hit@10",
    "Pop-KL ↓": "pop_kl@10",
}
OTHERS = {"Imp ↑": "imp", "HV ↑": "hv", "Hit kept": "accuracy_kept"}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with browsing() as found:
        yield found


@pytest.fixture(scope="module")
def report(shelf: Shelf, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(CONFIG, shelf.metrics, tmp_path_factory.mktemp("page") / "shop").artifact.path


@pytest.fixture(scope="module")
def dataset_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("data"))
        return build_page(usual().path.resolve(), Path("page").resolve()).artifact.path


@pytest.fixture
def seen(browser: Any, report: Path) -> Iterator[Seen]:
    found = opened(browser, report / "report.html")
    yield found
    found.page.context.close()


def cells(seen: Seen, column: int) -> list[str]:
    rows = f"{RESULTS} tbody tr > :nth-child({column + 1})"
    return [text.strip() for text in seen.page.locator(rows).all_inner_texts()]


def labels(seen: Seen) -> list[str]:
    return [text.split("†")[0].strip() for text in cells(seen, 0)]


def head(seen: Seen) -> list[str]:
    return [text.strip() for text in seen.page.locator(f"{RESULTS} thead th").all_inner_texts()]


def test_quiet_and_alone(browser: Any, report: Path) -> None:
    for width, scheme in ((1200, "light"), (1200, "dark"), (390, "light")):
        found = opened(browser, report / "report.html", width, scheme)
        found.page.evaluate(
            "document.querySelectorAll('details').forEach((d) => { d.open = true; })"
        )
        found.settle()
        assert found.page.locator("figure.drawn").count() == 13
        assert found.page.locator("figure.drawn .live svg").count() == 13
        assert (found.complaints, found.requests) == ([], [])
        # Wide tables scroll inside, the page does not.
        assert found.page.evaluate("document.documentElement.scrollWidth") == width
        found.page.context.close()


def test_the_browser_forbids_requests(seen: Seen) -> None:
    asked = "fetch('https://example.invalid/').then(() => 'sent', () => 'refused')"
    assert seen.page.evaluate(asked) == "refused"
    assert any("Content Security Policy" in text for text in seen.complaints)


def test_light_dark_and_drawn(browser: Any, report: Path) -> None:
    for scheme, low, high in (("light", 0.98, 1.0), ("dark", 0.0, 0.2)):
        found = opened(browser, report / "report.html", scheme=scheme)
        picture = matplotlib.image.imread(io.BytesIO(found.page.screenshot(full_page=True)))
        assert low <= picture[5, 5, :3].min() <= picture[5, 5, :3].max() <= high
        stretches = picture[: 250 * 11, :, :3].reshape(11, -1, 3)
        assert (stretches.std(axis=(1, 2)) > 0.005).all()  # something stands everywhere
        found.page.context.close()


def test_the_table_is_results_parquet(seen: Seen, report: Path) -> None:
    table = pq.read_table(report / "results.parquet").to_pydict()
    assert labels(seen) == table["label"]
    titles = head(seen)
    for title, name in (COLUMNS | OTHERS).items():
        place = titles.index(title)
        at = seen.page.locator(f"{RESULTS} tbody tr > :nth-child({place + 1})")
        exact = [each.get_attribute("data-value") for each in at.all()]
        judged = [name in COLUMNS.values() or text != "—" for text in cells(seen, place)]
        wanted = [repr(v) if ok else "" for v, ok in zip(table[name], judged, strict=True)]
        assert exact == wanted
        if name in COLUMNS.values():
            factor = 1 if name.startswith("pop_kl") else 100
            for text, value in zip(cells(seen, place), table[name], strict=True):
                shown = text.split("(")[0].split()[0]
                places = len(shown.partition(".")[2])
                assert float(shown) == pytest.approx(round(factor * value, places))


def test_sorting_by_keyboard(seen: Seen, report: Path) -> None:
    table = pq.read_table(report / "results.parquet").to_pydict()
    before = labels(seen)
    place = head(seen).index("Hit ↑")
    buttons = seen.page.locator(f"{RESULTS} thead button")
    buttons.first.focus()
    for _ in range(place):
        seen.page.keyboard.press("Tab")
    focused = "document.activeElement.closest('th').cellIndex"
    assert seen.page.evaluate(focused) == place
    rising = [label for _, label in sorted(zip(table["hit@10"], before, strict=True))]
    state = seen.page.locator(f"{RESULTS} thead th").nth(place)
    for key, order, wanted in (
        ("Enter", "descending", rising[::-1]),
        ("Space", "ascending", rising),
        ("Enter", None, before),
    ):
        seen.page.keyboard.press(key)
        assert labels(seen) == wanted
        assert state.get_attribute("aria-sort") == order
        assert seen.page.evaluate(focused) == place


def test_missing_values_come_last(seen: Seen) -> None:
    place = head(seen).index("Imp ↑")
    button = seen.page.locator(f"{RESULTS} thead button").nth(place)
    for _ in range(2):
        button.click()
        found = cells(seen, place)
        assert found[-2:] == ["—", "—"]
        assert "—" not in found[:-2]


def faded(seen: Seen) -> int:
    """How many marks of all panels are pale."""
    return int(
        seen.page.evaluate(
            "[...document.querySelectorAll('.live .mark-symbol path')]"
            ".filter((p) => Number(p.getAttribute('opacity') ?? 1) < 0.2).length"
        )
    )


def picked(seen: Seen) -> list[str]:
    rows = seen.page.locator("tr.picked input").all()
    return [str(each.get_attribute("data-run")) for each in rows]


def test_methods_are_chosen_by_keyboard_in_all_panels(seen: Seen) -> None:
    button = seen.page.locator("button[data-method='base']")
    button.focus()
    seen.page.keyboard.press("Enter")
    assert button.get_attribute("aria-pressed") == "true"
    assert picked(seen) == ["base · seed 1", "base · seed 2"]
    assert "2 of 8 runs" in seen.page.locator("#picked").inner_text()
    # 8 runs and 4 means in 3 panels, and on 4 axes; those of base stay.
    seen.page.wait_for_timeout(200)
    assert faded(seen) == (12 - 3) * (3 + 4)
    seen.page.locator("#clear").press("Enter")
    seen.page.wait_for_timeout(200)
    assert (picked(seen), faded(seen)) == ([], 0)


def test_a_brush_selects_the_same_runs_everywhere(seen: Seen) -> None:
    panel = seen.page.locator("figure.pareto").first
    panel.scroll_into_view_if_needed()
    marks = panel.locator(".live .mark-symbol path")
    wanted = next(
        m for m in marks.all() if "morec rev-heavy · seed 1" in str(m.get_attribute("aria-label"))
    )
    box = wanted.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    seen.page.mouse.move(x - 6, y - 6)
    seen.page.mouse.down()
    seen.page.mouse.move(x + 6, y + 6, steps=4)
    seen.page.mouse.up()
    seen.page.wait_for_timeout(200)
    assert "morec rev-heavy · seed 1" in picked(seen)
    assert len(picked(seen)) < 8
    assert faded(seen) > 0


ON_TOP = """() => [
  ...document.querySelectorAll('figure.pareto .live .mark-symbol path'),
].find((mark) => {
  const { x, y, width, height } = mark.getBoundingClientRect();
  return (mark.getAttribute('aria-label') ?? '').includes('morec rev-heavy · seed')
    && document.elementFromPoint(x + width / 2, y + height / 2) === mark;
})"""
"""A mark of the invalid method that no other one covers."""


def test_a_mark_tells_its_run_preference_and_command(seen: Seen) -> None:
    seen.page.locator("figure.pareto").first.scroll_into_view_if_needed()
    mark = seen.page.evaluate_handle(ON_TOP).as_element()
    mark.hover(force=True)
    words = seen.page.locator(".tip").inner_text()
    seed = words.split("morec rev-heavy · seed ")[1][0]
    assert "rev 0.80 · fair 0.10 · align 0.10" in words
    assert f"mobench train 'data/x y' --seed {seed}" in words


def test_commands_are_copied(browser: Any, report: Path) -> None:
    allowed = ["clipboard-read", "clipboard-write"]
    found = opened(browser, report / "report.html", permissions=allowed)
    found.page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    button = found.page.locator("#provenance button[data-copy]").last
    button.focus()
    found.page.keyboard.press("Enter")
    assert found.page.evaluate("navigator.clipboard.readText()") == button.get_attribute(
        "data-copy"
    )
    assert "mobench train 'data/x y' --seed 1" in str(button.get_attribute("data-copy"))
    found.page.context.close()


def test_without_scripts_everything_is_there(browser: Any, report: Path) -> None:
    found = opened(browser, report / "report.html", java_script_enabled=False)
    assert found.page.locator(".still svg").first.is_visible()
    assert not found.page.locator("button.copy").first.is_visible()
    assert len(labels(found)) == 5
    assert (found.complaints, found.requests) == ([], [])
    found.page.context.close()


def test_print_shows_still_plots_and_all_details(seen: Seen, tmp_path: Path) -> None:
    seen.page.emulate_media(media="print")
    assert seen.page.locator(".still svg").first.is_visible()
    assert not seen.page.locator(".live svg").first.is_visible()
    assert not seen.page.locator("nav").is_visible()
    target = tmp_path / "print.pdf"
    seen.page.pdf(path=str(target), format="A4")
    assert target.stat().st_size > 20_000


@pytest.mark.parametrize(("width", "scheme"), [(1200, "light"), (390, "dark")])
@pytest.mark.parametrize("name", ["report", "dataset_page"])
def test_accessible(
    name: str, width: int, scheme: str, browser: Any, request: pytest.FixtureRequest
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    path = request.getfixturevalue(name) / "report.html"
    found = opened(browser, path, width, scheme)
    found.page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    found.settle()
    result = Axe().run(found.page).response
    wrong = [(v["id"], v["nodes"][0]["html"]) for v in result["violations"]]
    assert wrong == []
    assert len(result["passes"]) > 15
    found.page.context.close()


def test_the_dataset_page_fits_a_phone_and_runs_nothing(browser: Any, dataset_page: Path) -> None:
    found = opened(browser, dataset_page / "report.html", 390)
    assert found.page.evaluate("document.documentElement.scrollWidth") == 390
    assert found.page.locator("script").count() == 0
    assert (found.complaints, found.requests) == ([], [])
    assert np.isfinite(Artifact.open(dataset_page, "report").manifest.results["density"])
    found.page.context.close()
