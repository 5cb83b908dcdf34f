"""Which column is what: names that everybody uses, names that the user gives, and doubts."""

from pathlib import Path

import pytest

from mobench.data.files import SourceFile
from mobench.data.rows import Columns
from mobench.data.sources.columns import item_columns, meaning, meanings, review_columns
from mobench.errors import DataError
from tests.unit.data.tables import refused


def file(*columns: str) -> SourceFile:
    pairs = dict(text.split("=") for text in columns)
    return SourceFile("reviews", Path("f"), "f", columns=pairs)


@pytest.mark.parametrize(
    ("names", "key"),
    [
        ("user user_id userId USER-ID uid reviewerID", "user"),
        ("item item_id itemId product_id Product ID asin parent_asin movieId", "item"),
        ("rating score stars overall", "rating"),
        ("timestamp time ts date datetime unixReviewTime", "time"),
        ("id value comment _ é", None),
    ],
)
def test_well_known_names(names: str, key: str | None) -> None:
    for name in names.replace("Product ID", "Product@ID").split():
        assert meaning(name.replace("@", " ")) == key


def test_a_name_has_one_meaning() -> None:
    assert meanings(["userId", "movieId", "tag"]) == {"user", "item"}


def test_columns_that_are_well_known() -> None:
    found = ["date", "stars", "user_id", "text", "business_id"]
    assert review_columns(file(), found) == Columns("user_id", "business_id", "stars", "date")
    assert review_columns(file(), ["uid", "item"]) == Columns("uid", "item", None, None)


def test_what_the_user_says_comes_first() -> None:
    found = ["user", "name", "item", "when", "time", "rating"]
    columns = review_columns(file("user=name", "time=when"), found)
    assert columns == Columns("name", "item", "rating", "when")


def test_an_item_may_have_another_name_in_metadata() -> None:
    meta = item_columns(file("item=thing", "user=who"), ["product_id", "price"])
    assert meta == {"item": "product_id", "price": "price"}


@pytest.mark.parametrize(
    ("columns", "found", "message", "hint"),
    [
        (
            [],
            ["a", "b", "c"],
            "'f' has no column that is known to be the user",
            "Columns: a, b, c. Say which, such as --columns user=a,item=b.",
        ),
        (
            [],
            ["what", "userId", "x"],
            "'f' has no column that is known to be the item",
            "Columns: what, userId, x. Say which, such as --columns user=userId,item=what.",
        ),
        (
            ["user=who", "time=when"],
            ["who", "what", "when"],
            "'f' has no column that is known to be the item",
            "Columns: who, what, when. Say which, such as --columns user=who,item=what,time=when.",
        ),
        (
            [],
            ["user", "item", "date", "timestamp"],
            "'f' has 2 columns that may be the time: date, timestamp",
            "say which: --columns time=date.",
        ),
        (
            ["user=usr"],
            ["user", "item"],
            "'f' has no column 'usr'",
            "did you mean 'user'? Columns: user, item.",
        ),
        (
            ["user=item"],
            ["item", "b"],
            "'f' has no column that is known to be the item",
            "Columns: item, b. Say which, such as --columns user=item,item=b.",
        ),
        (["user=a", "item=a"], ["a"], "'f': column 'a' is named twice", "name each once."),
        *[
            (
                columns,
                ["user", "user", "item"],
                "'f' has several columns called 'user'",
                "rename them in its first line.",
            )
            for columns in (["user=user"], [])
        ],
    ],
)
def test_columns_that_cannot_be_told(
    columns: list[str], found: list[str], message: str, hint: str
) -> None:
    with pytest.raises(DataError) as caught:
        review_columns(file(*columns), found)
    assert refused(caught.value) == (message, hint)


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (["name", "price"], "'f' has no column that is known to be the item"),
        (["item", "colour"], "'f' has no column that is known to be the price or category"),
        (["item", "genre", "category"], "'f' has 2 columns that may be the category"),
    ],
)
def test_metadata_columns_that_cannot_be_told(found: list[str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        item_columns(file(), found)
