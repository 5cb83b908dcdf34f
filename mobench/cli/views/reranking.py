"""A re-ranked run on the terminal."""

from typing import TYPE_CHECKING, Any

from mobench.cli.table import lines
from mobench.cli.words import count, number

if TYPE_CHECKING:
    from mobench.training.plan import Plan
    from mobench.training.rerank.candidate_file import Tally


def searched(plan: "Plan") -> str:
    """Return what is mixed, and how many mixes are tried."""
    from mobench.training.rerank.search import n_tries

    config, n = plan.config, n_tries(plan.config)
    names = {"rev": "price", "fair": "group deficit", "align": "popularity gap"}
    terms = ", ".join(["score", *(names[name] for name in config.auxiliary)])
    how = {"grid": "on a grid", "nsga2": "by NSGA-II"}[config.search]
    tried = "1 mix" if n == 1 else f"{count(n)} mixes {how}"
    return f"best {count(config.n_candidates)} by {terms} · {tried}"


def listed(found: "Tally") -> str:
    """Return how many rows of a file of scores are used, and why others are not."""
    parts = {
        "of unknown users": found.users_unknown,
        "of unknown items": found.items_unknown,
        "seen in train": found.seen,
        "beyond the best": found.beyond,
    }
    used = found.rows - sum(parts.values())
    left_out = ", ".join(f"{count(n)} {why}" for why, n in parts.items() if n)
    return f"{count(used)} rows used" + (f" ({left_out})" if left_out else "")


def beside_base(results: dict[str, Any]) -> list[str]:
    """Return the table of validation metrics, the base's beside the run's."""
    base = results.get("base_val") or {}
    names = ("hit", "ndcg", "rhit", "min_hit", "pop_kl", "imp", "accuracy_kept")
    rows = [
        [name, number(base.get(name)), number(results["val"].get(name))]
        for name in names
        if name in results["val"]
    ]
    return lines(["Validation", "Base", "Run"], rows)
