"""Every command on a small pipeline: what it says, in words and as JSON."""

import json
from pathlib import Path

import pytest

from mobench.artifacts import Artifact, partial
from mobench.config import PrepConfig
from mobench.places import dataset_name
from mobench.training.interrupt import StopRequest

KINDS = {
    "data/datasets/toy": "dataset",
    "data/runs/toy-mf-popularity-s1": "run",
    "data/runs/toy-mf-base-s1": "run",
    "data/runs/toy-mf-morec-s1": "run",
    "data/metrics/toy-mf-base-s1-test": "metrics",
    "data/metrics/toy-mf-morec-s1-test": "metrics",
}


def test_prep_shows_the_funnel_the_split_and_what_is_next(run, pipeline: Path) -> None:
    code, out, err = run("prep raw/reviews.csv.gz --meta raw/meta.jsonl --k-core 2 --name again")
    assert code == 0
    assert err == (
        "next  mobench train data/datasets/again --method base\n"
        "see   mobench show data/datasets/again\n"
    )
    lines = out.splitlines()
    assert lines[0].startswith("source amazon")
    assert lines[0].endswith(", detected · 1 file + metadata")
    assert lines[2].split() == ["Stage", "Rows", "Users", "Items", "Kept"]
    assert lines[4].split() == ["read", "540", "60", "30", "100.0", "%"]
    assert any(line.startswith(" train") and "all but the last two" in line for line in lines)
    assert any("Price" in line and "100.0 % of items" in line for line in lines)
    assert lines[-1].startswith("wrote data/datasets/again  (")
    assert max(map(len, lines)) <= 88
    assert (
        sum(
            Artifact.open(Path("data/datasets/again")).manifest.results[f"n_{s}"]
            for s in ("train", "val", "test")
        )
        == 540
    )


def test_the_same_command_again_is_up_to_date(run, pipeline: Path) -> None:
    commands = {
        "prep raw/reviews.csv.gz --meta raw/meta.jsonl --k-core 2 --pop-groups 5 --name toy": (
            "data/datasets/toy"
        ),
        "train data/datasets/toy --method base --epochs 3 --set batch_size=64": (
            "data/runs/toy-mf-base-s1"
        ),
        "train data/datasets/toy --epochs 2 --set min_group_size=1": "data/runs/toy-mf-morec-s1",
        "eval data/runs/toy-mf-morec-s1 --k 5": "data/metrics/toy-mf-morec-s1-test",
    }
    for command, path in commands.items():
        before = Path(path, "manifest.json").read_bytes()
        code, out, _ = run(command)
        assert code == 0
        assert out.splitlines()[-1] == f"up to date  {path}"
        assert Path(path, "manifest.json").read_bytes() == before


def test_prep_warns_of_what_is_missing(run, pipeline: Path) -> None:
    code, _, err = run("prep raw/reviews.csv.gz --k-core 2 --name bare")
    assert code == 0
    assert "warning: no item has a price, so the objective rev cannot be used.\n   hint: " in err
    assert "warning: all items are in one fairness group.\n   hint: " in err
    code, out, err = run("train data/datasets/bare --method base --epochs 1")
    assert code == 0
    code, out, err = run("train data/datasets/bare --epochs 1")
    assert (code, out) == (2, "")
    assert err.startswith("error: the dataset has no prices, so 'rev' cannot be an objective\n")


def test_prep_warns_of_metadata_of_other_items(run, pipeline: Path) -> None:
    write_text = Path("raw/other.jsonl").write_text
    write_text('{"parent_asin": "X", "price": 1.0, "title": "x", "categories": ["a"]}\n')
    command = "prep raw/reviews.csv.gz --k-core 2 --name"
    code, _, err = run(f"{command} alien --meta raw/other.jsonl")
    assert code == 0
    assert "warning: the metadata says nothing of any of the items.\n   hint: see " in err
    for name, meta in {"bare-again": "", "known": " --meta raw/meta.jsonl"}.items():
        assert "says nothing" not in run(f"{command} {name}{meta}")[2]


def test_prep_takes_its_source_from_a_manifest(run, pipeline: Path) -> None:
    code, _, _ = run("prep -c data/datasets/toy/manifest.json --name copy --set k_core=3")
    assert code == 0
    one, two = (Artifact.open(Path("data/datasets", name)).manifest for name in ("toy", "copy"))
    assert {**one.config, "k_core": 3} == two.config


def test_train_says_what_it_holds_and_what_it_could_not(run, pipeline: Path) -> None:
    asked = "--keep-accuracy 1.5 --set keep_metric=ndcg --epochs 2 --set min_group_size=1"
    code, out, err = run(f"train data/datasets/toy {asked} --name held")
    assert code == 0
    assert out.splitlines()[1].startswith("keeps 150.0 % of the base's NDCG · preference rev 0.33")
    results = Artifact.open(Path("data/runs/held")).manifest.results
    assert not results["kept_enough"]
    assert "no epoch kept 150.0 % of the base's validation NDCG, the best one" in err
    assert "ask for less with --keep-accuracy" in err.replace("\n         ", " ")


def test_train_draws_a_row_per_epoch(run, pipeline: Path) -> None:
    code, out, err = run("train data/datasets/toy --epochs 2 --set min_group_size=1 --name x")
    assert code == 0
    assert err.splitlines()[-1] == "next  mobench eval data/runs/x"
    lines = out.splitlines()
    assert lines[0].startswith("morec on mf · 5,760 parameters · ")
    assert lines[1] == "target loss from the base run · preference rev 0.33 fair 0.33 align 0.33"
    titles = next(i for i, line in enumerate(lines) if line.split()[:1] == ["Epoch"])
    assert lines[titles].split()[:6] == ["Epoch", "Loss", "β", "Hit", "rHit", "min-Hit"]
    rows = [line.split()[0] for line in lines[titles + 2 : titles + 5]]
    assert rows == ["base", "1", "2"]
    history = Artifact.open(Path("data/runs/x")).read("history.parquet")
    assert f"{history['hit'][1]:.4f}" in lines[titles + 3]
    assert "100.0 %" in lines[titles + 2]
    assert max(map(len, lines)) <= 88


def test_the_same_config_gives_the_same_weights(run, pipeline: Path) -> None:
    assert (
        run("train data/datasets/toy -c data/runs/toy-mf-morec-s1/manifest.json --name y")[0] == 0
    )
    one, two = (Path("data/runs", name, "model.safetensors") for name in ("toy-mf-morec-s1", "y"))
    assert one.read_bytes() == two.read_bytes()
    assert run("train data/datasets/toy -c data/runs/y/config.json --name z")[0] == 0
    assert run("train data/datasets/toy --method base --seed 3 --epochs 1")[0] == 0
    morec = "train data/datasets/toy -c data/runs/y/manifest.json --seed 3"
    assert run(f"{morec} --base data/runs/toy-mf-base-s3")[0] == 2  # another batch size
    assert Path("data/runs/toy-mf-base-s3").is_dir()


def test_a_dry_run_checks_and_writes_nothing(run, run_json, pipeline: Path) -> None:
    before = sorted(Path("data").rglob("*"))
    code, out, err = run("train data/datasets/toy --name dry --dry-run")
    assert (code, err) == (0, "")
    names = [line.split("  ")[0].strip() for line in out.splitlines()]
    assert names == ["dataset", "base run", "objectives", "steps", "would write"]
    assert "acc  rev 0.33  fair 0.33  align 0.33" in out
    assert "data/runs/toy-mf-base-s1" in out
    found = run_json("train data/datasets/toy --name dry --dry-run")
    assert (found["artifact"], found["would_write"]) == (None, "data/runs/dry")
    assert found["config"]["batch_size"] == 64
    assert sorted(Path("data").rglob("*")) == before


class StopSoon(StopRequest):
    """Somebody who presses Ctrl-C during the ninth step."""

    calls = 0

    def __call__(self) -> bool:
        self.calls += 1
        return self.calls >= 9


def test_an_interrupted_run_says_how_to_go_on_and_ends_the_same(
    run, run_json, pipeline: Path, monkeypatch
) -> None:
    command = "train data/datasets/toy --epochs 4 --set min_group_size=1 --name"
    assert run(f"{command} whole")[0] == 0
    with monkeypatch.context() as patch:
        patch.setattr("mobench.training.run.StopRequest", StopSoon)
        code, _, err = run(f"{command} broken")
        assert code == 130
        saved, resume = err.splitlines()
        assert saved.startswith("saved epoch 2, step ")
        assert resume == "resume with  mobench train --resume data/runs/broken.partial"
        assert not Path("data/runs/broken").exists()
        code, _, err = run(f"{command} broken")
        assert code == 4
        assert "mobench train --resume data/runs/broken.partial" in err
    found = run_json("train --resume data/runs/broken.partial")
    assert found["artifact"] == "data/runs/broken"
    whole, broken = (Path("data/runs", name, "model.safetensors") for name in ("whole", "broken"))
    assert whole.read_bytes() == broken.read_bytes()
    assert not partial(Path("data/runs/broken")).exists()
    assert run("train --resume data/runs/broken.partial")[0] == 4


def test_the_newest_fitting_base_is_used(run, pipeline: Path) -> None:
    assert run("train data/datasets/toy --method base --epochs 1 --name other-base")[0] == 0
    found = Artifact.open(Path("data/runs/other-base"))
    manifest = found.manifest.model_dump(mode="json") | {"started": "2099-01-01T00:00:00+00:00"}
    Path("data/runs/other-base/manifest.json").write_text(json.dumps(manifest))
    _, out, _ = run("train data/datasets/toy --name q --dry-run")
    assert "data/runs/other-base" in out
    _, out, _ = run("train data/datasets/toy --name q --dry-run --base data/runs/toy-mf-base-s1")
    assert "data/runs/toy-mf-base-s1" in out


def test_eval_states_the_protocol_and_the_verdict(run, pipeline: Path) -> None:
    code, out, err = run("eval data/runs/toy-mf-morec-s1 --split val --k 5,10")
    assert code == 0
    assert err == "next  mobench eval data/runs/toy-mf-base-s1 --split val --k 5,10\n"
    lines = out.splitlines()
    assert lines[0] == (
        "val split · full ranking over 30 items · seen items masked · 60 users · k = 5"
    )
    assert lines[2].split() == ["Metric", "Base", "Run", "Change"]
    assert [line.split()[0] for line in lines[4:8]] == ["Hit", "rHit", "min-Hit", "Pop-KL"]
    assert lines[9].startswith("Imp ")
    results = Artifact.open(Path("data/metrics/toy-mf-morec-s1-val")).manifest.results
    kept = results["comparison"]["accuracy_kept"]
    assert lines[10].startswith(f"Hit kept {100 * kept:.1f} % (")
    assert f") {'≥' if kept >= 0.97 else '<'} 97 %: " in lines[10]
    assert ("undecided" in lines[10]) == (results["comparison"]["validity"] == "undecided")


def test_eval_of_a_base_shows_every_metric_with_its_interval(run, pipeline: Path) -> None:
    code, out, _ = run("eval data/runs/toy-mf-base-s1 --k 5")
    assert code == 0
    assert "95 % interval" in out
    table = Artifact.open(Path("data/metrics/toy-mf-base-s1-test")).read("metrics.parquet")
    hit = {name: table[name][0] for name in ("metric", "value", "ci_low", "ci_high")}
    assert hit["metric"] == "hit"
    text = f"{hit['value']:.4f}   {hit['ci_low']:.4f} to {hit['ci_high']:.4f}"
    assert text in out


def test_report_prints_the_table_and_names_the_page(run, pipeline: Path) -> None:
    runs = " ".join(f"data/metrics/toy-mf-{m}-s1-test" for m in ("popularity", "base", "morec"))
    code, out, _ = run(f"report {runs}")
    assert code == 0
    lines = out.splitlines()
    labels = [line.split()[0] for line in lines if line.strip()]
    assert {"Method", "popularity", "base", "morec"} <= set(labels)
    assert "wrote data/reports/toy/report.html" in out
    assert Path("data/reports/toy/report.html").is_file()
    assert max(len(line) for line in lines[:12]) <= 88


@pytest.mark.parametrize(("path", "kind"), KINDS.items())
def test_show_describes_every_artifact(run, run_json, pipeline: Path, path: str, kind: str) -> None:
    code, out, err = run(f"show {path}")
    assert (code, err) == (0, "")
    assert out.splitlines()[0].split() == [kind, path]
    assert "remake" in out
    for entry in Artifact.open(Path(path)).manifest.files:
        assert entry.path in out
    found = run_json(f"show {path}")
    assert found["manifest"] == Artifact.open(Path(path)).manifest.model_dump(mode="json")


def test_show_describes_a_report(run, pipeline: Path) -> None:
    assert run("report data/metrics/toy-mf-base-s1-test --name r")[0] == 0
    code, out, _ = run("show data/reports/r")
    assert code == 0
    assert "report.html" in out


def test_json_has_code_names_and_full_precision(run_json, pipeline: Path) -> None:
    found = run_json("eval data/runs/toy-mf-morec-s1 --k 5")
    assert (found["artifact"], found["fresh"]) == ("data/metrics/toy-mf-morec-s1-test", False)
    table = Artifact.open(Path(found["artifact"])).read("metrics.parquet")
    exact = dict(zip(table["metric"], table["value"], strict=True))
    assert found["metrics"]["min_hit@5"] == exact["min_hit"]
    assert found["comparison"]["metrics"][0]["metric"] == "hit"
    found = run_json("train data/datasets/toy --method base --epochs 1 --name j")
    assert found["fresh"] is True
    assert found["results"]["best_epoch"] in (0, 1)
    found = run_json("prep raw/reviews.csv.gz --k-core 2 --name j")
    assert found["results"]["n_rows"] == 540
    found = run_json("report data/metrics/toy-mf-base-s1-test --name j")
    assert found["artifact"] == "data/reports/j"


def test_json_leaves_the_talk_on_stderr(run, pipeline: Path) -> None:
    _, out, err = run("train data/datasets/toy --method base --epochs 1 --name t --json")
    json.loads(out)
    assert "Epoch" in err
    assert "wrote data/runs/t" in err


def test_force_replaces(run, pipeline: Path) -> None:
    command = "train data/datasets/toy --method base --epochs 1 --set batch_size=64"
    assert run(command)[0] == 4
    assert run(f"{command} --force")[0] == 0
    assert Artifact.open(Path("data/runs/toy-mf-base-s1")).manifest.config["epochs"] == 1
    assert sorted(p.name for p in Path("data/runs").glob("toy-mf-base*")) == ["toy-mf-base-s1"]


def test_a_tuned_run_records_its_trials(run, pipeline: Path) -> None:
    assert run("train data/datasets/toy --method base --epochs 1 --tries 2 --name tuned")[0] == 0
    assert len(Artifact.open(Path("data/runs/tuned")).read("trials.parquet")["score"]) == 2


def test_the_name_of_a_dataset_comes_from_its_file(run, pipeline: Path) -> None:
    assert run("prep raw/reviews.csv.gz --k-core 2")[0] == 0
    assert Path("data/datasets/reviews/manifest.json").is_file()


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("a/Electronics.csv.gz", "Electronics"),
        ("Electronics.train.csv", "Electronics-train"),
        ("ml-100k/u.data", "u-data"),
        ("ml-1m.inter", "ml-1m"),
        ("Toys.2018.JSON.ZST", "Toys-2018"),
        ("reviews", "reviews"),
        ("shop/*.csv", "shop"),
    ],
)
def test_known_endings_are_not_part_of_a_name(file: str, name: str) -> None:
    assert dataset_name(PrepConfig(source=(file,))) == name
