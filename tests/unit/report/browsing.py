"""A real browser: what it draws, asks for, and complains about."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")


@dataclass
class Seen:
    """A page in the browser, with what happened while it was open.

    Attributes:
        page: The page, as Playwright drives it.
        complaints: Messages on its console and errors of its scripts.
        requests: What it asked for, itself left out.
    """

    page: Any
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def settle(self) -> None:
        """Wait until every plot that has room is drawn."""
        self.page.wait_for_function(
            "() => [...document.querySelectorAll('figure.plot')]"
            ".every((f) => !f.checkVisibility() || f.classList.contains('drawn'))"
        )


def chromium() -> str:
    """The browser: needed in CI, a reason to skip elsewhere."""
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None and os.environ.get("CI"):
        pytest.fail("chromium is missing; CI must render the report")
    if found is None:
        pytest.skip("no chromium on PATH")
    return found


@contextmanager
def browsing() -> Iterator[Any]:
    """Yield the browser."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium(), args=list(ARGUMENTS))
        yield browser
        browser.close()


def opened(browser: Any, path: Path, width: int = 1200, scheme: str = "light", **more: Any) -> Seen:
    """Open a page and wait for its plots."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, **more
    )
    seen = Seen(context.new_page())
    seen.page.on("console", lambda message: seen.complaints.append(message.text))
    seen.page.on("pageerror", lambda error: seen.complaints.append(str(error)))
    seen.page.on("request", lambda request: seen.requests.append(request.url))
    seen.page.goto(path.as_uri())
    if more.get("java_script_enabled", True):
        seen.settle()
    assert seen.requests.pop(0) == path.as_uri()
    return seen
