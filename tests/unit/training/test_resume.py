"""Going on after an end that came too early: longer runs, full disks, losses that broke."""

import itertools
import json
import resource
from pathlib import Path

import pytest
import torch

from mobench.artifacts import Artifact, partial
from mobench.errors import ArtifactError, ConfigError, TrainingError
from mobench.training import loop as loop_module
from mobench.training import run as run_module
from mobench.training.noise import Noise
from mobench.training.run import resume, train, up_to_date
from mobench.training.state import TrainState
from tests.unit.training.helpers import finish, make_plan, trained
from tests.unit.training.test_run import content, interrupted, stopped

STEPS = 19
"""Of an epoch on the planted data in batches of 64."""
METHODS = {
    "base": {"method": "base"},
    "draw": {},
    "reweight": {"sampler_mode": "reweight"},
    "guard": {"keep_accuracy": 0.97},
}


def start_of(name: str, base: Path) -> Path | None:
    return None if name == "base" else base


@pytest.mark.parametrize("name", METHODS)
def test_an_unfinished_run_can_be_made_longer(root, base, name):
    whole = content(trained(root, f"long-{name}", start_of(name, base), epochs=5, **METHODS[name]))
    begun = make_plan(root, f"longer-{name}", start_of(name, base), epochs=3, **METHODS[name])
    interrupted(train(begun), after=STEPS + 8)
    longer, records = resume(begun.path, epochs=5)
    run = finish(records)[1]
    assert content(run) == whole
    assert run.manifest.config["epochs"] == 5
    wanted = make_plan(root, longer.path.name, start_of(name, base), epochs=5, **METHODS[name])
    assert up_to_date(wanted)


@pytest.mark.parametrize("name", METHODS)
def test_a_finished_run_that_kept_its_state_can_be_made_longer(root, base, name):
    values = METHODS[name] | {"keep_state": True}
    whole = content(trained(root, f"far-{name}", start_of(name, base), epochs=5, **METHODS[name]))
    short = trained(root, f"near-{name}", start_of(name, base), epochs=3, **values)
    before = short.digest
    records = resume(short.path, epochs=5, into=root / "runs" / f"further-{name}")[1]
    interrupted(records, after=STEPS + 4)
    run = finish(resume(root / "runs" / f"further-{name}")[1])[1]
    assert content(run) == whole
    assert Artifact.open(short.path).digest == before
    assert (run.path / "resume.pt").is_file()
    short.verify()
    run.verify()


def test_a_state_is_kept_only_where_asked_for(root, base):
    kept, plain = (
        trained(root, f"keeps-{keep}", base, epochs=1, keep_state=keep) for keep in (True, False)
    )
    assert "resume.pt" in {entry.path for entry in kept.manifest.files}
    assert not {p.name for p in plain.path.iterdir()} & {"resume.pt", "resume.tmp", "lock"}
    assert content(kept) == content(plain)
    assert kept.manifest.identity == plain.manifest.identity
    with pytest.raises(ArtifactError, match="kept no state") as error:
        resume(plain.path, epochs=2, into=root / "runs" / "never")
    assert "keep_state=true" in error.value.hint
    for wishes in ({}, {"epochs": 2}, {"into": root / "runs" / "never"}):
        with pytest.raises(ConfigError, match="is finished"):
            resume(kept.path, **wishes)
    assert not (root / "runs" / "never.partial").exists()


def test_fewer_epochs_than_were_trained_are_refused(root, base):
    begun = make_plan(root, "fewer", base, epochs=4)
    interrupted(train(begun), after=2 * STEPS + 4)
    with pytest.raises(ConfigError, match="--epochs 1 is less than the 2 that the run has"):
        finish(resume(begun.path, epochs=1)[1])
    run = finish(resume(begun.path, epochs=2)[1])[1]
    assert content(run) == content(trained(root, "fewer-2", base, epochs=2))


def test_a_run_whose_settings_were_tried_keeps_its_epochs(root):
    begun = make_plan(root, "tried", method="base", tries=2, epochs=2)
    interrupted(train(begun), after=2 * 2 * STEPS + STEPS + 4)
    with pytest.raises(ConfigError, match="--epochs does not go with --resume of a run with"):
        resume(begun.path, epochs=3)
    assert finish(resume(begun.path, epochs=2)[1])[1].manifest.results["epochs_run"] == 2


def test_an_unfinished_run_has_its_name(root, base):
    begun = make_plan(root, "named", base, epochs=2)
    interrupted(train(begun), after=4)
    with pytest.raises(ConfigError, match="--name does not go with --resume of an unfinished run"):
        resume(begun.path, epochs=3, into=root / "runs" / "renamed")


def breaking(monkeypatch, at: int) -> None:
    """Make the loss NaN from the given step of the process on."""
    steps, plain = itertools.count(1), loop_module.make_step

    def broken(state: TrainState, loop):
        step = plain(state, loop)

        def call(data, batch):
            row = step(data, batch)
            if next(steps) >= at:
                row[0] = torch.nan
            return row

        return call

    monkeypatch.setattr(loop_module, "make_step", broken)


@pytest.mark.parametrize("interrupt", [False, True])
def test_a_loss_that_breaks_leaves_the_last_good_epochs(root, base, monkeypatch, interrupt):
    """They can be published, as the bytes of a run that never went further."""
    name = f"breaks-{interrupt}"
    todo = make_plan(root, name, base, epochs=6)
    records = train(todo)
    if interrupt:  # a state in the middle of the epoch that will break
        interrupted(records, after=3 * (STEPS + 1) + 2)
        records = resume(todo.path)[1]
    breaking(monkeypatch, at=2 if interrupt else 3 * STEPS + 5)
    with pytest.raises(TrainingError, match="loss became nan at epoch 4, step 5 ") as error:
        finish(records)
    assert "(objective 'acc', β " in error.value.message
    assert error.value.message.endswith("; epochs 1 to 3 are kept")
    command = f"mobench train --resume {partial(todo.path)} --epochs 3"
    assert error.value.hint.startswith(f"publish the best of them with '{command}', or start over")
    monkeypatch.undo()
    run = finish(resume(partial(todo.path), epochs=3)[1])[1]
    assert content(run) == content(trained(root, f"{name}-3", base, epochs=3))


def test_a_loss_that_breaks_at_once_leaves_nothing_to_publish(root, base, monkeypatch):
    breaking(monkeypatch, at=4)
    todo = make_plan(root, "broken", base, epochs=2)
    with pytest.raises(TrainingError, match=r"epoch 1, step 4 .*; no epoch was completed") as error:
        finish(train(todo))
    assert error.value.hint == "start over with a lower --set learning_rate=…."
    assert up_to_date(todo) is None


def test_ctrl_c_does_not_save_what_is_broken(root, base, monkeypatch):
    """A step may break between two looks at the losses; the good state before it must stay."""
    todo = make_plan(root, "late", base, epochs=3, log_every=1000)
    breaking(monkeypatch, at=STEPS + 3)
    with pytest.raises(TrainingError, match="epoch 2, step 3"):
        stopped(train(todo), after=STEPS + 6)
    monkeypatch.undo()
    assert content(finish(resume(todo.path, epochs=1)[1])[1]) == content(
        trained(root, "early", base, epochs=1)
    )


class SmallFiles:
    """No file may grow beyond so many bytes while it is open."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def __enter__(self) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (self.size, self.before[1]))

    def __exit__(self, *_: object) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, self.before)


def test_a_state_that_does_not_fit_leaves_the_one_before(root, base):
    todo = make_plan(root, "full", base, epochs=4)
    records, saved = train(todo), partial(todo.path) / "resume.pt"
    next(records), next(records)
    before = saved.read_bytes()
    with SmallFiles(1000), pytest.raises(ArtifactError, match="File too large") as error:
        next(records)
    assert error.value.hint.endswith(
        f"then go on with 'mobench train --resume {partial(todo.path)}'."
    )
    assert saved.read_bytes() == before
    assert not saved.with_suffix(".tmp").exists()
    run = finish(resume(todo.path)[1])[1]
    assert content(run) == content(trained(root, "roomy", base, epochs=4))


@pytest.mark.parametrize("size", [10, 700, 5000, 20_000])
def test_a_run_that_cannot_be_published_is_not_lost(root, base, monkeypatch, size):
    """Whatever file the disk refuses at the end, no epoch has to be trained again."""
    todo = make_plan(root, f"unpublished-{size}", base, epochs=2)
    plain = run_module.publish

    def refused(*args, **settings):
        with SmallFiles(size):
            return plain(*args, **settings)

    monkeypatch.setattr(run_module, "publish", refused)
    with pytest.raises(ArtifactError, match="File too large") as error:
        finish(train(todo))
    assert "go on with 'mobench train --resume" in error.value.hint
    assert not todo.path.exists()
    monkeypatch.undo()
    monkeypatch.setattr(loop_module, "make_step", None)  # nothing is trained
    run = finish(resume(todo.path)[1])[1]
    monkeypatch.undo()
    assert content(run) == content(trained(root, f"published-{size}", base, epochs=2))


def test_the_seconds_of_an_epoch_count_all_its_parts(root, base, monkeypatch):
    """A clock that moves by one second per step shows every step once, however often we stop."""
    now = [0.0]
    monkeypatch.setattr(loop_module.time, "perf_counter", lambda: now[0])
    plain = loop_module.make_step

    def slow(state, loop):
        step = plain(state, loop)

        def call(data, batch):
            now[0] += 1
            return step(data, batch)

        return call

    monkeypatch.setattr(loop_module, "make_step", slow)
    todo = make_plan(root, "timed", base, epochs=2)
    interrupted(train(todo), after=5)
    now[0] += 1000  # nobody trains in between
    interrupted(resume(todo.path)[1], after=6)
    now[0] += 1000
    run = finish(resume(todo.path)[1])[1]
    assert run.read("history.parquet")["seconds"].tolist() == [0, STEPS, STEPS]
    assert run.manifest.results["seconds_per_epoch"] == STEPS


def test_a_state_of_another_make_is_refused(root, base):
    begun = make_plan(root, "older", base, epochs=2)
    interrupted(train(begun), after=3)
    saved = partial(begun.path) / "resume.pt"
    state = torch.load(saved, weights_only=True)
    state.pop("seconds")
    torch.save(state, saved)
    with pytest.raises(ArtifactError, match="cannot be resumed"):
        finish(resume(begun.path)[1])


def test_config_json_names_the_longer_run(root, base):
    begun = make_plan(root, "noted", base, epochs=2)
    interrupted(train(begun), after=3)
    interrupted(resume(begun.path, epochs=4)[1], after=3)
    note = json.loads((partial(begun.path) / "config.json").read_text())
    assert note["asked"]["epochs"] == note["config"]["epochs"] == 4
    assert finish(resume(begun.path)[1])[1].manifest.results["epochs_run"] == 4


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_a_run_on_the_cpu_leaves_a_gpu_alone(monkeypatch, device):
    numbers = []
    monkeypatch.setattr(torch.cuda, "get_rng_state", lambda: torch.arange(3))
    monkeypatch.setattr(torch.cuda, "set_rng_state", numbers.append)
    monkeypatch.setattr(torch.cuda, "manual_seed", numbers.append)
    noise = Noise(device)
    noise.reseed(1, "here")
    state = noise.state_dict()
    first = torch.rand(3)
    noise.load_state_dict(state)
    assert torch.equal(torch.rand(3), first)
    assert (set(state), len(numbers)) == (({"cpu"}, 0) if device == "cpu" else ({"cpu", "cuda"}, 2))
