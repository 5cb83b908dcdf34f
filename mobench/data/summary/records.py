"""What there is to know about a dataset at a glance: all numbers of ``show`` and of its page."""

from dataclasses import asdict, dataclass
from typing import Any

from mobench.data.summary.distributions import Spread
from mobench.data.summary.pricing import Prices
from mobench.data.summary.refused import Example


@dataclass(frozen=True)
class Stage:
    """What a stage of the funnel left; ``kept`` is the share of the rows read."""

    name: str
    rows: int
    users: int
    items: int
    kept: float


@dataclass(frozen=True)
class Group:
    """A fairness or popularity group.

    Attributes:
        kind: ``fair`` or ``pop``.
        id: Its code.
        label: Its name; popularity groups are numbered from 1, the most popular.
        items: Items in it.
        train_rows: Train rows of these.
        share: Their share of all train rows, in [0, 1].
        target_share: The share wanted, in [0, 1].
        priced: Items with a price.
        median_price: Median of those, ``None`` without any.
    """

    kind: str
    id: int
    label: str
    items: int
    train_rows: int
    share: float
    target_share: float
    priced: int
    median_price: float | None


@dataclass(frozen=True)
class SplitFacts:
    """One split: sizes, span (UTC), and what it asks for that train has never seen.

    ``cold_items`` and ``cold_users`` have no train row; ``cold_rows`` are on such items.
    """

    name: str
    rows: int
    users: int
    items: int
    first: str
    last: str
    cold_items: int
    cold_rows: int
    cold_users: int


@dataclass(frozen=True)
class Times:
    """Rows over time, in calendar periods (UTC).

    Attributes:
        first: The earliest instant.
        last: The latest.
        unit: Unit of the periods in NumPy's letters (Y, M, D, h, m, s).
        starts: Begin of each period ``[P]``.
        rows: Rows of each split in each period ``[P]``.
    """

    first: str
    last: str
    unit: str
    starts: list[str]
    rows: dict[str, list[int]]


@dataclass(frozen=True)
class Ties:
    """How equal times were decided.

    Attributes:
        rule: ``source`` order, ``random`` order, or ``basket``: kept together.
        users: Users whose held-out rows the rule decided.
        rows: Rows that share their user's timestamp with another row.
        rows_of_users: Users who have such rows.
        short_users: Users with too few rows to hold any out.
    """

    rule: str
    users: int
    rows: int
    rows_of_users: int
    short_users: int


@dataclass(frozen=True)
class Popularity:
    """Train rows per item: inequality, the share of the top tenth, and the rank–count curve."""

    gini: float
    top_tenth_share: float
    rank: list[int]
    train_rows: list[int]


@dataclass(frozen=True)
class Rejected:
    """Rows (of metadata, too) that could not be used, by reason, with an example of each."""

    rows: int
    reasons: dict[str, int]
    examples: list[Example]


@dataclass(frozen=True)
class Summary:
    """All of it; ``density`` is rows over users × items."""

    rows: int
    users: int
    items: int
    density: float
    has_time: bool
    funnel: list[Stage]
    splits: list[SplitFacts]
    times: Times
    ties: Ties
    groups: list[Group]
    category_coverage: float
    fair_level: str
    prices: Prices
    rows_per_user: Spread
    rows_per_item: Spread
    popularity: Popularity
    rejected: Rejected

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain containers, for JSON."""
        return asdict(self)

    def group_list(self, kind: str) -> list[Group]:
        """Return the groups of a kind, ``fair`` or ``pop``, in the order of their codes."""
        return [group for group in self.groups if group.kind == kind]
