"""What reaches a model that reads histories, and what its losses are averages of."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from mobench.config import TrainConfig, build
from mobench.data.dataset import Interactions
from mobench.data.sequences import Sequences
from mobench.models import MF, Histories, SASRec, fresh, histories
from mobench.training.batches import Rows, Scorer
from mobench.training.data import TrainData
from mobench.training.negatives import Seen
from mobench.training.run import resume, train
from mobench.training.sampler import Masses
from mobench.training.windows import HistoryRows, Positions
from tests.unit.training.helpers import finish, make_plan, trained
from tests.unit.training.test_run import content, interrupted

N_ITEMS = 15


class Known:
    """Negatives that depend on the user alone, so that every route sees the same."""

    def draw(self, users, n):
        return (users.unsqueeze(1) * 5 + 3 * torch.arange(n)) % N_ITEMS


def sequences(lengths) -> Sequences:
    user = np.repeat(np.arange(len(lengths)), lengths).astype(np.int32)
    item = np.random.default_rng(1).integers(0, N_ITEMS, len(user)).astype(np.int32)
    return Sequences.of([Interactions(user, item, np.arange(len(user)))], len(lengths))


def train_data(rows: Sequences) -> TrainData:
    users = torch.from_numpy(np.repeat(np.arange(len(rows.starts) - 1), np.diff(rows.starts)))
    items = torch.from_numpy(rows.items)
    counts = torch.bincount(items, minlength=N_ITEMS)
    return TrainData(users, items, counts, Seen(users, items, len(rows.starts), N_ITEMS), "cpu")


def scorer(kind, rows: Sequences, max_length: int) -> Scorer:
    """A model in float64 with weights that matter, without dropout."""
    settings = {"embedding_size": 4, "max_length": max_length, "dropout": 0.0}
    model = fresh(kind, len(rows.starts) - 1, N_ITEMS, build(TrainConfig, settings)).double()
    with torch.no_grad():
        for index, parameter in enumerate(model.parameters()):
            generator = torch.Generator().manual_seed(index)
            parameter.copy_(torch.randn(parameter.shape, generator=generator))
    return Scorer(model, train_data(rows), Known(), 3)


def source_of(form, rows: Sequences, max_length: int):
    if form is Rows:
        return Rows()
    return form(rows, Histories.load(rows, N_ITEMS, max_length, "cpu"))


def gradients(scorer: Scorer, loss) -> dict[str, torch.Tensor]:
    names, parameters = zip(*scorer.model.named_parameters(), strict=True)
    found = torch.autograd.grad(loss, parameters, allow_unused=True)
    pairs = zip(names, found, parameters, strict=True)
    return {name: torch.zeros_like(p) if g is None else g for name, g, p in pairs}


LENGTHS = st.lists(st.integers(0, 8), min_size=1, max_size=6).filter(any)


@given(LENGTHS, st.integers(1, 5), st.integers(1, 7))
def test_a_history_is_what_came_before_and_nothing_else(lengths, most, width):
    rows = sequences(lengths)
    found = Histories.load(rows, N_ITEMS, most, "cpu")
    for user, (start, end) in enumerate(itertools.pairwise(rows.starts)):
        for row in range(start, end):
            past = rows.items[start:row].tolist()[-width:]
            want = [N_ITEMS] * (width - len(past)) + past
            assert found.before(torch.tensor([row]), width)[0].tolist() == want
            assert rows.lengths(most)[row] == min(most, row - start)
        past = rows.items[start:end].tolist()[-width:]
        want = [N_ITEMS] * (width - len(past)) + past
        assert found.last(torch.tensor([user]), width)[0].tolist() == want


@pytest.mark.parametrize("form", [HistoryRows, Positions])
def test_classes_of_widths_change_no_loss(form, monkeypatch):
    lengths = [1, 2, 3, 5, 9, 4, 7, 2]
    rows = sequences(lengths)
    many = scorer(SASRec, rows, 6)
    got = []
    for widths in ((), (1, 2, 4)):
        monkeypatch.setattr(histories, "WIDTHS", widths)
        source = source_of(form, rows, 6)
        n = len(rows.items) if form is HistoryRows else len(source.ends)
        ids = torch.randperm(n, generator=torch.Generator().manual_seed(2))[: n - n % 2]
        batch = source.epoch(ids.view(1, 2, -1), many.data)[0]
        assert len({part.width for part in batch.windows or batch.parts}) >= (3 if widths else 1)
        got.append(source.losses(many, batch, None, pooled=False))
    assert torch.allclose(*got, atol=1e-9)
    assert got[0].min() > 0.1


def test_targets_of_a_window_are_predicted_from_the_items_before_them():
    """Each target of a chunk against the same chunk cut off right before it."""
    rows = sequences([5, 1, 8])
    many = scorer(SASRec, rows, 3)
    source = source_of(Positions, rows, 3)
    batch = source.epoch(torch.arange(len(source.ends)).view(1, 1, -1), many.data)[0]
    losses, targets = source.per_target(many, batch)
    assert sorted(targets.tolist()) == sources_targets(rows)
    window = {row: end for end in source.ends for row in chunk(rows, end)}
    for loss, row in zip(losses, targets.tolist(), strict=True):
        inside = [r - 1 for r in chunk(rows, window[row])]
        history = torch.from_numpy(rows.items[inside])[None]
        _, items = many.candidates(torch.tensor([row]))
        state = many.model.states(history)[:, inside.index(row - 1)]
        want = many.loss((state.unsqueeze(1) * many.model.items[items]).sum(2))
        assert torch.allclose(loss, want[0])


def sources_targets(rows: Sequences) -> list[int]:
    return [row for row in range(len(rows.items)) if row not in rows.starts]


def chunk(rows: Sequences, end: int) -> range:
    return range(max(end - 2, rows.first[end] + 1), end + 1)


@pytest.mark.parametrize(("kind", "form"), [(MF, Rows), (SASRec, HistoryRows), (SASRec, Positions)])
def test_reweight_has_the_exact_gradient_of_draw(kind, form):
    """Mean gradient of ``reweight`` over an epoch = Σ_r p(r) ∇ℓ_r, what ``draw`` samples.

    In mode positions both see the same history of a target where it is no longer than a window
    and positions count for nothing: there they are set to 0.
    """
    rows = sequences([3, 4, 2, 6])
    many, source = scorer(kind, rows, 6), source_of(form, rows, 6)
    if kind is SASRec:
        torch.nn.init.zeros_(many.model.encoder.positions)
    numbered = source.rows if form is Positions else np.arange(len(rows.items))
    masses = Masses.over(rows.items[numbered] % 3, np.array([0.2, 0.5, 0.3]))
    weights = torch.from_numpy(masses.row_weights())[None]
    assert weights.std() > 0.3

    drawn = torch.arange(len(numbered)).view(1, 1, -1)
    if form is Positions:  # block 0 holds windows, any of them
        drawn = torch.cat((torch.zeros_like(drawn), drawn), 1)
    batch = source.epoch(drawn, many.data)[0]
    per_row = source.per_row(many, batch.reshape(-1) if form is Rows else batch)
    share = torch.from_numpy(masses.now / masses.sizes)[torch.from_numpy(masses.row_group)]
    want = gradients(many, (share * per_row.reshape(-1)).sum())

    n = len(source.ends) if form is Positions else len(rows.items)
    epoch = source.epoch(torch.arange(n).view(-1, 1, n // (2 if n % 2 == 0 else 3)), many.data)
    spread = source.row_weights(weights, many.data)
    losses = [source.losses(many, epoch[i], spread, pooled=False)[1] for i in range(len(epoch))]
    got = gradients(many, torch.stack(losses).mean())
    for name in want.keys() - {"encoder.positions"}:
        assert torch.allclose(got[name], want[name], atol=1e-10), name
    assert max(float(g.abs().max()) for g in want.values()) > 0.01


def test_accuracy_in_positions_is_the_mean_over_all_targets():
    rows = sequences([3, 4, 2, 6])
    many, source = scorer(SASRec, rows, 2), source_of(Positions, rows, 2)
    epoch = source.epoch(torch.arange(len(source.ends)).view(-1, 1, 1), many.data)
    batches = [epoch[i] for i in range(len(epoch))]
    got = torch.stack([source.losses(many, b, None, pooled=True)[0] for b in batches]).mean()
    every = torch.cat([source.per_target(many, b)[0] for b in batches])
    assert len(every) == len(rows.items) - 4
    assert torch.allclose(got, every.mean())


def test_continue_pools_windows_and_drawn_rows_as_blocks():
    rows = sequences([3, 4, 2, 6])
    many, source = scorer(SASRec, rows, 3), source_of(Positions, rows, 3)
    batch = source.epoch(torch.tensor([[[0, 1], [3, 5], [7, 2]]]), many.data)[0]
    blocks = source.losses(many, batch, None, pooled=False)
    assert blocks.shape == (3,)
    assert torch.allclose(source.losses(many, batch, None, pooled=True), blocks.mean())


VARIANTS = {
    "base": ({"method": "base"}, "positions"),
    "draw": ({}, "positions"),
    "rows": ({"objectives": ("rev",)}, "rows"),
    "reweight": ({"sampler_mode": "reweight"}, "positions"),
}
SMALL = {"backbone": "sasrec", "embedding_size": 8, "max_length": 4, "n_blocks": 1, "epochs": 2}


@pytest.fixture(scope="module")
def bases(root):
    """A base for each kind of target, learned with dropout."""
    return {
        targets: trained(root, f"sas-{targets}", method="base", targets=targets, **SMALL).path
        for targets in ("positions", "rows")
    }


@pytest.mark.parametrize("name", VARIANTS)
def test_same_seed_same_bytes_also_when_interrupted(root, bases, name):
    values, targets = VARIANTS[name]
    base = None if name == "base" else bases[targets]
    values = {**SMALL, "targets": targets, **values}
    whole = content(trained(root, f"sas-{name}-1", base, **values))
    plan = make_plan(root, f"sas-{name}-2", base, **values)
    interrupted(train(plan), after=plan.steps_per_epoch + 1)
    torch.rand(5)  # somebody else draws from the global stream
    assert whole == content(finish(resume(plan.path)[1])[1])


def test_an_unset_setting_is_the_backbones_a_set_one_the_users(root, bases):
    plan = make_plan(root, "never", method="base", **SMALL)
    assert plan.config.n_negatives == 3
    assert plan.steps_per_epoch == -(-120 * 3 // 64)  # 10 rows of a user: 4 + 4 + 1 targets
    assert make_plan(root, "never", method="base", n_negatives=7, **SMALL).config.n_negatives == 7
    assert make_plan(root, "never", method="base").config.n_negatives == 10
    morec = make_plan(root, "never", bases["rows"], backbone="sasrec")
    assert (morec.config.n_negatives, morec.config.targets) == (3, "rows")
