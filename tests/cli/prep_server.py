"""Runs ``mobench prep`` in forks of a process that has imported everything, many a second.

Reads one request a line (JSON) and answers with one line. A request has ``words``, and may have
``after`` (seconds until SIGKILL), or ``event`` (the number of the file operation before which the
process kills itself, or is stopped if there are ``others``: these run meanwhile, one by one).
"""

import json
import os
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

import mobench.cli.prep
import mobench.data.download
import mobench.data.prep  # noqa: F401
from mobench.cli import main

pa.table({"imports": ["pandas, where there is one"]})
EVENTS = {"open", "os.rename", "os.mkdir", "os.remove", "os.rmdir", "os.listdir", "os.scandir"}
SHELF = "data/datasets"


def watch(log: int, event: int | None, number: int) -> None:
    """Log every operation on the artifact's directories; send the process a signal before one."""
    n_seen = 0

    def hook(name: str, arguments: tuple[Any, ...]) -> None:
        nonlocal n_seen
        if name == "fcntl.flock" or (name in EVENTS and SHELF in str(arguments[0])):
            os.write(log, f"{name} {' '.join(map(str, arguments[:2]))}\n".encode())
            n_seen += 1
            if n_seen == event:
                os.kill(os.getpid(), number)

    sys.addaudithook(hook)


def start(words: Sequence[str], log: Path, event: int | None = None, number: int = 0) -> int:
    """Fork a process that runs a command; its output and operations go to files."""
    pid = os.fork()
    if pid:
        return pid
    for stream, name in ((1, "out"), (2, "err")):
        os.dup2(os.open(log.with_suffix(f".{name}"), os.O_CREAT | os.O_WRONLY | os.O_TRUNC), stream)
    watch(os.open(log, os.O_CREAT | os.O_WRONLY | os.O_TRUNC), event, number)
    code = 1
    try:
        code = main(words)
    except Exception:
        sys.excepthook(*sys.exc_info())
    finally:
        sys.stdout.flush()
        os._exit(code)


def ended(pid: int, log: Path) -> dict[str, Any]:
    """Return how a process ended, and what it did and said."""
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    text = log.with_suffix(".err").read_text()
    return {"code": code, "events": log.read_text().splitlines(), "err": text}


def run(request: dict[str, Any]) -> list[dict[str, Any]]:
    """Return how the process and the others ended."""
    words, event, others = request["words"], request.get("event"), request.get("others", [])
    first = Path("first.log")
    if not others:
        pid = start(words, first, event, signal.SIGKILL)
        if request.get("after") is not None:
            time.sleep(request["after"])
            os.kill(pid, signal.SIGKILL)
        return [ended(pid, first)]
    pid = start(words, first, event, signal.SIGSTOP)
    os.waitid(os.P_PID, pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
    found = [ended(start(more, log := Path(f"{n}.log")), log) for n, more in enumerate(others)]
    os.kill(pid, signal.SIGCONT)
    return [ended(pid, first), *found]


if __name__ == "__main__":
    for line in sys.stdin:
        sys.stdout.write(json.dumps(run(json.loads(line))) + "\n")
        sys.stdout.flush()
