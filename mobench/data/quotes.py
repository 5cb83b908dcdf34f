"""Fields of delimited text: between separators, in quotes or not."""

import re

from mobench.data.fields import BadRow

INSIDE = r'(?:[^"]++|"")*+'
"""What stands between the quotes of a field, as a pattern."""
QUOTED = re.compile(f'"({INSIDE})"')


def split_line(line: str, separator: str = ",", quoting: bool = True) -> list[str]:
    """Return the fields of one row.

    Args:
        line: The row without its end; line breaks in it stand in quotes.
        separator: One character.
        quoting: Whether quotes mean anything.

    Raises:
        BadRow: A quoted field does not end with its quote.
    """
    if not quoting or '"' not in line:
        return line.split(separator)
    fields, at = [], 0
    while True:
        if line.startswith('"', at):
            match = QUOTED.match(line, at)
            if match is None or line[match.end() : match.end() + 1] not in ("", separator):
                reason = "line has an unbalanced quote"
                raise BadRow(reason, f"{reason}: its field must end before the next row")
            end = match.end()
            fields.append(match[1].replace('""', '"'))
        else:
            end = line.find(separator, at) % (len(line) + 1)  # not found: the end
            fields.append(line[at:end])
        if end == len(line):
            return fields
        at = end + 1
