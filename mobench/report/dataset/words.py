"""What is said about a dataset, on the page and in the terminal alike.

Words that belong together are joined by a no-break space.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mobench.report.notation import MISSING, counted, percent

if TYPE_CHECKING:
    from mobench.data.summary.records import SplitFacts, Summary

GLUE = "\u00a0"
UNPRINTABLE = "�"
MOST_GROUPS = 20
"""Groups of a kind that are shown; the artifact has them all."""

GROUPS = {"fair": "Fairness group", "pop": "Popularity group"}

RULES = {
    "leave-one-out": ("all but the last two", "last but one", "last"),
    "basket": ("all but the last two baskets", "last basket but one", "last basket"),
    "temporal": ("before {val_from}", "before {test_from}", "from {test_from}"),
}
TIES = {"source": "file order", "random": "random order", "basket": "kept together"}
MISSING_RULES = {
    "zero": "counts as 0 in revenue",
    "category-median": "counts with the median of its category in revenue",
    "drop": "was dropped",
}
UNITS = {"Y": "Year", "M": "Month", "D": "Day", "h": "Hour", "m": "Minute", "s": "Second"}
"""Units of periods of time, by NumPy's letters."""

QUANTILES = {
    "min": "least",
    "p10": "10 %",
    "p25": "25 %",
    "median": "median",
    "p75": "75 %",
    "p90": "90 %",
    "max": "most",
}


def plain(text: str) -> str:
    """Return text from a data file in one line, without what would steer a screen."""
    return "".join(char if char.isprintable() else UNPRINTABLE for char in text)


def glued(text: str) -> str:
    """Return text that stays on one line."""
    return text.replace(" ", GLUE)


def money(price: float | None) -> str:
    """Return ``1,299.00``; cents and less with two digits, a dash for no price."""
    if price is None:
        return MISSING
    return f"{price:,.2f}" if price >= 0.1 or not price else f"{price:.2g}"


def listed(counts: Mapping[str, int]) -> str:
    """Return ``number 12 · text 3``, most first."""
    ranked = sorted(counts.items(), key=lambda pair: -pair[1])
    return " · ".join(glued(f"{name} {n:,}") for name, n in ranked)


def headline(summary: "Summary") -> str:
    """Return the size of the dataset in a sentence."""
    kept = percent(summary.funnel[-1].kept)
    return (
        f"{counted(summary.rows, 'row')} of {counted(summary.users, 'user')} on"
        f" {counted(summary.items, 'item')}: {kept} of what was read."
    )


def tiles(summary: "Summary") -> list[tuple[str, str, str]]:
    """Return the numbers to see first, each with its name and a note."""
    return [
        ("Density", f"{100 * summary.density:.3g} %", "rows over users × items"),
        ("Rows per user", f"{summary.rows_per_user.median:,.10g}", "median"),
        ("Rows per item", f"{summary.rows_per_item.median:,.10g}", "median"),
        ("Price known", percent(summary.prices.coverage), "of the items"),
        ("Gini", f"{summary.popularity.gini:.3f}", "of item popularity"),
        ("Ties", _tied(summary), "of users: a tie decided val or test"),
        ("Rejected", f"{summary.rejected.rows:,}", "rows"),
    ]


def _tied(summary: "Summary") -> str:
    return percent(summary.ties.users / summary.users) if summary.has_time else MISSING


def span(summary: "Summary") -> str:
    """Return the first and the last instant."""
    if not summary.has_time:
        return "the source has no times"
    first, last = (
        instant.replace("T", " ") for instant in (summary.times.first, summary.times.last)
    )
    return f"{glued(first)} to {glued(last)} (UTC)"


def split_rules(config: Mapping[str, Any]) -> dict[str, str]:
    """Return which rows each split has, by its name."""
    by_basket = config["split"] == "leave-one-out" and config["tie_break"] == "basket"
    words = RULES["basket" if by_basket else config["split"]]
    names = ("train", "val", "test")
    return {name: rule.format(**config) for name, rule in zip(names, words, strict=True)}


def split_notes(summary: "Summary", config: Mapping[str, Any]) -> dict[str, str]:
    """Return the rule of the split, what ties decided, and what train has never seen."""
    rules = "; ".join(glued(f"{name} {rule}") for name, rule in split_rules(config).items())
    notes = {
        "Rule": f"{config['split']}: {rules}",
        "Ties": ties(summary, config["split"]),
        "Cold": cold(summary.splits[1:]),
    }
    if short := summary.ties.short_users:
        users = counted(short, "user")
        notes["Short"] = f"{users} with too few rows or baskets to hold any out, all kept in train"
    return notes


def ties(summary: "Summary", split: str) -> str:
    """Return how equal times were decided."""
    found = summary.ties
    if not summary.has_time:
        return "there are no times: the order of the rows in the file decided everything"
    if not found.rows:
        return "no two rows of a user have the same time"
    shared = (
        f"{counted(found.rows, 'row')} ({percent(found.rows / summary.rows)}) of"
        f" {counted(found.rows_of_users, 'user')} have the same time as another row of their user"
    )
    if split == "temporal":
        return f"{shared}; they decided nothing, for the cut is in time"
    if found.rule == "basket":
        return f"{shared}; they were kept together, so ties decided nothing"
    if not found.users:
        return f"no val or test row was decided by a tie; {shared}"
    return f"{decided(summary)}; {shared}"


def decided(summary: "Summary") -> str:
    """Return whose held-out rows were decided by a tie, and by which rule."""
    users = counted(summary.ties.users, "user")
    share = percent(summary.ties.users / summary.users)
    return f"{TIES[summary.ties.rule]} decided the val or test row of {users} ({share})"


def cold(held_out: "Sequence[SplitFacts]") -> str:
    """Return what val and test ask for that train has never seen."""
    parts = [f"{s.name}: {unseen(s)} not in train" for s in held_out if s.cold_rows or s.cold_users]
    return "; ".join(parts) or "nothing: every user and item of val and test is in train"


def unseen(split: "SplitFacts") -> str:
    """Return the items and users of a split that have no train row."""
    rows = f"{counted(split.cold_rows, 'row')}, {percent(split.cold_rows / split.rows)}"
    items = [f"{counted(split.cold_items, 'item')} ({rows})"] * bool(split.cold_items)
    users = [counted(split.cold_users, "user")] * bool(split.cold_users)
    return " and ".join([*items, *users])


def price_notes(summary: "Summary") -> dict[str, str]:
    """Return coverage of the prices, how they were written, and why some are missing."""
    found = summary.prices
    notes = {
        "Prices": f"{found.items:,} of {counted(summary.items, 'item')} have one"
        f" ({percent(found.coverage)}), with {percent(found.train_coverage)} of the train rows"
    }
    if found.forms:
        notes["Written"] = listed(found.forms)
    if found.missing:
        notes["No price"] = (
            f"{listed(found.missing)}; such an item {MISSING_RULES[found.missing_rule]}"
        )
    return notes


def inequality(summary: "Summary") -> str:
    """Return how unequal the popularity of the items is."""
    found = summary.popularity
    return (
        f"Gini {found.gini:.3f}; the most popular tenth of the items has"
        f" {percent(found.top_tenth_share)} of the train rows"
    )


def between(low: float, high: float) -> str:
    """Return what to call a range of prices."""
    return f"{brief(low)} to {brief(high)}" if low else f"below {brief(high)}"


def brief(edge: float) -> str:
    """Return a round number in a few characters: ``0.15``, ``3000``, ``10k``, ``1.5M``."""
    for least, size, letter in ((1e9, 1e9, "B"), (1e6, 1e6, "M"), (1e4, 1e3, "k")):
        if edge >= least:
            return f"{edge / size:g}{letter}"
    return f"{edge:g}"


def warnings(summary: "Summary") -> list[str]:
    """Return what will limit experiments on the dataset, as sentences."""
    found = []
    if not summary.has_time:
        found.append("There is no time column: file order decides which rows are held out.")
    elif summary.ties.users and summary.ties.rule == "source":
        found.append(f"{decided(summary).capitalize()}.")
    if not summary.prices.items:
        found.append("No item has a price, so the objective rev cannot be used.")
    if len(summary.group_list("fair")) == 1:
        found.append("All items are in one fairness group.")
    if any(s.cold_rows or s.cold_users for s in summary.splits):
        found.append(f"What train has never seen cannot be learned: {cold(summary.splits[1:])}.")
    return found
