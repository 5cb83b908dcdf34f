"""Settings that a method does not read are refused; the others do something."""

import pytest

from mobench.config import TrainConfig, build
from mobench.errors import ConfigError
from mobench.training import plan as planning
from mobench.training.fitting import MODEL, NEEDS, OF_HISTORIES, check_fit
from tests.unit.training.helpers import make_plan, trained

OTHER = {
    "preset": "paper",
    "objectives": ("acc", "align", "fair", "rev"),
    "preference": (3.0, 1.0, 1.0),
    "keep_metric": "mrr",
    "target_loss": 0.9,
    "sampler_mode": "reweight",
    "embedding_size": 8,
    "learning_rate": 0.02,
    "optimizer": "lazy-adam",
    "weight_decay": 0.01,
    "batch_size": 32,
    "epochs": 3,
    "patience": 1,
    "n_negatives": 3,
    "negative_power": 1.0,
    "max_redraws": 0,
    "kp": 0.5,
    "ki_per_epoch": 9.0,
    "ki": 0.3,
    "beta_min": 0.9,
    "beta_max": 1.01,
    "beta_start": 0.95,
    "antiwindup": "none",
    "slack": 0.9,
    "aux_weight": 3.0,
    "sampler": "uniform",
    "coordinator": "mgda",
    "sampler_step": 0.3,
    "sampler_floor": 0.9,
    "step_rule": "paper",
    "fair_signal": "loss",
    "min_group_size": 500,
    "dead_band": 0.9,
    "align_k": 3,
    "min_base_hits": 500,
    "log_every": 1,
    "keep_state": True,
    "acc_share": 0.9,
    "normalise": "l2",
    "solve_every": 7,
    "solver_options": ("c=0.4",),
    "regions": 2,
    "conditioning": "concat",
    "concentration": 0.3,
    "agreement": "cosine",
    "front_parts": 1,
    "fair_loss": "pearson-literal",
    "search": "nsga2",
    "mix_parts": 4,
    "least_score": 0.1,
    "n_candidates": 100,
    "tries_at": "equal",
}
"""A value of each setting that is not the usual one."""

METHODS = {
    "popularity": {"method": "popularity"},
    "base": {"method": "base"},
    "continue": {"method": "continue"},
    "morec": {"method": "morec"},
    "uniform": {"method": "morec", "sampler": "uniform"},
    "coordinator": {"method": "morec", "coordinator": "static"},
    "mgda": {"method": "mgda"},
    "conditioned": {"method": "conditioned"},
}


def refused(values: dict) -> list[str]:
    """Return what a method is said not to look at."""
    found = []
    for name, other in OTHER.items():
        try:
            check_fit(build(TrainConfig, values | {name: other}))
        except ConfigError as error:
            found += [name] * ("does nothing for method" in error.message)
    return found


def content(root, name, base, values):
    """Return all that a run came to but times."""
    run = trained(root, name, base, **values)
    history = run.read("history.parquet")
    files = {entry.path for entry in run.manifest.files} - {"config.json", "history.parquet"}
    return (
        (run.path / "model.safetensors").read_bytes(),
        {name: str(values.tolist()) for name, values in history.items() if name != "seconds"},
        {file: (run.path / file).read_bytes() for file in files if file != "resume.pt"},
        "resume.pt" in files,
    )


def places(root, name):
    return root / "datasets" / "toy", None, root / "runs" / name


@pytest.mark.parametrize("method", METHODS)
def test_what_is_refused_would_do_nothing(root, base, monkeypatch, method):
    values = METHODS[method] | ({} if method == "popularity" else {"epochs": 2})
    start = base if build(TrainConfig, values).starts_from_base else None
    useless = refused(values)
    assert len(useless) > 10
    plain = content(root, f"{method} plain", start, values)
    monkeypatch.setattr(planning, "check_fit", lambda config: None)
    bare = {name: OTHER[name] for name in useless if name not in ("keep_accuracy", "preset")}
    assert content(root, f"{method} bare", start, values | bare) == plain


@pytest.mark.slow
@pytest.mark.parametrize("method", ["base", "morec"])
def test_what_is_not_refused_does_something(root, base, method):
    values = METHODS[method] | {"epochs": 2}
    start = base if method == "morec" else None
    plain = content(root, f"{method} as usual", start, values)
    out = {*refused(values), *((*MODEL, "preset") if start else ())}  # those are the base's
    more = {
        "patience": {"epochs": 40},
        "beta_max": {"target_loss": 0.01},
        "antiwindup": {"target_loss": 0.01, "beta_max": 1.01},
    }
    idle = set()
    for name in OTHER.keys() - out:
        also = values | more.get(name, {})
        usual = content(root, f"{name} usual", start, also) if name in more else plain
        if content(root, f"{method} {name}", start, also | {name: OTHER[name]}) == usual:
            idle.add(name)
    assert idle == ({"n_candidates"} if method == "base" else set())  # of a file of scores


@pytest.mark.parametrize(
    ("values", "message", "hint"),
    [
        ({"kp": 0.5}, "kp does nothing for method base", "--method morec and its controller."),
        ({"epochs": 3, "method": "popularity"}, "--epochs does nothing for method pop", "trains"),
        ({"learning_rate": 0.1, "method": "popularity"}, "learning_rate does nothing", "trains"),
        ({"objectives": "acc,rev"}, "--objectives does nothing for method base", "starts from"),
        ({"slack": 0.3, "method": "static"}, "slack does nothing for method static", "morec"),
        ({"patience": 3, "method": "morec"}, "patience does nothing for method morec", "base"),
        ({"dead_band": 0.1, "method": "morec", "objectives": "acc,rev"}, "dead_band", "align"),
        ({"tries_at": "equal"}, "tries_at does nothing for method base", "--tries"),
        ({"n_blocks": 3}, "n_blocks does nothing for backbone mf", "--backbone sasrec"),
        ({"batched": "on"}, "batched=on needs several runs", "--seeds"),
    ],
)
def test_the_first_useless_setting_is_named(root, base, values, message, hint):
    config = build(TrainConfig, {"method": "base"} | values)
    start = base if config.starts_from_base else None
    with pytest.raises(ConfigError, match=message) as error:
        planning.plan(config, root / "datasets" / "toy", start, root / "runs" / "never")
    assert hint in error.value.hint


@pytest.mark.parametrize("preset", ["paper", "reference"])
def test_what_a_preset_sets_is_not_taken_for_chosen(root, base, preset):
    """Also when a manifest repeats it: all settings stand there."""
    first = make_plan(root, "never", method="base", preset=preset)
    again = build(TrainConfig, first.config.model_dump(mode="json"))
    assert planning.plan(again, *places(root, "never")).config == first.config


def test_settings_of_sasrec_are_for_sasrec(root):
    values = {"method": "base", "backbone": "sasrec", "n_blocks": 1, "epochs": 1}
    assert trained(root, "of histories", **values).manifest.config["n_blocks"] == 1


def test_every_setting_is_placed():
    """A new one must be: what methods do with it is a decision."""
    read = {"method", "backbone", "k", "max_missing", "tries", "seed"}
    never_moves = {"batched", "device", "threads"}
    assert sorted({*read, *never_moves, *NEEDS}) == sorted(TrainConfig.model_fields)
    assert set(OF_HISTORIES) <= set(NEEDS)
    assert {*OTHER, *OF_HISTORIES, "keep_accuracy", "agreement_strength"} == {*NEEDS}
