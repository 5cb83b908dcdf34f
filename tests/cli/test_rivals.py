"""The rivals at the command line, from training to the report."""

import json
from pathlib import Path

import pytest

from mobench.errors import TrainingError
from mobench.training.solver import ALL
from tests.cli.conftest import Run

TRAIN = "train data/datasets/toy --epochs 1"


def test_a_rival_is_trained_evaluated_and_reported(pipeline: Path, run: Run) -> None:
    for method in ("static --set acc_share=0.7", "mgda --set normalise=loss+"):
        code, out, err = run(f"{TRAIN} --method {method} --set solve_every=2")
        assert code == 0, err
        assert max(map(len, out.splitlines())) <= 88
        assert ("wishes acc 0.70 rev 0.10 fair 0.10 align 0.10\n" in out) == ("static" in method)
        assert ("wishes" in out) == ("static" in method)  # mgda looks at none
    assert "mgda of losses on one block · normalise loss+ · solved every 2 steps\n" in out
    assert "next  mobench eval data/runs/toy-mf-mgda-s1" in err
    for name in ("static", "mgda"):
        assert run(f"eval data/runs/toy-mf-{name}-s1 --k 5")[0] == 0
    names = ("popularity", "base", "continue", "morec", "static", "mgda")
    metrics = " ".join(f"data/metrics/toy-mf-{name}-s1-test" for name in names)
    code, out, _ = run(f"report {metrics} --name rivals")
    assert code == 0
    assert max(map(len, out.splitlines())) <= 88
    for name in names:
        assert f" {name}" in out
    report = Path("data/reports/rivals")
    assert (report / "figures" / "controller-mgda.svg").is_file()
    budgets = (report / "report.md").read_text().partition("## Budgets")[2]
    rows = {line.split("|")[1].strip(): line for line in budgets.splitlines() if "|" in line}
    assert {"static", "mgda", "morec", "continue"} <= set(rows)


def test_budgets_are_equal_where_terms_are(pipeline: Path, run: Run) -> None:
    assert run(f"{TRAIN} --method static --epochs 2")[0] == 0
    seen = {}
    for name in ("continue", "morec", "static"):
        manifest = json.loads(Path(f"data/runs/toy-mf-{name}-s1/manifest.json").read_text())
        results = manifest["results"]
        seen[name] = results["positives_seen"], results["tries"], results["epochs_run"]
        assert 0 < results["seconds"] < 60
    n_train, batch, blocks = 60 * 7, 64, 4
    assert set(seen.values()) == {(2 * blocks * batch * -(-n_train // batch), 1, 2)}


def test_the_plan_of_a_rival(pipeline: Path, run: Run) -> None:
    code, out, _ = run(f"{TRAIN} --set coordinator=epo --set acc_share=0.4 --name x --dry-run")
    assert code == 0
    assert "solver        epo of the blocks drawn\n" in out
    assert "wishes        acc 0.40 rev 0.20 fair 0.20 align 0.20\n" in out
    assert max(map(len, out.splitlines())) <= 88


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--set acc_share=0.5", "acc_share does nothing for method morec"),
        ("--method mgda --preference 2,1,1", "--preference does nothing for method mgda"),
        ("--method continue --preference 2,1,1", "--preference does nothing for method continue"),
        (
            "--set coordinator=uw --set acc_share=0.5",
            "acc_share does nothing for method morec with",
        ),
        ("--method mgda --keep-accuracy 0.97", "--keep-accuracy does nothing for method mgda"),
        ("--method mgda --set solver_options=speed=3", "mgda has no option 'speed'"),
        ("--method static --set normalise=l2", "normalisation 'l2' needs a solver of the Gramian"),
        ("--method mgda --objectives acc", "mgda weighs objectives, and acc is the only one"),
        ("--set coordinator=pid", "coordinator 'pid' is unknown"),
    ],
)
def test_what_does_not_fit_is_refused_at_once(
    pipeline: Path, run: Run, words: str, message: str
) -> None:
    code, _, err = run(f"{TRAIN} {words} --name x")
    assert code == 2
    assert err.startswith(f"error: {message}")
    assert "\n hint: " in err
    assert not Path("data/runs/x.partial").exists()


class Failing(ALL["static"]):  # type: ignore[misc]
    """Has no answer."""

    needs_gramian = True

    def weights(self, losses, gramian, preference):
        raise TrainingError("no weights: on purpose")


def test_a_solver_without_an_answer_is_exit_5_with_the_gramian(
    pipeline: Path, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ALL, "epo", Failing)
    code, _, err = run(f"{TRAIN} --method epo")
    assert code == 5
    assert "no weights: on purpose; Gramian '[[" in err.replace("\n       ", " ")
    assert "(epoch 1, step 1)" in err.replace("\n       ", " ")
