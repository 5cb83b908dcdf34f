from itertools import groupby

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mobench.data.split import TEST, TRAIN, VAL, leave_one_out, sort_order, temporal
from mobench.seeds import Seeds

TABLE = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 6)), min_size=1, max_size=50)
RULES = st.sampled_from(["source", "random"])


def arrays(table: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    user = np.array([row[0] for row in table], np.int32)
    time = np.array([row[1] for row in table], np.int64)
    return user, time


def ordered(table: list[tuple[int, int]], rule: str, seed: int = 0) -> np.ndarray:
    draw = Seeds(seed).numpy("tie-break") if rule == "random" else None
    return sort_order(*arrays(table), draw)


def naive(table: list[tuple[int, int]]) -> tuple[dict[int, int], int, int]:
    """Split of each row, users decided by ties, users too short: in plain loops, source order."""
    split, ties, short = {}, 0, 0
    for user in {row[0] for row in table}:
        rows = sorted((row[1], n) for n, row in enumerate(table) if row[0] == user)
        split |= {n: TRAIN for _, n in rows}
        if len(rows) < 3:
            short += 1
            continue
        split[rows[-1][1]], split[rows[-2][1]] = TEST, VAL
        times = [time for time, _ in rows]
        ties += times[-1] == times[-2] or times[-2] == times[-3]
    return split, ties, short


@settings(max_examples=150)
@given(TABLE)
def test_leave_one_out_as_in_plain_loops(table: list[tuple[int, int]]) -> None:
    order = ordered(table, "source")
    user, time = arrays(table)
    labels = leave_one_out(user[order], time[order], "source")
    split, ties, short = naive(table)
    assert dict(zip(order.tolist(), labels.split.tolist(), strict=True)) == split
    assert (labels.tie_users, labels.short_users) == (ties, short)


@settings(max_examples=150)
@given(TABLE, RULES, st.integers(0, 3))
def test_one_val_and_one_test_row_later_than_train(
    table: list[tuple[int, int]], rule: str, seed: int
) -> None:
    order = ordered(table, rule, seed)
    assert sorted(order.tolist()) == list(range(len(table)))  # no row is lost
    user, time = (column[order] for column in arrays(table))
    labels = leave_one_out(user, time, rule)
    for one in set(user.tolist()):
        parts = {s: time[(user == one) & (labels.split == s)] for s in (TRAIN, VAL, TEST)}
        n = sum(map(len, parts.values()))
        assert (len(parts[VAL]), len(parts[TEST])) == ((1, 1) if n >= 3 else (0, 0))
        if n >= 3:
            assert parts[TRAIN].max() <= parts[VAL][0] <= parts[TEST][0]


def test_all_times_equal() -> None:
    table = [(0, 7)] * 4 + [(1, 7)] * 2
    user, time = arrays(table)
    labels = leave_one_out(user, time, "source")
    assert labels.split.tolist() == [TRAIN, TRAIN, VAL, TEST, TRAIN, TRAIN]
    assert (labels.tie_users, labels.short_users) == (1, 1)


def test_random_ties_are_seeded_and_touch_ties_only() -> None:
    table = [(0, t // 10) for t in range(200)]
    first, again, other = (ordered(table, "random", seed) for seed in (1, 1, 2))
    assert first.tolist() == again.tolist()
    assert first.tolist() != other.tolist()
    time = arrays(table)[1]
    assert (np.diff(time[first]) >= 0).all()
    assert first.tolist() != ordered(table, "source").tolist() == list(range(200))


def test_random_ties_are_fair() -> None:
    table = [(u, 0) for u in range(3000) for _ in range(3)]
    order = ordered(table, "random").reshape(3000, 3) % 3
    shares = np.bincount(order[:, 2], minlength=3) / 3000
    assert np.abs(shares - 1 / 3).max() < 0.04  # 4.6 standard deviations


@settings(max_examples=150)
@given(TABLE)
def test_baskets_stay_together(table: list[tuple[int, int]]) -> None:
    order = ordered(table, "basket")
    user, time = (column[order] for column in arrays(table))
    labels = leave_one_out(user, time, "basket")
    assert labels.tie_users == 0
    rows = list(zip(user.tolist(), time.tolist(), labels.split.tolist(), strict=True))
    short = 0
    for _, own in groupby(rows, key=lambda row: row[0]):
        baskets = [{row[2] for row in basket} for _, basket in groupby(own, key=lambda r: r[1])]
        assert all(len(basket) == 1 for basket in baskets)
        flat = [basket.pop() for basket in baskets]
        end = [VAL, TEST] if len(flat) >= 3 else [TRAIN] * min(len(flat), 2)
        assert flat == [TRAIN] * (len(flat) - len(end)) + end
        short += len(flat) < 3
    assert labels.short_users == short


@settings(max_examples=50)
@given(TABLE, st.integers(0, 6), st.integers(1, 6))
def test_temporal_cuts_in_time(table: list[tuple[int, int]], start: int, more: int) -> None:
    time = arrays(table)[1]
    split = temporal(time, start, start + more).split
    assert split.tolist() == [
        TRAIN if t < start else VAL if t < start + more else TEST for t in time.tolist()
    ]
