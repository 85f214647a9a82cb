"""The lanes of the worker: one thread a flow, so that one flow's trouble never delays another.

Whether a lane is due is judged by the business clock; every lane is due at the start; a lane never overlaps itself,
not even with a command that runs the same flow.
"""

import contextlib
import logging
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol
from uuid import uuid4

from sync.flows import alerts, catalogue, dispatch, inventory, orders, returns, settlement, start, watch
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
    "returns": returns,
    "settlement": settlement,
    "watch": watch,
    "alerts": alerts,
}
START = "start"
START_EVERY = timedelta(hours=1)
MISTAKE_PAUSE = timedelta(seconds=60)
SHORTEST = timedelta(seconds=1)


class NothingSeen(Exception):
    """A preview ended before it had seen everything; the message says how."""


@dataclass(slots=True)
class Lane:
    """One flow's thread and its due moment."""

    house: House
    name: str
    every: timedelta
    due_at: datetime | None = None  # none: now
    doing: str = ""
    is_misdirected: bool = False  # its last run found us at the wrong shop
    last: Run | None = None
    busy: threading.Lock = field(default_factory=threading.Lock)
    _wake: threading.Event = field(default_factory=threading.Event)
    _is_wanted: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._live, name=f"lane-{self.name}", daemon=True)
        self._thread.start()

    def tick(self) -> None:
        """Wake the lane if it is due."""
        if (self.due_at is None or self.house.clock.now() >= self.due_at) and not self.busy.locked():
            self._wake.set()

    def hurry(self) -> None:
        """Be due now; a run in hand may not have seen what is new, so then once more after it."""
        self._is_wanted.set()
        self.due_at = None

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
            run = self._run(scope)
            self.due_at = None if self._is_wanted.is_set() else self._next(run)
            return run

    def run_for_another(self) -> Run:
        """Run the flow because another needs what it learns; a mistake of ours stays this flow's own.

        Its own next turn stays as it was.
        """
        asked_at = self.house.clock.now()
        with self.occupied("running"):
            if self.last is not None and self.last.started_at >= asked_at:
                return self.last  # it ran while we waited for it
            try:
                return self._run(EVERYTHING)
            except Exception:
                log.exception("a flow made a mistake", extra={"action": "flow_mistake", "flow": self.name})
                return Run(self.house, self.name, uuid4(), asked_at, state="failed")

    def _run(self, scope: Scope) -> Run:
        self._is_wanted.clear()
        try:
            run = self.last = once(self.house, self.name, scope)
        except Exception:
            self.due_at = self.house.clock.now() + MISTAKE_PAUSE
            raise
        self.is_misdirected = run.is_misdirected
        return run

    def _next(self, run: Run) -> datetime:
        """When to run again: after the interval, or at the moment the run asked for, if that is sooner."""
        usual = run.started_at + self.every
        return usual if run.due_at is None else min(max(run.due_at, run.started_at + SHORTEST), usual)

    def preview(self, scope: Scope) -> Preview:
        """What a run would do.

        Raises:
            NothingSeen: the two systems could not be read.

        """
        seen: Preview | None = None
        with self.occupied("previewing"), running(self.house, self.name, is_preview=True) as run:
            seen = FLOWS[self.name].preview(run, scope)
        if seen is None or run.trouble is not None:
            raise NothingSeen(f"Nothing can be said yet: {run.message}")
        return seen

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


def lanes_of(house: House) -> dict[str, Lane]:
    """A lane for each flow, not yet started; a flow that needs another first has it run in that one's lane."""
    lanes = {name: Lane(house, name, house.settings.every(name)) for name in FLOWS}
    house.refresh = lambda name: lanes[name].run_for_another()
    return lanes


def once(house: House, name: str, scope: Scope = EVERYTHING) -> Run:
    """Run a flow (or `start`) once; the run, ended."""
    if house.refresh is None:
        house.refresh = lambda other: once(house, other)
    flow: Flow = start if name == START else FLOWS[name]
    with running(house, name) as run:
        flow.run(run, scope)
    return run


def once_each(lanes: Mapping[str, Lane], names: Iterable[str]) -> Iterator[tuple[str, Run]]:
    """Run each flow once, with how it ended; a mistake of ours in one does not keep the next from running."""
    for name in names:
        began_at = lanes[name].house.clock.now()
        try:
            run = lanes[name].run_once(EVERYTHING)
        except Exception as mistake:
            log.exception("a flow made a mistake", extra={"action": "flow_mistake", "flow": name})
            words = f"{type(mistake).__name__}: {mistake}"
            run = Run(lanes[name].house, name, uuid4(), began_at, state="failed", message=words)
        yield name, run
