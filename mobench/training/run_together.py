"""From many plans to as many run artifacts, trained at once as one model."""

import dataclasses
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

import torch

from mobench.artifacts import Artifact, Draft
from mobench.errors import ConfigError, MobenchError
from mobench.models import MF
from mobench.training.data import TrainData, objectives
from mobench.training.interrupt import StopRequest
from mobench.training.loop import Loop, Track, no_track
from mobench.training.plan import Plan
from mobench.training.publish import publish
from mobench.training.resume import begun_for
from mobench.training.run import open_draft, settle
from mobench.training.saving import Saver
from mobench.training.start import Judged, begin, judge_base, make_loop, make_model
from mobench.training.state import Row
from mobench.training.together import Mate, fit_together
from mobench.training.tune import NOTES

OWN = ("seed", "preference", "aux_weight", "slack", "sampler_step", "learning_rate", "weight_decay")
"""Settings in which runs that are trained at once may differ."""
BYTES = 24
"""Of a parameter: weights, their gradient, two moments, and the best and first weights."""


def joinable(plan: Plan) -> bool:
    """Return whether a run can be trained at once with others: each loss is a block's mean."""
    config = plan.config
    fits = plan.kind is MF and not plan.vectors and config.optimizer == "adam"
    trained = config.method != "popularity"
    return fits and trained and not (config.solver or config.uses_substitutes)


def together(plans: Sequence[Plan]) -> list[list[int]]:
    """Return which plans are trained at once: alike, and no more than memory holds.

    Args:
        plans: Runs that can be joined.
    """
    groups: dict[str, list[int]] = {}
    for place, plan in enumerate(plans):
        shape = {n: v for n, v in plan.config.model_dump(mode="json").items() if n not in OWN}
        key = json.dumps([shape, plan.device, plan.dataset.artifact.digest])
        groups.setdefault(key, []).append(place)
    most = {key: room(plans[places[0]]) for key, places in groups.items()}
    return [
        places[start : start + most[key]]
        for key, places in groups.items()
        for start in range(0, len(places), most[key])
    ]


def room(plan: Plan) -> int:
    """Return how many such runs half of the memory holds, at least 1."""
    if plan.device == "cuda":
        there = torch.cuda.mem_get_info()[0]
    else:
        there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(1, there // 2 // (BYTES * plan.n_parameters))


def train_together(
    plans: Sequence[Plan],
    *,
    replace: bool = False,
    track: Track = no_track,
    trials: Sequence[Sequence[Row]] = (),
) -> Iterator[tuple[int, Artifact | MobenchError]]:
    """Train runs at once, and go on with those that were begun.

    Args:
        plans: What to do, all of one group of ``together``; none is finished.
        replace: Begin anew whatever is there.
        track: As in ``run.train``.
        trials: Settings that were tried for each already.

    Yields:
        The number of each run as it ends, with the artifact or what went wrong.

    Raises:
        Interrupted: Ctrl-C; all were saved.
        ConfigError: One was begun in native code, which cannot be joined.
    """
    common = Common(TrainData.load(plans[0].dataset, plans[0].device))
    shared = [dataclasses.replace(plan, dataset=plans[0].dataset) for plan in plans]
    with ExitStack() as stack:
        stop, runs = stack.enter_context(StopRequest()), []
        for place, asked in enumerate(shared):
            found = None if replace else begun_for(asked)
            draft = stack.enter_context(open_draft(asked, found, replace=replace))
            if trials and trials[place] and not found:
                draft.write_text(NOTES, json.dumps(list(trials[place])))
            plan, tried = settle(draft, asked, track, stop)
            mate = start(plan, draft, common)
            mate.state.batched = len(plans)
            if found:
                go_on(mate)
            runs.append((mate, draft, plan, tried, replace or bool(found and found.replace)))
        mates = [mate for mate, *_ in runs]
        for mate in fit_together(mates, track, stop):
            place = mates.index(mate)
            _, draft, plan, tried, again = runs[place]
            if mate.error:
                yield place, mate.error
                continue
            with mate.saver.explained():
                artifact = publish(draft, plan, mate.state, tried, replace=again)
            yield place, artifact


@dataclass
class Common:
    """What runs share and so is there once.

    Attributes:
        data: The train split on the device.
        loops: What the loop works with, by seed.
        judged: What is known of each base, by seed and weights.
    """

    data: TrainData
    loops: dict[int, Loop] = field(default_factory=dict)
    judged: dict[tuple[int, str], Judged] = field(default_factory=dict)


def start(plan: Plan, draft: Draft, common: Common) -> Mate:
    """Return a run before its first step."""
    config, seed = plan.config, plan.config.seed
    if seed not in common.loops:
        common.loops[seed] = make_loop(plan, common.data)
    goals = objectives(plan.dataset, config)
    loop = dataclasses.replace(common.loops[seed], config=config, objectives=goals)
    key = seed, plan.base.digest if plan.base else ""
    if plan.base and key not in common.judged:
        common.judged[key] = judge_base(plan, loop, make_model(plan))
    state = begin(plan, loop, common.judged.get(key))
    state.engine = "torch"
    return Mate(state, loop, Saver(state, draft.work / "resume.pt"))


def go_on(mate: Mate) -> None:
    """Continue from what was saved.

    Raises:
        ConfigError: It was begun in native code.
    """
    mate.saver.load(mate.loop.config.max_epochs)
    if mate.state.engine != "torch":
        raise ConfigError(
            f"'{mate.saver.path.parent}' was begun alone, in native code",
            "go on with --set batched=off.",
        )
