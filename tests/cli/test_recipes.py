"""Recipes as they are read: labels, several backbones, expectations, and those that come along."""

import json
import zlib
from collections import Counter
from pathlib import Path

import pytest

import mobench
from mobench.cli import recipe as recipes
from mobench.cli.views import checks
from mobench.config import Recipe, build
from mobench.data.prep import prepare
from mobench.errors import ConfigError

FOLDER = Path(mobench.__file__).parent.parent / "benchmarks" / "recipes"
NAMES = sorted(path.stem for path in FOLDER.glob("*.toml"))

STUDY = """
name = "study"
[prep]
source = "demo"
[[train]]
method = "popularity"
[[train]]
method = "base"
seeds = [1, 2]
[[train]]
method = "morec"
label = "rev 0.8"
base = "base"
preference = [0.8, 0.1, 0.1]
seeds = [1, 2]
[[train]]
method = "morec"
label = "Loss: 0,3"
base = "base"
target_loss = 0.3
seeds = [2]
"""
SECOND = """
[[train]]
method = "base"
backbone = "sasrec"
seeds = [1, 2]
[[train]]
method = "morec"
backbone = "sasrec"
label = "rev 0.8"
base = "base"
seeds = [1, 2]
"""


def read(text: str, tmp_path: Path) -> recipes.Steps:
    path = tmp_path / "study.toml"
    path.write_text(text)
    return recipes.read(path, None)


def test_a_label_names_run_row_and_expectation(tmp_path: Path) -> None:
    expected = '\n[expect."morec rev 0.8"]\nimp = { value = 0.1, tolerance = 0.1 }\n'
    steps = read(STUDY + expected, tmp_path)
    assert [(t.path.name, t.row, t.base and t.base.name) for t in steps.trainings] == [
        ("study-mf-popularity-s1", "popularity", None),
        ("study-mf-base-s1", "base", None),
        ("study-mf-base-s2", "base", None),
        ("study-mf-morec-rev-0.8-s1", "morec rev 0.8", "study-mf-base-s1"),
        ("study-mf-morec-rev-0.8-s2", "morec rev 0.8", "study-mf-base-s2"),
        ("study-mf-morec-loss-0-3-s2", "morec Loss: 0,3", "study-mf-base-s2"),
    ]
    assert steps.trainings[3].config.preference == (0.8, 0.1, 0.1)
    assert steps.rows["data/metrics/study-mf-morec-rev-0.8-s2-test"] == "morec rev 0.8"
    assert len(steps.rows) == len(steps.trainings)


def test_each_backbone_starts_from_its_own_base(tmp_path: Path) -> None:
    expected = '\n[expect."morec sasrec rev 0.8"]\nimp = { paper = 0.1 }\n'
    steps = read(STUDY + SECOND + expected, tmp_path)
    made = {t.path.name: (t.row, t.base and t.base.name) for t in steps.trainings}
    assert made["study-mf-popularity-s1"] == ("popularity", None)
    assert made["study-sasrec-base-s2"] == ("base sasrec", None)
    for backbone in ("mf", "sasrec"):
        for seed in (1, 2):
            assert made[f"study-{backbone}-morec-rev-0.8-s{seed}"] == (
                f"morec {backbone} rev 0.8",
                f"study-{backbone}-base-s{seed}",
            )


def test_a_label_of_a_base_can_be_started_from(tmp_path: Path) -> None:
    text = STUDY.replace('method = "base"', 'method = "base"\nlabel = "small"')
    text = text.replace('base = "base"', 'base = "base small"')
    steps = read(text, tmp_path)
    assert {t.base.name for t in steps.trainings if t.base} == {
        "study-mf-base-small-s1",
        "study-mf-base-small-s2",
    }


VALUE = "{ value = 1, tolerance = 1 }"
BROKEN = {
    STUDY.replace("Loss: 0,3", "Rev: 0.8"): "makes 'data/runs/study-mf-morec-rev-0.8-s2' twice",
    STUDY.replace("Loss: 0,3", "rev 0.8"): "has two entries for row 'morec rev 0.8'",
    STUDY.replace('label = "Loss: 0,3"\n', "").replace('label = "rev 0.8"\n', ""): (
        "has two entries for row 'morec'"
    ),
    STUDY + '[[train]]\nmethod = "base"\nlabel = "other"\nseed = 2': (
        "recipe 'study' has two bases on mf with seed 2"
    ),
    STUDY.replace('"Loss: 0,3"', "3"): "label 3 is no name",
    STUDY.replace('"Loss: 0,3"', '"?!"'): "label '?!' is no name",
    STUDY.replace('"Loss: 0,3"', '" two  spaces"'): "is no name",
    STUDY.replace('"popularity"', '"popularity"\nlabel = "x"'): "popularity has nothing to label",
    STUDY.replace('label = "rev', 'lable = "rev'): "unknown setting 'lable'",
    STUDY + SECOND.replace('base = "base"', 'base = "bass"'): (
        "recipe 'study' has no 'bass' on sasrec with seed 1 to start from"
    ),
    STUDY + '[[train]]\nmethod = "morec"\nbackbone = "sasrec"\nbase = "base"': (
        "recipe 'study' has no 'base' on sasrec with seed 1 to start from"
    ),
    STUDY.replace('base = "base"\ntarget_loss', "target_loss"): (
        "recipe 'study': 'morec Loss: 0,3' names no base to start from"
    ),
    STUDY.replace('"popularity"', '"popularity"\nbase = "base"'): (
        "recipe 'study': 'popularity' does not start from a base"
    ),
    STUDY + f"[expect.morec]\nimp = {VALUE}": "expects 'morec', which it does not make",
    STUDY + f"[expect.dataset]\nn_user = {VALUE}": "expects 'n_user', which it does not make",
    STUDY + f"[expect.base]\nn_users = {VALUE}": "expects 'n_users', which it does not make",
    STUDY + "[expect.base]\nimp = { value = 1 }": "value and its tolerance go together",
    STUDY + "[expect.base]\nimp = { tolerance = 1 }": "value and its tolerance go together",
    STUDY + "[expect.base]\nimp = {}": "an expectation says nothing",
    STUDY + f'[expect.base]\nimp = {VALUE[:-2]}, note = "x" }}': "Extra inputs are not permitted",
}


@pytest.mark.parametrize("text", BROKEN)
def test_slips_are_found_before_any_work(text: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read(text, tmp_path)
    assert BROKEN[text] in caught.value.message
    assert "\n" not in caught.value.message


def test_the_recipes_that_come_along_have_names() -> None:
    assert {
        "ablation",
        "control-effect",
        "demo",
        "electronics-2023",
        "fronts",
        "morec-electronics-2014",
        "morec-movies-2014",
        "movielens-100k",
        "preference-control",
    } <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_recipe_can_be_planned(name: str, run, run_json, workdir: Path) -> None:
    code, out, err = run(f"reproduce {name} --dry-run --data somewhere")
    assert (code, err) == (0, "")
    lines = [line.split() for line in out.splitlines()]
    kinds = [kind for kind, _ in lines]
    n = kinds.count("train")
    assert kinds == ["prep", *["train"] * n, *["eval"] * n, "report"]
    assert len({path for _, path in lines}) == len(lines)
    assert run_json(f"reproduce {name} --dry-run --data elsewhere")["would_write"] == [
        path for _, path in lines
    ]
    assert not Path("data").exists()


@pytest.mark.parametrize("name", NAMES)
def test_every_recipe_has_a_note_a_base_and_popularity(name: str) -> None:
    steps = recipes.read(recipes.find(name), Path("somewhere"))
    assert len(steps.recipe.note) > 20
    methods = {training.config.method for training in steps.trainings}
    assert {"popularity", "base", "continue", "morec"} <= methods
    assert steps.recipe.name.startswith(name)
    if "100k" in name:  # it has no prices, and made-up ones would show nothing
        assert all("rev" not in t.config.objectives for t in steps.trainings[-1:])


def test_paper_numbers_are_shares(tmp_path: Path) -> None:
    """The paper prints its metrics times 100: its Table 2 says 1.62 where we say 0.0162."""
    expected = recipes.read(recipes.find("morec-electronics-2014"), None).recipe.expect
    base, morec = expected["base mf"], expected["morec mf"]
    assert base["hit@10"].paper == 0.0162
    gains = [
        (morec[n].paper / base[n].paper - 1) * (-1 if n == "pop_kl@10" else 1)  # type: ignore[operator]
        for n in base
    ]
    assert sum(gains) / 4 == pytest.approx(morec["imp"].paper, abs=0.002)
    for row, wishes in expected.items():
        if row != "dataset":
            assert all(wish.value is None for wish in wishes.values())


def test_expectations_are_read_as_written() -> None:
    read_back = build(
        Recipe,
        {
            "name": "a",
            "prep": {},
            "train": [{}],
            "expect": {"base": {"hit@10": {"value": 0.1, "tolerance": 0, "paper": 0.2}}},
        },
    ).expect["base"]["hit@10"]
    assert (read_back.value, read_back.tolerance, read_back.paper) == (0.1, 0.0, 0.2)


@pytest.mark.parametrize("name", NAMES)
def test_the_stages_that_recipes_expect_are_stages_of_their_prep(name: str) -> None:
    """What no machine here has the data for would otherwise fail after an hour of reading."""
    steps = recipes.read(recipes.find(name), Path("somewhere"))
    prep = steps.prep
    rounds = [f"core round {n + 1}" for n in range(prep.max_core_rounds)]
    stages = {"read", "valid rows", f"rating ≥ {prep.min_rating:g}", "latest per pair", *rounds}
    expected = steps.recipe.expect.get("dataset", {})
    asked = {fact.partition(": ")[2] for fact in expected if ": " in fact}
    assert asked <= stages
    if name == "morec-electronics-2014":
        assert asked == {"read", "rating ≥ 4", *rounds[:4]}
        counts = [
            [expected[f"{what}: {stage}"].value for stage in rounds[:4]]
            for what in ("users", "items")
        ]
        for column, last in zip(counts, ("n_users", "n_items"), strict=True):
            assert [*column, expected[last].value] == sorted(
                [*column, expected[last].value], reverse=True
            )
        assert sum(expected[f"n_{split}"].value or 0 for split in ("train", "val", "test")) == (
            expected["n_rows"].value
        )


def plain_funnel(path: Path, min_rating: float, k: int, rounds: int) -> list[list[int]]:
    """Return rows, users and items after each pass, counted in plain Python."""
    latest: dict[tuple[str, str], float] = {}
    text = zlib.decompressobj(31).decompress(path.read_bytes())  # the file may break off
    for line in text.split(b"\n")[:-1]:
        review = json.loads(line)
        if review["overall"] >= min_rating:
            latest[review["reviewerID"], review["asin"]] = review["unixReviewTime"]
    pairs, left = set(latest), []
    for _ in range(rounds):
        users = Counter(user for user, _ in pairs)
        pairs = {pair for pair in pairs if users[pair[0]] >= k}
        items = Counter(item for _, item in pairs)
        pairs = {pair for pair in pairs if items[pair[1]] >= k}
        left.append([len(pairs), len({u for u, _ in pairs}), len({i for _, i in pairs})])
    return left


@pytest.mark.data
def test_the_funnel_of_the_paper_is_counted_round_by_round(
    research_data: Path, workdir: Path
) -> None:
    """The recipe's prep on a smaller set of the same format, beside a count in plain Python."""
    reviews = research_data / "amazon-2014-digital-music" / "reviews_Digital_Music_5.json.gz"
    prep = recipes.read(recipes.find("morec-electronics-2014"), None).prep
    config = prep.model_copy(update={"source": (str(reviews),), "fair_level": "auto"})
    made = prepare(config, Path("music")).artifact
    left = plain_funnel(reviews, config.min_rating, config.k_core, config.max_core_rounds)
    left = [counts for n, counts in enumerate(left) if n == 0 or counts != left[n - 1]]
    assert len(left) > 2
    facts = checks.stage_facts(made)
    for n, counts in enumerate(left):
        found = [facts[f"{what}: core round {n + 1}"] for what in ("rows", "users", "items")]
        assert found == counts
    assert made.manifest.results["core_left"] == left
    assert made.manifest.results["n_rows"] == left[-1][0]
