"""One model for all preferences: a backbone whose user vectors depend on what is wished for."""

from collections.abc import Sequence
from functools import cache
from typing import ClassVar, Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mobench.config import TrainConfig
from mobench.errors import ConfigError
from mobench.models.base import Backbone
from mobench.models.lookup import pair_scores
from mobench.models.mf import DENSE_RATIO


class Conditioned(Backbone):
    """A backbone with ``score = ⟨f(user, r), item⟩`` for a preference r over all objectives.

    A bias that depends on user and preference alone would not change a ranking, so r acts on the
    user's vector, where it meets the items: by ``Film`` or by ``Concat``. Both begin as the
    identity: with the weights of a base, every preference scores as the base does. The item side
    stays what it was, so that one item table serves all preferences.

    Attributes:
        kind: The class of the backbone inside.
        inner: The backbone inside.
        preference: The preference that is scored for, ``[M]``, accuracy first, sum 1; from the
            config, until ``prefer`` sets another one.
        drawn: While training, the preference of the step, ``[M]``; ``None``: ``preference``.

    Args:
        inner: A backbone with user and item vectors.
        head: From vectors ``[B, D]`` and a preference ``[M]`` to vectors ``[B, D]``.
        wishes: The first preference, ``[M]``.
    """

    kind: ClassVar[type[Backbone]]

    def __init__(self, inner: Backbone, head: nn.Module, wishes: Sequence[float]) -> None:
        super().__init__()
        self.inner, self.head = inner, head
        start = torch.tensor(wishes, dtype=torch.float32)
        self.register_buffer("preference", start, persistent=False)
        self.preference: Tensor
        self.drawn: Tensor | None = None

    @classmethod
    def build(
        cls, n_users: int, n_items: int, config: TrainConfig, generator: torch.Generator
    ) -> Self:
        """Return a fresh backbone with a head that is the identity.

        Raises:
            ConfigError: The backbone has no vectors.
        """
        inner = cls.kind.build(n_users, n_items, config, generator)
        items = inner.item_vectors()
        if items is None:
            raise ConfigError(
                f"--method conditioned needs vectors of users and items, {cls.kind.__name__} has"
                " none",
                "give it item_vectors and user_vectors, or use mf or sasrec.",
            )
        head = HEADS[config.conditioning](items.shape[1], len(config.objectives), generator)
        return cls(inner, head, config.wishes)

    def start_from(self, weights: dict[str, Tensor]) -> None:
        """Take over the weights of a base; the head stays the identity."""
        self.inner.load_state_dict(weights)

    def prefer(self, wishes: Sequence[float]) -> None:
        """Score for another preference from now on.

        Args:
            wishes: One per objective, accuracy first, at least 0; scaled to sum 1.

        Raises:
            ConfigError: Another number of them, or they are no mix.
        """
        given = torch.tensor(wishes, dtype=torch.float64)
        if len(given) != len(self.preference) or given.min() < 0 or not 0 < given.sum() < torch.inf:
            raise ConfigError(
                f"preference '{','.join(map(str, wishes))}' is no mix of {len(self.preference)}"
                " wishes"
            )
        self.preference.copy_(given / given.sum())

    def condition(self, vectors: Tensor) -> Tensor:
        """Return ``vectors [B, D]`` of users as the preference in force wants them."""
        drawn = self.drawn if self.training else None
        wishes = self.preference if drawn is None else drawn
        conditioned: Tensor = self.head(vectors, wishes.to(vectors.dtype))
        return conditioned

    def score(self, users: Tensor, history: Tensor | None, items: Tensor) -> Tensor:
        """Score ``items [B, N]`` for ``users [B]`` with ``history [B, T]``; returns ``[B, N]``."""
        vectors, table = self.user_vectors(users, history), self.item_vectors()
        if len(table) <= DENSE_RATIO * items.shape[1]:
            return (vectors @ table.T).gather(1, items)
        return pair_scores(vectors, table, torch.arange(len(vectors), device=items.device), items)

    def score_all(self, users: Tensor, history: Tensor | None) -> Tensor:
        """Score every item for ``users [B]`` with ``history [B, T]``; returns ``[B, I]``."""
        return self.user_vectors(users, history) @ self.item_vectors().T

    def item_vectors(self) -> Tensor:
        """Return the vectors of the backbone's items, ``[I, D]``; no preference changes them."""
        items = self.inner.item_vectors()
        assert items is not None
        return items

    def user_vectors(self, users: Tensor, history: Tensor | None) -> Tensor:
        """Return the conditioned vectors of ``users [B]``, ``[B, D]``."""
        return self.condition(self.inner.user_vectors(users, history))

    def states(self, history: Tensor) -> Tensor:
        """Return the backbone's states; they are conditioned where they are scored."""
        return self.inner.states(history)

    def score_states(self, states: Tensor, items: Tensor) -> Tensor:
        """Score ``items [V, N]`` for ``states [V, D]``; returns ``[V, N]``."""
        return self.inner.score_states(self.condition(states), items)


class Film(nn.Module):
    """``γ(r) ∘ u + β(r)``, feature-wise (YOTO: Dosovitskiy & Djolonga 2020; Perez et al. 2018).

    γ and β come from r by a network with one hidden layer; γ = 1 and β = 0 at the start. The same
    scale and shift serve all users.

    Args:
        width: D, of vectors and of the hidden layer.
        n_objectives: M.
        generator: Where initial weights come from.
    """

    def __init__(self, width: int, n_objectives: int, generator: torch.Generator) -> None:
        super().__init__()
        self.up, self.out = _layers(n_objectives, width, 2 * width, generator)

    def forward(self, vectors: Tensor, preference: Tensor) -> Tensor:
        """Return ``[B, D]`` for ``vectors [B, D]`` and ``preference [M]``."""
        scale, shift = self.out(F.relu(self.up(centred(preference)))).chunk(2, -1)
        moved: Tensor = (1 + scale) * vectors + shift
        return moved


class Concat(nn.Module):
    """``u + g([u, r])``: the preference beside the vector (COSMOS: Ruchte & Grabocka 2021).

    g has one hidden layer and is 0 at the start. What a preference changes depends on the user.

    Args:
        width: D, of vectors and of the hidden layer.
        n_objectives: M.
        generator: Where initial weights come from.
    """

    def __init__(self, width: int, n_objectives: int, generator: torch.Generator) -> None:
        super().__init__()
        self.up, self.out = _layers(width + n_objectives, width, width, generator)

    def forward(self, vectors: Tensor, preference: Tensor) -> Tensor:
        """Return ``[B, D]`` for ``vectors [B, D]`` and ``preference [M]``."""
        wishes = centred(preference).expand(len(vectors), -1)
        moved: Tensor = vectors + self.out(F.relu(self.up(torch.cat((vectors, wishes), 1))))
        return moved


HEADS: dict[str, type[Film] | type[Concat]] = {"film": Film, "concat": Concat}


def centred(preference: Tensor) -> Tensor:
    """Return a preference ``[M]`` in units of equal wishes, which become 0."""
    return preference * len(preference) - 1


def _layers(
    n_in: int, width: int, n_out: int, generator: torch.Generator
) -> tuple[nn.Linear, nn.Linear]:
    """Return a layer N(0, 1 / n_in) with ReLU to come, and one of zeros."""
    up, out = nn.Linear(n_in, width), nn.Linear(width, n_out)
    nn.init.normal_(up.weight, std=n_in**-0.5, generator=generator)
    for part in (up.bias, out.weight, out.bias):
        nn.init.zeros_(part)
    return up, out


@cache
def conditioned(kind: type[Backbone]) -> type[Conditioned]:
    """Return the class of a backbone conditioned on a preference."""
    members = {
        "__doc__": f"{kind.__name__} conditioned on a preference.",
        "kind": kind,
        "tables": tuple(f"inner.{name}" for name in kind.tables),
        "uses_history": kind.uses_history,
        "has_states": kind.has_states,
        "defaults": kind.defaults,
        "loss": staticmethod(kind.loss),
    }
    return type(f"Conditioned{kind.__name__}", (Conditioned,), members)
