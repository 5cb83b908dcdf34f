"""What computes codes and cores: NumPy, or numba where it is installed and pays."""

import importlib.util
from dataclasses import dataclass

from mobench.data.codes import HashingCoder, IdCoder
from mobench.data.filters import Core, Edges, k_core
from mobench.data.plan import Plan
from mobench.data.store import Parts, Rows
from mobench.errors import ConfigError

PAYS_FROM = 120e6
"""Bytes of input from which numba saves more than it costs to load (about two million rows)."""


@dataclass(frozen=True)
class Engine:
    """The NumPy way."""

    def coder(self) -> IdCoder:
        """Return a coder for one column."""
        return HashingCoder()

    def core(self, parts: Parts[Rows], k_user: int, k_item: int, max_rounds: int) -> Core:
        """Reduce the rows to their k-core; see ``filters.k_core``."""
        edges = parts.derived(Edges, Edges.of)
        core = k_core(edges, k_user, k_item, max_rounds)
        kept = iter(edges)
        parts.update(lambda rows: rows.take(next(kept).left()))
        return core


@dataclass(frozen=True)
class NumbaEngine(Engine):
    """The same with ids coded in numba."""

    def coder(self) -> IdCoder:
        """Return a coder for one column."""
        from mobench.data.native import NativeCoder

        return NativeCoder()


def engine_for(made: Plan) -> Engine:
    """Return the engine that the config asks for; ``auto`` is numba for large inputs if installed.

    Raises:
        ConfigError: numba is asked for and not installed.
    """
    wanted = made.config.engine
    has_numba = importlib.util.find_spec("numba") is not None
    if wanted == "numba" and not has_numba:
        raise ConfigError(
            "--engine numba needs numba", "install it with: pip install 'mobench[numba]'"
        )
    if wanted == "auto":
        sizes = [file.path.stat().st_size for file in made.files if file.path.is_file()]
        wanted = "numba" if has_numba and sum(sizes) >= PAYS_FROM else "numpy"
    return NumbaEngine() if wanted == "numba" else Engine()
