"""Dates and times in the usual ISO forms, a column at once; the rest is left to ``clock``."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

_DATE, _TIME, _OFFSET = "0000-00-00", "T00:00:00", "+00:00"
_FORMS = [_DATE] + [
    f"{_DATE}{_TIME}{fraction}{zone}"
    for fraction in ("", ".000", ".000000")
    for zone in ("", "Z", _OFFSET)
]
FORMS = {len(form): form for form in _FORMS}
"""The forms by length: 0 is any digit, T is T or a space, + is + or -."""
SPANS = {"0": ("0", 9), "T": ("T", 0), "+": ("+", 2)}
"""The first character that a letter of a form allows, and how many follow it."""
DAY, HOUR, MINUTE, SECOND = 86_400_000_000, 3_600_000_000, 60_000_000, 1_000_000
"""In microseconds."""
YEARS = range(1970, 2100)
FIRST_DAYS = np.arange("1970-01", "2100-02", dtype="M8[M]").astype("M8[D]").astype(np.int64)
"""Days from 1970 to the first of each month."""


def iso_milliseconds(texts: pl.Series) -> pl.Series:
    """Return milliseconds since 1970 UTC, null where it takes a closer look.

    A text without an offset is UTC. Where this is not null it is what ``clock.instant`` returns;
    it is null for texts that are in none of ``FORMS`` and for years outside ``YEARS``.
    """
    lengths = texts.str.len_bytes().fill_null(0).to_numpy()
    times = np.zeros(len(texts), np.int64)
    known = np.zeros(len(texts), bool)
    for length in np.unique(lengths).tolist():
        if length in FORMS:
            here = lengths == length
            part = texts if here.all() else texts.filter(pl.Series(here))
            times[here], known[here] = _parse(part, FORMS[length])
    found = pl.Series(texts.name, times)
    return found if known.all() else found.set(pl.Series(~known), None)


def _parse(texts: pl.Series, form: str) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return milliseconds, and where they are right, for texts of the length of ``form``."""
    joined = texts.str.join("").item().encode()
    chars = np.frombuffer(joined, np.uint8).reshape(-1, len(form)).T.copy()
    digits = chars.astype(np.int32) - ord("0")
    days, right = _days(digits)
    right &= _fits(chars, form)
    total = days * DAY
    if len(form) > len(_DATE):
        hour, minute, second = (_number(digits[at : at + 2]) for at in (11, 14, 17))
        right &= (hour < 24) & (minute < 60) & (second < 60)
        total += hour * HOUR + minute * MINUTE + second * SECOND
    if "." in form:
        part = digits[20:26] if ".000000" in form else digits[20:23]
        total += _number(part) * 10 ** (6 - len(part))
    if form.endswith(_OFFSET):
        hour, minute = _number(digits[-5:-3]), _number(digits[-2:])
        right &= (hour < 24) & (minute < 60)
        total -= (hour * HOUR + minute * MINUTE) * np.where(chars[-6] == ord("-"), -1, 1)
    return (total + 500) // 1000, right


def _fits(chars: NDArray[np.uint8], form: str) -> NDArray[np.bool_]:
    """Return which texts are in the form; ``chars`` is [characters, texts]."""
    first, more = zip(*(SPANS.get(char, (char, 0)) for char in form), strict=True)
    start = np.frombuffer("".join(first).encode(), np.uint8)[:, None]
    # below ``start`` the difference wraps around and is large
    fits = chars - start <= np.array(more, np.uint8)[:, None]
    if "T" in form:
        fits[10] |= chars[10] == ord(" ")
    if "+" in form:
        fits[-6] &= chars[-6] != ord(",")
    return np.asarray(fits.all(axis=0))


def _days(digits: NDArray[np.int32]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return days since 1970, and where there is such a day in ``YEARS``."""
    year, month, day = (_number(part) for part in (digits[:4], digits[5:7], digits[8:10]))
    real = (year >= YEARS.start) & (year < YEARS.stop) & (month >= 1) & (month <= 12)
    months = np.where(real, 12 * (year - YEARS.start) + month - 1, 0)
    first = FIRST_DAYS[months]
    return first + day - 1, real & (day >= 1) & (day <= FIRST_DAYS[months + 1] - first)


def _number(digits: NDArray[np.int32]) -> NDArray[np.int64]:
    """Return the numbers that ``digits`` [digits, texts] spell."""
    number = digits[0]
    for digit in digits[1:]:
        number = 10 * number + digit
    return np.asarray(number, np.int64)
