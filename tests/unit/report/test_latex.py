"""The LaTeX tables compile."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from mobench.report.build import build
from tests.unit.report.conftest import CONFIG
from tests.unit.report.making import Shelf

DOCUMENT = (
    r"\documentclass{article}\usepackage[utf8]{inputenc}\usepackage[T1]{fontenc}"
    r"\usepackage{booktabs,xcolor}\begin{document}\tiny%s\end{document}"
)


def compiler() -> str:
    """LaTeX: needed in CI, a reason to skip elsewhere."""
    found = shutil.which("pdflatex")
    if found is None and os.environ.get("CI"):
        pytest.fail("pdflatex is missing; CI must compile the tables")
    if found is None:
        pytest.skip("no pdflatex on PATH")
    return found


@pytest.mark.slow
def test_every_table_compiles(shelf: Shelf, tmp_path: Path) -> None:
    latex = compiler()
    made = build(CONFIG, shelf.metrics, tmp_path / "shop").artifact.path
    tables = sorted(made.glob("*.tex"))
    assert tables
    for table in tables:
        source = tmp_path / f"{table.stem}-page.tex"
        source.write_text(DOCUMENT % f"\\input{{{table}}}", encoding="utf-8")
        done = subprocess.run(
            [latex, "-interaction=nonstopmode", "-halt-on-error", source.name],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout[-2000:]
        assert "Missing character" not in done.stdout
        assert source.with_suffix(".pdf").stat().st_size > 5_000
