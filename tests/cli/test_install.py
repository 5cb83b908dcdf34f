"""The demo comes along, whether mobench is installed from a wheel or from a checkout."""

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

pytestmark = pytest.mark.slow
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "install", "--quiet")
OFFLINE = ("--no-deps", "--no-index", "--no-build-isolation")


def install(folder: Path, *what: str) -> Path:
    """Install into a prefix of its own; return its site-packages."""
    subprocess.run([*PIP, *OFFLINE, "--ignore-installed", "--prefix", folder, *what], check=True)
    paths = sysconfig.get_paths(vars={"base": str(folder), "platbase": str(folder)})
    return Path(paths["purelib"])


def prep_demo(site: Path, folder: Path) -> tuple[str, dict[str, object]]:
    """Run ``mobench prep demo`` from ``site`` in an empty folder; return module and answer."""
    folder.mkdir()
    code = (
        f"import site, sys; sys.path.insert(0, {str(site)!r}); site.addsitedir({str(site)!r});"
        "import mobench; print(mobench.__file__, file=sys.stderr);"
        "from mobench.cli import main; sys.exit(main(['prep', 'demo', '--json']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
    )
    return done.stderr.splitlines()[0], json.loads(done.stdout)


def test_wheel_brings_data_and_recipes(tmp_path: Path) -> None:
    wheels = tmp_path / "wheels"
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", wheels]
    subprocess.run([*build, REPOSITORY], check=True, capture_output=True)
    (wheel,) = wheels.glob("*.whl")
    site = install(tmp_path / "prefix", str(wheel))
    module, answer = prep_demo(site, tmp_path / "empty")
    assert module == str(site / "mobench" / "__init__.py")
    assert answer["status"] == "ok"
    assert (tmp_path / "empty" / "data" / "datasets" / "demo" / "manifest.json").is_file()
    shipped = {p.relative_to(site).as_posix() for p in (site / "mobench").rglob("*")}
    assert "mobench/recipes/demo.toml" in shipped
    assert "mobench/report/page.css" in shipped
    assert "mobench/py.typed" in shipped
    assert "mobench/demo/LICENSE" in shipped


def test_editable_install_finds_the_checkout(tmp_path: Path) -> None:
    site = install(tmp_path / "prefix", "--editable", str(REPOSITORY))
    module, answer = prep_demo(site, tmp_path / "empty")
    assert module == str(REPOSITORY / "mobench" / "__init__.py")
    assert answer["status"] == "ok"
