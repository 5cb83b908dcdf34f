"""The table as Markdown, LaTeX and columns."""

import csv
import io
import math
import re
from dataclasses import replace

from mobench.report.figures import figures
from mobench.report.markdown import markdown
from mobench.report.records import Comparison
from mobench.report.tables import main_table
from mobench.report.writers import arrow, as_csv, latex, results
from tests.unit.report.test_tables import relabelled

HOSTILE = r"a_b & 50% $x$ #1 {y} ~z^ \w <script>|`*"


def test_markdown_has_every_number_and_is_not_broken_by_labels(comparison: Comparison) -> None:
    hostile = relabelled(comparison, "morec equal", HOSTILE)
    table = main_table(hostile)
    text = markdown(hostile, "<b>T", table, figures(hostile))
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert len(rows) == 7 + 5 + 5  # results, changes, budgets
    for row, line in zip(table.rows, rows[2:], strict=False):
        assert all(cell.text in line for cell in row.cells)
    assert "<script>" not in text
    assert "<b>" not in text
    unescaped = {len(re.findall(r"(?<!\\)\|", row)) for row in rows[:7]}
    assert unescaped == {len(table.columns) + 2}
    assert sum(row.count("**") for row in rows[:7]) == 2 * sum(
        cell.best for row in table.rows for cell in row.cells
    )


def test_latex_escapes_and_marks(comparison: Comparison) -> None:
    text = latex(main_table(relabelled(comparison, "morec equal", HOSTILE)))
    assert (
        r"a\_b \& 50\% \$x\$ \#1 \{y\} \textasciitilde{}z\textasciicircum{} \textbackslash{}w"
        r" \textless{}script\textgreater{}|`* &" in text
    )
    assert r"\toprule" in text
    assert r"Pop-KL $\downarrow$" in text
    assert r"\textbf{" in text
    invalid = next(line for line in text.splitlines() if "rev-heavy$^\\dagger$" in line)
    assert r"\textbf" not in invalid
    assert invalid.count(r"\textcolor{gray}{") == 10
    body = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert {len(re.findall(r"(?<!\\)&", line)) for line in body} == {9}
    assert not re.search(r"[−×†–—↑↓]", text)


def test_latex_of_one_seed_has_a_line_of_intervals(one_seed: Comparison) -> None:
    text = latex(main_table(one_seed))
    assert text.count(r"{\scriptsize") >= 4 * 3


def test_columns_have_full_precision(comparison: Comparison) -> None:
    columns = results(comparison)
    place = columns["label"].index("morec equal")
    row = comparison.row("morec equal")
    assert columns["min_hit@10"][place] == row.values["min_hit"].value
    assert columns["pop_kl@10_sd"][place] == row.values["pop_kl"].sd
    assert columns["imp"][place] == row.imp.value  # type: ignore[union-attr]
    assert columns["imp_low"][place] == row.imp.low  # type: ignore[union-attr]
    assert columns["change_hit@10_p"][place] == row.change["hit"].p
    assert columns["accuracy_kept"][columns["label"].index("base")] is None
    assert columns["hv_over"][place] == "+".join(comparison.imp_over)
    assert columns["valid_point"] == [None, None, True, True, False]
    assert columns["validity"] == [r.validity for r in comparison.rows]
    assert {columns["validity"][0], columns["validity"][-1]} == {None, "invalid"}


def test_csv_can_be_read_back(comparison: Comparison) -> None:
    columns = results(comparison)
    columns["label"][3] = 'a,"b"\nc'
    rows = list(csv.DictReader(io.StringIO(as_csv(columns))))
    assert [row["label"] for row in rows][3] == 'a,"b"\nc'
    assert [float(row["hit@10"]) for row in rows] == columns["hit@10"]
    assert rows[1]["imp"] == ""
    assert not math.isnan(float(rows[3]["imp"]))


def test_types_do_not_depend_on_what_is_missing(comparison: Comparison) -> None:
    bare = replace(comparison, rows=comparison.rows[1:2])
    assert arrow(results(bare)).schema == arrow(results(comparison)).schema
