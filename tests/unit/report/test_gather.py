"""Which metrics are meant by folders and patterns."""

import shutil
from pathlib import Path

import pytest

from mobench.errors import ArtifactError, ConfigError
from mobench.report.gather import gather
from tests.unit.report.making import usual


@pytest.fixture
def shelf(workdir: Path) -> list[Path]:
    """A shelf below data/, an unfinished and a replaced evaluation on it; returns the metrics."""
    metrics = usual(Path("data"), seeds=(1,)).metrics
    for name in ("begun.partial", "former.old"):
        shutil.copytree(metrics[0], metrics[0].parent / name)
    (Path("data") / "metrics" / "notes.txt").write_text("mine")
    return sorted(metrics)


@pytest.mark.parametrize(
    "words",
    [
        ["data/metrics"],
        ["data"],
        ["data/metrics/**"],
        ["data/**"],
        ["data/metrics/*"],
        ["data/*/*-test"],
        ["data/metrics/shop*"],
        ["data/metrics", "data/metrics/*"],
        ["./data/metrics"],
    ],
)
def test_all_metrics_are_found(shelf: list[Path], words: list[str]) -> None:
    assert [path.resolve() for path in gather([Path(word) for word in words])] == [
        path.resolve() for path in shelf
    ]


def test_what_a_shell_makes_of_a_pattern_means_the_same(shelf: list[Path]) -> None:
    """With globstar, ``**`` gives every folder and file; without, it is ``*``."""
    for unfinished in ("begun.partial", "former.old"):
        shutil.rmtree(Path("data/metrics") / unfinished)
    Path("data/metrics/notes.txt").unlink()
    expected = [path.resolve() for path in shelf]
    for pattern in ("data/metrics/*", "data/metrics/**/*"):
        words = [Path("data/metrics"), *sorted(Path().glob(pattern))]
        assert [path.resolve() for path in gather(words)] == expected
        assert [path.resolve() for path in gather(words[1:])] == expected


def test_named_artifacts_keep_their_order_and_kind(shelf: list[Path]) -> None:
    given = [shelf[2], shelf[0], shelf[2], Path("data/datasets/shop"), shelf[0] / "metrics.parquet"]
    assert gather(given) == [shelf[2], shelf[0], Path("data/datasets/shop")]


def test_a_path_that_names_nothing_is_left_to_whoever_opens_it(shelf: list[Path]) -> None:
    wrong = [Path("data/metrics/none"), Path("data/metrics/begun.partial")]
    wrong[1].joinpath("manifest.json").unlink()
    assert gather(wrong) == wrong
    assert gather([Path("data/metrics/notes.txt")]) == [Path("data/metrics/notes.txt")]


@pytest.mark.parametrize("word", ["data/runs", "data/runs/**", "data/metrics/none*", "data/raw"])
def test_a_folder_without_metrics_is_explained(shelf: list[Path], word: str) -> None:
    Path("data/raw").mkdir()
    with pytest.raises(ArtifactError, match="no metrics in ") as caught:
        gather([Path(word)])
    assert f"'{word}'" in caught.value.message
    with pytest.raises(ConfigError):
        gather([])
