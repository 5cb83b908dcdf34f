"""The metrics artifact, recomputed from its Parquet files alone."""

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from mobench.artifacts import Artifact
from mobench.config import EvalConfig, build
from mobench.errors import ArtifactError
from mobench.evaluation.run import evaluate
from mobench.metrics.comparison import validity
from tests.synthetic import planted, write
from tests.unit.training.helpers import trained

K = 5


@pytest.fixture(scope="module")
def root(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("eval")
    planted(root / "datasets" / "toy")
    trained(root, "popularity", method="popularity")
    trained(root, "base", method="base", epochs=4)
    trained(root, "morec", root / "runs" / "base", epochs=4)
    return root


def scored(root: Path, run: str, **values) -> Artifact:
    config = build(EvalConfig, {"k": (K, 10), "resamples": 200, **values})
    return evaluate(config, root / "runs" / run, root / "metrics" / f"{run}-test").artifact


@pytest.mark.parametrize("run", ["popularity", "base", "morec"])
def test_every_value_follows_from_the_parquet_files(root, run):
    """Nothing of mobench is used below this line but the file names."""
    path = scored(root, run).path
    read = {p.stem: pq.read_table(p).to_pydict() for p in path.glob("*.parquet")}
    targets, recs, items, pops = (
        {k: np.array(v) for k, v in read[name].items()}
        for name in ("targets", "recommendations", "items", "pop_groups")
    )
    rank, price = targets["rank"], items["price"][targets["item"]]
    group = items["fair_group"][targets["item"]]
    for k in (K, 10):
        hit = rank <= k
        gain = hit / np.log2(1 + rank)
        slots = recs["item"][recs["rank"] <= k]
        p = np.bincount(items["pop_group"][slots], minlength=len(pops["group"])) / len(slots)
        q = pops["target_share"]
        seen = np.bincount(slots, minlength=len(items["item"]))
        want = {
            "hit": hit.mean(),
            "ndcg": gain.mean(),
            "mrr": (hit / rank).mean(),
            "rhit": (hit * price).mean(),
            "rndcg": (gain * price).mean(),
            "min_hit": min(hit[group == g].mean() for g in np.unique(group)),
            "pop_kl": float((q * (np.log(q + 1e-10) - np.log(p + 1e-10))).sum()),
            "coverage": (seen > 0).mean(),
            "arp": items["n_train"][slots].mean(),
        }
        got = {
            m: v
            for m, c, v in zip(*(read["metrics"][n] for n in ("metric", "k", "value")), strict=True)
            if c == k
        }
        for name, value in want.items():
            assert got[name] == pytest.approx(value, rel=1e-9), (name, k)
        assert want["hit"] > 0.1


def test_lists_agree_with_ranks_and_hold_no_seen_item(root):
    artifact = scored(root, "morec")
    targets, recs = artifact.read("targets.parquet"), artifact.read("recommendations.parquet")
    listed = {(u, i): r for u, i, r in zip(recs["user"], recs["item"], recs["rank"], strict=True)}
    for user, item, rank in zip(*(targets[n] for n in ("user", "item", "rank")), strict=True):
        assert listed.get((user, item)) == (rank if rank <= 10 else None)
    rows = pq.read_table(root / "datasets" / "toy" / "interactions.parquet").to_pydict()
    seen = {
        (u, i)
        for u, i, s in zip(rows["user"], rows["item"], rows["split"], strict=True)
        if s != "test"
    }
    assert not seen & set(listed)


def test_comparison_is_against_the_base_on_the_same_users(root):
    base, run = scored(root, "base"), scored(root, "morec")
    found = run.manifest.results["comparison"]
    values, theirs = (a.manifest.results["metrics"] for a in (run, base))
    assert found["k"] == K
    for row in found["metrics"]:
        name = f"{row['metric']}@{K}"
        assert (row["run"], row["base"]) == (values[name], theirs[name])
        sign = -1 if row["metric"] == "pop_kl" else 1
        assert row["change"] == pytest.approx(sign * (row["run"] / row["base"] - 1))
        assert row["change_low"] <= row["change"] <= row["change_high"]
        assert 2 / 1001 <= row["p"] <= 1
    limits = [found[f"accuracy_kept{end}"] for end in ("", "_low", "_high")]
    assert found["validity"] == validity(*limits)
    entered = [row["change"] for row in found["metrics"] if row["metric"] in found["imp_over"]]
    assert found["imp"] == pytest.approx(np.mean(entered))
    assert "comparison" not in base.manifest.results


def test_second_call_is_up_to_date(root):
    config = build(EvalConfig, {"resamples": 50})
    path = root / "metrics" / "again"
    first = evaluate(config, root / "runs" / "base", path)
    second = evaluate(config, root / "runs" / "base", path)
    assert (first.fresh, second.fresh) == (True, False)
    with pytest.raises(ArtifactError, match=r"exists and was made with other settings .split."):
        evaluate(build(EvalConfig, {"split": "val", "resamples": 50}), root / "runs" / "base", path)


def test_groups_count_targets_hits_and_slots(root):
    groups = scored(root, "base").read("groups.parquet")
    assert groups["n"].sum() == 120
    assert groups["slots"].sum() == 120 * K
    assert groups["exposure"].sum() == pytest.approx(1)
    assert groups["hits"].sum() > 10


def test_a_dataset_changed_after_training_is_refused(root, tmp_path):
    shutil.copytree(root, tmp_path / "copy")
    copy = tmp_path / "copy"
    manifest = copy / "runs" / "base" / "manifest.json"
    content = json.loads(manifest.read_text())
    content["inputs"][0]["path"] = str(copy / "datasets" / "toy")
    manifest.write_text(json.dumps(content))
    shutil.rmtree(copy / "datasets" / "toy")
    planted(copy / "datasets" / "toy", seed=1)
    with pytest.raises(ArtifactError, match=r"dataset 'toy' has changed since .* \(sha256 \w{4}…"):
        evaluate(build(EvalConfig, {}), copy / "runs" / "base", copy / "metrics" / "x")


def test_a_moved_folder_still_finds_its_inputs(root, tmp_path):
    moved = tmp_path / "moved"
    shutil.copytree(root / "runs", moved / "runs")
    shutil.copytree(root / "datasets", moved / "datasets")
    for manifest in moved.glob("runs/*/manifest.json"):
        text = manifest.read_text().replace(str(root), "/nowhere")
        manifest.write_text(text)
    config = build(EvalConfig, {"resamples": 50})
    got = evaluate(config, moved / "runs" / "morec", moved / "metrics" / "m").artifact
    assert got.manifest.results["metrics"]["hit@10"] > 0


def test_a_user_with_several_targets_has_one_list(tmp_path):
    rng = np.random.default_rng(0)
    item = np.concatenate([rng.choice(30, 9, replace=False) for _ in range(40)])
    split = np.tile(["train"] * 5 + ["val"] * 2 + ["test"] * 2, 40)
    path = tmp_path / "datasets" / "toy"
    write(path, np.repeat(np.arange(40), 9), item, split, np.ones(30), np.arange(30) % 3)
    trained(tmp_path, "base", method="base", epochs=1)
    artifact = scored(tmp_path, "base")
    recs, targets = artifact.read("recommendations.parquet"), artifact.read("targets.parquet")
    assert len(targets["user"]) == 80
    assert len(set(zip(recs["user"], recs["rank"], strict=True))) == len(recs["user"]) == 400
    listed = {(u, i): r for u, i, r in zip(recs["user"], recs["item"], recs["rank"], strict=True)}
    for user, target, rank in zip(*(targets[n] for n in ("user", "item", "rank")), strict=True):
        assert listed.get((user, target)) == (rank if rank <= 10 else None)
