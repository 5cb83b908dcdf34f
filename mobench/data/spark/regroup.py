"""Rows in pieces of even size, whatever the sizes in which they come."""

from collections.abc import Iterable, Iterator

import pyarrow as pa

ROWS = 1 << 20
"""Rows of a row group, as PyArrow writes tables by default."""


def regroup(tables: Iterable[pa.Table], n_rows: int = ROWS) -> Iterator[pa.Table]:
    """Yield the same rows, ``n_rows`` at a time; the last piece has what is left.

    Args:
        tables: Tables of one schema.
        n_rows: Rows of a piece.
    """
    held: list[pa.Table] = []
    n_held = 0
    for table in tables:
        held.append(table)
        n_held += table.num_rows
        if n_held >= n_rows:
            whole = pa.concat_tables(held)
            cut = n_held - n_held % n_rows
            yield from (whole.slice(start, n_rows) for start in range(0, cut, n_rows))
            held, n_held = [whole.slice(cut)], n_held - cut
    if n_held:
        yield pa.concat_tables(held)
