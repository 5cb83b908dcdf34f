"""Which members of a zip archive prep reads, where the user names the archive alone."""

from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

from mobench.data.archives import data_members, shown
from mobench.data.blocks import read_head
from mobench.data.files import Role, SourceFile
from mobench.data.sources import SOURCES
from mobench.errors import DataError

KNOWN = (
    ("u.data", "u.item"),
    ("ratings.dat", "movies.dat"),
    ("ratings.csv", "movies.csv"),
    ("*.inter", "*.item"),
)
"""Names of review files and of the metadata beside them: MovieLens and RecBole."""
LOOKED_INTO = 20
"""More members than this are not looked into: the user has to choose."""


def choose(archive: Path, role: Role) -> str:
    """Return the member with the reviews or the metadata: by name, else by content.

    Raises:
        DataError: The archive cannot be read, holds no data, or several files may be meant.
    """
    members = data_members(archive)
    if not members:
        raise DataError(f"'{archive}' holds no data file", "is it the right archive?")
    if len(members) == 1:
        return members[0]
    found = [name for name in members if _is_known(name, role)]
    if not found and len(members) <= LOOKED_INTO:
        found = _recognised(archive, members, role)
    if len(found) == 1:
        return found[0]
    option = "--meta " if role == "metadata" else ""
    many = "several files that may be" if found else "no file that is known to be"
    listed = found or members
    raise DataError(
        f"'{archive}' holds {many} {role}: {shown(listed)}",
        f"choose one: {option}{archive}:{listed[0]}",
    )


def partner(archive: Path, reviews: str) -> str | None:
    """Return the member with the metadata of a review member, if there is exactly one.

    Known names count in the folder of the reviews; where the reviews have another name, all that
    is recognised as metadata counts.
    """
    members = [name for name in data_members(archive) if name != reviews]
    path = PurePosixPath(reviews)
    for pattern, beside in KNOWN:
        if fnmatchcase(path.name, pattern):
            wanted = str(path.with_name(beside.replace("*", path.stem)))
            return wanted if wanted in members else None
    found = _recognised(archive, members, "metadata") if len(members) <= LOOKED_INTO else []
    return found[0] if len(found) == 1 else None


def _is_known(member: str, role: Role) -> bool:
    place = 0 if role == "reviews" else 1
    return any(fnmatchcase(PurePosixPath(member).name, pair[place]) for pair in KNOWN)


def _recognised(archive: Path, members: list[str], role: Role) -> list[str]:
    """Return the members that a format recognises as reviews or as metadata.

    What may be either counts as reviews only where nothing else does.
    """
    heads = {name: _head(archive, name) for name in members}
    sources = SOURCES.values()
    items = [n for n, head in heads.items() if any(s.recognises_items(head) for s in sources)]
    if role == "metadata":
        return items
    reviews = [n for n, head in heads.items() if any(s.recognises(head) for s in sources)]
    return [name for name in reviews if name not in items] or reviews


def _head(archive: Path, member: str) -> bytes:
    """Return the first lines of a member; one that cannot be read is not chosen."""
    try:
        return read_head(SourceFile("reviews", archive, member, member))
    except DataError:
        return b""
