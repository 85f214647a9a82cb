"""Sandboxes by the dozen: a process that has imported what one needs, and becomes one each time it is asked to.

Law: nothing it started outlives it, however it ends.
"""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 10  # seconds a sandbox may take to end once it was asked to

# Two thirds of what a sandbox costs are its imports. The last three are what uvicorn imports once it serves.
_SCRIPT = f"""
import contextlib, gc, json, os, signal, sys, time, traceback
from sync.sandbox.__main__ import main
import uvicorn.logging, uvicorn.loops.auto, uvicorn.protocols.http.h11_impl

gc.freeze()
codes = {{}}  # by pid; None: it lives

def become(words, out):
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(out, 1)
    code = 1
    try:
        code = main(words)
    except SystemExit as end:
        code = end.code
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)

def start(*words):
    inside, out = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(inside)
        become(words, out)
    os.close(out)
    codes[pid] = None
    with open(inside) as said:  # a line for each system once it listens; an early end reads as empty lines
        return pid, said.readline(), said.readline()

def stop(pid):
    give_up_at = time.monotonic() + {PATIENCE}
    if codes[pid] is None:
        os.kill(pid, signal.SIGTERM)
    while codes[pid] is None:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            codes[pid] = os.waitstatus_to_exitcode(status)
        elif time.monotonic() > give_up_at:
            os.kill(pid, signal.SIGKILL)
        else:
            time.sleep(0.01)
    return codes[pid]

for line in sys.stdin:
    what, *words = json.loads(line)
    print(json.dumps({{"start": start, "stop": stop}}[what](*words)), flush=True)
for pid in codes:
    stop(pid)
"""


class Nursery:
    """Starts sandboxes and stops them; itself it is started with the first."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def start(self, arguments: Sequence[str]) -> tuple[int, str, str]:
        """A sandbox with these arguments: its pid, and the two lines it says once it listens."""
        pid, first, second = self._told("start", *arguments)
        return pid, first, second

    def stop(self, pid: int) -> int:
        """Ask one to stop; its exit code, the same each time."""
        return int(self._told("stop", pid))

    def close(self) -> None:
        if self._process is not None:
            self._process.communicate()

    def _told(self, *words: object) -> Any:
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _SCRIPT], cwd=ROOT, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(words) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())
