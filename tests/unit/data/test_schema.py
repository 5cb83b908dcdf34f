"""Rejected rows: counted, listed, and too many of them refused."""

import pytest

from mobench.data.schema import LISTED_LIMIT, Rejected, Rejects, rejected_table
from mobench.errors import DataError


def test_the_limit_speaks_of_the_first_row() -> None:
    rejects = Rejects()
    for line in range(18_204, 18_204 + 81_022):
        detail = "column 'rating' is 'five', expected a number"
        rejects.add(Rejected("reviews.csv", line, "rating is not a number", "…", detail))
    rejects.check(8_102_200, 0.01)
    with pytest.raises(DataError) as caught:
        rejects.check(7_824_482, 0.01)
    assert caught.value.message == (
        "reviews.csv, row 18,204: column 'rating' is 'five', expected a number"
    )
    assert caught.value.hint == (
        "81,022 of 7,824,482 rows (1.04 %) are rejected, more than --max-rejected 1 %."
    )


def test_rows_are_counted_beyond_what_is_listed() -> None:
    rejects = Rejects("metadata")
    for line in range(LISTED_LIMIT + 5):
        rejects.add(Rejected("m", line, "line is not JSON", "", ""))
    assert len(rejects) == LISTED_LIMIT + 5
    assert rejects.counts == {"metadata: line is not JSON": LISTED_LIMIT + 5}
    assert rejected_table(rejects, Rejects()).height == LISTED_LIMIT
