"""The page in a real browser."""

import os
import shutil
import subprocess
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from mobench.report.build import build
from tests.unit.report.conftest import CONFIG
from tests.unit.report.making import Shelf

QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)


def browser() -> str:
    """The browser: needed in CI, a reason to skip elsewhere."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if found is None and os.environ.get("CI") == "true":
        pytest.fail("chromium is missing; CI must render the report")
    if found is None:
        pytest.skip("no chromium on PATH")
    return found


def shot(page: Path, folder: Path, width: int, *flags: str) -> np.ndarray:
    """Return the rendered page as pixels, ``[height, width, RGBA]`` in [0, 1]."""
    picture = folder / f"{width}{''.join(flags)}.png"
    profile = folder / f"profile-{picture.stem}"
    command = [browser(), *QUIET, *flags, f"--user-data-dir={profile}"]
    command += [f"--window-size={width},3000", f"--screenshot={picture}", page.as_uri()]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return matplotlib.image.imread(picture)


@pytest.mark.slow
def test_the_page_renders(shelf: Shelf, tmp_path: Path) -> None:
    page = build(CONFIG, shelf.metrics, tmp_path / "shop").artifact.path / "report.html"
    light = shot(page, tmp_path, 1200)
    dark = shot(page, tmp_path, 1200, "--force-dark-mode")
    assert light.shape[:2] == (3000, 1200)
    assert light[5, 5, :3].min() > 0.98
    assert dark[5, 5, :3].max() < 0.2
    for picture in (light, dark):
        # Something is drawn in every stretch of the page, figures included.
        stretches = picture[: 250 * 11, :, :3].reshape(11, -1, 3)
        assert (stretches.std(axis=(1, 2)) > 0.005).all()
    blue = np.abs(light[..., :3] - np.array([0x00, 0x72, 0xB2]) / 255).max(axis=-1) < 0.02
    assert blue.sum() > 500
