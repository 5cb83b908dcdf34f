"""Hypothesis strategies for configs."""

from types import NoneType
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st
from pydantic.fields import FieldInfo

from mobench.config import OBJECTIVE_NAMES, Config, TrainConfig, build
from mobench.config.base import choices, kinds

WORDS = {
    "objectives": st.lists(st.sampled_from(OBJECTIVE_NAMES), min_size=1, unique=True).map(tuple),
    "preference": st.none(),
    "price_transform": st.sampled_from(["none", "log1p", "winsor:0.99"]),
    "fair_level": st.sampled_from(["auto", "leaf", "0", "3"]),
    "category_from": st.sampled_from([None, "title:12"]),
    "source": st.lists(st.from_regex(r"[a-z/.]{1,9}", fullmatch=True)).map(tuple),
    "meta": st.lists(st.from_regex(r"[a-z/.]{1,9}", fullmatch=True)).map(tuple),
    "columns": st.lists(
        st.sampled_from(["user=a", "item=b", "price=c=d"]), min_size=1, unique=True
    ).map(tuple),
    "solver_options": st.lists(st.sampled_from(["c=0.4", "steps=3"]), unique=True).map(tuple),
    "candidates": st.sampled_from(["uniform:100", "popularity:7"]),
    "k": st.integers(1, 50),
}
TEXT = st.from_regex(r"[a-z]{1,6}", fullmatch=True)
NUMBERS = {
    bool: st.booleans(),
    int: st.integers(2, 900),
    float: st.sampled_from([1e-6, 0.03, 0.25, 0.5, 0.97]),
}


def values(name: str, info: FieldInfo) -> st.SearchStrategy[Any]:
    """Return valid values of a field, as Python holds them."""
    if allowed := choices(info):
        return st.sampled_from(allowed)
    kind, *others = kinds(info)
    if name == "k" and kind is tuple:
        return st.lists(WORDS["k"], min_size=1, max_size=3).map(tuple)
    some = WORDS[name] if name in WORDS else NUMBERS.get(kind, TEXT)
    return st.none() | some if NoneType in others else some


@st.composite
def settings(draw: st.DrawFn, model: type[Config]) -> dict[str, Any]:
    """Draw some settings that are valid together."""
    names = draw(st.lists(st.sampled_from(sorted(model.model_fields)), unique=True))
    drawn = {name: draw(values(name, model.model_fields[name])) for name in names}
    if model is TrainConfig:
        low, high = drawn.get("beta_min", 0.1), drawn.get("beta_max", 1.5)
        start = drawn.get("beta_start", 1.0)
        assume(low < high and (start is None or low <= start <= high))
    return drawn


def configs(model: type[Config]) -> st.SearchStrategy[Config]:
    """Return configs in which some fields are set."""
    return settings(model).map(lambda drawn: build(model, drawn))


def as_text(value: Any) -> str:
    """Return a value as somebody would type it."""
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return "none" if value is None else str(value)
