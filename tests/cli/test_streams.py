"""Standard output that takes nothing: a full disk, a closed descriptor."""

import subprocess
import sys
from pathlib import Path

import pytest

SHOW = f"{sys.executable} -m mobench show data/datasets/toy"


def shell(command: str) -> tuple[int, str]:
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=False)
    return done.returncode, done.stderr


@pytest.mark.parametrize("more", ["", " --json"])
def test_a_full_disk_behind_stdout_is_explained(pipeline: Path, more: str) -> None:
    code, err = shell(f"{SHOW}{more} >/dev/full")
    assert code == 4
    assert err.endswith(
        "error: no space left on the disk\n"
        " hint: free some space, then run the same command again.\n"
    )
    assert "Traceback" not in err
    assert "Exception" not in err


def test_a_failure_whose_json_cannot_be_written_keeps_its_code(pipeline: Path) -> None:
    code, err = shell(f"{sys.executable} -m mobench train --json >/dev/full")
    assert (code, err) == (
        2,
        "error: missing argument 'DATASET'\n hint: see 'mobench train --help'.\n",
    )


def test_a_closed_stdout_ends_quietly(pipeline: Path) -> None:
    assert shell(f"{SHOW} >&-") == (141, "")
    assert shell(f"{SHOW} --json >&-") == (141, shell(f"{SHOW} --json")[1])
    prep = f"{sys.executable} -m mobench prep raw/reviews.csv.gz --k-core 2 --name closed"
    assert shell(f"{prep} >&- 2>&-") == (141, "")
    again, err = shell(f"{sys.executable} -m mobench show data/datasets/closed")
    assert (again, err) == (0, "")


def test_a_closed_stderr_changes_nothing(pipeline: Path) -> None:
    assert shell(f"{sys.executable} -m mobench train 2>&-") == (2, "")
