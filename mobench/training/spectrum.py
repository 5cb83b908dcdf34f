"""The front of a conditioned model: validated over a fixed grid of preferences after training."""

from collections.abc import Sequence

from mobench.config import TrainConfig
from mobench.config.lattice import lattice
from mobench.errors import Interrupted
from mobench.metrics import METRICS
from mobench.metrics.comparison import accuracy_kept, imp, is_valid
from mobench.metrics.rank_correlation import spearman
from mobench.models import Conditioned
from mobench.objectives import OBJECTIVES
from mobench.training.loop import FRONT, Loop
from mobench.training.state import Row, TrainState

PARTS = {2: 25, 3: 5, 4: 4}
"""Steps from no wish to all, by number of objectives: 26, 21 and 35 preferences."""


def grid(config: TrainConfig) -> list[tuple[float, ...]]:
    """Return the preferences that are validated, ``[P, M]`` (Das and Dennis 1998)."""
    n = len(config.objectives)
    return [tuple(wishes) for wishes in lattice(n, config.front_parts or PARTS[n])]


def look(state: TrainState, loop: Loop) -> list[Row]:
    """Validate the selected weights at every preference of the grid; one row each.

    Raises:
        Interrupted: ``loop.stop`` said so; what was saved last is all that is needed to go on.
    """
    model, names, base = state.model, loop.config.objectives, state.selection.base
    assert isinstance(model, Conditioned)
    assert base is not None
    model.load_state_dict(state.best)
    rows: list[Row] = []
    wanted, over = grid(loop.config), state.selection.over
    for index in loop.track(range(len(wanted)), FRONT, len(wanted)):
        if loop.stop():
            raise Interrupted(f"saved epoch {state.epoch}")
        model.prefer(wanted[index])
        metrics, _ = loop.validator(model)
        kept = accuracy_kept(metrics["hit"], base["hit"])
        rows.append(
            {f"wish_{name}": wish for name, wish in zip(names, wanted[index], strict=True)}
            | metrics
            | {"imp": imp(metrics, base, over) if over else float("nan")}
            | {"accuracy_kept": kept, "valid": is_valid(kept)}
        )
    model.prefer(loop.config.wishes)
    return rows


def obedience(rows: Sequence[Row], names: Sequence[str]) -> dict[str, float]:
    """Return by objective how its metric follows its wish: Spearman's ρ, 1 is best.

    Near 0 the model ignores the wish: the silent failure of conditioned models. ``nan`` where the
    metric is the same for all preferences.
    """
    found = {}
    for name in names:
        metric = METRICS[OBJECTIVES[name].metric]
        sign = 1 if metric.higher_is_better else -1
        values = [sign * row[metric.name] for row in rows]
        found[name] = spearman([row[f"wish_{name}"] for row in rows], values)
    return found
