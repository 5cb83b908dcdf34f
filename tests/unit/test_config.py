import json
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mobench.config import (
    METHODS,
    OBJECTIVE_NAMES,
    PRESETS,
    Config,
    EvalConfig,
    PrepConfig,
    Recipe,
    ReportConfig,
    TrainConfig,
    build,
)
from mobench.config.base import choices, extra, kinds, option
from mobench.errors import ConfigError
from tests.configs import configs

MODELS = [PrepConfig, TrainConfig, EvalConfig, ReportConfig]


class Sample(Config):
    """One field of every kind."""

    flag: bool = option(False, "P")
    """A switch."""
    number: int = option(3, "P", ge=1)
    """A count."""
    share: float | None = option(None, "P", le=1)
    """A part."""
    names: tuple[str, ...] = option(("a", "b"), "P")
    """Words."""
    sizes: tuple[int, ...] | None = option(None)
    """Numbers."""
    kind: Literal["one", "two"] = option("one", "P")
    """A choice."""
    place: str | None = option(None, moves=False)
    """A word."""


def failure(model: type[Config], **values: object) -> tuple[str, str | None]:
    with pytest.raises(ConfigError) as caught:
        build(model, values)
    return caught.value.message, caught.value.hint


@pytest.mark.parametrize("model", [*MODELS, Recipe])
def test_every_field_explains_itself(model: type[Config]) -> None:
    for name, info in model.model_fields.items():
        assert info.description, name
        assert info.description.endswith((".", "…")), name
        assert "\n" not in info.description, name


@pytest.mark.parametrize("model", MODELS)
def test_defaults_are_valid_and_nobody_set_them(model: type[Config]) -> None:
    made = build(model, {})
    assert made.model_fields_set == set()
    assert build(model, made.model_dump()) == made


def test_text_becomes_what_the_field_holds() -> None:
    text = {
        "flag": "true",
        "number": "7",
        "share": "0.5",
        "names": "x, y",
        "sizes": "[1, 2]",
        "kind": "two",
        "place": "none",
    }
    made = build(Sample, text)
    assert made == Sample(
        flag=True, number=7, share=0.5, names=("x", "y"), sizes=(1, 2), kind="two", place=None
    )
    assert made.model_fields_set == text.keys()
    assert build(Sample, {"sizes": "none", "share": "NONE"}) == Sample()
    assert build(Sample, {"names": ""}).names == ()
    assert build(Sample, {"names": "none"}).names == ("none",)
    assert build(PrepConfig, {"price_transform": "none"}).price_transform == "none"


def test_types_of_fields_are_seen() -> None:
    fields = Sample.model_fields
    assert kinds(fields["number"]) == (int,)
    assert kinds(fields["share"]) == (float, type(None))
    assert kinds(fields["sizes"]) == (tuple, type(None))
    assert choices(fields["kind"]) == ("one", "two")
    assert choices(fields["names"]) == ()
    assert [name for name, info in fields.items() if not extra(info, "panel")] == ["sizes", "place"]


def test_failures_name_the_setting_the_value_and_a_way_out() -> None:
    assert failure(TrainConfig, objectives="acc,fare") == (
        "unknown objective 'fare'",
        "did you mean 'fair'? Objectives: acc, rev, fair, align.",
    )
    assert failure(TrainConfig, sead=1) == (
        "unknown setting 'sead'",
        "did you mean 'seed'? See --help for the settings.",
    )
    assert failure(TrainConfig, method="moerc") == (
        "--method 'moerc' is unknown",
        f"did you mean 'morec'? One of: {', '.join(METHODS)}.",
    )
    assert failure(TrainConfig, batch_size="0") == (
        "batch_size: '0' should be greater than or equal to 1",
        "Positives per block.",
    )
    assert failure(TrainConfig, kp=-1)[0] == "kp: '-1' should be greater than or equal to 0"
    assert failure(TrainConfig, epochs="many")[0].startswith(
        "--epochs: 'many' should be a valid int"
    )
    assert failure(TrainConfig, learning_rate="nan")[0] == (
        "learning_rate: 'nan' should be a finite number"
    )
    assert failure(TrainConfig, preference="[1,") == ("'[1,' is no list", "write it as a,b,c.")
    assert failure(Recipe, name="x")[0] == "setting 'prep' is missing"


def test_contradictions_are_refused() -> None:
    assert failure(TrainConfig, preference="1,2") == (
        "--preference has 2 values for 3 objectives (rev, fair, align)",
        "give one value per objective after acc.",
    )
    assert "no mix of wishes" in failure(TrainConfig, preference="0,0,0")[0]
    assert "no mix of wishes" in failure(TrainConfig, preference="-1,1,1")[0]
    assert failure(TrainConfig, beta_max=0.05)[0] == "beta_min 0.1 is not below beta_max 0.05"
    assert failure(TrainConfig, objectives=())[0] == "--objectives is empty"


def test_accuracy_is_implied_and_wishes_sum_to_one() -> None:
    made = build(TrainConfig, {"objectives": "fair,rev,fair", "preference": "1,3"})
    assert made.objectives == ("acc", "fair", "rev")
    assert made.auxiliary == ("fair", "rev")
    assert made.shares == (0.25, 0.75)
    assert build(TrainConfig, {}).shares == (1 / 3,) * 3
    assert build(TrainConfig, {"objectives": "acc"}).shares == ()


def test_what_nobody_set_takes_other_defaults() -> None:
    made = build(TrainConfig, {"preset": "paper", "weight_decay": 0.5})
    filled = made.with_defaults(PRESETS[made.preset])
    assert filled.weight_decay == 0.5
    assert filled.negative_power == PRESETS["paper"]["negative_power"] != made.negative_power
    assert filled.with_defaults(PRESETS["reference"]).negative_power == filled.negative_power


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_hold_valid_settings(preset: str) -> None:
    build(TrainConfig, PRESETS[preset])
    assert set(PRESETS) == set(choices(TrainConfig.model_fields["preset"]))


def test_names_and_choices_agree() -> None:
    assert choices(TrainConfig.model_fields["method"]) == METHODS
    assert TrainConfig().objectives == OBJECTIVE_NAMES


def test_identity_leaves_out_what_cannot_change_a_result() -> None:
    one, other = build(Sample, {"place": "here"}), build(Sample, {"place": "there"})
    assert one != other
    assert one.identity() == other.identity()
    assert one.identity() != build(Sample, {"number": 4}).identity()
    here = TrainConfig(device="cpu", threads=2, log_every=1)
    assert here.identity() == TrainConfig().identity()


@settings(max_examples=30)
@given(st.data(), st.sampled_from(MODELS))
def test_a_config_survives_json(data: st.DataObject, model: type[Config]) -> None:
    made = data.draw(configs(model))
    stored = json.loads(json.dumps(made.model_dump(mode="json"), allow_nan=False))
    assert build(model, stored) == made
