"""The workflow files: they are YAML, they cache data/, and their commands do what they say."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import REPOSITORY

FOLDER = REPOSITORY / "benchmarks/ci"
GITHUB = yaml.safe_load((FOLDER / "github-actions.yml").read_text(encoding="utf-8"))
GITLAB = yaml.safe_load((FOLDER / "gitlab-ci.yml").read_text(encoding="utf-8"))
STEPS: list[dict[str, Any]] = GITHUB["jobs"]["reproduce"]["steps"]
SCRIPTS = {
    "github": [step["run"] for step in STEPS if "run" in step],
    "gitlab": GITLAB["reproduce"]["script"],
}
RECIPE = """
name = "shop"
note = "a planted set"
[prep]
source = ["synthetic:rows=2000,users=100,items=40,seed=2"]
[[train]]
method = "popularity"
[[train]]
method = "base"
epochs = 1
[expect.base]
"hit@10" = { value = VALUE, tolerance = 0.5 }
"""


def do(host: str, recipe: str, folder: Path) -> int:
    """Run the commands of a file as its host would; what is installed is this mobench."""
    tools = folder / "tools"
    tools.mkdir(exist_ok=True)
    for name, line in (("mobench", f'exec {sys.executable} -m mobench "$@"'), ("pip", "exit 0")):
        (tools / name).write_text(f"#!/bin/sh\n{line}\n")
        (tools / name).chmod(0o755)
    env = {**os.environ, "RECIPE": recipe, "PATH": f"{tools}:{os.environ['PATH']}"}
    env |= {"GITHUB_OUTPUT": "output.txt", "GITHUB_STEP_SUMMARY": "summary.md"}
    for script in SCRIPTS[host]:
        command = ["bash", "-e", "-o", "pipefail", "-c", script]
        if code := subprocess.run(command, cwd=folder, env=env, check=False).returncode:
            return code
    return 0


@pytest.mark.parametrize("host", ["github", pytest.param("gitlab", marks=pytest.mark.slow)])
def test_the_commands_run_and_fail_as_they_say(host: str, tmp_path: Path) -> None:
    (tmp_path / "shop.toml").write_text(RECIPE.replace("VALUE", "0.5"))
    assert do(host, "shop.toml", tmp_path) == 0
    found = json.loads((tmp_path / "result.json").read_text())
    assert found["status"] == "ok"
    assert all(step["fresh"] for step in found["steps"])
    assert "0 of 1 values outside their tolerance" in (tmp_path / "summary.md").read_text()
    (tmp_path / "shop.toml").write_text(RECIPE.replace("VALUE", "5"))
    assert do(host, "shop.toml", tmp_path) == 6
    found = json.loads((tmp_path / "result.json").read_text())
    assert found["error"]["exit_code"] == 6
    assert not any(step["fresh"] for step in found["steps"]), "the cached data are used again"
    if host == "github":
        from mobench import __version__

        assert (tmp_path / "output.txt").read_text().startswith(f"version={__version__}\n")


@pytest.mark.slow
@pytest.mark.parametrize("host", SCRIPTS)
def test_the_demo_reproduces_as_a_job(host: str, tmp_path: Path) -> None:
    recipe = {
        "github": GITHUB["jobs"]["reproduce"]["env"]["RECIPE"],
        "gitlab": GITLAB["reproduce"]["variables"]["RECIPE"],
    }[host]
    assert do(host, recipe, tmp_path) == 0
    assert (tmp_path / "data/reports/demo-k20/report.html").is_file()


def test_both_cache_data_and_keep_the_results() -> None:
    caches = [step["with"] for step in STEPS if "cache/" in step.get("uses", "")]
    assert [cache["path"] for cache in caches] == ["data", "data"]
    restored, saved = caches
    assert restored["key"] == saved["key"]
    assert restored["key"].startswith(restored["restore-keys"])
    assert "hashFiles(" in restored["restore-keys"]
    assert "version" in restored["restore-keys"]
    order = [step.get("uses", step.get("run", "")) for step in STEPS]
    assert order.index("actions/cache/restore@v4") < order.index("actions/cache/save@v4")
    (kept,) = [step for step in STEPS if "upload-artifact" in step.get("uses", "")]
    assert kept["if"] == "always()"
    assert kept["with"]["path"].split() == ["result.json", "data/reports"]
    job = GITLAB["reproduce"]
    assert job["cache"]["paths"] == ["data/"]
    assert job["cache"]["key"]["files"] == ["recipes/shop.toml"]
    assert {"result.json", "data/reports/"} <= set(job["artifacts"]["paths"])
    assert job["cache"]["when"] == job["artifacts"]["when"] == "always"


def test_no_command_has_anything_of_a_stranger_in_it() -> None:
    """What a pull request is called must not become a command."""
    assert not any("${{" in script for script in SCRIPTS["github"])
    assert GITHUB["permissions"] == {"contents": "read"}
