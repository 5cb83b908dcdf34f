"""Amazon reviews of 2014, 2018 and 2023, in full: one JSON object a line."""

from collections.abc import Iterator
from typing import ClassVar

import polars as pl

from mobench.data.catalogue import Catalogue
from mobench.data.clock import Unit
from mobench.data.files import SourceFile
from mobench.data.rows import Columns, read_rows, sample_unit
from mobench.data.schema import Rejects
from mobench.data.sources.amazon_csv import COLUMNS
from mobench.data.sources.amazon_items import ITEMS_2014, ITEMS_2018, ITEMS_2023, ItemFormat
from mobench.data.sources.base import Source, require
from mobench.data.sources.json_lines import sample_keys
from mobench.data.sources.json_rows import JsonRows

OLD_COLUMNS = Columns("reviewerID", "asin", "overall", "unixReviewTime")
REVIEW_KEYS_2018 = {"verified", "style", "vote", "image"}
ITEM_KEYS_2018 = {"category", "main_cat", "also_buy", "also_view", "tech1", "similar_item", "rank"}
"""Keys that the files of 2018 have and those of 2014 have not."""


class AmazonReviews(Source):
    """Review files and metadata of one year; which year their keys tell."""

    columns: ClassVar[Columns]
    items: ClassVar[ItemFormat]

    def check_reviews(self, file: SourceFile, head: bytes) -> Unit | None:
        """Require the four keys in the first rows."""
        require(file, self.columns.names, sample_keys(head))
        return sample_unit(head, JsonRows(self.columns))

    def read_reviews(
        self, file: SourceFile, unit: Unit | None, rejects: Rejects
    ) -> Iterator[pl.DataFrame]:
        """Read all rows."""
        return read_rows(file, JsonRows(self.columns, unit == "iso"), unit, rejects)

    def recognises_items(self, head: bytes) -> bool:
        """Recognise an object with a product's id and nothing that a review has besides."""
        keys = self.items.keys(head)
        return self.items.id in keys and not keys & (set(self.columns.names) - {self.columns.item})

    def check_items(self, file: SourceFile, head: bytes) -> None:
        """Require the metadata keys."""
        self.items.check(file, head)

    def read_items(self, file: SourceFile, catalogue: Catalogue, rejects: Rejects) -> int:
        """Read the metadata lines."""
        return self.items.read(file, catalogue, rejects)


class AmazonJsonl(AmazonReviews):
    """The files of 2023, whose products have a parent."""

    name = "amazon-2023-jsonl"
    label = "amazon (2023 JSON lines)"
    columns = COLUMNS
    items = ITEMS_2023

    def recognises(self, head: bytes) -> bool:
        """Recognise a user's id beside one of the two ids of a product."""
        keys = set(sample_keys(head))
        return COLUMNS.user in keys and bool({"parent_asin", "asin"} & keys)


class Amazon2018Jsonl(AmazonReviews):
    """The files of 2018."""

    name = "amazon-2018-jsonl"
    label = "amazon (2018 JSON lines)"
    columns = OLD_COLUMNS
    items = ITEMS_2018

    def recognises(self, head: bytes) -> bool:
        """Recognise a reviewer of that time and a key that came in 2018."""
        keys = set(sample_keys(head))
        return _is_old(keys) and OLD_COLUMNS.user in keys and bool(keys & REVIEW_KEYS_2018)

    def recognises_items(self, head: bytes) -> bool:
        """Recognise a product's id and a key that came in 2018."""
        keys = ITEMS_2018.keys(head)
        return super().recognises_items(head) and _is_old(keys) and bool(keys & ITEM_KEYS_2018)


class Amazon2014Jsonl(AmazonReviews):
    """The files of 2014, whose metadata are Python literals."""

    name = "amazon-2014-jsonl"
    label = "amazon (2014 JSON lines)"
    columns = OLD_COLUMNS
    items = ITEMS_2014

    def recognises(self, head: bytes) -> bool:
        """Recognise a reviewer of that time and no key that came in 2018."""
        keys = set(sample_keys(head))
        return _is_old(keys) and OLD_COLUMNS.user in keys and not keys & REVIEW_KEYS_2018

    def recognises_items(self, head: bytes) -> bool:
        """Recognise a product's id in lines of either kind, and in JSON no key of 2018."""
        is_later = bool(ITEMS_2018.keys(head) & ITEM_KEYS_2018)
        return super().recognises_items(head) and _is_old(ITEMS_2014.keys(head)) and not is_later


def _is_old(keys: set[str]) -> bool:
    """Return whether these may be of files from before 2023."""
    return not keys & {"user_id", "parent_asin"}
