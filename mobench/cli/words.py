"""How numbers, times and sizes are written for people."""

import math
import textwrap

MINUS = "−"
NOTHING = "—"
COLUMNS = 88
"""Terminal cells that a line may take."""


def number(value: float | None, digits: int = 4) -> str:
    """Return ``0.0612``; a missing value is a dash."""
    if value is None or not math.isfinite(value):
        return NOTHING
    return f"{value:.{digits}f}".replace("-", MINUS)


def percent(share: float | None, *, signed: bool = False) -> str:
    """Return ``98.2 %`` for 0.982, with ``signed`` also ``+14.7 %``."""
    if share is None or not math.isfinite(share):
        return NOTHING
    return f"{100 * share:{'+' if signed else ''}.1f} %".replace("-", MINUS)


def interval(low: str, high: str) -> str:
    """Return ``0.05 to 0.06`` for two written numbers, a dash where there are none."""
    return NOTHING if NOTHING in (low, high) else f"{low} to {high}"


def count(value: int) -> str:
    """Return ``7,824,482``."""
    return f"{value:,}"


def size(n_bytes: int) -> str:
    """Return ``6.1 MB``."""
    value, unit = float(n_bytes), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.1f} {unit}"


def duration(seconds: float) -> str:
    """Return ``0.4 s``, ``21 s``, ``4 min 52 s`` or ``1 h 02 min``."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if not minutes:
        return f"{rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest} s"


def wrapped(text: str, indent: str = "") -> str:
    """Return a sentence in lines of at most 88 cells, ``indent`` before all but the first."""
    return textwrap.fill(
        text,
        COLUMNS,
        subsequent_indent=indent,
        break_long_words=False,  # a path can be copied
        break_on_hyphens=False,
    )
