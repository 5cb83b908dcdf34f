import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobench.data.engines import Engine
from mobench.data.filters import drop_repeats, rated_at_least
from mobench.data.store import InMemory, OnDisk, Rows
from tests.conftest import REPOSITORY

ORACLE = json.loads((REPOSITORY / "tests/oracles/kcore.json").read_text())


def naive_core(
    edges: list[tuple[int, int]], k_user: int, k_item: int
) -> tuple[list[int], list[tuple[int, int, int]]]:
    """Return the rows of the core, and what each round left."""
    kept: list[int] = list(range(len(edges)))
    left: list[tuple[int, int, int]] = []
    while True:
        users = Counter(edges[r][0] for r in kept)
        some = [r for r in kept if users[edges[r][0]] >= k_user]
        items = Counter(edges[r][1] for r in some)
        some = [r for r in some if items[edges[r][1]] >= k_item]
        if len(some) == len(kept):
            return kept, left
        kept = some
        left.append((len(kept), *(len({edges[r][side] for r in kept}) for side in (0, 1))))


def arrays(edges: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    table = np.array(edges, np.int32).reshape(-1, 2)
    user, item = table[:, 0].copy(), table[:, 1].copy()
    user.flags.writeable = item.flags.writeable = False
    return user, item


@dataclass(frozen=True)
class Found:
    rows: np.ndarray
    left: tuple[tuple[int, int, int], ...]
    rounds: int
    converged: bool


def found_by(engine: Engine, parts: Any, limits: tuple[int, int, int]) -> Found:
    core = engine.core(parts, *limits)
    rows = np.sort(np.concatenate([part.timestamp for part in parts]))
    return Found(rows, core.left, core.rounds, core.converged)


def k_core(
    user: np.ndarray, item: np.ndarray, k_user: int, k_item: int, max_rounds: int = 0
) -> Found:
    """Return the core that is found in memory and on disk."""
    rows = Rows(user, item, np.arange(len(user)), np.zeros(len(user), np.float32))
    limits = (k_user, k_item, max_rounds)
    found = [found_by(Engine(), InMemory(rows), limits)]
    with TemporaryDirectory() as folder:
        disk = OnDisk(Path(folder), Rows, 3)
        for part in range(3):
            disk.append(part, rows.take(rows.user % 3 == part))
        found.append(found_by(Engine(), disk, limits))
    for other in found[1:]:
        assert other.rows.tolist() == found[0].rows.tolist()
        assert (other.left, other.converged) == (found[0].left, found[0].converged)
    return found[0]


EDGES = st.lists(st.tuples(st.integers(0, 8), st.integers(0, 6)), max_size=70)


@pytest.mark.parametrize("case", ORACLE, ids=str)
def test_k_core_matches_the_oracle(case: dict[str, Any]) -> None:
    edges = [tuple(edge) for edge in case["edges"]]
    core = k_core(*arrays(edges), case["user_core"], case["item_core"])
    assert core.rows.tolist() == case["kept_rows"]
    assert core.converged


def test_the_oracle_has_cores_that_are_neither_empty_nor_everything() -> None:
    sizes = [(len(c["kept_rows"]), len(c["edges"])) for c in ORACLE]
    assert sum(0 < kept < n for kept, n in sizes) >= 3


@settings(max_examples=150)
@given(EDGES, st.integers(1, 4), st.integers(1, 4))
def test_k_core_is_idempotent_and_as_peeled_by_hand(
    edges: list[tuple[int, int]], k_user: int, k_item: int
) -> None:
    core = k_core(*arrays(edges), k_user, k_item)
    kept, left = naive_core(edges, k_user, k_item)
    assert (core.rows.tolist(), list(core.left), core.converged) == (kept, left, True)
    inside = [edges[r] for r in kept]
    again = k_core(*arrays(inside), k_user, k_item)
    assert (len(again.rows), again.rounds) == (len(inside), 0)
    flipped = k_core(*arrays([(i, u) for u, i in edges]), k_item, k_user)
    assert flipped.rows.tolist() == kept  # the order of dropping does not matter


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=8),
    st.integers(1, 3),
    st.integers(1, 3),
)
def test_k_core_is_the_union_of_all_sets_in_which_everybody_has_enough(
    edges: list[tuple[int, int]], k_user: int, k_item: int
) -> None:
    union: set[int] = set()
    for bits in range(2 ** len(edges)):
        some = [r for r in range(len(edges)) if bits >> r & 1]
        users = Counter(edges[r][0] for r in some)
        items = Counter(edges[r][1] for r in some)
        if min(users.values(), default=9) >= k_user and min(items.values(), default=9) >= k_item:
            union.update(some)
    assert k_core(*arrays(edges), k_user, k_item).rows.tolist() == sorted(union)


@settings(max_examples=80)
@given(EDGES, st.integers(2, 4), st.integers(1, 3))
def test_k_core_stops_after_the_rounds_it_is_given(
    edges: list[tuple[int, int]], k: int, limit: int
) -> None:
    full = k_core(*arrays(edges), k, k)
    part = k_core(*arrays(edges), k, k, max_rounds=limit)
    assert part.left == full.left[:limit]
    assert part.converged == (full.rounds <= limit)
    assert set(full.rows) <= set(part.rows)
    if limit < full.rounds:
        assert len(part.rows) > len(full.rows)


def test_a_chain_needs_many_rounds_and_a_limit_leaves_its_rest() -> None:
    chain = [edge for n in range(8) for edge in ((n, n), (n, n + 1))]  # falls apart from one end
    core = k_core(*arrays(chain), 2, 2)
    assert core.rows.size == 0
    assert core.rounds > 3
    assert k_core(*arrays(chain), 2, 2, max_rounds=1).rows.size > 0


def rows_of(table: list[tuple[int, int, int, float]]) -> Rows:
    columns = list(zip(*table, strict=True)) or [(), (), (), ()]
    types = (np.int32, np.int32, np.int64, np.float32)
    return Rows(*(np.array(c, t) for c, t in zip(columns, types, strict=True)))


TABLE = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 4), st.sampled_from([1.0, 3.0])),
    max_size=40,
)


@settings(max_examples=150)
@given(TABLE, st.sampled_from(["latest", "first", "keep"]))
def test_one_row_per_pair(table: list[tuple[int, int, int, float]], keep: Any) -> None:
    wanted = set(range(len(table)))
    for pair in {row[:2] for row in table}:
        rows = [n for n, row in enumerate(table) if row[:2] == pair]
        if keep == "latest":
            wanted -= set(rows) - {max(rows, key=lambda n: (table[n][2], n))}
        if keep == "first":
            wanted -= set(rows) - {min(rows, key=lambda n: (table[n][2], n))}
    kept = drop_repeats(rows_of(table), keep)
    found = list(zip(kept.user, kept.item, kept.timestamp, kept.rating, strict=True))
    assert found == [table[n] for n in sorted(wanted)]


def test_minimum_rating() -> None:
    rows = rows_of([(0, 0, 0, 2.9), (1, 1, 1, 3.0), (2, 2, 2, 4.1)])
    assert rated_at_least(rows, 3.0).user.tolist() == [1, 2]
    assert rated_at_least(rows, 4.0).user.tolist() == [2]


def test_sources_without_ratings_keep_all_rows() -> None:
    rows = rows_of([(0, 0, 0, np.nan), (0, 0, 1, np.nan)])
    assert len(rated_at_least(rows, 3.0)) == 2
