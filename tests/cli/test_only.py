"""A part of a recipe: how far, which rows, and what they need."""

from pathlib import Path

import pytest

from mobench.artifacts import Artifact
from mobench.cli import recipe as recipes
from mobench.errors import ConfigError
from tests.cli.test_recipes import SECOND, STUDY
from tests.cli.test_reproduce import EXPECT, RECIPE, STEPS

MADE = [path for _, path in STEPS]


@pytest.fixture
def raw(finished: Path, workdir: Path) -> Path:
    Path("toy.toml").write_text(RECIPE + EXPECT.replace("VALUE", "0.5").replace("0.01,", "1,"))
    return finished / "raw"


def listed(only: str | None, tmp_path: Path, text: str = STUDY) -> list[str]:
    path = tmp_path / "study.toml"
    path.write_text(text)
    steps = recipes.read(path, None, only)
    return [f"{kind} {place.name}" for kind, place in steps.listed()]


BASES = ["train study-mf-base-s1", "train study-mf-base-s2"]
REV = ["train study-mf-morec-rev-0.8-s1", "train study-mf-morec-rev-0.8-s2"]


def scored(trained: list[str]) -> list[str]:
    return [f"{name.replace('train', 'eval')}-test" for name in trained]


def test_steps_say_how_far(tmp_path: Path) -> None:
    whole = listed(None, tmp_path)
    assert [line.split()[0] for line in whole] == ["prep", *["train"] * 6, *["eval"] * 6, "report"]
    assert listed("prep", tmp_path) == whole[:1]
    assert listed("train", tmp_path) == listed("prep,train", tmp_path) == whole[:7]
    assert listed("eval", tmp_path) == listed("eval, prep", tmp_path) == whole[:-1]
    assert listed("report", tmp_path) == whole


def test_rows_bring_what_they_start_from(tmp_path: Path) -> None:
    """Loss: 0,3 has seed 2 alone, and so needs the base of seed 2 alone."""
    trained = [*BASES, *REV]
    assert listed("morec rev 0.8", tmp_path) == [
        "prep study",
        *trained,
        *scored(trained),
        "report study-morec-rev-0.8",
    ]
    loss = ["train study-mf-base-s2", "train study-mf-morec-loss-0-3-s2"]
    assert listed("morec Loss: 0,3", tmp_path) == [
        "prep study",
        *loss,
        *scored(loss),
        "report study-morec-loss-0-3",
    ]
    assert listed("base,train", tmp_path) == ["prep study", *BASES]
    assert listed("morec", tmp_path)[1:6] == [*BASES, *REV, loss[1]]
    assert listed("popularity", tmp_path) == [
        "prep study",
        "train study-mf-popularity-s1",
        "eval study-mf-popularity-s1-test",
    ]
    every = listed("popularity,base,morec", tmp_path)
    assert every == listed(None, tmp_path), "all rows are the recipe"


def test_a_row_of_one_backbone(tmp_path: Path) -> None:
    found = listed("morec sasrec,train", tmp_path, STUDY + SECOND)
    assert [name.split("-")[1] for name in found[1:]] == ["sasrec"] * 4
    assert listed("base,train", tmp_path, STUDY + SECOND)[1:] == [
        *BASES,
        *(name.replace("-mf-", "-sasrec-") for name in BASES),
    ]


@pytest.mark.parametrize(
    ("only", "message", "hint"),
    [
        ("mroec", "--only 'mroec' is neither a step nor a row of the recipe", "did you mean"),
        ("base,", "--only '' is neither a step nor a row of the recipe", "It has: prep, train,"),
        ("", "--only '' is neither a step nor a row of the recipe", "It has: prep, train,"),
        ("bas", "--only 'bas' is neither a step nor a row of the recipe", "did you mean 'base'?"),
        ("popularity,report", "--only 'popularity,report' has no base", "name a row that starts"),
    ],
)
def test_slips_are_explained(tmp_path: Path, only: str, message: str, hint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        listed(only, tmp_path)
    assert caught.value.message.startswith(message)
    assert hint in (caught.value.hint or "")
    assert not (tmp_path / "data").exists()


def test_parts_are_made_one_after_another(run, run_json, raw: Path) -> None:
    def reproduce(more: str = "") -> list[tuple[str, bool]]:
        found = run_json(f"reproduce toy.toml --data {raw} {more}")
        return [(step["artifact"], step["fresh"]) for step in found["steps"]]

    dry = run_json(f"reproduce toy.toml --data {raw} --only base --dry-run")
    assert not any(step["exists"] for step in dry["steps"])
    assert reproduce("--only prep") == [(MADE[0], True)]
    code, out, _ = run(f"reproduce toy.toml --data {raw} --only popularity,train")
    assert code == 0
    assert [line.split()[:2] for line in out.splitlines()] == [["1/2", "prep"], ["2/2", "train"]]
    base = ["data/runs/toy-mf-base-s1", "data/runs/toy-mf-base-s2"]
    scored = [f"data/metrics/{Path(path).name}-test" for path in base]
    report = "data/reports/toy-base"
    assert reproduce("--only base") == [
        (MADE[0], False),
        *((path, True) for path in (*base, *scored, report)),
    ]
    dry = run_json(f"reproduce toy.toml --data {raw} --dry-run")
    exists = {step["artifact"]: step["exists"] for step in dry["steps"]}
    assert {path for path, there in exists.items() if there} == {
        *MADE[:2],
        *base,
        *scored,
    }
    assert dry["would_write"] == [path for path, there in exists.items() if not there]
    _, out, _ = run(f"reproduce toy.toml --data {raw} --dry-run")
    assert out.splitlines()[0] == f"prep    {MADE[0]}  exists"
    assert [path for path, fresh in reproduce() if not fresh] == [*MADE[:4], *MADE[7:9]]
    assert all(not fresh for _, fresh in reproduce())


def test_only_what_is_made_is_judged(run_json, raw: Path) -> None:
    def judged(only: str) -> list[tuple[str, str]]:
        found = run_json(f"reproduce toy.toml --data {raw} --only {only}")
        return [(check["method"], check["metric"]) for check in found["checks"]]

    assert judged("prep") == judged("train") == []
    assert judged("eval") == [("base", "hit@5")]
    assert judged("base") == [("base", "hit@5")]
    assert judged("morec") == [("morec", "imp"), ("morec", "accuracy_kept")]
    assert judged("morec,eval") == []
    assert judged("report") == [*judged("base"), *judged("morec")]


def test_a_value_out_of_tolerance_fails_a_part_too(run, run_json, raw: Path) -> None:
    Path("toy.toml").write_text(RECIPE + EXPECT.replace("VALUE", "7"))
    assert run(f"reproduce toy.toml --data {raw} --only morec,eval")[0] == 0
    found = run_json(f"reproduce toy.toml --data {raw} --only base,eval")
    assert found["error"]["exit_code"] == 6
    assert found["artifact"] == "data/metrics/toy-mf-base-s2-test"


SWEPT = """
[[train]]
method = "morec"
base = "base"
objectives = ["acc", "rev", "fair"]
preferences = [[0.75, 0.25], [0, 1]]
seeds = [1]
"""


def test_preferences_are_a_row_each(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    expected = '[expect."morec 0.75/0.25"]\nimp = { paper = 0.1 }\n'
    path.write_text(STUDY + SWEPT + expected)
    found = {t.row: t for t in recipes.read(path, None).trainings}
    first, second = found["morec 0.75/0.25"], found["morec 0/1"]
    assert first.config.preference == (0.75, 0.25)
    assert second.config.preference == (0.0, 1.0)
    assert first.path.name == "study-mf-morec-0.75-0.25-s1"
    assert second.path.name == "study-mf-morec-0-1-s1"
    path.write_text(STUDY + SWEPT.replace("preferences", 'label = "two"\npreferences'))
    assert "morec two 0/1" in {t.row for t in recipes.read(path, None).trainings}
    assert len({t.path for t in found.values()}) == len(found)


RIVALS = """
[[train]]
methods = ["static", "mgda"]
base = "base"
preferences = [[1, 2, 1], [2, 1, 1]]
epochs = 3
seeds = [1, 2]
"""


def test_methods_are_a_row_each(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text(STUDY + RIVALS)
    found = [t for t in recipes.read(path, None).trainings if t.config.epochs == 3]
    expected = [
        (f"{method} {label}", method, seed, wish)
        for method in ("static", "mgda")
        for label, wish in (("1/2/1", (1, 2, 1)), ("2/1/1", (2, 1, 1)))
        for seed in (1, 2)
    ]
    said = [(t.row, t.config.method, t.config.seed, t.config.preference) for t in found]
    assert said == expected
    assert {t.base for t in found if t.config.seed == 1} == {found[0].base}


WISHES = SWEPT, "[[0.75, 0.25], [0, 1]]"
METHODS = RIVALS, '["static", "mgda"]'


@pytest.mark.parametrize(
    ("entry", "value", "message"),
    [
        (WISHES, "[]", "preferences is no list of preferences"),
        (WISHES, "[0.5, 0.5]", "preferences is no list of preferences"),
        (WISHES, "[['a', 'b']]", "preferences is no list of preferences"),
        (WISHES, "3", "preferences is no list of preferences"),
        (WISHES, "[[1, 2], [1, 2]]", "has two entries for row 'morec 1/2'"),
        (WISHES, "[[1, 2, 3]]", "--preference has 3 values for 2 objectives"),
        (WISHES, "[[1, 2]]\npreference = [1, 2]", "has preference beside preferences"),
        (METHODS, "[]", "methods is no list of methods"),
        (METHODS, '"mgda"', "methods is no list of methods"),
        (METHODS, "[1]", "methods is no list of methods"),
        (METHODS, '["mgda", "mgda"]', "has two entries for row 'mgda 1/2/1'"),
        (METHODS, '["mgda"]\nmethod = "epo"', "has method beside methods"),
    ],
)
def test_other_lists_are_refused(
    tmp_path: Path, entry: tuple[str, str], value: str, message: str
) -> None:
    path, (text, given) = tmp_path / "study.toml", entry
    path.write_text(STUDY + text.replace(given, value))
    with pytest.raises(ConfigError) as caught:
        recipes.read(path, None)
    assert message in caught.value.message


def test_the_summary_of_a_job_says_all(run, raw: Path, monkeypatch) -> None:
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    assert run(f"reproduce toy.toml --data {raw} --only prep")[0] == 0
    text = Path("summary.md").read_text()
    assert text.startswith("## mobench reproduce toy: nothing to check\n\nmade up\n\n| Step |")
    assert run(f"reproduce toy.toml --data {raw} --only base")[0] == 0
    new = Path("summary.md").read_text().removeprefix(text)
    assert new.startswith("## mobench reproduce toy: 0 of 1 values outside their tolerance\n\n")
    verdict = Artifact.open(Path("data/reports/toy-base")).manifest.results["verdict"]
    assert f"\n\n{verdict}\n\n| Method | Metric | Expected |" in new
    assert "| prep | `data/datasets/toy` | up to date |" in new
    rows = [line for line in new.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in rows} == {4, 8}
    Path("toy.toml").write_text(RECIPE + EXPECT.replace("VALUE", "7"))
    assert run(f"reproduce toy.toml --data {raw} --only base")[0] == 6
    assert "1 of 1 values outside their tolerance" in Path("summary.md").read_text()


def test_what_every_round_of_the_core_leaves_can_be_expected(run_json, run, raw: Path) -> None:
    """So many rows are asked for that nothing would be left in the end."""
    text = RECIPE.replace("k_core = 2", "user_core = 6\nitem_core = 17\nmax_core_rounds = 2")
    Path("toy.toml").write_text(text)
    assert run_json(f"reproduce toy.toml --data {raw} --only prep")["checks"] == []
    dataset = Artifact.open(Path("data/datasets/toy"))
    left = dataset.manifest.results["core_left"]
    assert len(left) == 2
    assert left[0] > left[1]
    expect = "[expect.dataset]\n" + "".join(
        f'"{what}: core round {n + 1}" = {{ value = {count}, tolerance = 0, paper = 7 }}\n'
        for n, counts in enumerate(left)
        for what, count in zip(("rows", "users", "items"), counts, strict=True)
    )
    Path("toy.toml").write_text(text + expect + '"users: read" = { value = 60, tolerance = 0 }\n')
    checks = run_json(f"reproduce toy.toml --data {raw} --only prep")["checks"]
    assert len(checks) == 3 * len(left) + 1
    assert all(check["ok"] for check in checks)
    assert checks[1]["got"] == left[0][1]
    _, out, _ = run(f"reproduce toy.toml --data {raw} --only prep")
    assert ["dataset", "users:", "read", "60", "±", "0", "60", "ok"] in [
        line.split()[:8] for line in out.splitlines()
    ]
    wrong = expect.replace("round 1", "round 99")
    Path("toy.toml").write_text(text + wrong)
    code, _, err = run(f"reproduce toy.toml --data {raw} --only prep")
    assert code == 2
    assert "expects 'rows: core round 99' of the dataset, which has no such stage" in err
