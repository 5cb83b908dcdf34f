"""The benchmarks at tiny sizes: their arithmetic, their data, and each script as a process."""

import importlib.util
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from mobench.config import TrainConfig, build
from mobench.data.dataset import Dataset
from tests.synthetic import planted

FOLDER = Path(__file__).parents[2] / "benchmarks"


def load(name: str) -> ModuleType:
    return importlib.import_module(name)


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))


def run(script: str, *arguments: str) -> str:
    command = [sys.executable, str(FOLDER / script), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def tables(printed: str) -> list[dict[str, list[str]]]:
    """Return the Markdown tables: cells of each row by its first one; the head is ''."""
    found: list[dict[str, list[str]]] = []
    before = ""
    for line in printed.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ---"):
            found[-1][""] = found[-1].pop(next(iter(found[-1])))
        elif line.startswith("|") and not before.startswith("|"):
            found.append({cells[0]: cells[1:]})
        elif line.startswith("|"):
            found[-1][cells[0]] = cells[1:]
        before = line
    return found


def numbers(cells: list[str]) -> list[float]:
    return [float(cell.split(" ")[0].replace(",", "")) for cell in cells]


def check_ratios(table: dict[str, list[str]], first: int, clocks: tuple[int, ...]) -> None:
    """Compare the ratios of a table of one round with its own seconds and rates.

    ``first`` is the first column of ratios, ``clocks`` the column of seconds behind each of them.
    """
    for place, clock in enumerate(clocks, first):
        over = numbers(table[table[""][place].partition(" × ")[2]])
        assert over[place] == 1
        for name, cells in table.items():
            if name:
                mine = numbers(cells)
                units, over_units = mine[1] * mine[2], over[1] * over[2]
                expected = (mine[clock] / units) / (over[clock] / over_units)
                assert mine[place] == pytest.approx(expected, rel=0.05), name


def test_every_round_has_every_way_and_another_one_begins() -> None:
    rounds = load("bench_rounds")
    order: list[str] = []

    def way(name: str) -> object:
        return lambda: order.append(name) or rounds.Sample(1.0, len(order), 1.0)

    samples = rounds.play({name: way(name) for name in "abc"}, 4)
    assert "".join(order) == "abcbcacababc"
    assert [turn.cpu for turn in samples["a"]] == [1, 6, 8, 10]


def test_ratios_are_per_unit_and_of_the_same_round() -> None:
    rounds = load("bench_rounds")
    sample = rounds.Sample
    samples = {
        "slow": [sample(4.0, 2.0, 10.0), sample(9.0, 9.0, 10.0), sample(8.0, 8.0, 10.0)],
        "quick": [sample(1.0, 1.0, 20.0), sample(3.0, 1.0, 20.0), sample(2.0, 2.0, 20.0)],
    }
    assert rounds.ratios(samples, "slow", "quick") == [4, 18, 8]
    assert rounds.ratios(samples, "slow", "quick", "wall") == [8, 6, 8]
    lines = list(rounds.table(samples, "rows", ["quick"], ("cpu", "wall")))
    assert lines[0] == "| way | wall s | CPU s | rows/CPU s | CPU × quick | wall × quick |"
    assert lines[2] == "| slow | 8 (4–9) | 8 (2–9) | 1 | 8 (4–18) | 8 (6–8) |"
    assert lines[3] == "| quick | 2 (1–3) | 1 (1–2) | 20 | 1 (1–1) | 1 (1–1) |"
    assert samples["slow"][0].scaled(30.0) == sample(12.0, 6.0, 30.0)


def test_a_process_is_timed_with_what_it_burns(tmp_path: Path) -> None:
    rounds = load("bench_rounds")
    burn = "import time\nwhile time.process_time() < 0.3: pass\nprint('done')"
    sample, printed = rounds.timed_process([sys.executable, "-c", burn], tmp_path, 3)
    assert printed == "done\n"
    assert sample.units == 3
    assert 0.3 <= sample.cpu < 1
    nap = "import time; time.sleep(0.5)"
    sample, _ = rounds.timed_process([sys.executable, "-c", nap], tmp_path, 3)
    assert sample.wall > 0.5 > sample.cpu
    with pytest.raises(SystemExit, match="no such thing"):
        rounds.timed_process([sys.executable, "-c", "raise OSError('no such thing')"], tmp_path, 1)


def test_counts_that_differ_are_told() -> None:
    prep = load("bench_prep")
    counts = dict.fromkeys(prep.COUNTS, 7)
    assert "counts agree (2 ways): n_users 7" in prep.agreement({"a": counts, "b": dict(counts)})
    with pytest.raises(SystemExit, match="the counts differ"):
        prep.agreement({"a": counts, "b": {**counts, "n_items": 8}})


def read(path: Path) -> list[list[str]]:
    return [line.split(",") for line in path.read_text().splitlines()[1:]]


def test_the_data_are_seeded_skewed_and_in_random_order(tmp_path: Path) -> None:
    data = load("bench_data")
    paths = [tmp_path / name for name in ("a", "b", "c")]
    for path, seed in zip(paths, (1, 1, 2), strict=True):
        data.write_sparse(path, 4000, seed)
    assert paths[0].read_bytes() == paths[1].read_bytes() != paths[2].read_bytes()
    rows = read(paths[0])
    assert len(rows) == 4000
    items = sorted(Counter(row[1] for row in rows).values(), reverse=True)
    assert items[0] > 5 * items[len(items) // 2]
    assert len({(row[0], row[1]) for row in rows}) == 4000
    times = np.array([int(row[3]) for row in rows])
    assert abs(np.corrcoef(times, np.arange(4000))[0, 1]) < 0.1


def test_dense_data_are_distinct_pairs_with_metadata(tmp_path: Path) -> None:
    data = load("bench_data")
    data.write_dense(tmp_path / "a", tmp_path / "m", 4000, 1)
    rows = read(tmp_path / "a")
    assert len({(row[0], row[1]) for row in rows}) == len(rows) == 4000
    meta = (tmp_path / "m").read_text()
    assert all(row[1] in meta for row in rows[:50])


def core_by_hand(rows: list[list[str]]) -> tuple[int, int, int]:
    """Return users, items and pairs of the 5-core of the rows rated 3 or more."""
    pairs = {(user, item) for user, item, rating, _ in rows if float(rating) >= 3}
    while True:
        users, items = (Counter(pair[side] for pair in pairs) for side in (0, 1))
        kept = {(u, i) for u, i in pairs if users[u] >= 5 and items[i] >= 5}
        if kept == pairs:
            return len(users), len(items), len(pairs)
        pairs = kept


def test_prep(tmp_path: Path) -> None:
    printed = run("bench_prep.py", "--rows", "4000", "--rounds", "1")
    (table,) = tables(printed)
    check_ratios(table, 3, (1, 0))
    loops = {"polars window loop"}
    if importlib.util.find_spec("pandas"):
        loops.add("pandas loop")
    else:
        assert "left out: pandas loop" in printed
    assert "left out: RePlay on polars" in printed
    limits = {"read and rewrite", "read, filter, write integers", "SHA-256 of the file"}
    ours = {"mobench prep"}
    if importlib.util.find_spec("numba"):
        ours.add("mobench prep, numba")
    assert set(table) == {""} | ours | limits | loops
    load("bench_data").write_sparse(tmp_path / "rows", 4000, 1)
    users, items, pairs = core_by_hand(read(tmp_path / "rows"))
    assert users > 50
    wanted = f"n_users {users}, n_items {items}, n_train {pairs - 2 * users}"
    assert f"counts agree ({len(ours | loops)} ways): {wanted}, n_val {users}, n_" in printed
    assert printed.count("load average") == 2


def test_train() -> None:
    options = ["--data", "synthetic", "--rows", "12000", "--rounds", "1", "--steps", "3"]
    options += ["--batch-size", "256"]
    printed = run("bench_train.py", *options)
    table, costs = tables(printed)
    check_ratios(table, 3, (1, 1))
    ways = {name for name in table if name.startswith("mobench")}
    assert len(ways) == 6
    assert {"torch, vectorised", "torch DataLoader, 3 steps scaled"} < set(table)
    for module, label in (("implicit", "implicit BPR"), ("recbole", "RecBole BPR")):
        installed = importlib.util.find_spec(module) is not None
        assert installed == any(name.startswith(label) for name in table)
        assert installed != (f"left out: {label}" in printed)
    blocks = []
    for name in (way for way in ways if "morec" in way):
        epoch, positive, n = numbers(costs[name])
        assert epoch == pytest.approx(positive * n, rel=0.01)
        blocks.append(n)
    assert sorted(blocks) == [1, 2, 4]
    assert "batch 256, 10 negatives" in printed
    losses = dict(re.findall(r"^(.+): (0\.\d+)$", printed, re.MULTILINE))
    assert len(losses) == 4
    assert float(losses["mobench base"]) == pytest.approx(
        float(losses["torch, vectorised"]), rel=0.01
    )


def test_fronts() -> None:
    options = ["--scale", "synthetic", "--rows", "6000", "--rounds", "2", "--runs", "3"]
    printed = run("bench_fronts.py", *options, "--modes", "reweight")
    table, shares = tables(printed)
    ways = {"one run", "3 runs, alone", "3 runs, at once"}
    assert ways | {"one run, torch", "3 runs, alone, torch"} == set(table) - {""}
    assert numbers(shares["one run"])[:2] == [1, 1]
    units = {name: numbers(cells)[1] * numbers(cells)[2] for name, cells in table.items() if name}
    assert units["3 runs, at once"] == pytest.approx(3 * units["one run"], rel=0.3)
    assert "synthetic, cpu, mode reweight; load average" in printed


def test_gramian() -> None:
    options = ["--users", "300", "--items", "900", "--rows", "4000", "--batch-size", "64"]
    printed = run("bench_gramian.py", *options, "--rounds", "1", "--steps", "3")
    (table,) = tables(printed)
    ways, clocks = ["mgda in torch", "static in torch"], (1, 1)
    if importlib.util.find_spec("numba"):
        ways, clocks = [*ways, "mgda", "static", "one loss"], (1, 1, 1, 1)
    check_ratios(table, 3, clocks)
    names = {f"{name}, {kind}" for name in ways for kind in ("adam", "lazy-adam")}
    assert names | {"mgda, dense gradients, adam", "mgda in torch, no optimiser"} <= set(table)
    weights = [
        [float(weight) for weight in line.split(", ")]
        for line in re.findall(r"^weights of .+: (.+)$", printed, re.MULTILINE)
    ]
    assert len(weights) == 1 + len([way for way in ways if way.startswith("mgda")])
    for other in weights[1:]:
        assert other == pytest.approx(weights[0], abs=1e-4)
    assert sum(weights[0]) == pytest.approx(1, abs=1e-5)
    assert max(weights[0]) < 1


def test_sized_data_is_as_large_as_asked(tmp_path: Path) -> None:
    reviews, meta = tmp_path / "reviews.csv", tmp_path / "meta.jsonl"
    load("bench_data").write_sized(reviews, meta, (300, 90), 1500, 1)
    rows = read(reviews)
    assert len(rows) == len({(row[0], row[1]) for row in rows}) == 1500
    users, items = (Counter(row[side] for row in rows) for side in (0, 1))
    assert (len(users), len(items)) == (300, 90)
    assert min(users.values()) >= 3
    assert max(items.values()) > 5 * min(items.values())
    assert len(meta.read_text().splitlines()) == 90


def test_scale(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    script = load("bench_train")
    monkeypatch.setattr(script, "ELECTRONICS", (300, 90))
    monkeypatch.setattr(script, "ELECTRONICS_ROWS", 1500)
    given = ["bench_train.py", "--scale", "electronics", "--rounds", "2", "--batch-size", "128"]
    monkeypatch.setattr(sys, "argv", given)
    script.main()
    (table,) = tables(capsys.readouterr().out)
    blocks = {name: cells[0] for name, cells in table.items() if name}
    assert blocks == {
        f"morec, {mode}, {optimizer}": count
        for optimizer in ("adam", "lazy-adam")
        for mode, count in (("draw", "4"), ("reweight", "1"))
    }
    assert all(numbers(cells[2:])[0] > 0 for name, cells in table.items() if name)


def test_the_loop_by_hand_learns_what_mobench_learns(tmp_path: Path) -> None:
    data = planted(tmp_path / "data").path
    values = {"method": "base", "epochs": 5, "batch_size": 64, "learning_rate": 0.01}
    torch.manual_seed(0)
    mine = load("bench_train").Mobench(values, data, None, tmp_path / "run")
    plain = load("bench_peers").Plain(Dataset.load(data), build(TrainConfig, values), 3)
    for _ in range(5):
        mine.epoch()
        plain.epoch()
    losses = [row["loss"] for row in mine.state.history]
    assert losses[0] > losses[-1] + 0.2
    assert plain.losses == pytest.approx(losses, rel=0.1)
    assert mine.pairs == -(-120 * 10 // 64) * 64 * 10
    assert plain.pairs == 120 * 10 * 10


def test_the_loaders_negatives_are_unseen(tmp_path: Path) -> None:
    peers = load("bench_peers")
    plain = peers.Plain(Dataset.load(planted(tmp_path / "data").path), build(TrainConfig, {}), 3)
    users, items = next(iter(plain.loader()))
    assert items.shape == (512, 11)
    assert plain.seen[users, items[:, 0]].all()
    assert not plain.seen[users.unsqueeze(1), items[:, 1:]].any()


def test_eval() -> None:
    printed = run("bench_eval.py", "--users", "700", "--items", "900", "--rounds", "1")
    (table,) = tables(printed)
    check_ratios(table, 3, (1, 1))
    assert len(table) == 6 + (importlib.util.find_spec("implicit") is not None)
    found = re.findall(r"^(.+): (\d+) of 700 lists equal, hits (\d+|–)$", printed, re.MULTILINE)
    names, equal, hits = zip(*found, strict=True)
    assert set(equal) == {"700"}
    assert len(names) >= 3
    assert all(int(n) > 70 for n in hits[:3])
    assert len(set(hits[:3])) == 1
