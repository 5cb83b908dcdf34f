"""What a command says to do next, and what it warns of, holds."""

import gzip
import json
from pathlib import Path

import pytest

from mobench.artifacts import Artifact
from mobench.cli.words import wrapped

RUNS = ("popularity", "base", "continue", "morec")


def told(err: str) -> str:
    """Return the words after ``next  mobench``."""
    line = err.splitlines()[-1]
    assert line.startswith("next  mobench ")
    return line.removeprefix("next  mobench ")


def newer_base(run) -> None:
    """Train a base that looks newer than any other."""
    command = "train data/datasets/toy --method base --epochs 1 --set batch_size=64 --name newer"
    assert run(command)[0] == 0
    file = Path("data/runs/newer/manifest.json")
    content = json.loads(file.read_text()) | {"started": "2099-01-01T00:00:00+00:00"}
    file.write_text(json.dumps(content))


@pytest.mark.parametrize("method", RUNS)
def test_following_the_advice_after_eval_ends_in_a_report(run, pipeline: Path, method) -> None:
    for file in Path("data/metrics").glob("*/manifest.json"):
        file.parent.rename(Path("data") / file.parent.name)
    command = f"eval data/runs/toy-mf-{method}-s1 --k 5"
    other = "morec" if method == "base" else "base"
    wanted = told(run(command)[2])
    assert wanted == f"eval data/runs/toy-mf-{other}-s1 --k 5"
    assert run(wanted)[0] == 0
    report = told(run(command)[2])
    both = (f"data/metrics/toy-mf-{name}-s1-test" for name in (method, other))
    assert report.startswith("report ")
    assert all(path in report.split() for path in both)
    for _ in range(2):
        assert run(report)[0] == 0
        report = told(run(command)[2])
    assert report.endswith(" --force")


def test_the_advice_says_what_to_train(run, pipeline: Path) -> None:
    assert run("prep raw/reviews.csv.gz --k-core 2 --name bare")[0] == 0
    base = "train data/datasets/bare --method base --epochs 1 --seed 2"
    assert told(run(f"{base} --name mine")[2]) == "eval data/runs/mine"
    assert told(run("eval data/runs/mine --k 5")[2]) == (
        "train data/datasets/bare --method morec --seed 2 --base data/runs/mine"
        " --objectives acc,fair,align"
    )
    assert run(base)[0] == 0
    assert "--base" not in told(run("eval data/runs/bare-mf-base-s2")[2])
    assert run("train data/datasets/bare --method popularity")[0] == 0
    expected = "train data/datasets/bare --method base"
    assert told(run("eval data/runs/bare-mf-popularity-s1")[2]) == expected


def test_the_advice_replaces_what_is_stale(run, pipeline: Path) -> None:
    again = "train data/datasets/toy --method base --epochs 1 --set batch_size=64 --force"
    command = told(run(again)[2])
    assert command == "eval data/runs/toy-mf-base-s1 --force"
    assert run(command)[0] == 0


def test_a_manifest_pins_the_base(run, pipeline: Path) -> None:
    newer_base(run)
    command = "train data/datasets/toy --name again -c data/runs/toy-mf-morec-s1/manifest.json"
    code, out, _ = run(command)
    assert code == 0
    assert out.splitlines()[2] == "base data/runs/toy-mf-base-s1"
    one, two = (Artifact.open(Path("data/runs", name)) for name in ("toy-mf-morec-s1", "again"))
    assert one.digest == two.digest
    _, out, _ = run("train data/datasets/toy --name other --dry-run")
    assert "data/runs/newer" in out
    _, out, _ = run(f"{command} --base data/runs/newer --dry-run")
    assert "data/runs/newer" in out
    Path("data/runs/toy-mf-base-s1").rename("data/runs/moved")
    code, _, err = run(command)
    assert code == 4
    assert err.startswith(
        "error: the base of 'data/runs/toy-mf-morec-s1/manifest.json' cannot be used: "
    )
    assert err.endswith(" hint: restore it, or name a base with --base.\n")
    code, _, err = run(f"{command} --seed 5")
    assert "has none for 'toy' (mf, seed 5)" in err


def test_remake_names_the_base(run, pipeline: Path) -> None:
    def remake(run_name: str, argv: list[str]) -> str:
        file = Path("data/runs", run_name, "manifest.json")
        file.write_text(json.dumps(json.loads(file.read_text()) | {"argv": argv}))
        _, out, _ = run(f"show data/runs/{run_name}")
        line = next(line for line in out.splitlines() if line.startswith(" remake"))
        return line.split("remake")[1].strip()

    words = ["mobench", "train", "data/datasets/toy"]
    pinned = " ".join(words) + " --base data/runs/toy-mf-base-s1"
    assert remake("toy-mf-morec-s1", words) == pinned
    assert remake("toy-mf-morec-s1", pinned.split()) == pinned
    assert remake("toy-mf-base-s1", words) == " ".join(words)
    assert remake("toy-mf-morec-s1", ["mobench", "reproduce", "x"]) == "mobench reproduce x"


def test_tuning_says_what_was_kept(run, pipeline: Path) -> None:
    code, out, _ = run("train data/datasets/toy --epochs 1 --tries 2 --name tuned")
    assert code == 0
    config = Artifact.open(Path("data/runs/tuned")).manifest.config
    kept = ", ".join(f"{n} {config[n]:g}" for n in ("aux_weight", "slack", "sampler_step"))
    assert f"tried 2 settings, kept {kept}\n" in out
    assert f"tried 2 settings, kept {kept}\n" in run("show data/runs/tuned")[1]
    assert "tried" not in run("show data/runs/toy-mf-morec-s1")[1]


def test_show_of_a_report_is_a_table(run, pipeline: Path) -> None:
    paths = " ".join(f"data/metrics/toy-mf-{m}-s1-test" for m in RUNS)
    assert run(f"report {paths} --name r")[0] == 0
    _, out, _ = run("show data/reports/r")
    assert "{" not in out
    found = Artifact.open(Path("data/reports/r")).manifest.results["metrics"]
    lines = [line.split() for line in out.splitlines()]
    for label, values in found.items():
        row = next(line for line in lines if line[: len(label.split())] == label.split())
        assert f"{values['hit@5']:.4f}" in row
    own = [line for line in out.splitlines() if not line.startswith((" metrics", " run", " on"))]
    assert max(map(len, own)) <= 88


def test_sentences_are_wrapped(run, pipeline: Path) -> None:
    paths = " ".join(f"data/metrics/toy-mf-{m}-s1-test" for m in RUNS)
    _, out, err = run(f"report {paths}")
    assert max(map(len, [*out.splitlines(), *err.splitlines()])) <= 88
    assert wrapped("a " * 60, "  ").splitlines()[1].startswith("  a")
    assert wrapped(f"see {'x' * 100}") == f"see\n{'x' * 100}"


@pytest.mark.parametrize("kind", ["reviews", "meta"])
def test_prep_warns_of_a_truncated_file(run, pipeline: Path, kind: str) -> None:
    files = {"reviews": Path("raw/reviews.csv.gz"), "meta": Path("raw/meta.jsonl")}
    content = files["meta"].read_bytes()
    files["meta"] = Path("raw/meta.jsonl.gz")
    files["meta"].write_bytes(gzip.compress(content))
    cut = files[kind]
    cut.write_bytes(cut.read_bytes()[:-12])
    code, _, err = run(
        f"prep {files['reviews']} --meta {files['meta']} --k-core 2 --name cut --max-rejected 0.5"
    )
    assert code == 0
    text = " ".join(err.split())
    assert f"warning: {cut} ends early (truncated gzip): everything after the break" in text
    assert "hint: download it again." in text
    assert text.count("ends early") == 1


def test_a_name_clash_of_a_recipe_is_explained(run, finished: Path, workdir: Path) -> None:
    recipe = 'name = "toy"\n[prep]\nsource = "${DATA}/reviews.csv.gz"\nk_core = 2\n'
    recipe += '[[train]]\nmethod = "popularity"\n'
    Path("toy.toml").write_text(recipe)
    assert run(f"prep {finished / 'raw/reviews.csv.gz'} --k-core 3 --name toy")[0] == 0
    code, _, err = run(f"reproduce toy.toml --data {finished / 'raw'}")
    assert code == 4
    assert err == (
        "error: 'data/datasets/toy' exists and was made with other settings (k_core)\n"
        " hint: move it away, or run in another folder.\n"
    )
