"""Ctrl-C that falls into a line of Python for which polars, in Rust, waits: there it is a panic."""

import threading

import polars as pl


def avoid() -> None:
    """Let polars look up NumPy now, as once it must, in a thread: there no Ctrl-C arrives."""
    search = threading.Thread(target=pl.Series([0]).to_numpy)
    search.start()
    search.join()
