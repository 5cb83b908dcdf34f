"""Prices: what sellers write, as numbers; and the revenue that training counts."""

import re
from typing import Literal

import numpy as np
from numpy.typing import NDArray

FORMS = ("number", "text", "range")
"""How a price can be written; every other note of ``parse_price`` says why there is none."""
MissingPrice = Literal["zero", "category-median", "drop"]
LARGEST = 1e9
LONGEST = 100
_MARKUP = re.compile(r"</?[a-zA-Z]|[{}]")
_AMOUNT = r"(?:[$£€¥]|USD|EUR|GBP)?\s*(\d{1,3}(?:,\d{3})+(?:\.\d*)?|\d+(?:\.\d*)?|\.\d+)"
TEXT = re.compile(rf"\s*{_AMOUNT}\s*", re.ASCII)
RANGE = re.compile(rf"\s*{_AMOUNT}\s*(?:-|–|—|to)\s*{_AMOUNT}\s*", re.ASCII)


def parse_price(value: object) -> tuple[float | None, str]:
    """Return a price and how it was written, or ``None`` and why.

    Numbers, texts such as ``"$1,299.00"`` and ranges such as ``"$10.99 - $24.99"`` (their midpoint)
    are prices from 0 to 1e9. Anything else is not guessed at: ``markup`` is a piece of the web page
    (HTML or CSS) that leaked into the files.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return None, "missing"
    if isinstance(value, str):
        price, note = _from_text(value)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        price, note = value, "number"
    else:
        return None, "not a price"
    if price is None:
        return None, note
    if not 0 <= price <= LARGEST:  # NaN fails too
        return None, "out of range"
    return float(price), note


def _from_text(text: str) -> tuple[float | None, str]:
    if len(text) <= LONGEST:
        if match := TEXT.fullmatch(text):
            return _amount(match[1]), "text"
        if match := RANGE.fullmatch(text):
            return (_amount(match[1]) + _amount(match[2])) / 2, "range"
    return None, "markup" if _MARKUP.search(text) else "not a price"


def _amount(digits: str) -> float:
    return float(digits.replace(",", ""))


def fill_prices(
    price: NDArray[np.float64],
    category: NDArray[np.int64],
    missing: Literal["zero", "category-median", "drop"],
) -> NDArray[np.float64]:
    """Return prices ``[I]`` without gaps.

    Args:
        price: Prices ``[I]``, NaN where there is none.
        category: Codes ``[I]`` from 0.
        missing: ``zero``; or ``category-median``, that of all items in a category without prices,
            and 0 where nothing has a price; ``drop`` has left no gaps.
    """
    gaps = np.isnan(price)
    if missing == "zero" or gaps.all():
        return np.where(gaps, 0.0, price)
    medians = np.full(int(category.max(initial=-1)) + 1, np.median(price[~gaps]))
    order = np.lexsort((price, category))
    order = order[~gaps[order]]
    codes, start, count = np.unique(category[order], return_index=True, return_counts=True)
    low, high = start + (count - 1) // 2, start + count // 2
    medians[codes] = (price[order[low]] + price[order[high]]) / 2
    return np.where(gaps, medians[category], price)


def transform(revenue: NDArray[np.float64], rule: str) -> NDArray[np.float64]:
    """Return revenue ``[I]`` after ``none``, ``log1p`` or ``winsor:Q`` (cut at the quantile Q)."""
    if rule == "none" or not revenue.size:
        return revenue
    if rule == "log1p":
        return np.log1p(revenue)
    return np.minimum(revenue, np.quantile(revenue, float(rule.removeprefix("winsor:"))))
