"""The clock the worker goes by: the machine's own, or a sandbox's, whose weeks pass in minutes.

The law: a sandbox's clock is believed only on this machine. Between two readings, and through an outage, the
clock runs on by itself at the speed last heard; small steps back are not taken, so that no run ends before it
began.
"""

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import httpx

from store.clock import Clock, OffsetClock, SystemClock, aware
from sync.clients.addresses import checked_host, is_loopback
from sync.errors import Fatal

_log = logging.getLogger(__name__)

_REREAD_SECONDS = 2.0
_FIRST_READINGS = 20
_FIRST_PAUSE = 0.5
_SMALL_STEP = timedelta(seconds=3)


class SandboxClock:
    """The sandbox's clock, read at most every two seconds."""

    def __init__(
        self,
        url: str,
        *,
        transport: httpx.BaseTransport | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        host = checked_host(url, "clock")
        if not is_loopback(host):
            raise Fatal(f"the clock must be `system` or a sandbox on this machine, not {host}")
        self._url = url.rstrip("/")
        self._client = httpx.Client(
            base_url=self._url,
            timeout=1.0,
            transport=transport,
            trust_env=False,
            verify=self._url.startswith("https:"),  # certificates take a while to read
        )
        self._monotonic = monotonic
        self._reading = threading.Lock()
        self.start_on: datetime | None = None
        moment, speed = self._first(sleep)
        self._inner = OffsetClock(moment)
        self._inner.set(moment, speed=speed)
        self._read_at = monotonic()
        self._is_silent = False

    def now(self) -> datetime:
        """The sandbox's moment, aware, UTC."""
        # One thread asks; the others take what is known.
        if self._monotonic() - self._read_at >= _REREAD_SECONDS and self._reading.acquire(blocking=False):
            try:
                self._reread()
            finally:
                self._reading.release()
        return self._inner.now()

    def close(self) -> None:
        self._client.close()

    def _reread(self) -> None:
        try:
            moment, speed = self._ask()
        except (httpx.HTTPError, ValueError) as error:
            if not self._is_silent:
                _log.warning(
                    "The sandbox's clock does not answer; running on",
                    extra={"action": "clock_silent", "reason": type(error).__name__},
                )
            self._is_silent = True
        else:
            self._is_silent = False
            known = self._inner.now()
            self._inner.set(known if known - _SMALL_STEP < moment < known else moment, speed=speed)
        self._read_at = self._monotonic()

    def _first(self, sleep: Callable[[float], None]) -> tuple[datetime, float]:
        """The first reading; a sandbox that is just starting gets some seconds."""
        for _ in range(_FIRST_READINGS):
            try:
                return self._ask()
            except (httpx.TransportError, ValueError):
                sleep(_FIRST_PAUSE)
        raise Fatal(f"no clock answers at {self._url}: start the sandbox, or set CHERRYLANE_CLOCK=system")

    def _ask(self) -> tuple[datetime, float]:
        response = self._client.get("/_sandbox/now")
        if response.status_code != 200:
            raise ValueError(f"the clock answered {response.status_code}")
        answer = response.json()
        said: dict[str, Any] = answer if isinstance(answer, dict) else {}
        if said.get("start_on"):
            self.start_on = aware(datetime.fromisoformat(str(said["start_on"])))
        return aware(datetime.fromisoformat(str(said.get("now")))), float(said.get("speed") or 0.0)


def make_clock(setting: str) -> Clock:
    """The clock a setting names: `system`, or the address of a sandbox on this machine."""
    return SystemClock() if setting.strip() in {"", "system"} else SandboxClock(setting.strip())


@contextlib.contextmanager
def borrowed_clock(setting: str) -> Iterator[Clock]:
    """The clock a setting names, for a while. Raises Fatal where none answers."""
    clock = make_clock(setting)
    try:
        yield clock
    finally:
        if isinstance(clock, SandboxClock):
            clock.close()
