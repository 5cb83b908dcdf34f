import math
from statistics import median

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobench.data.prices import fill_prices, parse_price, transform

TABLE = [
    (27.99, 27.99, "number"),
    (5, 5.0, "number"),
    (0, 0.0, "number"),
    ("$1,299.00", 1299.0, "text"),
    ("12.99", 12.99, "text"),
    (" £ 7 ", 7.0, "text"),
    ("€1,234,567.5", 1234567.5, "text"),
    ("USD 3", 3.0, "text"),
    (".99", 0.99, "text"),
    ("$10.99 - $24.99", (10.99 + 24.99) / 2, "range"),
    ("10.00–20.00", 15.0, "range"),
    ("$1,000 to $3,000", 2000.0, "range"),
    (None, None, "missing"),
    ("", None, "missing"),
    ("  ", None, "missing"),
    ("free", None, "not a price"),
    ("—", None, "not a price"),
    ("None", None, "not a price"),
    ("from 14.99", None, "not a price"),
    ("12,99", None, "not a price"),
    ("1,2345", None, "not a price"),
    ("-5.00", None, "not a price"),
    ("1e5", None, "not a price"),
    ("$5 $6", None, "not a price"),
    ("٥", None, "not a price"),
    ("<span class='price'>$3.99</span>", None, "markup"),
    (".a-box-inner{background-color:#fff} $4", None, "markup"),
    ("\n" * 100 + '<div class="a-section a-spacing-none"', None, "markup"),
    ("< $5", None, "not a price"),
    ("9" * 200, None, "not a price"),
    (True, None, "not a price"),
    ([3.0], None, "not a price"),
    ({"value": 3}, None, "not a price"),
    (-1.0, None, "out of range"),
    (math.nan, None, "out of range"),
    (math.inf, None, "out of range"),
    (10**400, None, "out of range"),
    ("999999999999", None, "out of range"),
]


@pytest.mark.parametrize(("value", "price", "note"), TABLE, ids=lambda v: str(v)[:20])
def test_prices(value: object, price: float | None, note: str) -> None:
    assert parse_price(value) == (pytest.approx(price), note)


@given(st.text(max_size=30) | st.floats() | st.integers())
def test_a_price_is_in_range_or_absent(value: object) -> None:
    price, note = parse_price(value)
    assert (price is None) == (note not in ("number", "text", "range"))
    assert price is None or 0 <= price <= 1e9


@given(st.integers(0, 10**8))
def test_formatted_prices_come_back(cents: int) -> None:
    assert parse_price(f"${cents / 100:,.2f}") == (pytest.approx(cents / 100), "text")


PRICES = st.lists(
    st.tuples(st.integers(0, 3), st.none() | st.integers(0, 50).map(float)), max_size=30
)


@settings(max_examples=150)
@given(PRICES)
def test_gaps_take_the_median_of_their_category(items: list[tuple[int, float | None]]) -> None:
    category = np.array([code for code, _ in items], np.int64)
    price = np.array([np.nan if p is None else p for _, p in items], np.float64)
    known = [p for _, p in items if p is not None]
    wanted = []
    for code, p in items:
        own = [q for other, q in items if other == code and q is not None]
        wanted.append(p if p is not None else median(own or known or [0.0]))
    assert fill_prices(price, category, "category-median").tolist() == wanted
    zero = [p or 0.0 for _, p in items]
    assert fill_prices(price, category, "zero").tolist() == zero


def test_transforms() -> None:
    revenue = np.arange(101.0)
    assert transform(revenue, "none") is revenue
    np.testing.assert_allclose(transform(revenue, "log1p"), np.log(1 + revenue))
    cut = transform(revenue, "winsor:0.9")
    assert cut.max() == pytest.approx(90)
    assert cut[:91].tolist() == revenue[:91].tolist()
