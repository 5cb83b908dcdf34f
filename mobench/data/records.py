"""What a row of delimited text looks like: by that, a row in several lines is told from several."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from mobench.data.clock import instant
from mobench.data.fields import BadRow, to_number
from mobench.data.prices import parse_price
from mobench.data.quotes import INSIDE, split_line

Check = Callable[[str], bool]
CLOSED = re.compile(f'({INSIDE})"')
"""The rest of a quoted field."""


@dataclass(frozen=True)
class RecordRule:
    """What a row looks like.

    A line could be a row if it has the right number of fields, an id where there must be one, and
    possible values in ``values``. Where there are no such values to look at, fields that begin with
    a blank, as they do behind the commas of prose, tell that it is none.

    Attributes:
        separator: One ASCII character.
        n_fields: Fields of a row.
        ids: Places of the fields that are never blank.
        values: By place, whether a text may stand there: numbers, times, prices.
        padded: Whether the fields of rows, too, begin with blanks.
    """

    separator: str
    n_fields: int
    ids: tuple[int, ...] = ()
    values: Mapping[int, Check] = field(default_factory=dict)
    padded: bool = False

    def is_well_formed(self, text: bytes) -> bool:
        """Return whether lines are as many fields as a row has, with quotes around fields only."""
        return self._pattern.fullmatch(text) is not None

    def holds_a_row(self, text: bytes) -> bool:
        """Return whether a line of such a text could be a row, or the last begin one."""
        first, *inner, last = text.decode("utf-8", "replace").split("\n")
        return self._is_whole(first) or any(map(self._is_row, inner)) or self._begins_a_row(last)

    @cached_property
    def _pattern(self) -> re.Pattern[bytes]:
        separator = re.escape(self.separator)
        one = rf'(?:"{INSIDE}"|[^"\n{separator}]*+)'
        return re.compile(f"{one}(?:{separator}{one}){{{self.n_fields - 1}}}".encode())

    @cached_property
    def _closed(self) -> re.Pattern[str]:
        """The fields of a first line before the one that goes on."""
        separator = re.escape(self.separator)
        return re.compile(f'(?:(?:"{INSIDE}"|[^"{separator}]*+){separator})*+')

    def _is_whole(self, first: str) -> bool:
        """Return whether the first line is a row if the quote that it leaves open is a character.

        What stands before that quote is that of a row in any case, and tells nothing.
        """
        before = self._closed.match(first)
        assert before is not None  # it matches nothing, too
        closed = split_line(before[0], self.separator)[:-1]
        fields = closed + first[before.end() :].removesuffix("\r").split(self.separator)
        told = any(place > len(closed) for place in self.values)
        return told and len(fields) == self.n_fields and self._fits(fields)

    def _is_row(self, line: str) -> bool:
        try:
            fields = split_line(line.removesuffix("\r"), self.separator)
        except BadRow:
            return False
        return len(fields) == self.n_fields and self._fits(fields)

    def _begins_a_row(self, last: str) -> bool:
        """Return whether fields of a row end before the quote that closes the field of the lines.

        What stands behind that quote belongs to the lines in any case, and tells nothing.
        """
        inside = CLOSED.match(last)
        if inside is None:
            return False
        fields = inside[1].split(self.separator)
        n_after = len(split_line(last[inside.end() :], self.separator)) - 1
        *whole, rest = fields
        told = any(place < len(whole) for place in (*self.values, *self.ids))
        if not told or len(fields) + n_after != self.n_fields:
            return False
        return self._fits(whole, rest)

    def _fits(self, fields: list[str], rest: str = "") -> bool:
        """Return whether all fields could be those of a row, or its first fields before a rest."""
        n = len(fields)
        if not all(fields[place].strip() for place in self.ids if place < n):
            return False
        checks = {place: check for place, check in self.values.items() if place < n}
        if not checks:
            return self.padded or not any(text[:1].isspace() for text in (*fields, rest))
        return all(check(fields[place]) for place, check in checks.items())


def is_number(text: str) -> bool:
    """Return whether a text is a finite number."""
    number = to_number(text)
    return number is not None and math.isfinite(number)


def is_time(text: str) -> bool:
    """Return whether a text is a time in any unit."""
    return is_number(text) or instant(text, "iso") is not None


def is_price(text: str) -> bool:
    """Return whether a text is a price, or blank."""
    price, note = parse_price(text)
    return price is not None or note == "missing"
