import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobench.data.codes import encode, first_positions, n_distinct, renumber


def naive_codes(ids: list[str]) -> tuple[list[int], list[str]]:
    seen: dict[str, int] = {}
    codes = [seen.setdefault(value, len(seen)) for value in ids]
    return codes, list(seen)


IDS = st.lists(st.text(max_size=2), min_size=1, max_size=60)


@settings(max_examples=80)
@given(IDS)
def test_codes_follow_first_appearance(ids: list[str]) -> None:
    coded = encode(pl.Series(ids, dtype=pl.String))
    assert (coded.codes.tolist(), coded.ids.to_list()) == naive_codes(ids)
    assert coded.codes.dtype == np.int32


def test_equal_hashes_do_not_merge_ids(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = ["a", "b", "a", "c", "b"]
    monkeypatch.setattr(pl.Series, "hash", lambda s: pl.Series([7] * len(s), dtype=pl.UInt64))
    coded = encode(pl.Series(ids))
    assert (coded.codes.tolist(), coded.ids.to_list()) == naive_codes(ids)


@settings(max_examples=80)
@given(st.lists(st.integers(0, 9), max_size=40))
def test_renumbering_keeps_the_partition(values: list[int]) -> None:
    codes = np.array(values, np.int32)
    new, old = renumber(codes)
    assert new.tolist() == naive_codes([str(v) for v in values])[0]
    assert old[new].tolist() == values
    assert n_distinct(codes) == len(old) == len(set(values))


def test_codes_that_never_appear_come_last() -> None:
    assert first_positions(np.array([2, 0, 2], np.int32)).tolist() == [1, 3, 0]
