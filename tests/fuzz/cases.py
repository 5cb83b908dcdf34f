"""One fuzz input: which sample, what is checked, and the bytes of the file."""

import gzip
from pathlib import Path

from tests.fuzz.samples import SAMPLES, Sample
from tests.fuzz.targets import check_items, check_packed, check_prep, check_reviews

BLOCKS = (64, 300, 2_000)
LEAVES = (1, 3, 128)
KINDS = ("read", "read", "read", "prep", "gzip")
PREFIX = 3
REVIEWS = [sample for sample in SAMPLES if sample.role == "reviews"]


def seeds() -> list[bytes]:
    """Return an input for each sample and kind."""
    kinds = range(KINDS.index("prep") - 1, len(KINDS))
    return [bytes([n, kind, 4]) + one.data for n, one in enumerate(SAMPLES) for kind in kinds]


def split(case: bytes) -> tuple[Sample, str, int, bytes]:
    """Return sample, kind, a number for what else can vary, and the file of an input."""
    number, kind, other = (case[:PREFIX] + b"\0\0\0")[:PREFIX]
    sample = SAMPLES[number % len(SAMPLES)]
    return sample, KINDS[kind % len(KINDS)], other, case[PREFIX:]


def check(case: bytes, folder: Path) -> str:
    """Check one input in an empty folder; return what became of it.

    Raises:
        AssertionError: A property does not hold.
        Exception: What prep should have explained.
    """
    sample, kind, other, data = split(case)
    block, leaf = BLOCKS[other % 3], LEAVES[other // 3 % 3]
    if kind == "prep":
        return _prep(sample, data, folder)
    if sample.role == "metadata":
        return check_items(sample, data, folder, block)
    if kind == "gzip" and sample.format != "parquet":
        packed = gzip.compress(data, mtime=0)
        return check_packed(sample, packed[: len(packed) * (other + 1) // 256], folder)
    return check_reviews(sample, data, folder, block, leaf)


def _prep(sample: Sample, data: bytes, folder: Path) -> str:
    """Prepare damaged reviews alone, or damaged metadata with good reviews."""
    if sample.role == "reviews":
        return check_prep(sample, data, b"", folder)
    good = next((one for one in REVIEWS if one.format == sample.format), REVIEWS[0])
    return check_prep(good, good.data, data, folder)
