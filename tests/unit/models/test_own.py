"""A backbone of one's own: found, refused with a reason, and kept with the run."""

from pathlib import Path

import pytest

from mobench.artifacts import partial
from mobench.config import EvalConfig, build
from mobench.data.dataset import Dataset
from mobench.errors import ArtifactError, ConfigError
from mobench.evaluation.run import evaluate, load_model
from mobench.models import find
from mobench.models.own import load
from mobench.training.run import resume, train
from tests.synthetic import planted
from tests.unit.training.helpers import finish, make_plan, trained
from tests.unit.training.test_run import content, interrupted

EXAMPLE = Path(__file__).parents[2] / "contracts" / "two_tower.py"


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("own")
    planted(root / "datasets" / "toy")
    return root


@pytest.fixture
def mine(tmp_path) -> Path:
    return Path(
        (tmp_path / "my_model.py").write_text(EXAMPLE.read_text()) and tmp_path / "my_model.py"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1", "must hold one subclass of Backbone, it has none"),
        ("import nowhere_at_all", "ModuleNotFoundError: No module named 'nowhere_at_all'"),
        ("def f(:", "cannot be imported: SyntaxError"),
        ("raise ValueError('two\\nlines')", "ValueError: two$"),
        (
            "from mobench.models import Backbone\nclass Half(Backbone):\n  pass",
            "Half in .* lacks build, score, score_all",
        ),
        (
            "from mobench.models import MF\nclass One(MF):\n  pass\nclass Two(MF):\n  pass",
            "it has One, Two",
        ),
    ],
)
def test_what_is_no_backbone_is_refused_with_a_reason(tmp_path, text, message):
    (tmp_path / "bad.py").write_text(text)
    with pytest.raises(ConfigError, match=message):
        load(tmp_path / "bad.py")


def test_unknown_names_are_answered_with_the_list(tmp_path):
    with pytest.raises(ConfigError, match="--backbone 'sasrek' is unknown") as error:
        find("sasrek")
    assert error.value.hint == "did you mean 'sasrec'? One of: mf, sasrec, or a Python file."
    with pytest.raises(ConfigError, match=r"gone.py' does not exist"):
        find(str(tmp_path / "gone.py"))


def test_the_run_keeps_a_copy_and_is_scored_by_the_same_file(root, mine):
    base = trained(root, "own", method="base", epochs=3, backbone=str(mine))
    assert (base.path / "backbone.py").read_bytes() == EXAMPLE.read_bytes()
    assert base.manifest.results["backbone"] == "my_model"
    assert [i.role for i in base.manifest.inputs] == ["dataset", "backbone"]
    config = build(EvalConfig, {"split": "test"})
    found = evaluate(config, base.path, root / "metrics" / "own").artifact
    assert found.manifest.results["metrics"]["hit@10"] > 0.1
    model = load_model(base, Dataset.load(root / "datasets" / "toy"), "cpu")
    assert type(model).__name__ == "TwoTower"
    run = trained(root, "own-morec", base.path, epochs=1, backbone=str(mine))
    assert (run.path / "backbone.py").read_bytes() == EXAMPLE.read_bytes()


@pytest.mark.parametrize("state", ["is not there", "differs from it"])
def test_code_that_came_with_a_run_is_not_run_by_itself(root, mine, tmp_path, state):
    base = trained(
        root, f"foreign {state}".replace(" ", "-"), method="base", epochs=1, backbone=str(mine)
    )
    mine.write_text(mine.read_text() + "# another")
    if state == "is not there":
        mine.unlink()
    with pytest.raises(ConfigError, match=f"backbone of its own, and '.*my_model.py' {state}"):
        load_model(base, Dataset.load(root / "datasets" / "toy"), "cpu")
    with pytest.raises(ConfigError, match=state) as error:
        make_plan(root, "never", base.path, backbone=str(mine))
    assert "if you trust it, copy it to" in str(error.value.hint)


def test_a_file_that_changed_is_another_backbone(root, mine):
    base = trained(root, "changed", method="base", epochs=1, backbone=str(mine))
    plan = make_plan(root, "changed-2", method="base", epochs=2, backbone=str(mine))
    interrupted(train(plan), after=20)
    mine.write_text(mine.read_text() + "\n# changed\n")
    with pytest.raises(ConfigError, match=r"my_model.py' differs from it"):
        make_plan(root, "never", base.path, backbone=str(mine))
    with pytest.raises(ArtifactError, match="has changed since the run began"):
        resume(plan.path)


def test_an_interrupted_run_goes_on_from_its_copy(root, mine):
    values = {"method": "base", "epochs": 2, "backbone": str(mine)}
    whole = content(trained(root, "whole", **values))
    plan = make_plan(root, "cut", **values)
    interrupted(train(plan), after=20)
    mine.unlink()
    assert whole == content(finish(resume(partial(plan.path))[1])[1])
