"""Tables as LaTeX, results as columns, columns as CSV."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import pyarrow as pa

from mobench.metrics import OBJECTIVE_METRICS
from mobench.report.evidence import Columns
from mobench.report.records import Comparison, Estimate, Row
from mobench.report.text import Cell, TextRow, TextTable

LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{char: f"\\{char}" for char in "&%$#_{}"},
    "−": "$-$",
    "×": r"$\times$",
    "±": r"$\pm$",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    "†": r"$^\dagger$",
    "–": "--",
    "—": "---",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
}
"""What LaTeX cannot take as it is."""


TEXT = ("label", "method", "role", "seeds", "hv_over", "reasons", "validity", "test", "correction")
"""Columns of the results that are no numbers (``valid_point`` is a truth value)."""


NO_TEST = {"imp_p": None, "imp_d": None}


def latex(table: TextTable) -> str:
    """Return the table for the LaTeX packages booktabs and xcolor; invalid rows are grey."""
    head = " & ".join(["Method", *(_tex(column.header) for column in table.columns)])
    body = [line for row in table.rows for line in _tex_row(row, show_notes=table.show_notes)]
    lines = [
        "% needs \\usepackage{booktabs,xcolor}",
        f"\\begin{{tabular}}{{l{'r' * len(table.columns)}}}",
        "\\toprule",
        f"{head} \\\\",
        "\\midrule",
        *body,
        "\\bottomrule",
        "\\end{tabular}",
        *(f"% {_tex(note)}" for note in (table.caption, *table.footnotes)),
    ]
    return "\n".join(lines) + "\n"


def latex_plain(tables: Sequence[tuple[Sequence[str], Sequence[Sequence[str]]]]) -> str:
    """Return plain tables, (head, rows) each, for the LaTeX package booktabs."""
    lines = ["% needs \\usepackage{booktabs}"]
    for head, rows in tables:
        names, *body = (f"{' & '.join(map(_tex, cells))} \\\\" for cells in (head, *rows))
        lines += [
            f"\\begin{{tabular}}{{l{'r' * (len(head) - 1)}}}",
            "\\toprule",
            names,
            "\\midrule",
            *body,
            "\\bottomrule",
            "\\end{tabular}",
        ]
    return "\n".join(lines) + "\n"


def _tex_row(row: TextRow, *, show_notes: bool) -> list[str]:
    lines = [[_tex(row.label + row.mark), *map(_tex_cell, row.cells)]]
    if show_notes:
        lines.append(
            ["", *(f"{{\\scriptsize {_tex(c.note)}}}" if c.note else "" for c in row.cells)]
        )
    if row.style == "invalid":
        lines = [
            [f"\\textcolor{{gray}}{{{cell}}}" if cell else "" for cell in line] for line in lines
        ]
    return [f"{' & '.join(line)} \\\\" for line in lines]


def _tex_cell(cell: Cell) -> str:
    return f"\\textbf{{{_tex(cell.text)}}}" if cell.best else _tex(cell.text)


def _tex(text: str) -> str:
    flat = re.sub(r"\s+", " ", text)
    return "".join(LATEX.get(char, char) for char in flat)


def results(comparison: Comparison) -> Columns:
    """Return a row per row of the table, full precision, keys as in ``hit@10``."""
    records = [_record(row, comparison) for row in comparison.rows]
    return {name: [record[name] for record in records] for name in records[0]}


def arrow(columns: Columns) -> pa.Table:
    """Return the results with one type per column, also where a column is empty throughout."""
    types = dict.fromkeys(TEXT, pa.string()) | {"valid_point": pa.bool_()}
    return pa.table(
        {name: pa.array(v, type=types.get(name, pa.float64())) for name, v in columns.items()}
    )


def _record(row: Row, comparison: Comparison) -> dict[str, Any]:
    record: dict[str, Any] = {
        "label": row.label,
        "method": row.method,
        "role": row.role,
        "seeds": ",".join(map(str, row.seeds)),
    }
    for name, estimate in row.values.items():
        record |= _spread(f"{name}@{comparison.k}", estimate)
    for name in OBJECTIVE_METRICS:
        record |= _spread(f"change_{name}@{comparison.k}", row.change.get(name))
        change = row.change.get(name)
        record[f"change_{name}@{comparison.k}_p"] = change.p if change else None
        record[f"change_{name}@{comparison.k}_d"] = change.size if change else None
    record |= _spread("imp", row.imp)
    record |= {"imp_p": row.imp.p, "imp_d": row.imp.size} if row.imp else NO_TEST
    record |= _spread("imp_continue", row.imp_continue)
    record |= _spread("accuracy_kept", row.kept)
    return record | {
        "hv": row.hv,
        "hv_valid": row.hv_valid,
        "hv_over": "+".join(comparison.imp_over),
        "hv_reference": comparison.hv_reference,
        "validity": row.validity,
        "valid_point": row.valid_point,
        "reasons": "; ".join(row.reasons),
        "test": comparison.config.test,
        "correction": comparison.config.correction,
        **asdict(row.budget),
    }


def front_results(comparison: Comparison) -> Columns:
    """Return a row per front, full precision; its members are separated by ``;``."""
    records = [
        {
            "label": front.label,
            "backbone": front.backbone,
            "members": "; ".join(front.members),
            "seeds": ",".join(map(str, front.seeds)),
            **{
                name + end: value
                for name in FRONT_MEASURES
                for end, value in _mean_and_sd(getattr(front, name)).items()
            },
            "hv_over": "+".join(comparison.imp_over),
            "hv_reference": comparison.hv_reference,
            **asdict(front.budget),
        }
        for front in comparison.fronts
    ]
    return {name: [record[name] for record in records] for name in records[0]}


FRONT_MEASURES = ("non_dominated", "hv", "hv_valid", "igd_plus", "spread")


def _mean_and_sd(estimate: Estimate) -> dict[str, float | None]:
    return {"": estimate.value, "_sd": estimate.sd}


def _spread(name: str, estimate: Estimate | None) -> dict[str, float | None]:
    """Return value, sd and limits under names that start with ``name``."""
    return {
        name: estimate.value if estimate else None,
        f"{name}_sd": estimate.sd if estimate else None,
        f"{name}_low": estimate.low if estimate else None,
        f"{name}_high": estimate.high if estimate else None,
    }


def as_csv(columns: Mapping[str, Sequence[Any]]) -> str:
    """Return columns as CSV text; what is missing is empty, floats are at full precision."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return out.getvalue()
