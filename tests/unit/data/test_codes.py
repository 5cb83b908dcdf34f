from importlib.util import find_spec

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mobench.data.codes import (
    FACTOR,
    HashingCoder,
    IdCoder,
    compact,
    encode,
    factorise,
    first_positions,
    renumber,
    stable_order,
)

if find_spec("numba"):
    from mobench.data.native import NativeCoder


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
    assert len(old) == len(set(values))


def test_codes_that_never_appear_come_last() -> None:
    assert first_positions(np.array([2, 0, 2], np.int32)).tolist() == [1, 3, 0]


def coders() -> list[IdCoder]:
    return [HashingCoder(), NativeCoder()] if find_spec("numba") else [HashingCoder()]


def in_chunks(coder: IdCoder, chunks: list[list[str]]) -> tuple[list[int], list[str]]:
    codes = [coder.add(pl.Series(ids, dtype=pl.String)) for ids in chunks]
    known = coder.finish()
    if known.codes_of is not None:
        codes = [final[some] for final, some in zip(known.codes_of, codes, strict=True)]
    return [int(code) for some in codes for code in some], known.ids.to_list()


CHUNKS = st.lists(st.lists(st.text(max_size=2), min_size=1, max_size=20), max_size=5)


@settings(max_examples=80)
@given(CHUNKS)
def test_chunks_are_coded_as_the_whole(chunks: list[list[str]]) -> None:
    for coder in coders():
        assert in_chunks(coder, chunks) == naive_codes([one for ids in chunks for one in ids])


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CHUNKS)
def test_equal_hashes_do_not_merge_ids_of_chunks(
    monkeypatch: pytest.MonkeyPatch, chunks: list[list[str]]
) -> None:
    few = lambda s: pl.Series([len(t) for t in s], dtype=pl.UInt64)  # noqa: E731
    monkeypatch.setattr(pl.Series, "hash", few)
    for coder in coders():
        assert in_chunks(coder, chunks) == naive_codes([one for ids in chunks for one in ids])


def test_a_table_grows_over_many_ids() -> None:
    chunks = [[f"id {n % 90_000}" for n in range(s, s + 50_000)] for s in range(0, 200_000, 50_000)]
    for coder in coders():
        assert in_chunks(coder, chunks) == naive_codes([one for ids in chunks for one in ids])


def test_known_ids_hold_no_block_in_memory() -> None:
    def held(texts: pl.Series) -> int:
        buffers = texts.to_arrow(compat_level=pl.CompatLevel.newest()).buffers()
        return sum(buffer.size for buffer in buffers if buffer is not None)

    some = pl.Series([f"{n:040d}" for n in range(50_000)]).gather([0, 7, 9])
    assert held(some) > 1_000_000
    assert held(compact(some)) < 1_000
    assert compact(some).to_list() == some.to_list()


@settings(max_examples=100)
@given(st.lists(st.integers(0, 6) | st.integers(0, 2**62), max_size=40))
def test_packed_words_sort_like_a_stable_argsort(keys: list[int]) -> None:
    values = np.array(keys, np.int64)
    assert stable_order(values).tolist() == sorted(range(len(keys)), key=lambda n: keys[n])


@settings(max_examples=150)
@given(st.lists(st.integers(0, 3) | st.integers(0, 2**64 - 1), max_size=40), st.integers(0, 60))
def test_values_that_share_high_or_low_bits_are_told_apart(values: list[int], shift: int) -> None:
    shifted = [value << shift & (2**64 - 1) for value in values]
    codes, first = factorise(np.array(shifted, np.uint64))
    wanted = naive_codes([str(value) for value in shifted])
    assert codes.tolist() == wanted[0]
    assert [str(shifted[place]) for place in first] == wanted[1]


def test_values_that_all_claim_one_place_are_told_apart() -> None:
    inverse = pow(FACTOR, -1, 2**64)  # the products are 0, 1, 2, …: their upper bits are equal
    values = [number * inverse % 2**64 for number in [*range(300), *range(0, 300, 7), *range(9)]]
    codes, first = factorise(np.array(values, np.uint64))
    wanted, distinct = naive_codes([str(value) for value in values])
    assert codes.tolist() == wanted
    assert [str(values[place]) for place in first] == distinct
