"""Items, users and models that rank: everything that a synthetic run is made from."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from mobench.metrics import Outcome

LABELS = ("Grocery", "Produce", "Meat", "Drug & Beauty", "Deli", "Other")


@dataclass(frozen=True)
class World:
    """Items and users whose tastes a model may know more or less of."""

    n_users: int = 400
    n_items: int = 60
    labels: Sequence[str] = LABELS
    n_pop: int = 5

    @property
    def n_train(self) -> np.ndarray:
        return np.maximum(1, 900 // (np.arange(self.n_items) + 3)).astype(np.int32)

    @property
    def fair_group(self) -> np.ndarray:
        return (np.arange(self.n_items) * 7 % len(self.labels)).astype(np.int16)

    @property
    def pop_group(self) -> np.ndarray:
        parts = np.array_split(np.arange(self.n_items), self.n_pop)
        return np.repeat(np.arange(self.n_pop), [len(p) for p in parts]).astype(np.int16)

    @property
    def price(self) -> np.ndarray:
        return np.random.default_rng(5).lognormal(1.0, 0.8, self.n_items).round(2)

    @property
    def taste(self) -> np.ndarray:
        """What users like, ``[U, I]``, popularity included."""
        random = np.random.default_rng(6)
        return random.normal(0, 1, (self.n_users, self.n_items)) + 0.6 * np.log(self.n_train)

    @property
    def target(self) -> np.ndarray:
        draws = np.random.default_rng(7).gumbel(0, 1, (self.n_users, self.n_items))
        return np.argmax(1.2 * self.taste + draws, axis=1).astype(np.int32)

    def ranking(
        self,
        skill: float,
        *,
        seed: int = 1,
        price: float = 0.0,
        fair: float = 0.0,
        align: float = 0.0,
        popularity: float = 0.0,
        k: int = 10,
    ) -> Outcome:
        """Rank with a model of some skill that also cares for price, groups and the long tail."""
        noise = np.random.default_rng([8, seed]).normal(0, 1, (self.n_users, self.n_items))
        own = np.random.default_rng([9, seed, int(1000 * skill)])
        score = skill * self.taste + noise + own.normal(0, 0.15, noise.shape)
        score += popularity * np.log(self.n_train) + price * np.log(self.price)
        score += fair * (self.fair_group == 3) - align * np.log(self.n_train)
        order = np.argsort(-score, axis=1, kind="stable")
        rank = np.argmax(order == self.target[:, None], axis=1).astype(np.int32) + 1
        share = np.bincount(self.pop_group, weights=self.n_train)
        return Outcome(
            target=self.target,
            rank=rank,
            lists=order[:, :k].astype(np.int32),
            price=self.price,
            fair_group=self.fair_group,
            pop_group=self.pop_group,
            n_train=self.n_train,
            target_share=share / share.sum(),
        )
