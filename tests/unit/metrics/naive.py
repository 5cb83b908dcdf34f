"""Every metric again in plain loops, sharing nothing with mobench but the record."""

from collections.abc import Callable, Iterator
from math import ceil, log, log2, nan

from mobench.metrics import Outcome


def lists(o: Outcome, k: int) -> Iterator[list[int]]:
    for row in o.lists:
        if items := [int(i) for i in row[:k] if i != -1]:
            yield items


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def gained(o: Outcome, k: int, gain: Callable[[int, float], float]) -> float:
    total = 0.0
    for target, rank in zip(o.target, o.rank, strict=True):
        if rank <= k:
            total += gain(int(rank), float(o.price[target]))
    return total / len(o.target)


def min_hit(o: Outcome, k: int) -> float:
    hits: dict[int, list[float]] = {}
    for target, rank in zip(o.target, o.rank, strict=True):
        hits.setdefault(int(o.fair_group[target]), []).append(float(rank <= k))
    return min(mean(group) for group in hits.values())


def pop_kl(o: Outcome, k: int) -> float:
    slots = [int(o.pop_group[i]) for items in lists(o, k) for i in items]
    total = 0.0
    for g, q in enumerate(o.target_share):
        total += q * (log(q + 1e-10) - log(slots.count(g) / len(slots) + 1e-10))
    return float(total)


def coverage(o: Outcome, k: int) -> float:
    return len({i for items in lists(o, k) for i in items}) / len(o.price)


def gini(o: Outcome, k: int) -> float:
    slots = [i for items in lists(o, k) for i in items]
    counts = [slots.count(i) for i in range(len(o.price))]
    gaps = sum(abs(a - b) for a in counts for b in counts)  # half the relative mean difference
    return gaps / (2 * max(len(counts) - 1, 1) * len(slots))


def novelty(o: Outcome, k: int) -> float:
    rows = [max(int(n), 1) for n in o.n_train]
    return mean([mean([-log2(rows[i] / sum(rows)) for i in items]) for items in lists(o, k)])


def diversity(o: Outcome, k: int) -> float:
    values = []
    for items in lists(o, k):
        pairs = [(a, b) for a in items for b in items if a != b]
        differ = [float(o.fair_group[a] != o.fair_group[b]) for a, b in pairs]
        values.append(mean(differ) if pairs else 0.0)
    return mean(values)


def arp(o: Outcome, k: int) -> float:
    return mean([mean([float(o.n_train[i]) for i in items]) for items in lists(o, k)])


def aplt(o: Outcome, k: int) -> float:
    head: set[int] = set()
    for item in sorted(range(len(o.n_train)), key=lambda i: (-o.n_train[i], i)):
        if sum(int(o.n_train[i]) for i in head) < 0.8 * sum(map(int, o.n_train)):
            head.add(item)
    return mean([mean([float(i not in head) for i in items]) for items in lists(o, k)])


def tail(o: Outcome) -> set[int]:
    rest = sorted(range(len(o.n_train)), key=lambda i: (-o.n_train[i], i))
    held = 0
    while held < 0.8 * sum(map(int, o.n_train)):
        held += int(o.n_train[rest.pop(0)])
    return set(rest)


def tail_coverage(o: Outcome, k: int) -> float:
    listed = {i for items in lists(o, k) for i in items}
    return len(tail(o) & listed) / max(len(tail(o)), 1)


def exposure_gap(o: Outcome, k: int) -> float:
    seen = [
        (int(o.fair_group[i]), 1 / log2(1 + place))
        for items in lists(o, k)
        for place, i in enumerate(items, 1)
    ]
    gap = 0.0
    for g in range(int(max(o.fair_group)) + 1):
        rows = sum(int(n) for n, group in zip(o.n_train, o.fair_group, strict=True) if group == g)
        share = sum(weight for group, weight in seen if group == g) / sum(w for _, w in seen)
        gap += abs(share - rows / sum(map(int, o.n_train)))
    return gap / 2


def people(o: Outcome) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for row in range(len(o.target)):
        found.setdefault(row if o.user is None else int(o.user[row]), []).append(row)
    return found


def recalls(o: Outcome, k: int) -> dict[int, float]:
    return {u: mean([float(o.rank[r] <= k) for r in rows]) for u, rows in people(o).items()}


def average_precision(o: Outcome, k: int) -> float:
    values = []
    for rows in people(o).values():
        wanted = {int(o.rank[r]) for r in rows}
        total = 0.0
        for place in range(1, k + 1):
            if place in wanted:
                total += len([other for other in wanted if other <= place]) / place
        values.append(total / min(len(rows), k))
    return mean(values)


def calibration(o: Outcome, k: int) -> float:
    assert o.profile is not None
    values = []
    for row, had in zip(o.lists, o.profile, strict=True):
        items = [int(i) for i in row[:k] if i != -1]
        if not items or not sum(had):
            continue
        total = 0.0
        for g, n in enumerate(had):
            p = n / sum(had)
            q = mean([float(o.fair_group[i] == g) for i in items])
            total += p * log(p / (0.99 * q + 0.01 * p)) if p else 0.0
        values.append(total)
    return mean(values) if values else nan


def user_gap(o: Outcome, k: int) -> float:
    assert o.profile is not None
    rows = {u: sum(map(int, o.profile[mine[0]])) for u, mine in people(o).items()}
    most = sorted(rows.values(), reverse=True)
    limit = most[ceil(0.05 * len(most)) - 1]
    served = recalls(o, k)
    active = [served[u] for u, n in rows.items() if n >= limit]
    others = [served[u] for u, n in rows.items() if n < limit]
    return abs(mean(active) - mean(others)) if others else 0.0


NAIVE: dict[str, Callable[[Outcome, int], float]] = {
    "hit": lambda o, k: gained(o, k, lambda _rank, _price: 1.0),
    "ndcg": lambda o, k: gained(o, k, lambda rank, _price: 1 / log2(1 + rank)),
    "mrr": lambda o, k: gained(o, k, lambda rank, _price: 1 / rank),
    "rhit": lambda o, k: gained(o, k, lambda _rank, price: price),
    "rndcg": lambda o, k: gained(o, k, lambda rank, price: price / log2(1 + rank)),
    "min_hit": min_hit,
    "pop_kl": pop_kl,
    "coverage": coverage,
    "gini": gini,
    "novelty": novelty,
    "diversity": diversity,
    "arp": arp,
    "aplt": aplt,
    "tail_coverage": tail_coverage,
    "exposure_gap": exposure_gap,
    "recall": lambda o, k: mean(list(recalls(o, k).values())),
    "map": average_precision,
    "calibration": calibration,
    "user_gap": user_gap,
}
