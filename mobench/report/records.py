"""What a comparison says, as frozen records: the only thing tables, figures and pages accept."""

from dataclasses import dataclass, field
from typing import Literal

from mobench.config.report import ReportConfig
from mobench.metrics.comparison import Validity
from mobench.report.estimates import Estimate
from mobench.report.evidence import DatasetFacts, Origin, Shares, Trace
from mobench.report.front_records import Budget, Corners, Duel, Front, Spent

__all__ = [
    "Budget",
    "Comparison",
    "Corners",
    "Duel",
    "Estimate",
    "Front",
    "GroupHits",
    "Point",
    "Role",
    "Row",
    "Wish",
]

Role = Literal["sanity", "reference", "control", "method"]
"""What a row is in the table: popularity, base, continue, or a method to be judged."""


@dataclass(frozen=True)
class Point:
    """One run beside its base of the same seed.

    Attributes:
        seed: Its seed.
        path: Its metrics artifact.
        values: Metric values by name.
        change: Relative change by objective metric, larger is better.
        imp: Mean change over the metrics of the table's Imp.
        kept: Hit / base Hit.
        valid_split: Whether ``kept`` suffices on the evaluated split.
        valid_val: The run's own verdict on validation, ``None`` where it recorded none.
    """

    seed: int
    path: str
    values: dict[str, float]
    change: dict[str, float]
    imp: float
    kept: float
    valid_split: bool
    valid_val: bool | None

    @property
    def valid(self) -> bool:
        """Whether the run holds on both splits."""
        return self.valid_split and self.valid_val is True


@dataclass(frozen=True)
class GroupHits:
    """Hit per fairness group, ``[G]``, averaged over the seeds of a row.

    Attributes:
        label: Names of the groups.
        n: Users whose target is in the group.
        hit: Their mean hit (``nan`` where nobody is).
    """

    label: list[str]
    n: list[int]
    hit: list[float]


@dataclass(frozen=True)
class Wish:
    """What the runs of a row were to do.

    Attributes:
        shares: The preference: objective → share, sum 1; accuracy is in it for conditioned models.
        rest: All other settings that are not the base's, as text: rows of one method and backbone
            that have it in common differ in preference only.
    """

    shares: dict[str, float]
    rest: str


@dataclass(frozen=True)
class Row:
    """A row of the result table: all runs of one configuration.

    Attributes:
        label: Its name, unique in the table.
        method: Its method.
        backbone: The model family of its bases.
        role: What it is in the table.
        seeds: Seeds of its runs.
        values: Estimates by metric name.
        change: Paired relative change by objective metric, larger is better; empty for base.
        imp: Imp against base, ``None`` for base.
        imp_continue: Imp against ``continue`` of the same seeds, where there is one.
        kept: Share of the base's Hit, ``None`` for base.
        hv: Hypervolume of all its runs, ``nan`` where it has none.
        hv_valid: The same of its valid runs.
        validity: Verdict by the interval of ``kept`` and by validation; ``None`` for base and
            popularity, and where validation has no verdict.
        valid_point: The same by the value of ``kept`` alone, the paper's rule.
        reasons: Why it is not valid by its value.
        points: Its runs.
        groups: Hit per fairness group.
        traces: How its runs trained.
        origins: Where its runs come from.
        wish: What was wished for; ``None`` but for methods whose runs are still there.
        spent: What each of its runs cost.
        exposure: Shares of the recommended places by kind of item group (``fair``, ``pop``).
    """

    label: str
    method: str
    backbone: str
    role: Role
    seeds: tuple[int, ...]
    values: dict[str, Estimate]
    change: dict[str, Estimate]
    imp: Estimate | None
    imp_continue: Estimate | None
    kept: Estimate | None
    hv: float
    hv_valid: float
    validity: Validity | None
    valid_point: bool | None
    reasons: tuple[str, ...]
    spent: tuple[Spent, ...]
    points: tuple[Point, ...] = field(repr=False)
    groups: GroupHits = field(repr=False)
    traces: tuple[Trace, ...] = field(repr=False)
    origins: tuple[Origin, ...] = field(repr=False)
    wish: Wish | None = None
    exposure: dict[str, Shares] = field(default_factory=dict, repr=False)

    @property
    def budget(self) -> Budget:
        """What its runs cost together."""
        return Budget.of(self.spent)


@dataclass(frozen=True)
class Comparison:
    """Evaluated runs side by side.

    Attributes:
        dataset: The dataset of all runs.
        split: The evaluated split.
        k: List length of all metrics.
        n_users: Users with a held-out item.
        n_items: Items ranked.
        config: Settings of the comparison.
        rows: Popularity, base, continue, then the others by Imp.
        imp_over: Metrics that enter Imp (and are the axes of HV).
        left_out: Objective metrics that do not, with the reason.
        hv_reference: Reference point of HV on every axis.
        sentences: The result, the most important first.
        warnings: What a reader must know before believing it.
        notes: What is missing from the report, and why.
        fronts: Fronts and the single rows beside them; empty unless there is a front.
        duel: The best valid method beside another one, ``None`` where there are no two.
    """

    dataset: DatasetFacts
    split: str
    k: int
    n_users: int
    n_items: int
    config: ReportConfig
    rows: tuple[Row, ...]
    imp_over: tuple[str, ...]
    left_out: dict[str, str]
    hv_reference: float
    sentences: tuple[str, ...]
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    fronts: tuple[Front, ...] = ()
    duel: Duel | None = None

    @property
    def verdict(self) -> str:
        """The result in a few sentences."""
        return " ".join(self.sentences)

    @property
    def one_seed(self) -> bool:
        """Whether no row has a spread over seeds."""
        return all(len(row.seeds) == 1 for row in self.rows)

    def row(self, label: str) -> Row:
        """Return the row of that label."""
        return next(row for row in self.rows if row.label == label)

    def of_role(self, role: Role) -> tuple[Row, ...]:
        """Return the rows of a role, in table order."""
        return tuple(row for row in self.rows if row.role == role)
