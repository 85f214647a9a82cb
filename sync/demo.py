"""`cherrylane demo`: the two pretend systems, the worker and the dashboard, started and watched together.

The worker is started again whenever it ends by itself; Ctrl-C (or SIGTERM) ends all three in turn.
"""

import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

FOLDER = Path("var/demo")
HERE = Path(__file__).resolve().parent.parent
READY_SECONDS = 300.0
REQUESTS_PER_MINUTE = "600"  # the pretend BlueCherry serves nobody else: weeks of its batches are soon read
ORDERS_PER_DAY = 60  # a history that is read in well under a minute
RESTART_PAUSE = 2.0


def play(*, seed: int, days: int, skus: int, port: int, fresh: bool, started_at: datetime) -> int:
    """Start everything, print the address, watch until stopped; the exit code."""
    # The pretend systems forget everything at their end: a store that remembers another world would accuse this
    # one of losing orders. So each demo begins anew; the last one's store is kept aside unless `fresh`.
    before = FOLDER.with_name("demo-before")
    shutil.rmtree(before, ignore_errors=True)
    if FOLDER.exists():
        shutil.rmtree(FOLDER) if fresh else FOLDER.rename(before)
    FOLDER.mkdir(parents=True)
    ports = (_free_port(), _free_port())
    arguments = (
        *("--seed", str(seed), "--days", str(days), "--skus", str(skus), "--live"),
        *("--orders-per-day", str(ORDERS_PER_DAY)),
        *("--start", started_at.strftime("%Y-%m-%dT%H:%M:00Z")),
        *("--mirakl-port", str(ports[0]), "--bluecherry-port", str(ports[1])),
    )
    stopping = threading.Event()
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_: stopping.set())
    sandbox = [sys.executable, "-m", "sync.sandbox", *arguments]
    printed = subprocess.run([*sandbox, "--print-env"], check=True, capture_output=True, text=True, cwd=HERE).stdout
    environment = {
        **os.environ,
        **_pairs(printed),
        "CHERRYLANE_ERP_REQUESTS_PER_MINUTE": REQUESTS_PER_MINUTE,
        "CHERRYLANE_STORE": str((FOLDER / "cherrylane.duckdb").absolute()),
    }
    told = [*printed.splitlines(), f"CHERRYLANE_STORE='{environment['CHERRYLANE_STORE']}'"]
    (FOLDER / "env").write_text("".join(f"export {line}\n" for line in told))
    commands = {
        "sandbox": sandbox,
        "worker": [sys.executable, "-m", "sync", "run"],
        "web": [
            *(sys.executable, "-m", "streamlit", "run", str(HERE / "dashboard" / "app.py")),
            *("--server.port", str(port), "--server.address", "127.0.0.1"),
        ],
    }
    return _watch(commands, environment, port, ports[0], stopping)


def _watch(
    commands: Mapping[str, list[str]],
    environment: Mapping[str, str],
    port: int,
    sandbox_port: int,
    stopping: threading.Event,
) -> int:
    processes: dict[str, subprocess.Popen[bytes]] = {}
    try:
        processes["sandbox"] = _start("sandbox", commands, environment)
        _say("Playing the history of the two pretend systems …")
        _wait_for(sandbox_port, stopping, processes["sandbox"])
        processes["worker"] = _start("worker", commands, environment)
        processes["web"] = _start("web", commands, environment)
        _wait_for(port, stopping, processes["web"])
        if not stopping.is_set():
            _say(f"http://localhost:{port}")
            _say(
                f"The worker's log: {FOLDER}/worker.log. At another terminal:"
                f" . {FOLDER}/env; {Path(sys.executable).with_name('cherrylane')} status"
            )
        while not stopping.wait(1.0):
            for name, process in processes.items():
                if process.poll() is not None:
                    if name != "worker":
                        _say(f"The {name} ended by itself (exit {process.returncode}); see {FOLDER}/{name}.log.")
                        return 1
                    _say(f"The worker ended (exit {process.returncode}); starting it again.")
                    stopping.wait(RESTART_PAUSE)
                    processes[name] = _start(name, commands, environment)
    finally:
        for name in ("web", "worker", "sandbox"):
            if name in processes:
                _end(processes[name])
    return 0


def _start(
    name: str, commands: Mapping[str, list[str]], environment: Mapping[str, str]
) -> "subprocess.Popen[bytes]":
    with (FOLDER / f"{name}.log").open("ab") as log:
        return subprocess.Popen(
            commands[name], env=dict(environment), cwd=HERE, stdout=log, stderr=log, start_new_session=True
        )


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(timeout=70)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(port: int, stopping: threading.Event, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + READY_SECONDS
    while time.monotonic() < until and not stopping.is_set() and process.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(0.5)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)


def _pairs(printed: str) -> dict[str, str]:
    return dict(word.partition("=")[::2] for line in printed.splitlines() for word in shlex.split(line))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _say(words: str) -> None:
    sys.stdout.write(words + "\n")
    sys.stdout.flush()
