"""What synthetic data are asked for: ``synthetic:rows=1e6,users=50000,seed=3``."""

import hashlib
import json
from decimal import Decimal, InvalidOperation
from typing import Self

from pydantic import model_validator

from mobench.config.base import Config, Explained, build, kinds, option
from mobench.errors import ConfigError, suggest

NAME = "synthetic"
VERSION = 1
"""Goes up whenever the same spec gives other rows or items."""
SHORTEST_ID = 13
"""A letter and 60 bits, five a character: no two users can share it."""


class Spec(Config):
    """Size and shape of a synthetic data set."""

    rows: int = option(40_000, ge=1, le=10**10)
    """Rows."""
    users: int = option(1_500, ge=1, le=10**9)
    """Users to draw from; with few rows some are never drawn."""
    items: int = option(600, ge=2, le=10**7)
    """Items to draw from."""
    seed: int = option(0, ge=0)
    """Seed of everything."""
    classes: int = option(8, ge=1, le=64)
    """Latent classes of users and items."""
    categories: int = option(8, ge=1, le=256)
    """Categories of items."""
    affinity: float = option(0.8, ge=0, le=1)
    """Share of choices in the easiest category that follow the class, not popularity alone."""
    difficulty: float = option(0.8, ge=0, le=1)
    """How much of the affinity is gone in the hardest category; those between are evenly spaced."""
    drift: float = option(0.0, ge=0, le=1)
    """Chance that a choice at the end of the time span follows the user's second class."""
    zipf: float = option(0.8, ge=0, le=3)
    """Exponent of item popularity: the share of rank r is proportional to r to the −zipf."""
    activity: float = option(0.3, ge=0, le=0.9)
    """Exponent of user activity; 0 makes all users equally active."""
    repeats: float = option(0.0, ge=0, le=0.9)
    """Share of rows that repeat the pair of a row not long before; more come by chance."""
    price_median: float = option(20.0, gt=0, le=1000)
    """Median price."""
    price_sigma: float = option(0.8, ge=0, le=1.5)
    """Standard deviation of the price's logarithm."""
    price_corr: float = option(-0.3, ge=-1, le=1)
    """Correlation of price and popularity (Gaussian copula)."""
    price_missing: float = option(0.0, ge=0, le=1)
    """Share of items without a price."""
    ratings: tuple[float, ...] | None = option((0.05, 0.05, 0.1, 0.25, 0.55))
    """Shares of the ratings 1 to 5, written 0.1/0.1/0.2/0.3/0.3; none leaves ratings out."""
    days: int = option(1_000, ge=1, le=20_000)
    """Days from the first row to the last, beginning in 2019."""
    ordered: bool = option(True)
    """Whether the rows are in the order of time."""
    id_length: int = option(0, ge=0, le=64)
    """Characters of a user's id as on Amazon (28 there); 0 makes ids such as u00012."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        """Refuse shares that do not sum to 1, and ids too short to tell users apart."""
        shares = self.ratings
        if shares is not None and (
            len(shares) != 5 or min(shares) < 0 or abs(sum(shares) - 1) > 1e-6
        ):
            given = "/".join(map(str, shares))
            raise Explained(f"ratings '{given}' are not five shares of 1", "the first is rating 1.")
        if 0 < self.id_length < SHORTEST_ID:
            message = f"id_length '{self.id_length}' is too short"
            raise Explained(message, f"give {SHORTEST_ID} to 64, or 0 for short ids.")
        return self

    @property
    def text(self) -> str:
        """The spec as a user writes it, without what is default: equal specs have equal texts."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        defaults = {name: info.default for name, info in type(self).model_fields.items()}
        return ",".join(f"{k}={_shown(v)}" for k, v in values.items() if v != defaults[k])

    @property
    def digest(self) -> str:
        """SHA-256 of all values and the generator's version: it stands for the rows."""
        values = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(f"{NAME} {VERSION} {values}".encode()).hexdigest()


def parse(text: str) -> Spec:
    """Return the spec that follows the name.

    Args:
        text: ``rows=1e6,users=50000`` and so on; empty for the defaults.

    Raises:
        ConfigError: An unknown key, one given twice, or a value that it cannot have.
    """
    values: dict[str, str] = {}
    for part in text.split(",") if text.strip() else ():
        key, equals, value = (word.strip() for word in part.partition("="))
        if key not in Spec.model_fields:
            known = f"{suggest(key, Spec.model_fields)}Known are {', '.join(Spec.model_fields)}."
            raise ConfigError(f"{NAME}: unknown key '{key}'", known)
        if not equals or not value:
            raise ConfigError(f"{NAME}: '{key}' has no value", f"write {key}=VALUE.")
        if key in values:
            raise ConfigError(f"{NAME}: '{key}' is given twice", "leave one out.")
        values[key] = _plain(key, value)
    try:
        return build(Spec, values)
    except ConfigError as error:
        raise ConfigError(f"{NAME}: {error.message}", error.hint) from error


def _plain(key: str, value: str) -> str:
    """Return a value as Pydantic reads it: whole numbers without exponent, lists with commas."""
    if int in kinds(Spec.model_fields[key]):
        try:
            number = Decimal(value)
        except InvalidOperation:
            return value
        fits = (
            number.is_finite() and number.adjusted() < 19 and number == number.to_integral_value()
        )
        return str(int(number)) if fits else value
    return value.replace("/", ",")


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return "/".join(map(str, value))
    return str(value).lower()
