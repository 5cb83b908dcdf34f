"""An example of each reason for which rows of a dataset's files were rejected."""

from dataclasses import dataclass

from mobench.artifacts import Artifact

EXAMPLE_LIMIT = 200
"""Characters of a line that are shown; the table has up to 2,000."""

OF_METADATA = "metadata: "
"""What reasons begin with when they are counted for metadata."""


@dataclass(frozen=True)
class Example:
    """A rejected row: the reason as it is counted, the file, the line there, its raw text."""

    reason: str
    file: str
    line: int
    text: str


def examples(artifact: Artifact) -> list[Example]:
    """Return the first rejected row of each reason, as far as rows are listed.

    Raises:
        ArtifactError: ``rejected.parquet`` is there and cannot be read.
    """
    if all(entry.path != "rejected.parquet" for entry in artifact.manifest.files):
        return []
    table = artifact.read("rejected.parquet", ["file", "line", "reason", "text"])
    metadata = {i.path for i in artifact.manifest.inputs if i.role == "metadata"}
    found: dict[str, Example] = {}
    for file, line, reason, text in zip(*table.values(), strict=True):
        counted = f"{OF_METADATA * (file in metadata)}{reason}"
        if counted not in found:
            found[counted] = Example(counted, str(file), int(line), str(text)[:EXAMPLE_LIMIT])
    return [found[reason] for reason in sorted(found)]
