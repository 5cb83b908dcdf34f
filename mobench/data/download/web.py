"""HTTP(S) requests with the standard library: one response, or why there is none.

Proxies come from the environment as ``urllib`` reads it. Nothing but ``http`` and ``https`` is ever
opened, and a redirect never leads from ``https`` to ``http``.
"""

import re
import ssl
import time
from collections.abc import Callable
from http.client import HTTPException, HTTPMessage, HTTPResponse, InvalidURL
from typing import IO, TypeVar
from urllib.error import HTTPError, URLError
from urllib.parse import urljoin, urlsplit
from urllib.request import (
    HTTPDefaultErrorHandler,
    HTTPErrorProcessor,
    HTTPHandler,
    HTTPRedirectHandler,
    HTTPSHandler,
    OpenerDirector,
    ProxyHandler,
    Request,
    UnknownHandler,
)

from mobench import __version__

T = TypeVar("T")
TIMEOUT = 30.0
"""Seconds without a byte until a connection counts as broken."""
ATTEMPTS = 5
"""Attempts in a row that may bring nothing new."""
LONGEST_WAIT = 30.0
REDIRECTS = 5
GONE = {401: "access is refused", 403: "access is refused", 404: "no such file", 410: "it is gone"}
BUSY = (408, 425, 429, 500, 502, 503, 504)
UNSATISFIABLE = 416


class Refused(Exception):
    """A request that would fail again; the text says why."""


class Broken(Exception):
    """A request that may succeed when it is tried again; the text says what happened."""


class Unreachable(Broken):
    """No connection could be made."""


class OutOfRange(Exception):
    """The server has no such bytes; ``total`` is what it says of the file's size, if anything."""

    def __init__(self, total: int | None) -> None:
        super().__init__()
        self.total = total


class _Redirects(HTTPRedirectHandler):
    max_redirections = REDIRECTS
    max_repeats = 2

    def http_error_302(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage
    ) -> HTTPResponse | None:
        fp.close()  # the body of a redirect is of no use, and has no bound
        target = urljoin(req.full_url, headers.get("Location", ""))
        check_scheme(target)
        if urlsplit(req.full_url).scheme == "https" and urlsplit(target).scheme != "https":
            raise Refused(f"it redirects from https to '{target}'")
        return super().http_error_302(req, fp, code, msg, headers)

    http_error_301 = http_error_303 = http_error_307 = http_error_308 = http_error_302


def check_scheme(url: str) -> None:
    """Refuse everything that is neither ``http`` nor ``https``.

    Raises:
        Refused: It is something else.
    """
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).netloc:
        raise Refused(f"'{url}' is no http or https address")


def request(url: str, headers: dict[str, str], timeout: float) -> HTTPResponse:
    """Send a GET request and return the response (200 or 206), to be closed by the caller.

    Args:
        url: The address.
        headers: What to send besides the name of the program.
        timeout: Seconds without an answer until the request counts as broken.

    Raises:
        Refused: The address cannot be used, or the server says no for good.
        Broken: The connection broke, or the server is busy or fails.
        OutOfRange: The server has no such range.
    """
    check_scheme(url)
    sent = {"User-Agent": f"mobench/{__version__}", "Accept-Encoding": "identity", **headers}
    try:
        response: HTTPResponse = _opener().open(Request(url, headers=sent), timeout=timeout)
    except HTTPError as error:
        error.close()
        raise _http_failure(error) from error
    except URLError as error:
        if isinstance(error.reason, ssl.SSLCertVerificationError):
            why = error.reason.verify_message
            raise Refused(f"the server's certificate is not valid ({why})") from error
        cause = getattr(error.reason, "strerror", None) or error.reason
        raise Unreachable(f"the server cannot be reached ({cause})") from error
    except (InvalidURL, ValueError) as error:
        raise Refused(f"it is, or redirects to, no valid address ({error})") from error
    except TimeoutError as error:
        raise Broken(f"no answer in {timeout:g} seconds") from error
    except (OSError, HTTPException) as error:
        raise Broken(f"the connection broke ({error})") from error
    if response.status not in (200, 206):
        response.close()
        raise Refused(f"the server answers {response.status} {response.reason}")
    return response


def patiently(
    attempt: Callable[[], T], reached: Callable[[], int], sleep: Callable[[float], None]
) -> T:
    """Return what ``attempt`` returns, tried again with growing pauses while it raises ``Broken``.

    Args:
        attempt: What to try.
        reached: How far it has come; getting further starts the count of attempts anew.
        sleep: Waits so many seconds.

    Raises:
        Refused: It brought nothing new ``ATTEMPTS`` times in a row, or there is no connection at
            all; the text is that of the last failure.
    """
    failures, furthest = 0, reached()
    while True:
        try:
            return attempt()
        except Broken as error:
            if isinstance(error, Unreachable) and not failures:
                raise Refused(str(error)) from error
            failures = 1 if reached() > furthest else failures + 1
            furthest = max(furthest, reached())
            if failures == ATTEMPTS:
                raise Refused(f"{error}, {ATTEMPTS} times in a row") from error
            sleep(min(2.0 ** (failures - 1), LONGEST_WAIT))


def read_text(url: str, limit: int, timeout: float = TIMEOUT) -> str:
    """Return a small text file.

    Args:
        url: The address.
        limit: Bytes that it may hold.
        timeout: As in ``request``.

    Raises:
        Refused: It cannot be had, or is larger.
    """

    def attempt() -> bytes:
        with request(url, {}, timeout) as response:
            try:
                return response.read(limit + 1)
            except (OSError, HTTPException) as error:
                raise Broken(f"the connection broke ({error})") from error

    data = patiently(attempt, lambda: 0, time.sleep)
    if len(data) > limit:
        raise Refused(f"'{url}' is larger than {limit:,} bytes")
    return data.decode("utf-8", "replace")


def _opener() -> OpenerDirector:
    """Return an opener that knows no other schemes; it is cheap, and the environment may change."""
    opener = OpenerDirector()
    errors = (HTTPDefaultErrorHandler, HTTPErrorProcessor, UnknownHandler)
    for handler in (ProxyHandler, HTTPHandler, HTTPSHandler, _Redirects, *errors):
        opener.add_handler(handler())
    return opener


def _http_failure(error: HTTPError) -> Exception:
    if error.code == UNSATISFIABLE:
        said = re.fullmatch(r"bytes \*/(\d{1,18})", error.headers.get("Content-Range", ""))
        return OutOfRange(int(said[1]) if said else None)
    if error.code in BUSY:
        return Broken(f"the server answers {error.code} {error.reason}")
    if error.code in GONE:
        return Refused(f"{GONE[error.code]} ({error.code})")
    if 300 <= error.code < 400:
        return Refused(f"it redirects in a circle, or more than {REDIRECTS} times")
    return Refused(f"the server answers {error.code} {error.reason}")
