"""Which metrics artifacts are meant by paths, folders and patterns."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from mobench.complete import UNFINISHED, Artifact
from mobench.errors import ArtifactError, ConfigError

MANIFEST = "manifest.json"
MAGIC = frozenset("*?[")


def gather(given: Sequence[Path]) -> list[Path]:
    """Return artifacts: those that are named, and all metrics in folders and behind patterns.

    Patterns are those of a shell, ``**`` for any depth; so ``data/metrics/**`` means the same
    whether a shell replaces it or not: what a shell finds inside an artifact is left out.

    Args:
        given: Artifacts, folders of metrics, or patterns.

    Returns:
        Paths in the order given, each once. One that names nothing is kept: whoever opens it will
        say so.

    Raises:
        ArtifactError: There are only folders and patterns, and no metrics in them.
        ConfigError: Nothing is given.
    """
    if not given:
        raise ConfigError("no metrics to report", "make some with 'mobench eval RUN'.")
    named = {path.resolve() for path in given if (path / MANIFEST).is_file()}
    found = {
        path.resolve(): path
        for word in given
        if not named & set(word.resolve().parents)
        for path in _meant(word)
    }
    if not found:
        listed = ", ".join(f"'{word}'" for word in given)
        raise ArtifactError(f"no metrics in {listed}", "make some with 'mobench eval RUN'.")
    return list(found.values())


def _meant(word: Path) -> list[Path]:
    if (word / MANIFEST).is_file():
        return [word]
    if word.is_dir() and not word.name.endswith(UNFINISHED):
        return _metrics(word.rglob(MANIFEST))
    if not word.exists() and MAGIC & set(str(word)):
        return _metrics(path / MANIFEST for path in _matches(word))
    return [word]


def _matches(pattern: Path) -> Iterable[Path]:
    root = Path(pattern.anchor)
    return root.glob(str(pattern.relative_to(root)))


def _metrics(manifests: Iterable[Path]) -> list[Path]:
    """Return the finished metrics artifacts among them, by name."""
    complete = sorted({path.parent for path in manifests if path.is_file()})
    there = [path for path in complete if not any(p.endswith(UNFINISHED) for p in path.parts)]
    return [path for path in there if Artifact.open(path).manifest.kind == "metrics"]
