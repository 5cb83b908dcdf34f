"""Which column is what: as the user says, else by names that everybody uses."""

from collections.abc import Collection, Sequence

from mobench.data.files import SourceFile
from mobench.data.rows import Columns
from mobench.data.sources.base import require
from mobench.errors import DataError

KNOWN = {
    "user": "user userid uid reviewerid reviewer customerid customer visitorid memberid",
    "item": "item itemid iid productid product asin parentasin movieid bookid trackid songid"
    " artistid articleid businessid gameid sku",
    "rating": "rating ratings score stars overall",
    "time": "timestamp time ts date datetime unixtime unixreviewtime createdat eventtime",
    "title": "title name itemname itemtitle productname producttitle movietitle",
    "price": "price itemprice productprice unitprice",
    "category": "category categories categoryname itemcategory productcategory genre genres class",
}
"""Names in lower case, without what stands between their words."""
_NAMES = {name: key for key, names in KNOWN.items() for name in names.split()}
REVIEW_KEYS, ITEM_KEYS = ("user", "item", "rating", "time"), ("item", "title", "price", "category")


def meaning(name: str) -> str | None:
    """Return what a column of this name is, ``None`` where that cannot be told."""
    return _NAMES.get("".join(c for c in name.lower() if c.isalnum()))


def meanings(names: Collection[str]) -> set[str]:
    """Return everything that columns of these names are."""
    return {key for name in names if (key := meaning(name))}


def review_columns(file: SourceFile, found: Sequence[str]) -> Columns:
    """Return the columns of a review file; rating and time may be missing.

    Args:
        file: The file, with the names that the user gives.
        found: Its columns.

    Raises:
        DataError: A named column is not there, or it cannot be told which is the user or the item,
            or which of several is one of the four.
    """
    for name in (file.columns[key] for key in REVIEW_KEYS if key in file.columns):
        require(file, (name,), list(found))
    chosen = _choose(file, found, REVIEW_KEYS, dict(file.columns))
    for key in ("user", "item"):
        if key not in chosen:
            raise _untold(file, found, key, chosen, ("user", "item"))
    return Columns(chosen["user"], chosen["item"], chosen.get("rating"), chosen.get("time"))


def item_columns(file: SourceFile, found: Sequence[str]) -> dict[str, str]:
    """Return the columns of a metadata file by ``ITEM_KEYS``: the item and at least one other.

    The item may be called otherwise than in the reviews: the name that the user gives counts only
    where there is such a column.

    Raises:
        DataError: As for ``review_columns``.
    """
    for key in ("title", "price", "category"):
        if key in file.columns:
            require(file, (file.columns[key],), list(found))
    named = {key: name for key, name in file.columns.items() if name in found}
    chosen = _choose(file, found, ITEM_KEYS, named)
    if "item" not in chosen:
        raise _untold(file, found, "item", chosen, ("item", "price", "category"))
    if len(chosen) == 1:
        raise _untold(file, found, "price or category", chosen, ("item", "price", "category"))
    return chosen


def _choose(
    file: SourceFile, found: Sequence[str], keys: Sequence[str], named: dict[str, str]
) -> dict[str, str]:
    chosen = {key: named[key] for key in keys if key in named}
    for key in keys:
        if key not in chosen:
            names = [n for n in found if meaning(n) == key and n not in chosen.values()]
            if len(names) > 1:
                if len(set(names)) == 1:
                    raise _called_alike(file, names[0])
                shown = ", ".join(names)
                raise DataError(
                    f"'{file.name}' has {len(names)} columns that may be the {key}: {shown}",
                    f"say which: --columns {key}={names[0]}.",
                )
            if names:
                chosen[key] = names[0]
    for name in chosen.values():
        if list(found).count(name) > 1:
            raise _called_alike(file, name)
        if list(chosen.values()).count(name) > 1:
            raise DataError(f"'{file.name}': column '{name}' is named twice", "name each once.")
    return chosen


def _called_alike(file: SourceFile, name: str) -> DataError:
    return DataError(
        f"'{file.name}' has several columns called '{name}'", "rename them in its first line."
    )


def _untold(
    file: SourceFile,
    found: Sequence[str],
    key: str,
    chosen: dict[str, str],
    shown: Sequence[str],
) -> DataError:
    """Return the failure to tell which column is what, with an option that would tell it."""
    shown = list(dict.fromkeys((*shown, *file.columns)))  # what the user has said stays said
    known = {**file.columns, **chosen}
    free = [name for name in found if name not in known.values()]
    example = ",".join(
        f"{one}={known[one] if one in known else free.pop(0) if free else 'NAME'}" for one in shown
    )
    columns = ", ".join(found[:12]) + (", …" if len(found) > 12 else "")
    return DataError(
        f"'{file.name}' has no column that is known to be the {key}",
        f"Columns: {columns}. Say which, such as --columns {example}.",
    )
