"""A web server on 127.0.0.1 that breaks off, redirects, and lies, as a test tells it to."""

import os
import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from unittest import mock


@dataclass
class Page:
    """What the server does at one path; lists are used up, an entry a request.

    Attributes:
        data: The content.
        etag: Its version; empty for none.
        modified: Its date of change; empty for none.
        has_ranges: Whether ranges are understood.
        minds_changes: Whether ``If-Range`` is.
        cuts: Bytes of the body after which the connection ends.
        resets: Whether it ends with a reset.
        said: What the header says instead of the true size; "" for no header.
        is_chunked: Whether the body comes in chunks, without a size.
        statuses: Answers without content.
        location: Where to redirect.
        pause: Seconds before every piece of the body.
        hangs: Seconds for which the connection stays open after the body.
        kind: Content type.
        whole: What a range's header says of the size of the whole file.
    """

    data: bytes = b""
    etag: str = '"one"'
    modified: str = ""
    has_ranges: bool = True
    minds_changes: bool = True
    cuts: list[int] = field(default_factory=list)
    resets: bool = False
    said: str | None = None
    is_chunked: bool = False
    statuses: list[int] = field(default_factory=list)
    location: str = ""
    pause: float = 0
    hangs: float = 0
    kind: str = "application/gzip"
    whole: str | None = None
    asked: list[dict[str, str]] = field(default_factory=list)

    @property
    def ranges(self) -> list[str]:
        """The ranges that were asked for."""
        return [headers.get("range", "") for headers in self.asked]


class Site:
    """The server: pages by path, and its address."""

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.host = f"127.0.0.1:{self.server.server_port}"

    def add(self, path: str, page: Page) -> str:
        """Put a page at a path and return its address."""
        self.pages[path] = page
        return f"http://{self.host}{path}"


@contextmanager
def running() -> Iterator[Site]:
    """Run a server."""
    site = Site()
    thread = threading.Thread(target=site.server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        with mock.patch.dict(os.environ, no_proxy="127.0.0.1"):
            yield site
    finally:
        site.server.shutdown()
        site.server.server_close()
        thread.join()


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            self.close_connection = True
            page = site.pages.get(self.path)
            if page is None:
                self.send_error(404)
                return
            page.asked.append({name.lower(): value for name, value in self.headers.items()})
            if page.statuses or page.location:
                self._bare(page)
                return
            start = self._start(page)
            if start > len(page.data):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(page.data)}")
                self.end_headers()
                return
            self._head(page, start)
            self._body(page, page.data[start:])

        def _bare(self, page: Page) -> None:
            self.send_response(page.statuses.pop(0) if page.statuses else 302)
            if page.location:
                self.send_header("Location", page.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _start(self, page: Page) -> int:
            """Return where to begin; beyond the end for a range that cannot be had."""
            asked = self.headers.get("Range")
            same = self.headers.get("If-Range") in (page.etag or None, page.modified or None)
            if not asked or not page.has_ranges or (page.minds_changes and not same):
                return 0
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            return start if start < len(page.data) else len(page.data) + 1

        def _head(self, page: Page, start: int) -> None:
            size = len(page.data)
            self.send_response(206 if start else 200)
            self.send_header("Content-Type", page.kind)
            for name, value in (("ETag", page.etag), ("Last-Modified", page.modified)):
                if value:
                    self.send_header(name, value)
            if start:
                whole = page.whole or size
                self.send_header("Content-Range", f"bytes {start}-{size - 1}/{whole}")
            if page.is_chunked:
                self.send_header("Transfer-Encoding", "chunked")
            elif page.said != "":
                self.send_header("Content-Length", page.said or str(size - start))
            self.end_headers()

        def _body(self, page: Page, body: bytes) -> None:
            cut = page.cuts.pop(0) if page.cuts else None
            body = body if cut is None else body[:cut]
            step = 1000 if page.pause or page.is_chunked else max(len(body), 1)
            for at in range(0, len(body), step):
                time.sleep(page.pause)
                piece = body[at : at + step]
                frame = b"%x\r\n%b\r\n" % (len(piece), piece) if page.is_chunked else piece
                self.wfile.write(frame)
            if page.is_chunked and cut is None:
                self.wfile.write(b"0\r\n\r\n")
            self.wfile.flush()
            time.sleep(page.hangs)
            if page.resets and cut is not None:
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.connection.close()

    return Handler
