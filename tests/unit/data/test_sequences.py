"""Sequences and windows against loops in plain Python."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mobench.data.dataset import Interactions
from mobench.data.sequences import Sequences


def rows(user, item, time) -> Interactions:
    return Interactions(
        np.array(user, np.int32), np.array(item, np.int32), np.array(time, np.int64)
    )


@given(st.lists(st.integers(0, 9), min_size=1, max_size=12), st.integers(1, 5))
def test_every_row_with_a_history_is_in_one_window(lengths, most):
    user = np.repeat(np.arange(len(lengths)), lengths)
    train = rows(user, np.arange(len(user)), np.arange(len(user)))
    sequences = Sequences.of([train], len(lengths))
    want, start = [], 0
    for n in lengths:
        targets = list(range(start + 1, start + n))
        while targets:
            want.append(targets[-most:])
            del targets[-most:]
        start += n
    ends, held = sequences.window_ends(most), sequences.lengths(most)
    got = [list(range(end - held[end] + 1, end + 1)) for end in ends]
    assert sorted(got) == sorted(want)
    assert sequences.targets().tolist() == sorted(row for window in want for row in window)


def test_splits_are_merged_by_time_and_ties_keep_train_first():
    train = rows([0, 0, 2, 2], [1, 2, 3, 4], [10, 30, 5, 9])
    val = rows([0, 2, 2], [7, 8, 9], [20, 9, 1])
    merged = Sequences.of([train, val], 4)
    assert merged.items.tolist() == [1, 7, 2, 9, 3, 4, 8]
    assert merged.starts.tolist() == [0, 3, 3, 7, 7]
    assert merged.first.tolist() == [0, 0, 0, 3, 3, 3, 3]
    assert merged.last_lengths(3).tolist() == [3, 0, 3, 0]
