from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobench.data.fairness import MISSING, OTHER, category_labels, fairness_groups
from mobench.data.popularity import popularity_groups, target_shares
from mobench.errors import DataError

ITEMS = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c", "d", OTHER, None]), st.integers(0, 30)),
    min_size=1,
    max_size=40,
).filter(lambda items: any(n for _, n in items))


def naive_names(
    labels: list[str | None], n_train: list[int], n_groups: int, min_share: float
) -> list[str]:
    """The rule of the specification in its own words."""
    named = [MISSING if label is None else label for label in labels]
    rows: Counter[str] = Counter()
    for name, n in zip(named, n_train, strict=True):
        rows[name] += n
    total = sum(n_train)
    frequent = sorted((n for n in rows if n != OTHER), key=lambda n: (-rows[n], n))
    kept = [n for n in frequent[: n_groups - 1] if rows[n] >= min_share * total]
    rest = sum(rows[n] for n in rows if n not in kept)
    if set(rows) - set(kept) and kept and rest < min_share * total:
        kept.pop()  # the smallest kept label joins Other
    return [name if name in kept else OTHER for name in named]


@settings(max_examples=300)
@given(ITEMS, st.integers(1, 5), st.sampled_from([0.0, 0.02, 0.2, 0.5]))
def test_fairness_groups(
    items: list[tuple[str | None, int]], n_groups: int, min_share: float
) -> None:
    labels, counts = [label for label, _ in items], [n for _, n in items]
    n_train = np.array(counts, np.int32)
    groups = fairness_groups(labels, n_train, n_groups, min_share)
    assert [groups.labels[g] for g in groups.group] == naive_names(
        labels, counts, n_groups, min_share
    )
    n = len(groups.labels)
    assert sorted(set(groups.group.tolist())) == list(range(n))  # all items, no empty group
    assert n <= n_groups or n == 1
    share = np.bincount(groups.group, weights=n_train) / n_train.sum()
    assert (share >= min_share - 1e-12).all() or n == 1
    named = share[:-1] if groups.labels[-1] == OTHER else share
    assert (np.diff(named) <= 0).all()


def test_the_smallest_label_joins_a_tiny_other() -> None:
    labels = ["a"] * 5 + ["b"] * 3 + ["c"]
    n_train = np.array([10] * 8 + [1], np.int32)
    groups = fairness_groups(labels, n_train, 10, 0.02)
    assert groups.labels == ("a", OTHER)
    assert fairness_groups(labels, n_train, 10, 0.01).labels == ("a", "b", "c")


PATHS = [(("S", "x", "p"),), (("S", "x"),), (("S", "y", "q"), ("S", "z")), ()]
ROWS = np.array([4, 1, 4, 1], np.int32)


@pytest.mark.parametrize(
    ("level", "labels", "found"),
    [
        ("0", ["S", "S", "S", None], "0"),
        ("1", ["x", "x", "y", None], "1"),
        ("2", ["p", "x", "q", None], "2"),
        ("9", ["p", "x", "q", None], "9"),
        ("leaf", ["p", "x", "q", None], "leaf"),
        ("auto", ["x", "x", "y", None], "1"),
    ],
)
def test_levels(level: str, labels: list[str | None], found: str) -> None:
    assert category_labels(PATHS, ROWS, level) == (labels, found)


def test_auto_goes_to_the_leaf_where_one_label_holds_more_than_half_everywhere() -> None:
    rows = np.array([11, 1, 4, 1], np.int32)
    assert category_labels(PATHS, rows, "auto") == (["p", "x", "q", None], "leaf")
    assert category_labels([(), ()], np.array([1, 1], np.int32), "auto") == ([None, None], "leaf")


COUNTS = st.lists(st.integers(0, 20), min_size=1, max_size=50).filter(any)


@settings(max_examples=150)
@given(COUNTS, st.integers(1, 12))
def test_popularity_groups_as_array_split(counts: list[int], n_groups: int) -> None:
    groups = popularity_groups(np.array(counts, np.int32), n_groups, "items")
    ranked = sorted(range(len(counts)), key=lambda item: (-counts[item], item))
    wanted = np.array_split(ranked, min(n_groups, len(counts)))
    assert len(groups.labels) == len(wanted)
    for number, part in enumerate(wanted):
        assert (groups.group[part] == number).all()


@settings(max_examples=150)
@given(COUNTS, st.integers(1, 12))
def test_popularity_groups_by_mass(counts: list[int], n_groups: int) -> None:
    n_train = np.array(counts, np.int32)
    groups = popularity_groups(n_train, n_groups, "mass")
    n = len(groups.labels)
    assert 1 <= n <= n_groups
    assert sorted(set(groups.group.tolist())) == list(range(n))
    ranked = sorted(range(len(counts)), key=lambda item: (-counts[item], item))
    assert (np.diff(groups.group[ranked]) >= 0).all()
    # no group is off its share by more than half the rows of two items
    mass = np.bincount(groups.group, weights=n_train)
    assert (np.abs(mass - n_train.sum() / n_groups) <= n_train.max() + 1e-9).all() or n < n_groups


def test_mass_is_more_even_than_items() -> None:
    n_train = (1000 / np.arange(1, 200)).astype(np.int32)
    even, uneven = (
        np.bincount(popularity_groups(n_train, 5, cut).group, weights=n_train).std()
        for cut in ("mass", "items")
    )
    assert even < uneven / 2


@pytest.mark.parametrize(
    ("rule", "wanted"), [("train", [0.5, 0.3, 0.2]), ("uniform", [1 / 3, 1 / 3, 1 / 3])]
)
def test_target_shares(rule: str, wanted: list[float]) -> None:
    shares = target_shares(rule, np.array([5, 3, 2]))
    assert shares.tolist() == pytest.approx(wanted)
    assert shares.sum() == pytest.approx(1)


def test_target_shares_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "shares.csv"
    path.write_text("group,share\n2,0.25\n0,0.5\n\n1,0.25\n")
    assert target_shares(str(path), np.array([1, 1, 1])).tolist() == [0.5, 0.25, 0.25]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0,1\n", "'{0}' has no header 'group,share'"),
        ("", "'{0}' has no header 'group,share'"),
        ("group,share\n0,0.5\n1,half\n", "{0}, row 3: '1,half' is no group and share"),
        ("group,share\n0,0.5\n7,0.5\n", "{0}, row 3: '7,0.5' is no group and share"),
        ("group,share\n0\n", "{0}, row 2: '0' is no group and share"),
        ("group,share\n0,nan\n1,0.5\n", "{0}, row 2: '0,nan' is no group and share"),
        ("group,share\n0,1.0\n", "'{0}' does not share 1 among the groups 0 to 1"),
        ("group,share\n0,0.5\n1,0.4\n", "'{0}' does not share 1 among the groups 0 to 1"),
    ],
)
def test_target_shares_that_cannot_be_used(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "shares.csv"
    path.write_text(text)
    with pytest.raises(DataError) as caught:
        target_shares(str(path), np.array([3, 1]))
    assert caught.value.message == message.format(path)
