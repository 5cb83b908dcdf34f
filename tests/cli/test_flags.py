"""The frozen set of commands and flags: a new one is a decision, not an accident."""

import typer

from mobench.cli.app import COMMANDS, app_for
from mobench.config import (
    METHODS,
    CompareConfig,
    EvalConfig,
    PrepConfig,
    RecommendConfig,
    ReportConfig,
    TrainConfig,
)
from mobench.config.base import Config, extra

GROUP = typer.main.get_command(app_for(COMMANDS))
COMMON = {"--config", "--set", "--name", "--force", "--json"}
FLAGS = {
    "prep": COMMON
    | {
        "--inspect",
        "--download",
        "--meta",
        "--format",
        "--columns",
        "--time-unit",
        "--max-rejected",
        "--min-rating",
        "--duplicates",
        "--k-core",
        "--user-core",
        "--item-core",
        "--max-core-rounds",
        "--split",
        "--val-from",
        "--test-from",
        "--tie-break",
        "--missing-price",
        "--price-transform",
        "--fair-level",
        "--fair-groups",
        "--fair-min-share",
        "--category-from",
        "--pop-groups",
        "--pop-cut",
        "--target-distribution",
        "--seed",
        "--engine",
        "--memory",
    },
    "train": COMMON
    | {
        "--base",
        "--resume",
        "--dry-run",
        "--front",
        "--seeds",
        "--jobs",
        "--method",
        "--objectives",
        "--preference",
        "--keep-accuracy",
        "--sampler-mode",
        "--backbone",
        "--init-from",
        "--optimizer",
        "--threads",
        "--candidates",
        "--epochs",
        "--tries",
        "--seed",
        "--device",
    },
    "eval": COMMON
    | {
        "--recommendations",
        "--dataset",
        "--base",
        "--split",
        "--k",
        "--candidates",
        "--preference",
        "--resamples",
        "--confidence",
        "--seed",
        "--device",
    },
    "report": COMMON | {"--k", "--keep", "--min-base-hits", "--reference", "--resamples", "--seed"},
    "reproduce": {"--data", "--only", "--dry-run", "--json"},
    "compare": {
        "--config",
        "--set",
        "--json",
        "--fail-on-change",
        "--k",
        "--tolerance",
        "--resamples",
        "--confidence",
        "--seed",
    },
    "recommend": {
        "--config",
        "--set",
        "--json",
        "--users",
        "--out",
        "--force",
        "--k",
        "--seen",
        "--preference",
        "--sample",
        "--seed",
        "--device",
    },
    "show": {"--json"},
    "export": {"--to", "--name", "--force", "--json"},
}
SHORT = {"--config": "-c", "--k": "-k"}
CONFIGS: dict[str, type[Config]] = {
    "prep": PrepConfig,
    "train": TrainConfig,
    "eval": EvalConfig,
    "report": ReportConfig,
    "compare": CompareConfig,
    "recommend": RecommendConfig,
}


def options(command: str) -> dict[str, typer.core.TyperOption]:
    found = GROUP.commands[command].params
    return {p.opts[0]: p for p in found if isinstance(p, typer.core.TyperOption)}


def test_the_set_of_commands_and_flags_is_frozen() -> None:
    assert {name: set(options(name)) for name in GROUP.commands} == FLAGS
    for name in FLAGS:
        shorts = {flag: p.opts[1] for flag, p in options(name).items() if len(p.opts) > 1}
        assert shorts == {flag: short for flag, short in SHORT.items() if flag in FLAGS[name]}
    assert len(GROUP.commands) <= 9


def test_train_has_at_most_25_flags() -> None:
    long = [o for p in options("train").values() for o in p.opts + p.secondary_opts if "--" in o]
    assert len(long) <= 25


def test_every_option_and_argument_has_help() -> None:
    for name, command in GROUP.commands.items():
        assert command.help, name
        for parameter in command.params:
            assert parameter.help, f"{name} {parameter.name}"
            assert parameter.help.strip().endswith((".", "…", "]")), f"{name} {parameter.name}"


def test_every_field_with_a_panel_is_a_flag_that_shows_its_default() -> None:
    for name, model in CONFIGS.items():
        for field, info in model.model_fields.items():
            flag = "--" + field.replace("_", "-")
            assert (flag in FLAGS[name]) == bool(extra(info, "panel")), flag
            if flag not in FLAGS[name]:
                continue
            option = options(name)[flag]
            assert option.rich_help_panel == extra(info, "panel")
            assert info.description.replace("[", r"\[") in option.help
            if info.default not in (None, ()):
                assert r"\[default: " in option.help


def test_the_help_of_method_names_every_method() -> None:
    words = options("train")["--method"].help.replace(",", " ").replace(". ", " ").split()
    assert set(METHODS) <= set(words)
