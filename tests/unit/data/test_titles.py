import pytest

from mobench.data.titles import title_categories
from mobench.errors import DataError

KINDS = {
    "cable": "usb cable charger cord",
    "sound": "headphones bass audio",
    "case": "leather phone case",
}


def titles(n: int = 60) -> list[str | None]:
    words = list(KINDS.values())
    return [f"{words[i % 3]} model{i}" for i in range(n)]


def test_clusters_follow_the_words() -> None:
    labels = title_categories(titles(), 3, seed=1)
    assert len(set(labels)) == 3
    for kind in range(3):
        assert len(set(labels[kind::3])) == 1
        name = labels[kind]
        assert name is not None
        assert set(name.split()) <= set(list(KINDS.values())[kind].split())


def test_same_seed_same_categories() -> None:
    assert title_categories(titles(), 8, seed=1) == title_categories(titles(), 8, seed=1)


def test_items_without_a_title_have_no_category() -> None:
    labels = title_categories([*titles(), None, ""], 3, seed=0)
    assert labels[-2:] == [None, None]
    assert None not in labels[:-2]


def test_names_are_unique_and_clusters_no_more_than_titles() -> None:
    labels = title_categories(["same words"] * 9 + ["words same"], 5, seed=0)
    assert 1 <= len(set(labels)) <= 2


@pytest.mark.parametrize("useless", [[None, None], ["the and of"], []])
def test_titles_without_words(useless: list[str | None]) -> None:
    with pytest.raises(DataError, match="no item has a title with words"):
        title_categories(useless, 3, seed=0)
