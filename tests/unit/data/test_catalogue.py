import numpy as np
import pytest

from mobench.data.catalogue import Catalogue, clean_paths, clean_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Black &amp; White&#39;s", "Black & White's"),
        ("  two\n words ", "two words"),
        ("", None),
        ("&nbsp;", None),
        (None, None),
        (5, None),
        ("half \ud83d and pair \ud83d\ude00", "half \ufffd and pair 😀"),
        ("&#xd800; &lt;b&gt;", "\ufffd <b>"),
    ],
)
def test_text(value: object, text: str | None) -> None:
    assert clean_text(value) == text


@pytest.mark.parametrize(
    ("value", "paths"),
    [
        (["Electronics", "USB &amp; more"], (("Electronics", "USB & more"),)),
        ([["A", "B"], ["A", "C"], ["A", "B"]], (("A", "B"), ("A", "C"))),
        ("Books", (("Books",),)),
        (["A", "", None, "B"], (("A", "B"),)),
        ([], ()),
        ([[]], ()),
        (None, ()),
        ({"a": 1}, ()),
    ],
)
def test_paths(value: object, paths: tuple[tuple[str, ...], ...]) -> None:
    assert clean_paths(value) == paths


def test_later_records_fill_gaps_only() -> None:
    catalogue = Catalogue(["a", "b", "c"])
    catalogue.add("b", "first", "", ["X"])
    catalogue.add("unknown", "other", 1.0, ["Y"])
    catalogue.add("b", "second", "$2.00", ["Y"])
    catalogue.add("b", None, 3.0, None)
    assert catalogue.title == [None, "first", None]
    assert catalogue.price == [None, 2.0, None]
    assert catalogue.price_note == ["no metadata", "text", "no metadata"]
    assert catalogue.paths == [(), (("X",),), ()]
    assert catalogue.n_repeated == 2
    np.testing.assert_array_equal(catalogue.prices, [np.nan, 2.0, np.nan])


def test_part_of_a_catalogue() -> None:
    catalogue = Catalogue(["a", "b", "c"])
    for number, name in enumerate("abc"):
        catalogue.add(name, name.upper(), number, [name])
    part = catalogue.take(np.array([2, 0]))
    assert (part.ids, part.title, part.price) == (["c", "a"], ["C", "A"], [2.0, 0.0])
    assert part.paths == [(("c",),), (("a",),)]
