"""The manifest: what an artifact is, where it came from, how to remake it."""

import functools
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from mobench import RESULTS_VERSION, __version__

Kind = Literal["dataset", "run", "metrics", "report", "export"]
SCHEMA_VERSION = 1

COMMAND: ContextVar[Sequence[str]] = ContextVar("COMMAND", default=())
"""The words that would do the same on the command line, where a program calls mobench."""


def command() -> list[str]:
    """Return the command that is running: the one that a program says, or that of the process."""
    return list(COMMAND.get()) or ["mobench", *sys.argv[1:]]


class Record(BaseModel):
    """A part of the manifest: frozen, and strict about unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Input(Record):
    """One thing that the artifact was made from, known by its hash."""

    role: str
    path: str
    sha256: str
    rows: int | None = None


class FileEntry(Record):
    """One file of the artifact."""

    path: str
    sha256: str
    bytes: int
    rows: int | None = None


class Manifest(Record):
    """All that is known about an artifact; ``results`` holds its headline numbers."""

    kind: Kind
    schema_version: int = SCHEMA_VERSION
    mobench_version: str = __version__
    results_version: int = RESULTS_VERSION
    config: dict[str, Any]
    identity: dict[str, Any]
    inputs: list[Input] = Field(default_factory=list)
    files: list[FileEntry] = Field(default_factory=list)
    results: dict[str, Any] = Field(default_factory=dict)
    environment: dict[str, Any] = Field(default_factory=dict)
    seed: int | None = None
    started: str = Field(default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds"))
    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_memory_mb: float = 0.0
    argv: list[str] = Field(default_factory=command)


@dataclass
class Stopwatch:
    """Wall and CPU time since it was made, and the peak memory of the process."""

    wall: float = field(default_factory=time.perf_counter)
    cpu: float = field(default_factory=time.process_time)

    def read(self) -> dict[str, float]:
        """Return the three figures under their manifest names."""
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return {
            "wall_seconds": round(time.perf_counter() - self.wall, 3),
            "cpu_seconds": round(time.process_time() - self.cpu, 3),
            "peak_memory_mb": round(peak, 1),
        }


def draft_manifest(
    kind: Kind,
    config: Mapping[str, Any],
    identity: Mapping[str, Any],
    inputs: Sequence[Input],
    *,
    seed: int | None = None,
    device: str = "cpu",
    threads: int | None = None,
) -> Manifest:
    """Return the manifest of an artifact that is about to be made."""
    return Manifest(
        kind=kind,
        config=dict(config),
        identity=dict(identity),
        inputs=list(inputs),
        seed=seed,
        environment=environment(device, threads),
    )


def environment(device: str, threads: int | None) -> dict[str, Any]:
    """Return what could explain a difference between two machines."""
    packages = ("numpy", "polars", "pyarrow", "torch")
    return {
        "python": platform.python_version(),
        "platform": f"{sys.platform}-{platform.machine()}",
        **{name: _version(name) for name in packages},
        "device": device,
        "deterministic": device == "cpu",
        "threads": threads,
        "cpus": os.cpu_count(),
        **_git(),
    }


def _version(package: str) -> str | None:
    """Return the version of a package, of a loaded one without looking through its files."""
    if (loaded := sys.modules.get(package)) and hasattr(loaded, "__version__"):
        return str(loaded.__version__)
    try:
        return version(package)
    except PackageNotFoundError:
        return None


@functools.cache
def _git() -> dict[str, Any]:
    """Return commit and dirty flag of the working directory's repository, if it is one."""
    status = ["git", "status", "--porcelain", "--untracked-files=no"]
    try:
        head = subprocess.run(
            ["git", "rev-parse", "HEAD"], capture_output=True, text=True, timeout=5, check=True
        )
        dirty = subprocess.run(status, capture_output=True, text=True, timeout=5, check=True)
    except (OSError, subprocess.SubprocessError):
        return {"git_commit": None, "git_dirty": None}
    return {"git_commit": head.stdout.strip(), "git_dirty": bool(dirty.stdout.strip())}
