"""A run of a flow: what it was told, what it wrote down, how it ended.

Every exchange with the outside is noted by the witness as it happens and written together with the events
that were read from it. A run always ends in one event: succeeded, deferred, stopped or failed.
"""

import contextlib
import contextvars
import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import Any, Self
from uuid import UUID, uuid4

from store.clock import Clock, aware, wall_now
from store.database import Ask
from store.events import Event, RunFinished
from store.evidence import Snapshot, packed
from store.journal import Journal, Personal
from sync.errors import Deferred, Fatal, Misdirected, Retriable
from sync.ports import Erp, Exchange, Marketplace, Messenger
from sync.settings import Settings

log = logging.getLogger(__name__)
SYSTEMS = {"marketplace": "John Lewis", "erp": "BlueCherry"}
_LONG = 16 * 1024  # bytes
_current: contextvars.ContextVar[UUID | None] = contextvars.ContextVar("run", default=None)
_writes: contextvars.ContextVar[list[UUID] | None] = contextvars.ContextVar("writes", default=None)


class Stopped(Exception):
    """We were asked to stop; what is half done is finished, nothing new is begun."""


class Notebook:
    """The witness: keeps what was said until the run that asked writes it down."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._notes: dict[UUID | None, list[Exchange | Snapshot]] = {}
        self._clocks: dict[str, float] = {}

    def __call__(self, exchange: Exchange) -> None:
        # Packing costs a thread that calls its turn: what is short is packed by who writes it down. Many long pages
        # may come before that, and are not kept as long as they are.
        is_long = len(exchange.request_body) + len(exchange.body) > _LONG
        noted, ahead = snapshot_of(exchange) if is_long else exchange, _ahead(exchange.dated)
        writes = _writes.get()
        if writes is not None and exchange.method != "GET":
            writes.append(exchange.snapshot_id)
        with self._lock:
            self._notes.setdefault(_current.get(), []).append(noted)
            if ahead is not None:
                self._clocks[SYSTEMS.get(exchange.source, exchange.source)] = ahead

    @contextlib.contextmanager
    def writes(self) -> Iterator[list[UUID]]:
        """The snapshots of what this thread writes outside meanwhile, as they are noted."""
        made: list[UUID] = []
        token = _writes.set(made)
        try:
            yield made
        finally:
            _writes.reset(token)

    def clocks(self) -> dict[str, float]:
        """By system, how many seconds its clock was ahead of ours when it last answered."""
        with self._lock:
            return dict(self._clocks)

    def take(self, run_id: UUID | None) -> list[Snapshot]:
        """Everything noted for a run since the last taking."""
        with self._lock:
            notes = self._notes.pop(run_id, [])
        return [snapshot_of(note) if isinstance(note, Exchange) else note for note in notes]


@dataclass(frozen=True, slots=True)
class Scope:
    """What a resync asks a flow to look at: everything, or one thing, or since a moment."""

    key: str = ""  # a SKU or an order id; empty: all
    named: tuple[str, ...] = ()  # several orders or SKUs a person asks for; what is decided is decided for all
    since: datetime | None = None
    is_full: bool = False  # do not trust bookmarks: read everything again
    is_stored: bool = False  # read nothing: decide again on what is stored
    is_asked: bool = False  # a person does not wait for the next try of what failed
    frees: tuple[str, ...] = ()  # what was refused of returns and a person wants once more (rules.return_frees)
    day: date | None = None  # count the orders of this London day again


EVERYTHING = Scope()


@dataclass(frozen=True, slots=True)
class Preview:
    """What a flow would do, without doing it: one row per difference, and the calls it would take."""

    sentence: str
    differences: tuple[dict[str, Any], ...] = ()
    calls: Mapping[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class House:
    """What every flow needs: the two systems, the store, the clock, the settings."""

    settings: Settings
    clock: Clock
    journal: Journal
    ask: Ask
    marketplace: Marketplace
    erp: Erp
    notebook: Notebook
    start_on: datetime  # orders placed before it were somebody else's to create
    messenger: Messenger | None = None  # none: nobody is to be called
    refresh: "Callable[[str], Run] | None" = None  # let another flow run first; its run, ended
    stopping: threading.Event = field(default_factory=threading.Event)


@dataclass(slots=True)
class Run:
    """One run of one flow."""

    house: House
    flow: str
    run_id: UUID
    started_at: datetime
    counts: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)
    due_at: datetime | None = None
    note: str = ""
    state: str = "running"
    message: str = ""
    is_misdirected: bool = False
    trouble: Fatal | Retriable | None = None  # met in a step apart, and told at the end

    def now(self) -> datetime:
        return self.house.clock.now()

    def rows(self, sql: str, values: Mapping[str, object] | None = None) -> list[dict[str, Any]]:
        """Ask the store; a dict per row."""
        return self.house.ask(sql, values).to_dicts()

    def record(
        self,
        events: Sequence[Event] = (),
        *,
        personal: Sequence[Personal] = (),
        bookmarks: Mapping[str, str] | None = None,
    ) -> int:
        """Write events with everything that was said since the last record; how many were new."""
        noted = self.house.notebook.take(self.run_id)
        self.calls.update(snapshot.resource for snapshot in noted)
        return self.house.journal.append(
            events,
            snapshots=noted,
            personal=personal,
            bookmarks=bookmarks,
            run_id=self.run_id,
        )

    def count(self, done: str, tally: Mapping[str, int]) -> None:
        """Add what became of intents to the run's counts; those confirmed are counted as `done`."""
        self.counts.update({done: tally["confirmed"], "unclear": tally["unclear"], "refused": tally["refused"]})

    def bookmark(self, name: str) -> str | None:
        """How far this flow has read."""
        rows = self.rows("select value from bookmarks where name = $name", {"name": name})
        return str(rows[0]["value"]) if rows else None

    def defer(self, until: datetime, why: str) -> None:
        """Come back at a moment; the run ends well. The earliest moment counts."""
        if self.due_at is None or until < self.due_at:
            self.due_at, self.note = until, why

    @contextlib.contextmanager
    def apart(self) -> Iterator[None]:
        """A step that must not keep us from the rest of the run, which may be another system's.

        Where its system asks for patience the run comes back for it; where there is trouble the run fails with it,
        once the rest is done.

        Raises:
            Misdirected: nothing may go on.

        """
        try:
            yield
        except Deferred as later:
            self.defer(later.due_at, str(later))
        except Misdirected:
            raise
        except (Fatal, Retriable) as met:
            self.trouble = self.trouble or met

    def tell_trouble(self) -> None:
        """The rest is done: raise what was met in a step apart."""
        if self.trouble is not None:
            raise self.trouble

    @property
    def ending(self) -> str:
        """How it ended, in words."""
        return f"{self.state}: {self.message}" if self.message else self.state

    @property
    def is_good(self) -> bool:
        """It did what it could: what is only not allowed yet counts as success."""
        return self.state in {"succeeded", "deferred"}

    def check(self) -> None:
        """Stop here if we were asked to.

        Raises:
            Stopped: we were.

        """
        if self.house.stopping.is_set():
            raise Stopped


def _ahead(dated: str) -> float | None:
    """How many seconds a clock is ahead of ours that says this now; None: it says nothing."""
    said_at = _moment(dated)
    return None if said_at is None else (said_at - wall_now()).total_seconds()


@lru_cache(maxsize=8)  # all answers of one second say the same
def _moment(dated: str) -> datetime | None:
    with contextlib.suppress(ValueError):  # no answer, or one without a date
        return aware(parsedate_to_datetime(dated))
    return None


def snapshot_of(exchange: Exchange) -> Snapshot:
    """An exchange as the journal keeps it."""
    return Snapshot(
        snapshot_id=exchange.snapshot_id,
        source=exchange.source,
        resource=exchange.resource,
        method=exchange.method,
        path=exchange.path,
        status=exchange.status,
        latency_ms=exchange.latency_ms,
        seen_at=exchange.seen_at,
        asked=packed(exchange.request_body),
        said=packed(exchange.body),
    )


@contextlib.contextmanager
def running(house: House, flow: str, *, is_preview: bool = False) -> Iterator[Run]:
    """A run from its beginning to its event. Trouble outside ends the run, never the worker.

    What is no trouble outside (a mistake of ours) is recorded as failed too and raised again. A preview ends as
    `previewed`: it is no success of the flow.
    """
    run = Run(house, flow, uuid4(), house.clock.now())
    token = _current.set(run.run_id)
    state, message = "previewed" if is_preview else "succeeded", ""
    later_state = "previewed" if is_preview else "deferred"
    try:
        yield run
        run.tell_trouble()
        if run.due_at is not None:
            state = later_state
        message = run.note
    except Deferred as later:
        state, message, run.due_at = later_state, str(later), later.due_at
    except Stopped:
        state, message = "stopped", "asked to stop; goes on at the next start"
    except (Fatal, Retriable) as trouble:
        state, message = "failed", str(trouble)
        run.is_misdirected = isinstance(trouble, Misdirected)
    except Exception as mistake:
        state, message = "failed", f"{type(mistake).__name__}: {mistake}"
        raise
    finally:
        run.state, run.message = state, message[:500]
        noted = house.notebook.take(run.run_id)
        run.calls.update(snapshot.resource for snapshot in noted)
        finished = RunFinished(
            happened_at=house.clock.now(),
            run_id=run.run_id,
            flow=flow,
            state=state,
            started_at=run.started_at,
            counts=dict(run.counts),
            message=run.message,
            due_at=run.due_at,
            calls=dict(run.calls),
        )
        house.journal.append([finished], snapshots=noted, run_id=run.run_id)
        _current.reset(token)
        log.info("run finished", extra={"action": "run_finished", "flow": flow, "state": state})


class Crew:
    """Threads that call the outside for a run and note it under that run."""

    def __init__(self, size: int) -> None:
        self._pool = ThreadPoolExecutor(max_workers=size, thread_name_prefix="crew")

    def submit(self, call: Any, *arguments: Any) -> Any:
        """A future of `call(*arguments)`, noted under the present run."""
        return self._pool.submit(contextvars.copy_context().run, call, *arguments)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=True)
