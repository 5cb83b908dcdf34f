"""Downloads against a server on this machine: answers, redirects, proxies."""

import io
import ssl
from collections.abc import Iterator
from http.client import HTTPMessage
from pathlib import Path
from urllib.error import URLError
from urllib.request import OpenerDirector, Request

import pytest

from mobench.data.download import web
from tests.unit.data.downloads import DATA, MD5, beside, get, refusal
from tests.unit.data.site import Page, Site, running


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with running() as server:
        yield server


def test_a_whole_file(site: Site, tmp_path: Path) -> None:
    page = Page(DATA)
    told = get(site.add("/whole", page), tmp_path / "new" / "file.gz", md5=MD5.upper())
    assert (tmp_path / "new" / "file.gz").read_bytes() == DATA
    assert beside(tmp_path / "new" / "file.gz") == ["file.gz"]
    assert told[0] == (0, 50_000)
    assert told[-1] == (50_000, 50_000)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert page.asked[0]["user-agent"].startswith("mobench/")
    assert page.asked[0]["accept-encoding"] == "identity"


def test_what_is_there_needs_no_network(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"mine")
    assert get("http://127.0.0.1:1/never", tmp_path / "file") == []
    assert (tmp_path / "file").read_bytes() == b"mine"


def test_a_file_that_is_not_there(site: Site, tmp_path: Path) -> None:
    error = refusal(f"http://{site.host}/nothing", tmp_path / "file")
    assert "no such file (404)" in error.message
    assert str(tmp_path / "file") in (error.hint or "")
    assert beside(tmp_path / "file") == []


@pytest.mark.parametrize("status", [401, 403, 410, 451])
def test_a_refusal_is_not_tried_again(site: Site, tmp_path: Path, status: int) -> None:
    page = Page(DATA, statuses=[status])
    assert str(status) in refusal(site.add("/no", page), tmp_path / "file").message
    assert len(page.asked) == 1


def test_a_busy_server_is_tried_again(site: Site, tmp_path: Path) -> None:
    page = Page(DATA, statuses=[500, 503, 429])
    naps: list[float] = []
    get(site.add("/busy", page), tmp_path / "file", sleep=naps.append)
    assert (tmp_path / "file").read_bytes() == DATA
    assert naps == [1, 2, 4]


def test_attempts_have_an_end(site: Site, tmp_path: Path) -> None:
    page = Page(DATA, statuses=[500] * 99)
    naps: list[float] = []
    error = refusal(site.add("/down", page), tmp_path / "file", sleep=naps.append)
    assert "500" in error.message
    assert naps == [1, 2, 4, 8]
    assert len(page.asked) == 5


def test_a_web_page_or_nothing_is_no_file(site: Site, tmp_path: Path) -> None:
    page = Page(b"<html>please log in", kind="text/html; charset=utf-8")
    assert "web page" in refusal(site.add("/portal", page), tmp_path / "file").message
    assert "empty" in refusal(site.add("/empty", Page(b"")), tmp_path / "file").message


def test_a_slow_server(site: Site, tmp_path: Path) -> None:
    page = Page(DATA, pause=0.4)
    error = refusal(site.add("/slow", page), tmp_path / "file", timeout=0.05)
    assert "no byte came in time" in error.message
    assert len(page.asked) == 5


def test_offline(tmp_path: Path) -> None:
    naps: list[float] = []
    url = "http://127.0.0.1:1/file.gz"
    error = refusal(url, tmp_path / "file.gz", sleep=naps.append)
    assert url in error.message
    assert "refused" in error.message
    assert str(tmp_path / "file.gz") in (error.hint or "")
    assert naps == []
    assert beside(tmp_path / "file.gz") == []


def test_redirects_are_followed_and_keep_the_range(site: Site, tmp_path: Path) -> None:
    page = Page(DATA, cuts=[12_000])
    site.add("/there", page)
    url = site.add("/here", Page(location="/between"))
    site.add("/between", Page(location=f"http://{site.host}/there"))
    get(url, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == DATA
    assert page.ranges == ["", "bytes=12000-"]


def test_circles_end(site: Site, tmp_path: Path) -> None:
    page = Page(location="/circle")
    assert "circle" in refusal(site.add("/circle", page), tmp_path / "file").message
    assert len(page.asked) <= 6
    for step in range(20):
        site.add(f"/long/{step}", Page(location=f"/long/{step + 1}"))
    assert "5 times" in refusal(f"http://{site.host}/long/0", tmp_path / "file").message
    assert not site.pages["/long/7"].asked


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:,x", "http://[", "http://x:y/"]
)
def test_redirects_to_elsewhere_are_refused(site: Site, tmp_path: Path, location: str) -> None:
    page = Page(location=location)
    error = refusal(site.add("/elsewhere", page), tmp_path / "file")
    assert "address" in error.message
    assert len(page.asked) == 1


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_no_redirect_leads_from_https_to_http(code: int) -> None:
    """Asked of the part that follows redirects: there is no TLS server here."""
    request, headers = Request("https://publisher.invalid/x"), HTTPMessage()
    headers["Location"] = "http://publisher.invalid/x"
    body = io.BytesIO(b"moved")
    with pytest.raises(web.Refused, match="from https"):
        getattr(web._Redirects(), f"http_error_{code}")(request, body, code, "Moved", headers)
    assert body.closed


def test_an_invalid_certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    error = ssl.SSLCertVerificationError()
    error.verify_message = "certificate has expired"

    def fail(*_: object, **__: object) -> None:
        raise URLError(error)

    monkeypatch.setattr(OpenerDirector, "open", fail)
    message = refusal("https://publisher.invalid/x", tmp_path / "file").message
    assert "certificate has expired" in message


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/x", "plain", "http:///x"])
def test_only_web_addresses(tmp_path: Path, url: str) -> None:
    assert "no http or https address" in refusal(url, tmp_path / "file").message


def test_a_proxy_is_honoured(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", f"http://{site.host}")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    site.add("http://publisher.invalid/file", Page(DATA))
    get("http://publisher.invalid/file", tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == DATA
