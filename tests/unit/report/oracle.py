"""Every number of a report again, in a few naive lines that read only the Parquet files."""

from collections.abc import Callable, Sequence
from copy import copy
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from scipy import stats

from mobench.seeds import Seeds

K = 10
NAMES = ("hit", "rhit", "min_hit", "pop_kl")


class Ranking:
    """One metrics artifact as plain columns."""

    def __init__(self, path: Path) -> None:
        tables = {p.stem: pq.read_table(p).to_pydict() for p in path.glob("*.parquet")}
        targets, items = tables["targets"], tables["items"]
        self.hit = np.array([rank <= K for rank in targets["rank"]], dtype=float)
        self.price = np.array([items["price"][item] for item in targets["item"]])
        self.group = np.array([items["fair_group"][item] for item in targets["item"]])
        self.share = np.array(tables["pop_groups"]["target_share"])
        self.slots = np.zeros((len(self.hit), len(self.share)))
        recs = tables["recommendations"]
        for user, rank, item in zip(recs["user"], recs["rank"], recs["item"], strict=True):
            if rank <= K:
                self.slots[user, items["pop_group"][item]] += 1

    def exchanged(self, other: "Ranking", chosen: np.ndarray) -> "Ranking":
        """This ranking with the lists and hits of some users replaced by another one's."""
        mixed = copy(self)
        mixed.hit = np.where(chosen, other.hit, self.hit)
        mixed.slots = np.where(chosen[:, None], other.slots, self.slots)
        return mixed

    def metrics(self, users: np.ndarray | None = None) -> dict[str, float]:
        """The four objective metrics over some users (all by default)."""
        u = np.arange(len(self.hit)) if users is None else users
        hit, group = self.hit[u], self.group[u]
        shown = self.slots[u].sum(axis=0)
        shown = shown / shown.sum()
        return {
            "hit": hit.mean(),
            "rhit": (hit * self.price[u]).mean(),
            "min_hit": min(hit[group == g].mean() for g in np.unique(group)),
            "pop_kl": float((self.share * np.log((self.share + 1e-10) / (shown + 1e-10))).sum()),
        }


def change(run: dict[str, float], base: dict[str, float], name: str) -> float:
    gain = (run[name] - base[name]) / base[name]
    return -gain if name == "pop_kl" else gain


def imp(run: dict[str, float], base: dict[str, float], over: Sequence[str]) -> float:
    return sum(change(run, base, name) for name in over) / len(over)


def draws(n_users: int, resamples: int, seed: int) -> list[np.ndarray]:
    """The users of each resample, from the stream that the bootstrap documents."""
    random = Seeds(seed).numpy("bootstrap")
    return [random.integers(n_users, size=n_users) for _ in range(resamples)]


def limits(values: Sequence[float]) -> tuple[float, float]:
    """The 95 % percentile interval without interpolation."""
    ordered = sorted(values)
    j = max(1, int((len(ordered) + 1) * 0.025))
    return ordered[j - 1], ordered[-j]


def coins(n_users: int, resamples: int, seed: int) -> list[np.ndarray]:
    """The users that each swap exchanges, from the stream that the permutation test documents."""
    random = Seeds(seed).numpy("permutation")
    drawn = [random.bytes(-(-n_users // 8)) for _ in range(resamples)]
    return [np.unpackbits(np.frombuffer(d, np.uint8))[:n_users].astype(bool) for d in drawn]


Pairs = Sequence[tuple[Ranking, Ranking]]
Statistic = Callable[[dict[str, float], dict[str, float]], float]


def p_values(pairs: Pairs, statistic: Statistic, resamples: int, seed: int) -> dict[str, float]:
    """P of no effect, uncorrected, by the name of the test."""
    n_users = len(pairs[0][0].hit)

    def over_pairs(found: Pairs, users: np.ndarray | None = None) -> list[float]:
        return [statistic(run.metrics(users), base.metrics(users)) for run, base in found]

    each = over_pairs(pairs)
    value = np.mean(each)
    swapped = [
        np.mean(over_pairs([(r.exchanged(b, c), b.exchanged(r, c)) for r, b in pairs]))
        for c in coins(n_users, resamples, seed)
    ]
    low, high = sum(s <= value + 1e-12 for s in swapped), sum(s >= value - 1e-12 for s in swapped)
    drawn = [np.mean(over_pairs(pairs, users)) for users in draws(n_users, resamples, seed)]
    rarer = min(sum(d <= 0 for d in drawn), sum(d >= 0 for d in drawn))
    found = {
        "permutation": min(1.0, 2 * (1 + min(low, high)) / (resamples + 1)),
        "bootstrap": min(1.0, 2 * (1 + rarer) / (resamples + 1)),
    }
    of_users, of_seeds = np.var(drawn), np.var(each, ddof=1) / len(each)
    freedom = (of_users + of_seeds) ** 2 / (
        of_users**2 / (n_users - 1) + of_seeds**2 / (len(each) - 1)
    )
    t = value / np.sqrt(of_users + of_seeds)
    return found | {"both": max(found["permutation"], 2 * stats.t.sf(abs(t), freedom))}
