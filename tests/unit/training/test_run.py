"""Whole runs: equal bytes, resume, selection, and what is refused."""

import itertools

import numpy as np
import pyarrow.parquet as pq
import pytest

from mobench.artifacts import Artifact, partial
from mobench.config import TrainConfig, build
from mobench.errors import ArtifactError, ConfigError, Interrupted, TrainingError
from mobench.models import mf
from mobench.training import interrupt
from mobench.training.run import plan, resume, train, up_to_date
from mobench.training.selection import Selection
from tests.unit.training.helpers import finish, make_plan, trained


def content(run: Artifact) -> dict[str, object]:
    """Return weights and tables, without the columns that hold times."""
    tables = sorted(p.name for p in run.path.glob("*.parquet"))
    found = {name: pq.read_table(run.path / name).drop_columns([]).to_pydict() for name in tables}
    found["history.parquet"].pop("seconds")
    found["model"] = (run.path / "model.safetensors").read_bytes()
    return {name: str(value) for name, value in found.items()}


def stopped(run, after: int):
    """Ask to stop after so many steps, as Ctrl-C does."""
    asked = itertools.count()

    def stop(self) -> bool:
        return next(asked) >= after

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(interrupt.StopRequest, "__call__", stop)
        finish(run)


def interrupted(run, after: int):
    """Stop a run after so many steps."""
    with pytest.raises(Interrupted, match="saved epoch"):
        stopped(run, after)


VARIANTS = {
    "base": {"method": "base", "epochs": 4},
    "continue": {"method": "continue", "epochs": 4},
    "draw": {"epochs": 4},
    "reweight": {"epochs": 4, "sampler_mode": "reweight"},
    "guard": {"epochs": 4, "keep_accuracy": 0.97},
    "threads": {"epochs": 4, "threads": 2},
}


@pytest.mark.parametrize("name", VARIANTS)
def test_same_seed_same_bytes_also_when_interrupted(root, base, monkeypatch, name):
    if name == "threads":  # the route of large catalogues
        monkeypatch.setattr(mf, "DENSE_RATIO", 0)
    values = VARIANTS[name]
    start = None if name == "base" else base
    whole = content(trained(root, f"{name}-1", start, **values))
    assert whole == content(trained(root, f"{name}-2", start, **values))
    run_plan = make_plan(root, f"{name}-3", start, **values)
    interrupted(train(run_plan), after=27)
    interrupted(resume(run_plan.path)[1], after=20)
    assert whole == content(finish(resume(partial(run_plan.path))[1])[1])


def test_another_seed_gives_another_model(root, base):
    first, second = (trained(root, f"seed-{s}", method="base", epochs=1, seed=s) for s in (1, 2))
    assert content(first)["model"] != content(second)["model"]


def test_base_beats_popularity_on_planted_preferences(root, base):
    popular = trained(root, "pop", method="popularity").manifest.results["val"]
    learned = Artifact.open(base).manifest.results["val"]
    assert learned["ndcg"] > 1.2 * popular["ndcg"]


def test_morec_moves_what_it_is_asked_to(root, base):
    """With revenue alone and a heavy hand, recommended prices rise; the base stays in row 0."""
    run = trained(
        root,
        "rev",
        base,
        objectives=("rev",),
        epochs=8,
        aux_weight=5.0,
        beta_max=0.11,
        beta_start=None,
    )
    history = run.read("history.parquet")
    assert history["epoch"].tolist() == list(range(9))
    assert history["rhit"][0] == Artifact.open(base).manifest.results["val"]["rhit"]
    assert history["rhit"][1:].max() > history["rhit"][0]
    assert history["hit"][-1] < history["hit"][0]


def test_selected_epoch_is_what_the_rule_says(root, base):
    run = trained(root, "select", base, epochs=6)
    rows = run.read("history.parquet")
    kept = rows["accuracy_kept"][1:] >= 0.97
    want = 1 + (
        np.where(kept, rows["imp"][1:], -np.inf).argmax()
        if kept.any()
        else rows["hit"][1:].argmax()
    )
    assert run.manifest.results["best_epoch"] == want
    assert run.manifest.results["valid"] == kept.any()


def test_automatic_target_is_the_bases_loss_plus_slack(root, base):
    rows = trained(root, "target", base, epochs=1, slack=0.25).read("history.parquet")
    assert rows["target_loss"][0] == pytest.approx(rows["loss"][0] * 1.25)
    assert rows["loss"][0] > 0.05


def test_group_weights_start_at_train_shares_and_move(root, base):
    run = trained(root, "masses", base, epochs=5)
    rows = run.read("group_weights.parquet")
    assert set(rows["objective"]) == {"fair", "align"}
    for name in ("fair", "align"):
        of = rows["objective"] == name
        for epoch in range(1, 6):
            assert rows["weight"][of & (rows["epoch"] == epoch)].sum() == pytest.approx(1)
    first, last = (rows["weight"][rows["epoch"] == e] for e in (1, 5))
    assert np.abs(first - last).max() > 1e-3


def test_any_subset_of_objectives(root, base):
    for names in (("fair",), ("align", "rev"), ("acc",)):
        run = trained(root, "-".join(names), base, objectives=names, epochs=1)
        losses = [c for c in run.read("steps.parquet") if c.startswith("loss_")]
        assert losses == [f"loss_{n}" for n in dict.fromkeys(("acc", *names))]


def test_tune_keeps_the_best_trial(root):
    run = trained(root, "tuned", method="base", tries=3, epochs=2)
    trials = run.read("trials.parquet")
    assert len(trials["score"]) == 3
    best = trials["score"].argmax()
    assert run.manifest.config["learning_rate"] == trials["learning_rate"][best]
    assert run.manifest.results["val"]["ndcg"] == pytest.approx(trials["score"].max())


def test_an_interrupted_search_is_not_lost(root):
    values = {"method": "base", "tries": 3, "epochs": 2}
    whole = content(trained(root, "search", **values))
    begun = make_plan(root, "search-2", **values)
    with pytest.raises(Interrupted, match="saved 1 of 3 trials"):
        stopped(train(begun), after=55)
    with pytest.raises(ArtifactError, match="was begun and not finished"):
        up_to_date(begun)
    assert whole == content(finish(resume(begun.path)[1])[1])


def test_a_renamed_unfinished_run_is_resumed_where_it_is(root, base):
    begun = make_plan(root, "before", base, epochs=2)
    interrupted(train(begun), after=20)
    moved = root / "runs" / "after.partial"
    partial(begun.path).rename(moved)
    run = finish(resume(moved)[1])[1]
    assert run.path == root / "runs" / "after"
    assert not partial(begun.path).exists()
    assert content(run) == content(trained(root, "unmoved", base, epochs=2))


def test_resume_stays_on_its_device(root, base, monkeypatch):
    begun = make_plan(root, "elsewhere", base, epochs=2)
    interrupted(train(begun), after=3)
    note = partial(begun.path) / "config.json"
    note.write_text(note.read_text().replace('"device": "cpu"', '"device": "cuda"'))
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    with pytest.raises(ConfigError, match="no CUDA device"):
        resume(begun.path)


def test_divergence_is_explained_with_step_and_objective(root):
    run_plan = make_plan(root, "nan", method="base", learning_rate=1e38)
    with pytest.raises(TrainingError, match=r"loss became (nan|inf) at epoch 1, step \d+ \(objec"):
        finish(train(run_plan))


def test_up_to_date_taken_and_unfinished(root, base):
    run_plan = make_plan(root, "again", base, epochs=1)
    assert up_to_date(run_plan) is None
    done = finish(train(run_plan))[1]
    assert up_to_date(make_plan(root, "again", base, epochs=1, device="cpu")).digest == done.digest
    with pytest.raises(ArtifactError, match=r"exists and was made with other settings .epochs."):
        up_to_date(make_plan(root, "again", base, epochs=2))
    begun = make_plan(root, "begun", base, epochs=2)
    interrupted(train(begun), after=3)
    with pytest.raises(ArtifactError, match="was begun and not finished"):
        up_to_date(begun)


def test_a_model_larger_than_memory_is_refused(root):
    with pytest.raises(ConfigError, match=r"embedding_size 100000000 needs [\d,]+ GiB"):
        make_plan(root, "never", method="base", embedding_size=10**8)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"learning_rate": 0.5}, "learning_rate 0.5 differs from the base's 0.01"),
        ({"method": "base"}, "--base does not go with --method base"),
        (
            {"method": "continue", "target_loss": 0.2},
            "target_loss does nothing for method continue",
        ),
        ({"method": "continue", "keep_accuracy": 0.9}, "--keep-accuracy does nothing for meth"),
        ({"seed": 2}, "--seed 2 differs from the base's 1"),
        ({"beta_start": 2.0}, "beta_start 2.0 is outside beta_min to beta_max"),
    ],
)
def test_contradictions_fail_before_any_work(root, base, values, message):
    with pytest.raises(ConfigError, match=message):
        make_plan(root, "never", base, **values)
    assert not (root / "runs" / "never.partial").exists()


def test_a_preset_that_differs_from_the_base_is_named(root, base):
    with pytest.raises(ConfigError, match="weight_decay 1e-06 differs from the base's") as error:
        make_plan(root, "never", base, preset="paper")
    assert error.value.hint == "leave preset=paper out, or train a base with it."


def test_preset_paper_is_the_letter_of_the_paper(root):
    """Nothing in Eq. 7 to 14 rests in a dead band, skips small groups or stops the integral."""
    config = make_plan(root, "never", method="base", preset="paper").config
    assert (config.kp, config.ki, config.aux_weight, config.sampler_step) == (0.01, 0.001, 0.2, 0.1)
    assert (config.dead_band, config.min_group_size, config.sampler_floor) == (0, 0, 0)
    assert (config.antiwindup, config.beta_start) == ("none", None)


def test_morec_without_a_base_says_how_to_make_one(root):
    config = build(TrainConfig, {})
    with pytest.raises(ConfigError, match="starts from a base run") as error:
        plan(config, root / "datasets" / "toy", None, root / "runs" / "never")
    assert "--method base" in error.value.hint


def test_a_damaged_state_is_an_error(root, base):
    run_plan = make_plan(root, "damaged", base, epochs=2)
    interrupted(train(run_plan), after=3)
    state = partial(run_plan.path) / "resume.pt"
    state.write_bytes(state.read_bytes()[:1000])
    with pytest.raises(ArtifactError, match="cannot be resumed"):
        finish(resume(run_plan.path)[1])


def test_a_looser_guard_does_not_make_a_run_valid(root, base, monkeypatch):
    """Valid always means 97 % of the base's Hit; the guard only steers and selects."""
    monkeypatch.setattr(Selection, "_key", lambda self, row: (1, row["epoch"]))  # the last wins
    heavy = {"aux_weight": 50.0, "beta_max": 0.11, "beta_start": None, "objectives": ("rev",)}
    results = trained(root, "loose", base, epochs=10, keep_accuracy=0.3, **heavy).manifest.results
    assert results["val"]["accuracy_kept"] < 0.95
    assert results["kept_enough"]
    assert not results["valid"]
