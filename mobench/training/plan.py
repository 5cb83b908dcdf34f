"""What a training run will do, checked before anything is written."""

import os
from dataclasses import dataclass
from pathlib import Path

from mobench import RESULTS_VERSION
from mobench.artifacts import Artifact, existing, partial, short
from mobench.config import PRESETS, TrainConfig
from mobench.data.dataset import Dataset
from mobench.data.sequences import n_windows
from mobench.errors import ArtifactError, ConfigError
from mobench.manifest import Input
from mobench.models import Backbone, Listed, fresh, kind_of, n_parameters
from mobench.models.device import pick_device
from mobench.models.kinds import GIVEN
from mobench.training.architecture import as_input, code_of, settle
from mobench.training.data import by_positions, objectives
from mobench.training.fitting import check_backbone, check_fit
from mobench.training.inherit import inherit
from mobench.training.optimizer import make_optimizer
from mobench.training.rerank.candidate_file import CandidateFile
from mobench.training.rerank.given import check_listed, given_candidates
from mobench.training.rerank.search import check_search
from mobench.training.rivals import solver_of
from mobench.training.vectors import Vectors, read_vectors


@dataclass(frozen=True)
class Plan:
    """A run that can start: everything is read and checked.

    Attributes:
        dataset: The dataset.
        config: The resolved config (preset and base filled in).
        base: The base run, for methods that start from one.
        path: Where the run artifact goes.
        device: ``cpu`` or ``cuda``.
        vectors: What a base run is made of that is not trained.
        candidates: The same, where scores came in a file.
        code: The file of a backbone of one's own.
    """

    dataset: Dataset
    config: TrainConfig
    base: Artifact | None
    path: Path
    device: str
    vectors: Vectors | None = None
    candidates: CandidateFile | None = None
    code: Path | None = None

    @property
    def kind(self) -> type[Backbone]:
        """The class of the model."""
        return kind_of(self.config, self.code)

    @property
    def inputs(self) -> list[Input]:
        """What the run is made from."""
        base = [self.base.as_input("base")] if self.base else []
        vectors = [self.vectors.as_input()] if self.vectors else []
        vectors += [self.candidates.as_input()] if self.candidates else []
        code = [as_input(self.config, self.code)] if self.code else []
        return [self.dataset.artifact.as_input("dataset"), *base, *vectors, *code]

    @property
    def steps_per_epoch(self) -> int:
        """⌈N_train / B⌉, or ⌈windows / B⌉ where windows are what a batch counts."""
        n = len(self.dataset.splits["train"])
        if by_positions(self.kind, self.config):
            n = n_windows(self.dataset, self.config.max_length)
        return -(-n // self.config.batch_size)

    @property
    def n_parameters(self) -> int:
        """Size of the model."""
        if self.config.method == "popularity":
            return self.dataset.n_items
        dataset = self.dataset
        return n_parameters(self.kind, dataset.n_users, dataset.n_items, self.config)


def plan(
    config: TrainConfig,
    dataset_path: Path,
    base_path: Path | None,
    path: Path,
    *,
    vectors: Path | None = None,
    candidates: Path | None = None,
    first: Plan | None = None,
) -> Plan:
    """Read and check everything that a run needs; write nothing.

    Args:
        config: What the user set.
        dataset_path: A dataset artifact.
        base_path: A base run; needed by all methods that start from one.
        path: Where the run artifact will be.
        vectors: A file of vectors that a base run takes as they are.
        candidates: A file of scores that a base run takes as they are.
        first: The base run if it is still to be made; give it to the plan with ``replace``.

    Raises:
        ConfigError: Settings that contradict each other, the data or the base.
        DataError: The vectors cannot be used.
        ArtifactError: The dataset or the base is missing, incomplete, changed or of another kind.
    """
    device = pick_device(config.device)
    dataset = Dataset.load(dataset_path)
    if not len(dataset.splits["train"]) or not len(dataset.splits["val"]):
        raise ConfigError(
            f"'{dataset_path}' has no rows in train or val", "prepare with a smaller --k-core."
        )
    config = config.with_defaults(PRESETS[config.preset])
    _check_start(config, dataset_path, given=bool(base_path), coming=bool(first))
    check_fit(config)
    if candidates:
        config = config.with_defaults({"backbone": GIVEN})
    base = _base(base_path, dataset, config.seed) if base_path else None
    if base:
        config = inherit(config, base.manifest.config)
    if first:
        config = inherit(config, first.config.model_dump(mode="json"))
    code = code_of(config, partial(path), base.path if base else None)
    kind = kind_of(config, code)
    config = settle(config, kind)
    check_backbone(config, kind)
    _check_training(config, kind, candidates)
    given = _vectors(config, dataset, vectors) if vectors else None
    if given:
        config = config.with_defaults({"embedding_size": given.width})
    listed = given_candidates(config, dataset, candidates) if candidates else None
    if len(config.loss_names) > 1 or config.method == "rerank":
        for goal in objectives(dataset, config).values():
            goal.start_weights()
    found = Plan(dataset, config, base, path, device, given, listed, code)
    if config.solver:
        solver_of(config, found.steps_per_epoch)  # refuses what it cannot do
    _check_memory(found)
    return found


def _check_training(config: TrainConfig, kind: type[Backbone], scores: Path | None) -> None:
    """Refuse a backbone and settings of training, or of a search, that do not go together."""
    if config.method == "rerank":
        check_search(config)
    if kind is Listed:
        check_listed(config, scores)
    else:
        make_optimizer(fresh(kind, 1, 1, config), config)


def _check_start(config: TrainConfig, dataset: Path, *, given: bool, coming: bool) -> None:
    """Refuse a base that the method does not start from, and the lack of one that it does."""
    if given and not config.starts_from_base:
        raise ConfigError(f"--base does not go with --method {config.method}", "leave it out.")
    if config.starts_from_base and not given and not coming:
        raise ConfigError(
            f"--method {config.method} starts from a base run",
            f"make one with 'mobench train {dataset} --method base'.",
        )


def _check_memory(plan: Plan) -> None:
    """Refuse a model that cannot fit: weights, gradients, and two moments of Adam, 4 bytes each."""
    there = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    least = 16 * plan.dataset.n_items * plan.config.embedding_size
    needed = least if least > there else 16 * plan.n_parameters  # which makes a small model
    if needed > there:
        raise ConfigError(
            f"embedding_size {plan.config.embedding_size} needs {needed / 2**30:,.0f} GiB of"
            f" memory, this machine has {there / 2**30:,.0f}",
            "choose a smaller one.",
        )


def _base(path: Path, dataset: Dataset, seed: int) -> Artifact:
    """Open a base run and check that it was trained on ``dataset`` with the same seed."""
    base = Artifact.open(path, "run")
    base.verify()
    method = base.manifest.results.get("method")
    if method != "base":
        raise ConfigError(f"'{path}' is a {method} run, not a base run", "pass a base run.")
    if base.manifest.seed != seed:
        raise ConfigError(
            f"--seed {seed} differs from the base's {base.manifest.seed}",
            "a run is compared with the base of its own seed: pass that one, or its seed.",
        )
    trained_on = {i.role: i.sha256 for i in base.manifest.inputs}["dataset"]
    if trained_on != dataset.artifact.digest:
        raise ArtifactError(
            f"'{path}' was trained on other data (sha256 {short(trained_on)},"
            f" not {short(dataset.artifact.digest)})",
            f"train a base on this dataset: 'mobench train {dataset.artifact.path} --method base'.",
        )
    return base


def _vectors(config: TrainConfig, dataset: Dataset, path: Path) -> Vectors:
    """Read vectors and check that the settings leave them as they are."""
    if config.method != "base":
        raise ConfigError(
            f"--init-from does not go with --method {config.method}", "vectors make a base run."
        )
    if config.backbone != "mf":
        raise ConfigError(
            f"--init-from does not go with --backbone {config.backbone}",
            "vectors have no place but in mf.",
        )
    for name in ("epochs", "tries"):
        if name in config.model_fields_set and getattr(config, name):
            raise ConfigError(
                f"--{name} does nothing for a base of vectors: they are taken as they are",
                "leave it out; to train them on, use --method continue.",
            )
    found = read_vectors(path, dataset, config.max_missing)
    if "embedding_size" in config.model_fields_set and config.embedding_size != found.width:
        raise ConfigError(
            f"embedding_size {config.embedding_size} is not that of '{path}', {found.width}",
            "leave it out.",
        )
    return found


def is_begun(plan: Plan) -> bool:
    """Return whether there is an unfinished run under the plan's name that one can go on with."""
    work = partial(plan.path)
    return any((work / name).is_file() for name in ("resume.pt", "tune.json"))


def up_to_date(plan: Plan) -> Artifact | None:
    """Return the finished run if it is what would be made now, ``None`` if there is none.

    Raises:
        ArtifactError: The name is taken by another run, or by an unfinished one.
    """
    found = existing(plan.path, plan.config.identity(), plan.inputs, RESULTS_VERSION)
    work = partial(plan.path)
    if not found and is_begun(plan):
        raise ArtifactError(
            f"'{plan.path}' was begun and not finished",
            f"go on with 'mobench train --resume {work}', or start over with --force.",
        )
    return found
