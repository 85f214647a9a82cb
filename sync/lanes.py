"""The lanes of the worker: one thread a flow, so that one flow's trouble never delays another.

Whether a lane is due is judged by the business clock; every lane is due at the start; a lane never overlaps itself,
not even with a command that runs the same flow.
"""

import contextlib
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from sync.errors import Deferred, Retriable
from sync.flows import catalogue, dispatch, inventory, orders, settlement, start, watch
from sync.runs import EVERYTHING, House, Preview, Run, Scope, running

log = logging.getLogger(__name__)


class Flow(Protocol):
    """What every flow's module offers."""

    def run(self, run: Run, scope: Scope = ...) -> None: ...
    def preview(self, run: Run, scope: Scope = ...) -> Preview: ...


# In the order `once` runs them: each finds what the one before has learnt.
FLOWS: dict[str, Flow] = {
    "catalogue": catalogue,
    "orders": orders,
    "inventory": inventory,
    "dispatch": dispatch,
    "settlement": settlement,
    "watch": watch,
}
MISTAKE_PAUSE = timedelta(seconds=60)


@dataclass(slots=True)
class Lane:
    """One flow's thread and its due moment."""

    house: House
    name: str
    every: timedelta
    due_at: datetime | None = None  # none: now
    doing: str = ""
    busy: threading.Lock = field(default_factory=threading.Lock)
    _wake: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._live, name=f"lane-{self.name}", daemon=True)
        self._thread.start()

    def tick(self) -> None:
        """Wake the lane if it is due."""
        if (self.due_at is None or self.house.clock.now() >= self.due_at) and not self.busy.locked():
            self._wake.set()

    def finish(self, seconds: float) -> bool:
        """Wait for the step in hand; whether the thread has ended."""
        self._wake.set()
        if self._thread is not None:
            self._thread.join(seconds)
            return not self._thread.is_alive()
        return True

    def run_once(self, scope: Scope) -> Run:
        """Run the flow now, after a run in hand; the run, ended.

        Raises:
            Exception: a mistake of ours, after it was recorded.

        """
        with self.occupied("running"):
            run = once(self.house, self.name, scope)
            every = run.started_at + self.every
            is_early = run.due_at is not None and run.due_at > self.house.clock.now()
            self.due_at = min(run.due_at, every) if is_early and run.due_at is not None else every
            return run

    def preview(self, scope: Scope) -> Preview:
        """What a run would do.

        Raises:
            Deferred: an outside system may not be asked yet.
            Retriable: it did not answer, or not as it should; nothing can be said.

        """
        found: Preview | None = None
        with self.occupied("previewing"), running(self.house, self.name) as run:
            found = FLOWS[self.name].preview(run, scope)
        if found is None and run.state == "deferred" and run.due_at is not None:
            raise Deferred(run.message, run.due_at)
        if found is None:
            raise Retriable(run.ending)
        return found

    @contextlib.contextmanager
    def occupied(self, doing: str) -> Iterator[None]:
        """The lane is ours for a while."""
        with self.busy:
            self.doing = doing
            try:
                yield
            finally:
                self.doing = ""

    def _live(self) -> None:
        while not self.house.stopping.is_set():
            self._wake.wait()
            self._wake.clear()
            if self.house.stopping.is_set():
                return
            try:
                self.run_once(EVERYTHING)
            except Exception:
                log.exception("a flow made a mistake", extra={"action": "flow_mistake", "flow": self.name})
                self.due_at = self.house.clock.now() + MISTAKE_PAUSE


def lanes_of(house: House) -> dict[str, Lane]:
    """A lane for each flow, not yet started."""
    return {name: Lane(house, name, house.settings.every(name)) for name in FLOWS}


def once(house: House, name: str, scope: Scope = EVERYTHING) -> Run:
    """Run a flow (or `start`) once; the run, ended."""
    flow: Flow = start if name == "start" else FLOWS[name]
    with running(house, name) as run:
        flow.run(run, scope)
    return run
