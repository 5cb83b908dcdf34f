"""The planted answer of synthetic data: who likes what, in closed form, for small sizes."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from mobench.data.synthetic.generator import second_class, user_class
from mobench.data.synthetic.items import Floats, Ints, SyntheticItems, synthetic_items
from mobench.data.synthetic.spec import Spec


@dataclass(frozen=True)
class Truth:
    """What the rows of a spec are drawn from; codes are those of the generator, not of prep.

    Attributes:
        spec: The spec.
        items: Class, category, popularity and price of the items.
        user_class: Class of each user ``[U]``.
        second_class: The class that each user drifts to ``[U]``.
    """

    spec: Spec
    items: SyntheticItems
    user_class: Ints
    second_class: Ints

    @cached_property
    def activity(self) -> Floats:
        """Share of the rows that each user has ``[U]``, sum 1."""
        edges = np.linspace(0, 1, self.spec.users + 1) ** (1 - self.spec.activity)
        return np.diff(edges)

    @cached_property
    def item_given_class(self) -> Floats:
        """Chance of each item for each class of users ``[C, I]``, rows sum to 1."""
        items = self.items
        within = items.popularity / items.cell_share[items.cell]
        return items.cell_given_class[:, items.cell] * within

    def item_given_user(self, users: Ints, when: float | Floats = 0.0) -> Floats:
        """Return the chance of each item ``[N, I]``, rows sum to 1: the best possible scores.

        Args:
            users: Codes ``[N]``.
            when: Time of the choice, 0 the first row and 1 the last, one for all or ``[N]``.
        """
        late = (self.spec.drift * np.broadcast_to(when, users.shape))[:, None]
        chance = self.item_given_class
        first, second = self.user_class[users], self.second_class[users]
        return (1 - late) * chance[first] + late * chance[second]


def truth(spec: Spec) -> Truth:
    """Return the planted answer; it takes memory for every user."""
    users = np.arange(spec.users)
    return Truth(spec, synthetic_items(spec), user_class(users, spec), second_class(users, spec))
