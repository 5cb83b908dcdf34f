"""The set of runs behind ``mobench train --front`` and ``--seeds``: done, shown, and summed up."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mobench.cli.advice import eval_many
from mobench.cli.console import Output
from mobench.cli.crew import outcomes
from mobench.cli.members import Asked, Front, Member, arrange, by_seed, listed
from mobench.cli.task import Outcome, Task
from mobench.cli.views.front import Board, dry_run_lines, header, summed
from mobench.cli.wishes import shares_tries
from mobench.errors import ConfigError, Interrupted, MobenchError


def train_front(out: Output, asked: Asked, *, jobs: int, dry_run: bool) -> None:
    """Train what is missing of a set of runs.

    Raises:
        Interrupted: Ctrl-C; the same command goes on.
        MobenchError: A run failed: the failure with the largest exit code, all others done.
    """
    if jobs > 1 and asked.configs[0].batched == "on":
        raise ConfigError("batched=on does not go with --jobs", "one process trains all at once.")
    front = arrange(asked)
    check_joinable(asked, front)
    out.show(*header(front), "")
    if dry_run:
        out.show(*dry_run_lines(front))
        runs = [listed(each, fresh=not each.done) for each in front.members]
        bases = [listed(each, fresh=not each.done) for each in front.bases]
        out.done(artifact=None, members=runs, bases=bases)
        return
    work = Work(out, asked, front, jobs)
    try:
        work.do()
    except (Interrupted, KeyboardInterrupt) as stop:
        total = len(front.members)
        done = sum(each.plan.path in work.found for each in front.members)
        again = " without --force" if asked.force else ""
        raise Interrupted(
            f"interrupted, {done} of {total} runs are done and what was begun is saved",
            f"go on with the same command{again}.",
            facts=work.facts(),
        ) from stop
    finish(out, work)


def check_joinable(asked: Asked, front: Front) -> None:
    """Refuse what cannot be trained at once.

    Raises:
        ConfigError: That was asked for in so many words.
    """
    from mobench.training.run_together import joinable

    plan = front.members[0].plan
    if asked.configs[0].batched == "on" and not joinable(plan):
        raise ConfigError(
            f"batched=on: {plan.config.method} on {plan.config.backbone} with"
            f" {plan.config.optimizer} cannot be trained at once",
            "it is for base, continue and morec on mf with adam; leave it out.",
        )


@dataclass
class Work:
    """What is to be done, and what became of it so far.

    Attributes:
        found: What became of the runs, by path.
        trials: Settings tried, by seed.
    """

    out: Output
    asked: Asked
    front: Front
    jobs: int
    found: dict[Path, Outcome] = field(default_factory=dict)
    trials: dict[int, list[dict[str, Any]]] = field(default_factory=dict)

    def do(self) -> None:
        """Make the bases, then try settings once per seed, then train."""
        front = self.front
        with Board(self.out, front) as board:
            for each in (*front.bases, *front.members):
                if each.done:
                    self.note(board, each, before(each))
            self.run(board, front.bases, force=False)
            if shares_tries(front.members[0].plan.config):
                self.run(board, self.leaders(), force=self.asked.force, tries_only=True)
            self.run(board, front.members, force=self.asked.force)

    def run(
        self, board: Board, members: Sequence[Member], *, force: bool, tries_only: bool = False
    ) -> None:
        """Do what is left of the members and does not rest on what failed."""
        for each in members:
            if each.plan.path not in self.found and (why := self.in_vain(each)):
                self.note(board, each, Outcome({}, fresh=False, error=why))
        left = [each for each in members if each.plan.path not in self.found]
        tasks = [self.task(each, force=force, tries_only=tries_only) for each in left]
        jobs = 0 if self.batched(left) and not tries_only else self.jobs
        for number, outcome in outcomes(tasks, jobs, board.looking(left)):
            each = left[number]
            if tries_only and not outcome.error:
                self.trials[each.seed] = outcome.results["trials"]
                board.tried(each, outcome)
            else:
                self.note(board, each, outcome)

    def task(self, member: Member, *, force: bool, tries_only: bool) -> Task:
        """Return what is to be done for a run; processes side by side have one thread each."""
        config = member.plan.config
        if self.jobs > 1 and not config.threads:
            config = config.model_copy(update={"threads": 1})
        trials = self.trials.get(member.seed, ()) if shares_tries(config) else ()
        path, dataset = member.plan.path, self.asked.dataset
        return Task(config, dataset, member.base, path, force, tries_only, trials)

    def batched(self, members: Sequence[Member]) -> bool:
        """Return whether runs are trained at once, as one model."""
        from mobench.training.run_together import joinable

        plans = [each.plan for each in members]
        bases = [each.plan.path for each in self.front.bases]
        wished = self.asked.configs[0].batched
        wanted = "auto" if any(each.plan.path in bases for each in members) else wished
        pays = wanted == "on" or (wanted == "auto" and any(p.device == "cuda" for p in plans))
        return pays and self.jobs == 1 and all(map(joinable, plans))

    def leaders(self) -> list[Member]:
        """Return the runs for which settings are tried: one of each seed that has no trials yet."""
        from mobench.training.run import recorded
        from mobench.training.tune import settings

        found = []
        for members in by_seed(self.front.members):
            left = [each for each in members if not each.done]
            wanted = len(settings(members[0].plan.config))
            known = [] if self.asked.force else [recorded(each.plan.path) for each in members]
            if full := [trials for trials in known if len(trials) == wanted]:
                self.trials[members[0].seed] = full[0]
            elif left:
                found.append(next((each for each in left if each.begun), left[0]))
        return found

    def note(self, board: Board, member: Member, outcome: Outcome) -> None:
        """Remember and show what became of a run."""
        self.found[member.plan.path] = outcome
        board.add(member, outcome)

    def in_vain(self, member: Member) -> MobenchError | None:
        """Return why a run cannot begin: its base failed, or the search for its settings."""
        leaders = [each.plan.path for each in self.front.members if each.seed == member.seed]
        base = self.found.get(member.base) if member.base else None
        if base and base.error:
            return type(base.error)(f"its base failed: {base.error.message}", base.error.hint)
        if not shares_tries(member.plan.config) or member.seed in self.trials:
            return None
        errors = [self.found[path].error for path in leaders if path in self.found]
        return next((error for error in errors if error), None)

    def fresh(self, members: Sequence[Member]) -> int:
        """Return how many of the runs were made now."""
        return sum(self.found[each.plan.path].fresh for each in members)

    def facts(self) -> dict[str, Any]:
        """Return what ``--json`` says of the runs, those that were not reached included."""
        return {
            "members": [self.fact(each) for each in self.front.members],
            "bases": [self.fact(each) for each in self.front.bases],
        }

    def fact(self, member: Member) -> dict[str, Any]:
        """Return what ``--json`` says of a run."""
        outcome = self.found.get(member.plan.path)
        if outcome is None or outcome.error:
            error = outcome and outcome.error
            said = {"type": type(error).__name__, "message": error.message} if error else None
            return listed(member, artifact=None, error=said)
        facts = {"artifact": member.plan.path, "fresh": outcome.fresh, "results": outcome.results}
        return listed(member, **facts)


def before(member: Member) -> Outcome:
    """Return the outcome of a run that was there already."""
    from mobench.artifacts import Artifact

    return Outcome(Artifact.open(member.plan.path).manifest.results, fresh=False)


def finish(out: Output, work: Work) -> None:
    """Sum up and name the next command.

    Raises:
        MobenchError: A run failed.
    """
    runs = [*work.front.bases, *work.front.members]
    errors = [error for each in runs if (error := work.found[each.plan.path].error)]
    made, failed = work.fresh(runs), len(errors)
    out.show("", summed(made, len(runs) - made - failed, failed, out.seconds))
    if errors:
        worst = max(errors, key=lambda error: error.exit_code)
        failure = type(worst)(f"{failed} of {len(runs)} runs failed; {worst.message}", worst.hint)
        failure.facts = work.facts()
        raise failure
    bases = dict.fromkeys(each.base for each in work.front.members if each.base)
    out.next(eval_many([*bases, *(each.plan.path for each in work.front.members)]))
    out.done(**work.facts())
