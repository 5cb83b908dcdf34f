"""DESIGN 3.2: imports point left only, and each library has one home."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import mobench

PACKAGE = Path(mobench.__file__).parent

LEVELS = (
    ("errors",),
    ("config", "seeds", "manifest", "tables"),
    ("complete",),
    ("artifacts",),
    ("data", "metrics", "solvers"),
    ("objectives", "models"),
    ("evaluation",),
    ("training",),
    ("report",),
    ("places",),
    ("api",),
    ("cli",),
    ("__main__",),
)
"""From left to right; parts of one level never import each other."""

FORBIDDEN = {"report": {"models", "evaluation", "training"}}

HOMES = {
    "polars": ("data/", "report/compare.py", "api/"),
    "torch": ("models/", "evaluation/", "training/"),
    "torchjd": ("training/",),
    "pymoo": ("training/",),
    "safetensors": ("evaluation/", "training/"),
    "matplotlib": ("report/plots", "report/dataset/plots.py"),
    "typer": ("cli/",),
    "rich": ("cli/",),
    "click": (),
    "pandas": (),
    "pyspark": ("data/spark/",),
    "py4j": ("data/spark/",),
}

LEVEL = {part: level for level, parts in enumerate(LEVELS) for part in parts}
FILES = sorted(PACKAGE.rglob("*.py"))


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> Iterator[str]:
    """Yield every module that a file imports anywhere, also inside functions."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            assert node.module
            yield node.module
            if node.module == "mobench":
                yield from (f"mobench.{alias.name}" for alias in node.names)


def parts_imported(path: Path) -> set[str]:
    names = [name.split(".") for name in imported(path)]
    parts = {name[1] for name in names if name[0] == "mobench" and len(name) > 1}
    return {part for part in parts if part in LEVEL}


def test_the_tree_is_known() -> None:
    """A new part must be given its level here."""
    assert {part_of(path) for path in FILES} == {*LEVEL, "__init__"}


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_left_only(path: Path) -> None:
    mine = part_of(path)
    if mine == "__init__":
        assert parts_imported(path) <= {"api"}, "and that only when it is used"
        return
    for other in parts_imported(path) - {mine}:
        assert LEVEL[other] < LEVEL[mine], f"{mine} imports {other}"
        assert other not in FORBIDDEN.get(mine, ()), f"{mine} imports {other}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_every_library_has_one_home(path: Path) -> None:
    place = path.relative_to(PACKAGE).as_posix()
    for library in {name.partition(".")[0] for name in imported(path)} & HOMES.keys():
        assert place.startswith(HOMES[library]), f"{place} imports {library}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_only_the_command_line_reads_argv_or_exits(path: Path) -> None:
    place = path.relative_to(PACKAGE).as_posix()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    uses = {
        f"{node.value.id}.{node.attr}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    calls = {
        node.func.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    if not place.startswith(("cli/", "__main__")):
        assert not {"sys.exit", "sys.stdout", "sys.stderr"} & uses
        assert not {"print", "exit", "quit", "input"} & calls
        if place != "manifest.py":  # records the command that made an artifact
            assert "sys.argv" not in uses


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_files_and_functions_stay_short(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 250
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            length = (node.end_lineno or 0) - body[0].lineno + 1 if body else 0
            assert length <= 40, f"{node.name} has {length} lines"


def test_the_checks_can_fail(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text("def f():\n    from mobench.cli import main\n    import torch.nn\n")
    assert parts_imported(bad) == {"cli"}
    assert "torch.nn" in set(imported(bad))
