"""A number of the report with its spreads."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Estimate:
    """A number with both kinds of spread.

    Attributes:
        value: Mean over the seeds.
        sd: Standard deviation over the seeds (n − 1), ``None`` below two.
        low: Lower limit of the bootstrap interval over users (``nan`` where there is none).
        high: Upper limit.
        p: Two-sided p of no difference from base, corrected over the table (all changes together,
            all Imp together); ``None`` where nothing was tested.
        size: The effect in standard deviations of what it is for one user (``effect_size``).
    """

    value: float
    sd: float | None
    low: float
    high: float
    p: float | None = None
    size: float | None = None
