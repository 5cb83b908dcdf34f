"""Options, files and manifests as sources of one config."""

import json
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st

from mobench.cli.options import Json, with_config
from mobench.config import Config, EvalConfig, PrepConfig, ReportConfig, TrainConfig
from mobench.config.base import extra, option
from tests.configs import as_text, configs
from tests.configs import settings as some_settings

MODELS = [PrepConfig, TrainConfig, EvalConfig, ReportConfig]


def parse(model: type[Config], words: list[str]) -> Config:
    """Return the config that a command with the options of ``model`` receives."""
    got: list[Config] = []

    @with_config(model)
    def command(config: Config, as_json: Json = False) -> None:
        got.append(config)

    app = typer.Typer()
    app.command()(command)
    typer.main.get_command(app).main(words, standalone_mode=False)
    return got[0]


def words_for(model: type[Config], values: dict[str, Any], as_flags: bool) -> list[str]:
    words = []
    for name, value in values.items():
        if as_flags and extra(model.model_fields[name], "panel"):
            words += ["--" + name.replace("_", "-"), as_text(value)]
        else:
            words += ["--set", f"{name}={as_text(value)}"]
    return words


@settings(max_examples=40)
@given(st.data(), st.sampled_from(MODELS), st.booleans())
def test_what_is_typed_is_what_the_command_gets(data, model, as_flags) -> None:
    values = data.draw(some_settings(model))
    config = parse(model, words_for(model, values, as_flags))
    assert config.model_fields_set == set(values)
    assert config == parse(model, words_for(model, values, not as_flags))
    expected = {name: value for name, value in values.items() if name != "objectives"}
    assert {name: getattr(config, name) for name in expected} == expected


@settings(max_examples=40)
@given(st.data(), st.sampled_from(MODELS))
def test_options_to_manifest_to_config_gives_the_identical_config(
    tmp_path_factory, data, model
) -> None:
    config = data.draw(configs(model))
    file = tmp_path_factory.mktemp("config") / "manifest.json"
    manifest = {"config": config.model_dump(mode="json"), "identity": config.identity()}
    file.write_text(json.dumps(manifest | {"kind": "run"}))
    again = parse(model, ["-c", str(file)])
    assert again == config
    assert again.identity() == config.identity()


def test_a_flag_beats_set_beats_file_beats_default(tmp_path: Path) -> None:
    file = tmp_path / "c.toml"
    file.write_text('seed = 5\nepochs = 5\nkp = 0.5\nobjectives = ["acc", "fair"]\n')
    words = ["--config", str(file), "--set", "epochs=6", "--set", "seed=6", "--seed", "7"]
    config = parse(TrainConfig, words)
    assert (config.seed, config.epochs, config.kp) == (7, 6, 0.5)
    assert config.objectives == ("acc", "fair")
    assert config.batch_size == TrainConfig().batch_size
    assert config.model_fields_set == {"seed", "epochs", "kp", "objectives"}


def test_an_unset_flag_is_not_given(tmp_path: Path) -> None:
    assert parse(TrainConfig, []).model_fields_set == set()
    assert parse(TrainConfig, ["--seed", "1"]).model_fields_set == {"seed"}


def test_the_last_of_repeated_settings_counts() -> None:
    assert parse(TrainConfig, ["--set", "seed=1", "--set", "seed=2"]).seed == 2
    assert parse(TrainConfig, ["--seed", "1", "--seed", "2"]).seed == 2


def test_none_can_be_typed() -> None:
    assert parse(TrainConfig, ["--set", "beta_start=none"]).beta_start is None
    assert parse(TrainConfig, ["--preference", "none"]).preference is None


class Switches(Config):
    """A config with a switch."""

    amp: bool = option(False, "Run")
    """Half precision."""
    tidy: bool | None = option(None, "Run")
    """Tidy up."""


@pytest.mark.parametrize(
    ("words", "expected"),
    [([], {}), (["--amp"], {"amp": True}), (["--no-amp", "--tidy"], {"amp": False, "tidy": True})],
)
def test_switches_have_two_flags(words: list[str], expected: dict[str, bool]) -> None:
    config = parse(Switches, words)
    assert {name: getattr(config, name) for name in config.model_fields_set} == expected


def test_own_parameters_stay(tmp_path: Path) -> None:
    got: list[tuple[Path, str | None]] = []

    @with_config(EvalConfig, without=["seed"])
    def command(
        config: Config,
        run: Annotated[Path, typer.Argument()],
        seed: Annotated[str | None, typer.Option()] = None,
    ) -> None:
        got.append((run, seed))
        assert config == EvalConfig(k=(3,))

    app = typer.Typer()
    app.command()(command)
    typer.main.get_command(app).main(["r", "--k", "3", "--seed", "x"], standalone_mode=False)
    assert got == [(Path("r"), "x")]
