"""Metrics artifacts in: the ranking of each run, and how it trained where that is still there."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from mobench.artifacts import Artifact
from mobench.errors import ArtifactError, ConfigError
from mobench.manifest import Input, Kind
from mobench.metrics import Outcome


@dataclass(frozen=True)
class Evaluated:
    """One metrics artifact, read.

    Attributes:
        artifact: The metrics artifact.
        outcome: The ranking, as metrics take it.
        groups: Its ``groups.parquet`` (fairness groups), column by column.
        run: The run artifact, ``None`` if it is gone or another one by now.
    """

    artifact: Artifact
    outcome: Outcome = field(repr=False)
    groups: dict[str, np.ndarray] = field(repr=False)
    run: Artifact | None = field(repr=False)

    @property
    def path(self) -> str:
        """Where it is, as the user wrote it."""
        return str(self.artifact.path)

    @property
    def results(self) -> dict[str, Any]:
        """The headline numbers of its manifest."""
        return self.artifact.manifest.results

    @property
    def method(self) -> str:
        """The method of its run."""
        return str(self.results["method"])

    @property
    def backbone(self) -> str:
        """What the model family of its run is called; one of the user's own by its file."""
        return Path(str(self.results["backbone"])).stem

    @property
    def seed(self) -> int:
        """The seed of its run."""
        return int(self.results["seed"])

    @property
    def settings(self) -> dict[str, Any]:
        """The settings of its run that can change a result; empty if the run is gone.

        Values are those in use, which differ from the asked ones where the run was tuned. The
        preference is the one that was evaluated, of all objectives where the model is conditioned.
        """
        if self.run is None:
            return {}
        manifest = self.run.manifest
        return self._at({n: v for n, v in manifest.config.items() if n in manifest.identity})

    @property
    def asked(self) -> dict[str, Any]:
        """The same as they were asked for: where settings were tried, those it began with.

        What was tried and kept may differ from seed to seed; what was asked for is one row.
        """
        return self._at(dict(self.run.manifest.identity)) if self.run else {}

    def _at(self, settings: dict[str, Any]) -> dict[str, Any]:
        """Return settings with the preference that a model for many was evaluated at."""
        if not (wishes := self.results.get("wishes")):
            return settings
        settings.pop("acc_share", None)
        return settings | {"preference": list(wishes.values())}

    def input(self, role: str) -> Input | None:
        """Return what it was made from under ``role``."""
        found = [i for i in self.artifact.manifest.inputs if i.role == role]
        return found[0] if found else None

    def made_from(self, role: str) -> Input:
        """Return the same, where it must be there.

        Raises:
            ArtifactError: The manifest names no such input.
        """
        if (found := self.input(role)) is None:
            raise ArtifactError(
                f"'{self.path}' does not name its {role}", "evaluate the run again."
            )
        return found


def load(paths: Iterable[Path]) -> list[Evaluated]:
    """Read metrics artifacts; one given twice counts once.

    A run that is gone does no harm: its numbers are in the metrics, only its traces are missing.

    Raises:
        ArtifactError: One is missing, incomplete, changed, or of another kind.
        ConfigError: No path is given.
    """
    distinct = {path.resolve(): path for path in paths}
    if not distinct:
        raise ConfigError("no metrics to report", "make some with 'mobench eval RUN'.")
    return [_read(Artifact.open(path, "metrics")) for path in distinct.values()]


def _read(artifact: Artifact) -> Evaluated:
    artifact.verify()
    gone = Evaluated(artifact, _outcome(artifact), artifact.read("groups.parquet"), run=None)
    return replace(gone, run=unchanged(gone.made_from("run"), "run"))


def unchanged(record: Input, kind: Kind) -> Artifact | None:
    """Return the artifact behind an input record if it is there and unchanged, else ``None``."""
    path = Path(record.path)
    if not (path / "manifest.json").is_file():
        return None
    artifact = Artifact.open(path, kind)
    return artifact if artifact.digest == record.sha256 else None


def _outcome(artifact: Artifact) -> Outcome:
    """Return the ranking of a metrics artifact; lists are filled with −1 where they are short."""
    targets = artifact.read("targets.parquet", ["user", "item", "rank"])
    items = artifact.read("items.parquet", ["price", "fair_group", "pop_group", "n_train"])
    shares = artifact.read("pop_groups.parquet", ["group", "target_share"])
    return Outcome(
        target=targets["item"],
        rank=targets["rank"],
        lists=_lists(artifact, targets["user"]),
        price=np.nan_to_num(items["price"].astype(np.float64), nan=0.0),
        fair_group=items["fair_group"],
        pop_group=items["pop_group"],
        n_train=items["n_train"],
        target_share=shares["target_share"][np.argsort(shares["group"])],
        user=targets["user"],
        profile=_profile(artifact, targets["user"], int(items["fair_group"].max()) + 1),
    )


def _lists(artifact: Artifact, users: np.ndarray) -> np.ndarray:
    """Return the recommended items, ``[U, K]``, in the order of ``users`` (which may repeat)."""
    rows = artifact.read("recommendations.parquet", ["user", "rank", "item"])
    distinct, place = np.unique(users, return_inverse=True)
    # the lists of another tool may all be shorter than what was asked for
    longest = max(*artifact.manifest.config["k"], int(rows["rank"].max(initial=0)))
    lists = np.full((len(distinct), longest), -1, dtype=np.int32)
    lists[np.searchsorted(distinct, rows["user"]), rows["rank"] - 1] = rows["item"]
    return lists[place]


def _profile(artifact: Artifact, users: np.ndarray, n_groups: int) -> np.ndarray | None:
    """Return what came before by fairness group, ``[U, G]``; artifacts of old have none."""
    if all(entry.path != "profiles.parquet" for entry in artifact.manifest.files):
        return None
    rows = artifact.read("profiles.parquet")
    distinct, place = np.unique(users, return_inverse=True)
    profile = np.zeros((len(distinct), n_groups), np.int64)
    profile[np.searchsorted(distinct, rows["user"]), rows["group"]] = rows["n"]
    return np.asarray(profile[place])
