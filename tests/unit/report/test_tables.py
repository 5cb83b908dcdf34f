"""The main table as text, Markdown, LaTeX and columns."""

import re
from dataclasses import replace
from math import isnan

import pytest

from mobench.metrics import METRICS, OBJECTIVE_METRICS
from mobench.metrics.comparison import Validity
from mobench.report.changes import change_table
from mobench.report.records import Comparison, Estimate, Row
from mobench.report.tables import main_table
from mobench.report.text import TextTable

HOSTILE = r"a_b & 50% $x$ #1 {y} ~z^ \w <script>|`*"


def relabelled(comparison: Comparison, label: str, new: str) -> Comparison:
    rows = [replace(r, label=new) if r.label == label else r for r in comparison.rows]
    return replace(comparison, rows=tuple(rows))


def with_values(comparison: Comparison, label: str, **values: float) -> Comparison:
    """Give a row other means, spreads and intervals scaled alike."""

    def scaled(row: Row) -> Row:
        estimates = dict(row.values)
        for name, value in values.items():
            old = estimates[name]
            factor = value / old.value
            estimates[name] = Estimate(value, old.sd, old.low * factor, old.high * factor)
        return replace(row, values=estimates)

    rows = [scaled(r) if r.label == label else r for r in comparison.rows]
    return replace(comparison, rows=tuple(rows))


def cells(table: TextTable, label: str) -> dict[str, str]:
    row = next(row for row in table.rows if row.label == label)
    return {c.title: cell.text for c, cell in zip(table.columns, row.cells, strict=True)}


def best(table: TextTable, title: str) -> list[str]:
    place = [column.title for column in table.columns].index(title)
    return [row.label for row in table.rows if row.cells[place].best]


def test_columns_and_their_arrows(comparison: Comparison) -> None:
    assert [column.header for column in main_table(comparison).columns] == [
        "Hit ↑",
        "rHit ↑",
        "min-Hit ↑",
        "Pop-KL ↓",
        "Imp ↑",
        "Imp / continue ↑",
        "HV ↑",
        "Hit kept",
        "Valid",
    ]


def test_numbers_are_those_of_the_comparison(comparison: Comparison) -> None:
    row, found = comparison.row("morec equal"), cells(main_table(comparison), "morec equal")
    for name in OBJECTIVE_METRICS:
        text = found[METRICS[name].label]
        value, sd = re.fullmatch(r"([\d.]+)\((\d+)\)", text).groups()  # type: ignore[union-attr]
        places = len(value.partition(".")[2])
        scale = 1 if name == "pop_kl" else 100
        assert float(value) == pytest.approx(scale * row.values[name].value, abs=0.51 / 10**places)
        assert int(sd) == pytest.approx(scale * (row.values[name].sd or 0) * 10**places, abs=0.51)
    assert found["Imp"] == f"{100 * row.imp.value:+.1f} %".replace("-", "−")  # type: ignore[union-attr]
    assert found["Hit kept"] == f"{100 * row.kept.value:.1f} %"  # type: ignore[union-attr]
    assert found["HV"] == f"{row.hv:.2f}"
    assert row.validity == "undecided"
    assert found["Valid"] == "yes?"


def test_reference_and_sanity_rows(comparison: Comparison) -> None:
    table = main_table(comparison)
    styles = {row.label: row.style for row in table.rows}
    assert styles["popularity"] == "sanity"
    assert styles["base"] == "reference"
    assert cells(table, "base")["Valid"] == "ref"
    assert cells(table, "base")["Imp"] == "—"
    assert cells(table, "popularity")["Valid"] == "—"
    assert cells(table, "popularity")["Imp"] == "—"
    assert cells(table, "popularity")["Hit kept"].endswith(" %")


def test_invalid_is_dim_and_daggered_with_its_reason(comparison: Comparison) -> None:
    table = main_table(comparison)
    row = next(row for row in table.rows if row.label == "morec rev-heavy")
    assert (row.style, row.mark) == ("invalid", "†")
    assert cells(table, "morec rev-heavy")["Valid"] == "no"
    assert "† Hit kept < 97 %: morec rev-heavy." in table.footnotes
    assert "† Invalid on validation: morec rev-heavy (seed 2)." in table.footnotes


def test_rows_that_are_invalid_for_one_reason_share_its_line(comparison: Comparison) -> None:
    bad = comparison.row("morec rev-heavy")
    points = tuple(replace(point, valid_val=False) for point in bad.points)
    others = [
        replace(bad, label="little", points=tuple(replace(p, valid_val=True) for p in bad.points)),
        replace(bad, label="worse", points=points),
        replace(bad, label="bad too"),
    ]
    notes = main_table(replace(comparison, rows=(*comparison.rows, *others))).footnotes
    assert [note for note in notes if note.startswith("†")] == [
        "† Hit kept < 97 %: morec rev-heavy, little, worse, bad too.",
        "† Invalid on validation: morec rev-heavy, bad too (seed 2); worse (seeds 1, 2).",
    ]


def test_labels_with_commas_stay_apart_in_a_footnote(comparison: Comparison) -> None:
    odd = relabelled(comparison, "morec rev-heavy", "a, b")
    odd = replace(odd, rows=(*odd.rows, replace(odd.row("a, b"), label="c")))
    assert "† Hit kept < 97 %: a, b; c." in main_table(odd).footnotes


def test_imp_against_continue_is_a_sentence_or_one_paragraph(comparison: Comparison) -> None:
    """The narrow table has no room for its column; every number stands below it."""
    gain = Estimate(0.0801, None, 0.0502, 0.1224)
    rows = [replace(r, imp_continue=gain if r.role == "method" else None) for r in comparison.rows]
    two = main_table(replace(comparison, rows=tuple(rows))).narrow().footnotes
    both = "morec equal +8.0 (+5.0 to +12.2); morec rev-heavy +8.0 (+5.0 to +12.2)"
    assert two[-1] == f"Imp against continue, %: {both}."
    one = [row for row in rows if row.label != "morec rev-heavy"]
    assert main_table(replace(comparison, rows=tuple(one))).narrow().footnotes[-1] == (
        "morec equal: Imp +8.0 % against continue (+5.0 to +12.2 %)."
    )


@pytest.mark.parametrize(
    ("validity", "point", "word"),
    [
        ("valid", True, "yes"),
        ("undecided", True, "yes?"),
        ("undecided", False, "no?"),
        ("invalid", False, "no"),
        (None, True, "?"),
    ],
)
def test_words_of_validity(
    comparison: Comparison, validity: Validity | None, point: bool, word: str
) -> None:
    rows = [
        replace(r, validity=validity, valid_point=point) if r.label == "morec equal" else r
        for r in comparison.rows
        if r.role != "control"
    ]
    table = main_table(replace(comparison, rows=tuple(rows)))
    assert cells(table, "morec equal")["Valid"] == word
    note = "? The interval of Hit kept leaves open whether it is 97 % or more."
    assert (note in table.footnotes) == (validity == "undecided")


def test_validity_can_be_sorted_by_how_sure_it_is(comparison: Comparison) -> None:
    words = {"valid": True, "undecided": True, None: None, "invalid": False}
    rows = [
        replace(comparison.row("morec equal"), label=str(word), validity=word, valid_point=point)
        for word, point in words.items()
    ]
    rows.insert(3, replace(rows[1], label="no?", valid_point=False))
    found = main_table(replace(comparison, rows=(*comparison.rows, *rows)))
    verdicts = {row.label: row.cells[-1] for row in found.rows}
    order = [verdicts[row.label].value for row in rows]
    assert [verdicts[row.label].text for row in rows] == ["yes", "yes?", "?", "no?", "no"]
    assert order == sorted(order, reverse=True)
    assert len(set(order)) == 5
    assert isnan(verdicts["base"].value)
    assert not any(cell.best for cell in verdicts.values())


@pytest.mark.parametrize(("name", "extreme"), [("hit", 0.99), ("rhit", 9.0), ("pop_kl", 1e-4)])
def test_the_best_is_bold_and_never_invalid(
    comparison: Comparison, name: str, extreme: float
) -> None:
    title = METRICS[name].label
    good = main_table(with_values(comparison, "morec equal", **{name: extreme}))
    assert best(good, title) == ["morec equal"]
    bad = main_table(with_values(comparison, "morec rev-heavy", **{name: extreme}))
    assert best(bad, title) != []
    assert not {"morec rev-heavy", "popularity"} & set(best(bad, title))


def test_best_follows_the_direction(comparison: Comparison) -> None:
    table = main_table(comparison)
    able = ["base", "continue", "morec equal"]
    for name in OBJECTIVE_METRICS:
        values = {label: comparison.row(label).values[name].value for label in able}
        pick = max if METRICS[name].higher_is_better else min
        assert best(table, METRICS[name].label) == [pick(values, key=values.__getitem__)]


def test_a_table_without_a_valid_row_has_only_base_in_bold(comparison: Comparison) -> None:
    rows = [
        replace(row, valid_point=False) if row.valid_point is not None else row
        for row in comparison.rows
    ]
    table = main_table(replace(comparison, rows=tuple(rows)))
    assert best(table, "Hit") == ["base"]
    assert best(table, "Imp") == best(table, "HV") == []


def test_hypervolume_of_valid_runs_stands_below_where_it_differs(comparison: Comparison) -> None:
    rows = [
        replace(row, hv_valid=0.5) if row.label == "morec equal" else row for row in comparison.rows
    ]
    table = main_table(replace(comparison, rows=tuple(rows)))
    place = [column.title for column in table.columns].index("HV")
    notes = {row.label: row.cells[place].note for row in table.rows}
    assert notes.pop("morec equal") == "valid 0.50"
    assert set(notes.values()) == {""}


def test_imp_against_continue_is_never_bold(comparison: Comparison) -> None:
    assert best(main_table(comparison), "Imp / continue") == []


def width(table: TextTable) -> int:
    """Width with two spaces between columns and one before, as the terminal shows it."""
    lines = [["Method", *(c.header for c in table.columns)]]
    for row in table.rows:
        for part in row.label.split("\n"):
            lines.append([part + row.mark, *(cell.text for cell in row.cells)])
        if table.show_notes:
            lines.append(["", *(cell.note for cell in row.cells)])
    columns = zip(*lines, strict=True)
    return 1 + sum(max(map(len, column)) for column in columns) + 2 * len(table.columns)


@pytest.mark.parametrize("seeds", ["two", "one"])
def test_the_terminal_table_fits_88_columns(
    comparison: Comparison, one_seed: Comparison, seeds: str
) -> None:
    found = comparison if seeds == "two" else one_seed
    # The hardest case: an expensive catalogue, and a label that is long.
    for label in ("base", "morec" if seeds == "one" else "morec equal"):
        found = with_values(found, label, rhit=12.3456)
    found = relabelled(found, "morec" if seeds == "one" else "morec equal", "morec equal reweight")
    table = main_table(found).narrow()
    assert width(table) <= 88
    assert "Imp / continue" not in [column.title for column in table.columns]
    assert any(
        "morec equal reweight" in note and "against continue" in note for note in table.footnotes
    )


def test_one_seed_shows_intervals_instead_of_spreads(one_seed: Comparison) -> None:
    table = main_table(one_seed)
    assert table.show_notes
    assert "95 % interval" in table.caption
    hit = next(row for row in table.rows if row.label == "morec").cells[0]
    assert "(" not in hit.text
    low, high = map(float, hit.note.split("–"))
    found = one_seed.row("morec").values["hit"]
    assert (low, high) == pytest.approx((100 * found.low, 100 * found.high), abs=0.051)
    kl = next(row for row in table.rows if row.label == "morec").cells[3]
    assert len(kl.brief) < len(kl.note)


def test_two_seeds_show_spreads(comparison: Comparison) -> None:
    table = main_table(comparison)
    assert not table.show_notes
    assert table.caption.startswith("2 seeds per method; 6.01(3) means 6.01 ± 0.03;")


def test_changes_have_the_sign_of_the_metric_and_the_verdict_of_its_direction(
    comparison: Comparison,
) -> None:
    sure = [
        replace(row, change={n: replace(e, p=0.01) for n, e in row.change.items()})
        for row in comparison.rows
    ]
    table = change_table(replace(comparison, rows=tuple(sure)))
    assert list(table) == ["continue", "morec equal", "morec rev-heavy"]
    base = comparison.row("base").values
    for label, changes in table.items():
        for name, change in zip(OBJECTIVE_METRICS, changes, strict=True):
            gain = comparison.row(label).change[name].value
            rises = gain > 0 if METRICS[name].higher_is_better else gain < 0
            if change.text.strip("+−") != "0.0 %":
                assert change.text.startswith("+" if rises else "−")
            assert change.verdict == ("better" if gain > 0 else "worse")
    assert base


def test_unclear_changes_have_no_verdict(comparison: Comparison) -> None:
    # With 99 resamples no corrected p is below 0.05.
    assert {c.verdict for row in change_table(comparison).values() for c in row} == {""}


@pytest.mark.parametrize(
    ("gain", "p", "sign"), [(0.2, 0.04, "▲"), (-0.2, 0.04, "▼"), (0.2, 0.06, "")]
)
def test_a_sign_stands_only_behind_a_test(
    comparison: Comparison, gain: float, p: float, sign: str
) -> None:
    row = comparison.row("morec equal")
    change = {**row.change, "pop_kl": replace(row.change["pop_kl"], value=gain, p=p)}
    rows = [replace(r, change=change) if r is row else r for r in comparison.rows]
    table = main_table(replace(comparison, rows=tuple(rows)))
    titles = [column.title for column in table.columns]
    found = next(r for r in table.rows if r.label == "morec equal").cells[titles.index("Pop-KL")]
    assert found.sign == sign  # larger is better in a change, also of a divergence
    signs = {row.label: {cell.sign for cell in row.cells} for row in table.rows}
    assert signs["popularity"] == signs["base"] == {""}  # what is not corrected is not told
