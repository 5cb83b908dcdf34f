"""Full ranking, one thread: mobench's Ranker beside the matrix product that it cannot do without.

python benchmarks/bench_eval.py [--users 10000] [--items 45000] [--rounds 5]

Beside implicit's ``recommend`` where implicit is installed; start it with OPENBLAS_NUM_THREADS=1.
"""

import argparse
import importlib.util
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from bench_rounds import Clock, Sample, load, play, table
from torch import Tensor

from mobench.artifacts import Artifact, draft_manifest
from mobench.data.dataset import Dataset, Interactions, Items, Split
from mobench.evaluation import ranking
from mobench.evaluation.outcome import outcome
from mobench.evaluation.ranking import Ranker
from mobench.metrics import evaluate
from mobench.metrics.significance import bootstrap
from mobench.models import MF

K, SIZE, BLOCK = 10, 64, 512
PRODUCT = f"bare product, {BLOCK} users at once"
FRESH = "RecBole's way: fresh scores, mask, topk, hits"
RECBOLE = "RecBole's collector, hits and item metrics"
IMPLICIT = "implicit recommend"
RANKER, PLAIN = "mobench, all metrics, numba", "mobench, all metrics, without numba"
INTERVALS = "mobench, intervals of the metrics"


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--users", type=int, default=10_000)
    parser.add_argument("--items", type=int, default=45_000)
    parser.add_argument("--rounds", type=int, default=5, help="turns of every way")
    parser.add_argument("--seed", type=int, default=1, help="seed of the data")
    return parser.parse_args()


def dataset(n_users: int, n_items: int, rng: np.random.Generator) -> Dataset:
    """Return users with one held-out item each, and train items with a long tail, in memory."""
    n_seen = np.minimum(3 + 8 * rng.pareto(1.5, n_users), min(200, n_items - K)).astype(np.int64)
    user = np.repeat(np.arange(n_users, dtype=np.int32), n_seen)
    item = (n_items * rng.random(len(user)) ** 3).astype(np.int32)  # some are seen more than others
    target = rng.integers(n_items, size=n_users, dtype=np.int32)
    new = item != target[user]
    train = Interactions(user[new], item[new], np.zeros(new.sum(), np.int64))
    held = Interactions(np.arange(n_users, dtype=np.int32), target, np.zeros(n_users, np.int64))
    groups, prices = np.zeros(n_items, np.int16), np.zeros(n_items)
    counts = np.bincount(train.item, minlength=n_items).astype(np.int32)
    items = Items(prices, prices, groups, groups, counts)
    splits: dict[Split, Interactions] = {"train": train, "val": held, "test": held}
    artifact = Artifact(Path(), draft_manifest("dataset", {}, {}, []))
    return Dataset(
        "x", "interactions", n_users, n_items, splits, items, ("all",), np.ones(1), artifact
    )


@dataclass
class Ways:
    """The ways, each a method that times itself; ``lists`` and ``hits`` are what they found.

    The tables, masks and buffers exist before the clock starts.
    """

    data: Dataset
    model: MF
    lists: dict[str, Tensor]
    hits: dict[str, int]

    def __post_init__(self) -> None:
        """Prepare what a run would prepare once."""
        self.ranker = Ranker(self.data, "val", K, 0, "cpu")
        self.users, self.items = self.model.users.detach(), self.model.items.detach()
        self.turned = self.items.T.contiguous()
        train = self.data.splits["train"]
        self.seen = torch.from_numpy(np.stack([train.user, train.item]).astype(np.int64))
        ends = torch.bincount(self.seen[0], minlength=len(self.users)).cumsum(0)
        self.ends = [0, *ends.tolist()]
        self.target = torch.from_numpy(self.data.splits["val"].item.astype(np.int64))

    def rank(self, name: str, min_scores: float) -> Callable[[], Sample]:
        """Return ranking with mobench: lists of K, the rank of every target, and every metric."""

        def run() -> Sample:
            ranking.MIN_SCORES = min_scores
            clock = Clock()
            found = self.ranker.rank(self.model)
            self.record = outcome(found, self.data)
            evaluate(self.record, K)
            sample = clock.sample(len(self.users))
            self.lists[name] = torch.from_numpy(found.items.astype(np.int64))
            self.hits[name] = int((found.rank <= K).sum())
            return sample

        return run

    def intervals(self) -> Sample:
        """Measure again with intervals: 1,000 resamples."""
        clock = Clock()
        bootstrap(self.record, K)
        return clock.sample(len(self.users))

    def implicit(self) -> Callable[[], Sample]:
        """Return implicit's way, 1,000 users at once; seen items are filtered, ranks not found."""
        from implicit.cpu.als import AlternatingLeastSquares
        from scipy.sparse import csr_matrix

        model = AlternatingLeastSquares(factors=SIZE, num_threads=1)
        model.user_factors, model.item_factors = self.users.numpy(), self.items.numpy()
        user, item = self.seen.numpy()
        shape = len(self.users), len(self.items)
        seen = csr_matrix((np.ones(len(user), np.float32), (user, item)), shape)

        def run() -> Sample:
            clock = Clock()
            parts = np.array_split(np.arange(len(self.users)), -(-len(self.users) // 1000))
            found = [model.recommend(part, seen[part], N=K)[0] for part in parts]
            sample = clock.sample(len(self.users))
            self.lists[IMPLICIT] = torch.from_numpy(np.concatenate(found).astype(np.int64))
            return sample

        return run

    def product(self, size: int) -> Callable[[], Sample]:
        """Return the product alone, ``size`` users at once, always into the same memory."""
        out = torch.empty(size, len(self.items))

        def run() -> Sample:
            clock = Clock()
            for start in range(0, len(self.users), size):
                part = self.users[start : start + size]
                torch.mm(part, self.turned, out=out[: len(part)])
            return clock.sample(len(self.users))

        return run

    def fresh(self) -> Sample:
        """Score into new memory, mask by index, topk, and mark hits in a matrix as wide.

        The targets per user are counted over the whole matrix, as RecBole does.
        """
        clock = Clock()
        found, hits = [], 0
        for rows, scores in self.fresh_scores():
            best = torch.topk(scores, K, dim=-1).indices
            wanted = torch.zeros_like(scores, dtype=torch.int)
            wanted[torch.arange(len(scores)), self.target[rows]] = 1
            wanted.sum(dim=1, keepdim=True)
            hits += int(torch.gather(wanted, 1, best).sum())
            found.append(best)
        sample = clock.sample(len(self.users))
        self.lists[FRESH], self.hits[FRESH] = torch.cat(found), hits
        return sample

    def fresh_scores(self) -> Iterator[tuple[slice, Tensor]]:
        """Yield users, a block of them at a time, and their scores with seen items masked."""
        for start in range(0, len(self.users), BLOCK):
            stop = min(start + BLOCK, len(self.users))
            scores = torch.matmul(self.users[start:stop], self.items.T)
            user, item = self.seen[:, self.ends[start] : self.ends[stop]]
            scores[(user - start, item)] = -torch.inf
            yield slice(start, stop), scores

    def recbole(self) -> Callable[[], Sample]:
        """Return the same with RecBole's own collector and metrics in it."""
        from recbole.evaluator import Collector, Evaluator

        names = ["Hit", "Recall", "ItemCoverage", "AveragePopularity"]
        config = {"metrics": names, "topk": [K], "metric_decimal_place": 6}
        config |= {"device": "cpu", "eval_args": {"mode": {"test": "full"}}}
        counts = dict(enumerate(self.data.items.n_train.tolist()))

        def run() -> Sample:
            collector = Collector(config)
            clock = Clock()
            for rows, scores in self.fresh_scores():
                users = torch.arange(len(scores))
                collector.eval_batch_collect(scores, None, users, self.target[rows])
            found = collector.get_data_struct()
            found.set("data.num_items", len(self.items))
            found.set("data.count_items", counts)
            scored = Evaluator(config).evaluate(found)
            sample = clock.sample(len(self.users))
            self.lists[RECBOLE] = found.get("rec.items")
            self.hits[RECBOLE] = round(scored[f"hit@{K}"] * len(self.users))
            return sample

        return run


def main() -> None:
    """Make the data, run the rounds, print the table."""
    options = arguments()
    torch.set_num_threads(1)
    rng = np.random.default_rng(options.seed)
    data = dataset(options.users, options.items, rng)
    sizes = (options.users, SIZE), (options.items, SIZE)
    users, items = (torch.from_numpy(rng.standard_normal(s, np.float32)) for s in sizes)
    target = torch.from_numpy(data.splits["val"].item.astype(np.int64))
    model = MF(users + items[target] / 2, items).eval()  # about half of the targets are hits
    ways = Ways(data, model, {}, {})
    turns = {
        RANKER: ways.rank(RANKER, 1),
        PLAIN: ways.rank(PLAIN, np.inf),
        INTERVALS: ways.intervals,
        PRODUCT: ways.product(BLOCK),
        FRESH: ways.fresh,
    }
    if importlib.util.find_spec("recbole"):
        turns[RECBOLE] = ways.recbole()
    if importlib.util.find_spec("implicit"):
        turns[IMPLICIT] = ways.implicit()
    print(f"{options.users} users × {options.items} items × {SIZE}, top {K}; {load()}")
    ways.rank(RANKER, 1)()  # compiles
    with torch.inference_mode():
        samples = play(turns, options.rounds)
    against = [PRODUCT, FRESH, *(name for name in (RECBOLE, IMPLICIT) if name in turns)]
    print(*table(samples, "users", against), sep="\n")
    for name in ways.lists:
        equal = int((ways.lists[RANKER] == ways.lists[name]).all(1).sum())
        print(f"{name}: {equal} of {options.users} lists equal, hits {ways.hits.get(name, '–')}")
    print(load())


if __name__ == "__main__":
    main()
