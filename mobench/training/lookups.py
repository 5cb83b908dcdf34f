"""What a forward pass reads of the tables of a model, recorded."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

from mobench.models.lookup import pair_gradients, pair_scores

ACT_ON_ALL = {"max_norm", "scale_grad_by_freq", "sparse"}
"""Options of a look-up that change the table, or the gradient as a whole."""

Read = tuple["Lookup", Sequence[Tensor]]
"""A reading, and the gradients of its rows for M losses."""


@dataclass(frozen=True)
class Lookup:
    """One reading of a table.

    Attributes:
        table: The parameter, ``[R, D]``.
        rows: Which of its rows were read, each once, ``[U]``.
        values: These rows, ``[U, D]``; what was computed depends on them, not on the table.
    """

    table: Tensor
    rows: Tensor
    values: Tensor

    @property
    def leaf(self) -> Tensor:
        """What losses depend on."""
        return self.values

    def gradients(self, of_leaf: Sequence[Tensor]) -> list[Read]:
        """Return the gradients of the rows of tables for those of the leaf."""
        return [(self, of_leaf)]


@dataclass(frozen=True)
class Pairs:
    """Scores of pairs of rows of two tables; what was computed depends on the scores alone.

    Attributes:
        users: The reading of the first table.
        items: That of the second.
        u: Place of each user in it, ``[B]``.
        i: Place of each item, ``[B, N]``.
        scores: ``[B, N]``.
    """

    users: Lookup
    items: Lookup
    u: Tensor
    i: Tensor
    scores: Tensor

    @property
    def leaf(self) -> Tensor:
        """What losses depend on."""
        return self.scores

    def gradients(self, of_leaf: Sequence[Tensor]) -> list[Read]:
        """Return the gradients of the rows of both tables for those of the scores."""
        tables = self.users.values, self.items.values
        found = pair_gradients(*tables, self.u, self.i, torch.stack(list(of_leaf)))
        return [
            (lookup, each) for lookup, each in zip((self.users, self.items), found, strict=True)
        ]


class Lookups(TorchFunctionMode):
    """Records what is read of the tables while it is entered.

    ``F.embedding`` (and with it ``nn.Embedding``) and ``pair_scores`` then read from a copy of the
    rows that they need. Whatever else is done with a parameter goes its usual way, so that its
    gradient is dense, and exact too. So do look-ups with options that act on the whole table.

    Args:
        parameters: The parameters of the model.
    """

    def __init__(self, parameters: Iterable[Tensor]) -> None:
        super().__init__()
        self.known = {id(parameter) for parameter in parameters if parameter.requires_grad}
        self.made: list[Lookup | Pairs] = []

    def __torch_function__(
        self, func: Any, types: Any, args: Any = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Serve look-ups, and let everything else pass."""
        given = kwargs or {}
        if torch.is_grad_enabled():  # off inside an autograd function, which has its own gradient
            if func is F.embedding and not any(given[name] for name in ACT_ON_ALL & {*given}):
                return self._embed(args[0], args[1], given.get("padding_idx"))
            if func is pair_scores:
                return self._score(*args)
        return func(*args, **given)

    def _embed(self, ids: Tensor, table: Tensor, padding: int | None) -> Tensor:
        if id(table) not in self.known:
            return F.embedding(ids, table, padding)
        read, places = self._read(table, ids)
        self.made.append(read)
        if padding is not None:  # the row that is to have no gradient
            found = (read.rows == padding % len(table)).nonzero()
            padding = int(found) if len(found) else None
        return F.embedding(places, read.values, padding)

    def _score(self, users: Tensor, items: Tensor, u: Tensor, i: Tensor) -> Tensor:
        known = [id(table) in self.known for table in (users, items)]
        if not all(known):
            tables, places = [users, items], [u, i]
            for n in (0, 1):
                if known[n]:
                    read, places[n] = self._read(tables[n], places[n])
                    tables[n] = read.values
                    self.made.append(read)
            return pair_scores(*tables, *places)
        (read_users, u), (read_items, i) = self._read(users, u), self._read(items, i)
        with torch.no_grad():
            scores = pair_scores(read_users.values, read_items.values, u, i).requires_grad_()
        self.made.append(Pairs(read_users, read_items, u, i, scores))
        return scores

    def _read(self, table: Tensor, ids: Tensor) -> tuple[Lookup, Tensor]:
        """Return the reading of a parameter, and the place of each of ``ids`` in its rows."""
        rows, places = torch.unique(ids, return_inverse=True)
        values = table.detach().index_select(0, rows).requires_grad_()
        return Lookup(table, rows, values), places
