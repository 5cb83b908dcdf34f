"""Recipes: checked before work, resumed, compared with what they expect."""

from pathlib import Path

import pytest

from mobench.artifacts import Artifact
from mobench.training.interrupt import StopRequest

RECIPE = """
name = "toy"
note = "made up"
[prep]
source = "${DATA}/reviews.csv.gz"
meta = ["${DATA}/meta.jsonl"]
k_core = 2
[[train]]
method = "popularity"
[[train]]
method = "base"
epochs = 2
batch_size = 64
seeds = [1, 2]
[[train]]
method = "morec"
base = "base"
epochs = 1
min_group_size = 1
seeds = [1, 2]
[eval]
k = [5]
"""
EXPECT = """
[expect.base]
"hit@5" = { value = VALUE, tolerance = 0.01, paper = 0.5 }
[expect.morec]
imp = { value = 0.0, tolerance = 100 }
accuracy_kept = { value = 1.0, tolerance = 100 }
"""
STEPS = [
    ("prep", "data/datasets/toy"),
    ("train", "data/runs/toy-mf-popularity-s1"),
    ("train", "data/runs/toy-mf-base-s1"),
    ("train", "data/runs/toy-mf-base-s2"),
    ("train", "data/runs/toy-mf-morec-s1"),
    ("train", "data/runs/toy-mf-morec-s2"),
    ("eval", "data/metrics/toy-mf-popularity-s1-test"),
    ("eval", "data/metrics/toy-mf-base-s1-test"),
    ("eval", "data/metrics/toy-mf-base-s2-test"),
    ("eval", "data/metrics/toy-mf-morec-s1-test"),
    ("eval", "data/metrics/toy-mf-morec-s2-test"),
    ("report", "data/reports/toy"),
]


@pytest.fixture
def raw(finished: Path, workdir: Path) -> Path:
    """An empty current directory with a recipe, and raw files elsewhere."""
    Path("toy.toml").write_text(RECIPE)
    return finished / "raw"


def test_a_recipe_runs_resumes_and_is_compared(run, run_json, raw: Path, monkeypatch) -> None:
    found = run_json(f"reproduce toy.toml --data {raw}")
    assert [(s["step"], s["artifact"]) for s in found["steps"]] == STEPS
    assert all(step["fresh"] for step in found["steps"])
    assert (found["artifact"], found["checks"]) == ("data/reports/toy", [])
    values = [
        Artifact.open(Path(f"data/metrics/toy-mf-base-s{seed}-test")).manifest.results["metrics"]
        for seed in (1, 2)
    ]
    mean = sum(value["hit@5"] for value in values) / 2
    assert values[0]["hit@5"] != values[1]["hit@5"]
    base = Artifact.open(Path("data/runs/toy-mf-morec-s2")).open_input("base", "run")
    assert base.path == Path("data/runs/toy-mf-base-s2")

    Path("toy.toml").write_text(RECIPE + EXPECT.replace("VALUE", str(mean + 0.009)))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    code, out, _ = run(f"reproduce toy.toml --data {raw}")
    assert code == 0
    assert out.count("up to date") == len(STEPS) + 1
    row = next(line.split() for line in out.splitlines() if "hit@5" in line)
    assert row == f"base hit@5 {mean + 0.009:.4f} ± 0.0100 {mean:.4f} ok 0.5000".split()
    assert "wrote" not in out
    assert "up to date  data/reports/toy/report.html" in out
    assert "| base | hit@5 |" in Path("summary.md").read_text()

    Path("toy.toml").write_text(RECIPE + EXPECT.replace("VALUE", str(mean + 0.011)))
    code, out, err = run(f"reproduce toy.toml --data {raw}")
    assert code == 6
    assert "off by 0.0110" in out
    assert "error: 1 of 3 values is outside its tolerance\n hint: compare data/reports/toy" in err
    found = run_json(f"reproduce toy.toml --data {raw}")
    assert found["error"]["type"] == "ToleranceError"
    assert [check["ok"] for check in found["checks"]] == [False, True, True]


LABELLED = (
    RECIPE.replace('method = "morec"', 'method = "morec"\nlabel = "rev 0.8"')
    + """
[[train]]
method = "morec"
label = "fair 0.8"
base = "base"
epochs = 1
min_group_size = 1
seeds = [2]
preference = [0.1, 0.8, 0.1]
[expect."morec rev 0.8"]
imp = { value = 0.0, tolerance = 100 }
"hit@5" = { paper = 0.5 }
[expect."morec fair 0.8"]
accuracy_kept = { value = 1.0, tolerance = 100, paper = 1.0 }
"hit@5" = { value = 0.5, tolerance = 1 }
"""
)


def test_a_row_per_label_with_its_own_expectations(run_json, run, raw: Path) -> None:
    Path("toy.toml").write_text(LABELLED.replace('base = "base"', 'base = "base"\nkp = 0.02', 1))
    found = run_json(f"reproduce toy.toml --data {raw}")
    report = Artifact.open(Path(found["artifact"])).manifest.results
    rows = ["popularity", "base", "morec rev 0.8", "morec fair 0.8"]
    assert sorted(report["rows"]) == sorted(rows)
    got = {(check["method"], check["metric"]): check for check in found["checks"]}
    values = {
        (label, seed): Artifact.open(
            Path(f"data/metrics/toy-mf-morec-{label}-0.8-s{seed}-test")
        ).manifest.results["metrics"]["hit@5"]
        for label, seed in (("rev", 1), ("rev", 2), ("fair", 2))
    }
    fair, rev = got["morec fair 0.8", "hit@5"], got["morec rev 0.8", "hit@5"]
    assert fair["got"] == values["fair", 2]
    assert rev["got"] == (values["rev", 1] + values["rev", 2]) / 2
    assert got["morec rev 0.8", "imp"]["got"] == report["metrics"]["morec rev 0.8"]["imp"]
    kept = report["metrics"]["morec fair 0.8"]["accuracy_kept"]
    assert got["morec fair 0.8", "accuracy_kept"]["got"] == kept
    assert kept != report["metrics"]["morec rev 0.8"]["accuracy_kept"]

    # The paper's number alone is shown and not checked, however far off it is.
    assert (rev["expected"], rev["ok"], rev["paper"]) == (None, True, 0.5)
    _, out, _ = run(f"reproduce toy.toml --data {raw}")
    lines = [line.split() for line in out.splitlines() if "hit@5" in line]
    assert [*["morec", "rev", "0.8", "hit@5"], f"{rev['got']:.4f}", "0.5000"] in lines


def test_a_dataset_that_is_not_the_recipes_stops_before_training(run, run_json, raw: Path) -> None:
    expect = "[expect.dataset]\nn_users = { value = N, tolerance = 0 }\nn_val = { paper = 7 }\n"
    stage = '"rows: read" = { value = 1, tolerance = 0 }\n'
    Path("toy.toml").write_text(RECIPE + expect.replace("N", "3"))
    code, out, err = run(f"reproduce toy.toml --data {raw}")
    assert code == 6
    assert "error: 1 of 1 values is outside its tolerance\n hint: compare data/datasets/toy" in err
    assert "off by" in out
    assert not Path("data/runs").exists()
    results = Artifact.open(Path("data/datasets/toy")).manifest.results

    Path("toy.toml").write_text(RECIPE + expect.replace("N", str(results["n_users"])))
    checks = run_json(f"reproduce toy.toml --data {raw}")["checks"]
    assert [(c["metric"], c["got"], c["ok"]) for c in checks] == [
        ("n_users", results["n_users"], True),
        ("n_val", results["n_val"], True),
    ]
    Path("toy.toml").write_text(RECIPE + "[expect.dataset]\n" + stage)
    checks = run_json(f"reproduce toy.toml --data {raw}")["checks"]
    funnel = Artifact.open(Path("data/datasets/toy")).read("funnel.parquet")
    assert [(c["got"], c["ok"]) for c in checks] == [(funnel["rows"][0], False)]
    Path("toy.toml").write_text(RECIPE + "[expect.dataset]\n" + stage.replace("read", "reed"))
    code, _, err = run(f"reproduce toy.toml --data {raw}")
    assert code == 2
    assert "no such stage\n hint: did you mean 'rows: read'?" in err


def test_a_public_set_that_is_not_there_says_how_to_get_it(run, workdir: Path) -> None:
    text = RECIPE.replace('"${DATA}/reviews.csv.gz"', '["amazon-2014/Electronics"]')
    Path("toy.toml").write_text(text.replace('meta = ["${DATA}/meta.jsonl"]\n', ""))
    assert run("reproduce toy.toml") == (
        3,
        "",
        "error: 'amazon-2014/Electronics' is not in 'data/raw/amazon-2014'\n"
        " hint: get it with 'mobench prep amazon-2014/Electronics --download'.\n",
    )


class StopSoon(StopRequest):
    """Somebody who presses Ctrl-C during the third step."""

    calls = 0

    def __call__(self) -> bool:
        self.calls += 1
        return self.calls >= 3


def test_an_interrupted_recipe_goes_on_with_the_same_command(
    run, run_json, raw: Path, monkeypatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("mobench.training.run.StopRequest", StopSoon)
        code, out, err = run(f"reproduce toy.toml --data {raw}")
    assert code == 130
    assert err == "saved epoch 1, step 3\ngo on with the same command.\n"
    assert "2/12 train" in out
    assert Path("data/runs/toy-mf-base-s1.partial/resume.pt").is_file()
    text = RECIPE.replace("epochs = 2", "epochs = 3")
    Path("other.toml").write_text(text)
    code, _, err = run(f"reproduce other.toml --data {raw}")
    assert code == 4
    assert "was begun with other settings or inputs" in err
    steps = run_json(f"reproduce toy.toml --data {raw}")["steps"]
    assert [step["fresh"] for step in steps[:4]] == [False, False, True, True]


def test_a_dry_run_lists_the_steps(run, run_json, raw: Path) -> None:
    code, out, _ = run(f"reproduce toy.toml --data {raw} --dry-run")
    assert code == 0
    assert [tuple(line.split()) for line in out.splitlines()] == STEPS
    found = run_json(f"reproduce toy.toml --data {raw} --dry-run")
    assert found["would_write"] == [path for _, path in STEPS]
    assert not Path("data").exists()


BROKEN = {
    RECIPE.replace("method =", "methud ="): "unknown setting 'methud'",
    RECIPE.replace('base = "base"', 'base = "bass"'): (
        "recipe 'toy' has no 'bass' on mf with seed 1 to start from"
    ),
    RECIPE.replace("[eval]", "[evil]"): "unknown setting 'evil'",
    RECIPE.replace("k = [5]", "k = [0]"): "--k: '0' should be greater than or equal to 1",
    RECIPE + '[expect.epo]\n"hit@5" = { value = 1, tolerance = 1 }': (
        "recipe 'toy' expects 'epo', which it does not make"
    ),
    RECIPE + '[expect.base]\n"hit@10" = { value = 1, tolerance = 1 }': (
        "recipe 'toy' expects 'hit@10', which it does not make"
    ),
    RECIPE + '[[train]]\nmethod = "base"': None,
    RECIPE.replace('name = "toy"', ""): None,
    "name = ": None,
}


@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_recipe_fails_before_any_work(run, raw: Path, text: str) -> None:
    Path("toy.toml").write_text(text)
    code, out, err = run(f"reproduce toy.toml --data {raw}")
    assert (code, out) == (2, "")
    assert not Path("data").exists()
    if BROKEN[text]:
        assert err.startswith(f"error: {BROKEN[text]}\n")


def test_a_recipe_of_raw_files_needs_their_folder(run, raw: Path) -> None:
    assert run("reproduce toy.toml") == (
        2,
        "",
        "error: recipe 'toy.toml' reads raw files of its own\n"
        " hint: name their folder with --data DIR (it stands for ${DATA}).\n",
    )
