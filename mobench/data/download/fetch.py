"""Public data sets, downloaded when that is asked for and used from the cache afterwards.

A download goes into ``NAME.part`` and continues there after an interrupt, if the server still has
the same version (RFC 9110, sections 13.1.5 and 14.2: ``If-Range`` and ``Range``). Only a file with
the size that the server says, and the MD5 that the publisher says, gets its name.
"""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from http.client import HTTPException, HTTPResponse
from pathlib import Path

from mobench.data.download.part import Part, Version, claimed
from mobench.data.download.publishers import PublicSet, find
from mobench.data.download.web import (
    TIMEOUT,
    Broken,
    OutOfRange,
    Refused,
    patiently,
    read_text,
    request,
)
from mobench.errors import DataError

Progress = Callable[[int, int | None], None]
"""Takes the bytes so far and the bytes in all, ``None`` where they are not known."""
Track = Callable[[str], Progress]
"""Makes the progress of a file, by its name."""
CHUNK = 1 << 18
CHECKSUM_LIMIT = 4096
MD5 = re.compile(r"(?<![0-9a-fA-F])[0-9a-fA-F]{32}(?![0-9a-fA-F])")
RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)")


@dataclass(frozen=True)
class Obtained:
    """A public set that is on the disk.

    Attributes:
        chosen: The set, with its terms and its citation.
        reviews: Its review files.
        metadata: Its metadata files.
    """

    chosen: PublicSet
    reviews: tuple[Path, ...]
    metadata: tuple[Path, ...]


def obtain(name: str, cache: Path, track: Track, *, download: bool) -> Obtained:
    """Return the files of a public set, from the cache or, if ``download``, from the publisher.

    Args:
        name: Such as ``ml-100k`` or ``amazon-2023/Electronics``.
        cache: The folder that holds all public sets.
        track: Makes what is told of the progress of a file.
        download: Whether the network may be used. It is not where the cache has all files.

    Raises:
        ConfigError: There is no such set.
        DataError: It is not in the cache and ``download`` is false, or it cannot be downloaded.
    """
    chosen = find(name)
    folder = cache / chosen.collection.folder
    paths = [folder / file for file in chosen.files]
    for address, path in zip(chosen.addresses, paths, strict=True):
        if path.is_file():
            continue
        if not download:
            raise DataError(f"'{name}' is not in '{folder}'", f"add --download to get {address}.")
        suffix = chosen.collection.checksum
        md5 = _published_md5(address + suffix, path) if suffix else None
        fetch(address, path, md5=md5, progress=track(path.name))
    return Obtained(chosen, tuple(paths[:1]), tuple(paths[1:]))


def fetch(
    url: str,
    target: Path,
    *,
    progress: Progress,
    md5: str | None = None,
    timeout: float = TIMEOUT,
    sleep: Callable[[float], None] = time.sleep,
) -> Path:
    """Download a file, unless it is there, and return ``target``.

    Args:
        url: An ``http`` or ``https`` address.
        target: Where the file goes. What an interrupt leaves lies beside it.
        progress: Told of every piece.
        md5: What the publisher says, in hexadecimal digits.
        timeout: Seconds without a byte until the connection counts as broken.
        sleep: Waits so many seconds before the next attempt.

    Raises:
        DataError: It cannot be had, is not what was announced, does not fit the disk, or another
            process is downloading it.
    """
    if target.is_file():
        return target
    with claimed(target) as part:
        if target.is_file():  # another process has finished it meanwhile
            return target
        try:
            part.recall(url)
            patiently(
                lambda: _receive(url, part, progress, timeout, has_md5=md5 is not None),
                lambda: part.size,
                sleep,
            )
            _check_md5(part, md5)
            part.publish()
        except Refused as error:
            raise _failure(url, target, str(error)) from error
        except OSError as error:
            raise _failure(url, target, error.strerror or str(error)) from error
    return target


def _receive(url: str, part: Part, progress: Progress, timeout: float, *, has_md5: bool) -> None:
    """Fill the part with one request.

    Raises:
        Broken: It did not get full.
        Refused: It never will.
    """
    start, known = part.size, part.version
    if known and known.total == start:
        return  # the last process ended just before it published
    headers = {}
    if start and known and known.validator:
        headers = {"Range": f"bytes={start}-", "If-Range": known.validator}
    try:
        response = request(url, headers, timeout)
    except OutOfRange as error:
        if known and known.total is None and error.total == start:
            return  # all was here but the end of the last chunk
        part.restart(None)
        said = f"said {known.total:,} bytes" if known and known.total else "said no size"
        raise Broken(f"the server {said} and has {start:,}") from error
    with response:
        is_next = response.status == 206
        stop = _resumed(response, part) if is_next else _begun(url, response, part)
        if stop is None and not response.chunked and not has_md5:
            raise Refused("the server does not say how large it is, so a break would go unnoticed")
        if stop is not None and stop - part.size > part.free():
            needed, free = stop - part.size, part.free()
            raise Refused(f"it needs {needed:,} more bytes, and the disk has {free:,} free")
        _copy(response, part, stop, progress)


def _begun(url: str, response: HTTPResponse, part: Part) -> int | None:
    """Start from nothing and return the size that the server says."""
    if response.headers.get_content_type() == "text/html":
        raise Refused("the server sends a web page instead of the file")
    if response.length == 0:
        raise Refused("the server sends an empty file")
    part.restart(Version(url, _validator(response), response.length))
    return response.length


def _resumed(response: HTTPResponse, part: Part) -> int:
    """Check that the server continues where the part ends, and return where it will stop."""
    said = RANGE.fullmatch(response.headers.get("Content-Range", ""))
    first, last = (int(said[1]), int(said[2])) if said else (-1, -1)
    known, seen = part.version, _validator(response)
    total = known.total if known else None
    if said and said[3] != "*":
        total = int(said[3])
    if known is None or total is None or not first == part.size <= last < total:
        part.restart(None)
        raise Broken("the server sends other bytes than it was asked for")
    if seen not in ("", known.validator) or known.total not in (None, total):
        part.restart(None)
        raise Broken("the file has changed at the publisher")
    part.version = replace(known, total=total)
    return last + 1


def _copy(response: HTTPResponse, part: Part, stop: int | None, progress: Progress) -> None:
    """Append what comes and compare its size with what was said."""
    total = part.version.total if part.version else None
    progress(part.size, total)
    response.length = None  # read to the end of the connection: http.client would hide a surplus
    while stop is None or part.size <= stop:
        try:
            data = response.read1(CHUNK)
        except (OSError, HTTPException) as error:
            why = "no byte came in time" if isinstance(error, TimeoutError) else str(error)
            raise Broken(f"the connection broke after {part.size:,} bytes ({why})") from error
        if not data:
            break
        part.append(data)
        progress(part.size, total)
    size = part.size
    if stop is not None and size > stop:
        part.restart(None)
        raise Refused(f"the server said {stop:,} bytes and sent {size:,} or more")
    if size < (stop or size) or size < (total or size):
        raise Broken(f"the server said {total or stop:,} bytes and sent {size:,}")


def _validator(response: HTTPResponse) -> str:
    """Return what names this version of the file: a strong ETag, else the date of change."""
    tag = str(response.headers.get("ETag", ""))
    return tag if tag.startswith('"') else str(response.headers.get("Last-Modified", ""))


def _check_md5(part: Part, md5: str | None) -> None:
    if md5 and (found := part.md5()) != md5.lower():
        part.restart(None)
        raise Refused(f"its MD5 is {found}, and the publisher says {md5.lower()}")


def _published_md5(url: str, target: Path) -> str:
    """Return the MD5 that the publisher gives in a small file, whatever stands around it."""
    try:
        found = set(MD5.findall(read_text(url, CHECKSUM_LIMIT)))
    except Refused as error:
        raise _failure(url, target, str(error)) from error
    if len(found) != 1:
        raise _failure(url, target, "it holds no MD5, or several")
    return str(found.pop())


def _failure(url: str, target: Path, why: str) -> DataError:
    return DataError(
        f"'{url}' cannot be downloaded: {why}",
        f"try again later (it goes on where it stopped), or fetch {url.removesuffix('.md5')}"
        f" by hand to '{target}'.",
    )
