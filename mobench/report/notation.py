"""Numbers as people read them: concise notation for means, short intervals, signed percentages."""

import math
from collections.abc import Sequence

import numpy as np

MOST_DECIMALS = 4
MISSING = "—"


def decimals(sds: Sequence[float | None], default: int) -> int:
    """Return how many decimals a column needs, from the spreads in it.

    The median spread shows its first digit, or its first two where ``default`` has room for them:
    0.03 → 6.01(3), 0.12 → 3.12(12), 1.2 → 99.2(12), 0.004 → 6.012(4). One number of decimals per
    column, so that values stand under each other.

    Args:
        sds: Standard deviations of the column's cells, in the unit shown.
        default: Decimals where nothing has a spread.
    """
    spreads = [sd for sd in sds if sd]
    if not spreads:
        return default
    first_digit = -math.floor(math.log10(float(np.median(spreads))))
    wanted = first_digit if first_digit > default else min(default, first_digit + 1)
    return min(max(wanted, 0), MOST_DECIMALS)


def concise(value: float, sd: float | None, places: int) -> str:
    """Return ``6.01(3)`` for 6.01 ± 0.03: the spread in units of the last digit.

    Args:
        value: Mean.
        sd: Standard deviation ≥ 0, or ``None`` for the value alone.
        places: Decimals; at 0 the spread is in units.
    """
    if not math.isfinite(value):
        return MISSING
    text = minus(f"{value:.{places}f}")
    return text if sd is None else f"{text}({round(sd * 10**places)})"


def interval(low: float, high: float, most: int, digits: int = 2) -> str:
    """Return ``5.81–6.44``: as many decimals as show some digits of its width, at most ``most``.

    Empty where there is no interval, or none of any width.
    """
    if not (math.isfinite(low) and math.isfinite(high) and high > low):
        return ""
    places = interval_places(high - low, most, digits)
    return f"{low:.{places}f}–{high:.{places}f}"


def interval_places(width: float, most: int, digits: int) -> int:
    """Return the decimals at which an interval of this width > 0 shows ``digits`` of its width."""
    return min(max(digits - 1 - math.floor(math.log10(width)), 0), most)


def percent(share: float, *, signed: bool = False, places: int = 1) -> str:
    """Return ``98.2 %``, or ``+13.6 %`` if signed; ``—`` for what is not a number."""
    if not math.isfinite(share):
        return MISSING
    return minus(f"{100 * share:{'+' if signed else ''}.{places}f} %")


def percent_range(low: float, high: float, *, digits: int = 2) -> str:
    """Return ``+5.2 to +22.1 %``: limits of an interval of shares, without needless digits."""
    if not (math.isfinite(low) and math.isfinite(high) and high > low):
        return ""
    places = interval_places(100 * (high - low), 1, digits)
    first, last = (minus(f"{100 * x:+.{places}f}") for x in (low, high))
    return f"{first} to {last} %"


def minus(text: str) -> str:
    """Return the text with a true minus sign, and without a negative zero."""
    zero = text.startswith("-") and not any(digit in text for digit in "123456789")
    return text[1:] if zero else text.replace("-", "−")


def p_text(p: float) -> str:
    """Return ``p 0.012`` or ``p < 0.001``."""
    return "p < 0.001" if p < 0.001 else f"p {p:.3f}"


def counted(n: int, noun: str) -> str:
    """Return ``1 seed``, ``3 seeds``, ``12,000 users``."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"
