"""The dashboard's and the command line's side of the store: questions with a deadline, commands, state.

Asks the worker over the wire; when none answers, reads the file itself and lets go of it at once (held open,
it would keep the worker from starting). Law: no question outlives its deadline on the page that asked it, and
old data is never passed off as new: `state` says which of the two it was.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from pathlib import Path
from uuid import UUID

import duckdb
import polars as pl

from store.database import Schema, load_extensions, open_database, run_bound
from store.errors import (
    QuestionFailed,
    Refused,
    Reload,
    StoreDamaged,
    StoreLocked,
    StoreMissing,
    StoreNewer,
    TooSlow,
    WorkerAway,
)
from store.literals import fill, text_literal
from store.server import announcement_of, token_for

KEEP_SECONDS = 10.0
# As patient as any other question: a busy machine is not a stuck worker.
PING_SECONDS = 5.0
# A question past its deadline goes on running on the server: more of them would only make it worse.
MAX_WAITING = 8

# One reading of the file at a time: DuckDB locks its settings for all in this process who share the file.
_file_door = threading.Lock()
_making = threading.Lock()


class Worker(StrEnum):
    """What the worker is doing, as far as one can see from outside."""

    SERVING = "serving"
    STARTING_OR_STUCK = "starting or stuck"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class StoreState:
    """What the worker is doing, since when (wall time; None: never seen), and which process it is."""

    worker: Worker
    since: datetime | None
    pid: int | None = None

    @property
    def is_serving(self) -> bool:
        return self.worker is Worker.SERVING

    @property
    def is_stopped(self) -> bool:
        return self.worker is Worker.STOPPED


class _NoAnswer(Exception):
    """Nobody answers at the announced port."""


class Window:
    """A view into one store. Safe to share between threads."""

    def __init__(
        self,
        path: Path,
        token: str | None = None,
        *,
        schema_number: int | None = None,
        keep_seconds: float = KEEP_SECONDS,
    ) -> None:
        self.path = path.absolute()
        self._token = token
        self._schema_number = Schema().number if schema_number is None else schema_number
        self._keep_seconds = keep_seconds
        self._silent: tuple[int, float] = (0, 0.0)  # the worker that kept silent; when, on the monotonic clock
        self._waiting = threading.BoundedSemaphore(MAX_WAITING)
        self._kept: dict[str, tuple[float, pl.DataFrame]] = {}

    def ask(self, sql: str, values: Mapping[str, object] | None = None, *, deadline: float = 5.0) -> pl.DataFrame:
        """The answer to a question, from the worker or, if none answers, from the file.

        Raises TooSlow, Refused, QuestionFailed, Reload, WorkerAway (the file is held, but nobody answers) and
        StoreMissing; all of them AskError or StoreError with a sentence to show.
        """
        values = values or {}
        statement = fill(sql, values)
        with contextlib.suppress(_NoAnswer):
            return self._over_the_wire(statement, deadline)
        return self._from_the_file(statement, sql, values, deadline)

    def send(self, command_id: UUID, body: str, *, deadline: float = 5.0) -> None:
        """Put a command into the worker's inbox; the same id again changes nothing. Raises WorkerAway."""
        statement = f"insert into commands(id, body) values ('{command_id}', {text_literal(body)})"
        try:
            self._over_the_wire(statement, deadline)
        except _NoAnswer:
            raise WorkerAway(
                "Not sent: the worker does not answer. Nothing was changed; start it and try again."
            ) from None
        except QuestionFailed as trouble:
            if "Duplicate key" not in str(trouble):
                raise

    def state(self) -> StoreState:
        """Whether a worker serves the store, holds it without answering, or is stopped; and since when."""
        announced = announcement_of(self.path)
        # An answer of any kind, even a refusal, is a sign of life.
        if announced and not self._kept_silent(announced.pid):
            try:
                with contextlib.suppress(Refused, QuestionFailed, Reload):
                    self._over_the_wire("select 1 as alive", PING_SECONDS)
            except TooSlow:
                self._silent = (announced.pid, time.monotonic())
            except _NoAnswer:
                pass
            else:
                return StoreState(Worker.SERVING, announced.started_at, announced.pid)
        try:
            with _file_door:
                open_database(self.path, read_only=True, wait_seconds=0).close()
        except StoreLocked as held:
            return StoreState(Worker.STARTING_OR_STUCK, self._last_written(), held.holder)
        except (StoreMissing, StoreNewer, StoreDamaged):
            pass
        return StoreState(Worker.STOPPED, self._last_written())

    def _kept_silent(self, pid: int) -> bool:
        """Whether it let a ping wait a moment ago: every page would wait as long again, so that is believed."""
        silent, since = self._silent
        return pid == silent and time.monotonic() - since < self._keep_seconds

    def _over_the_wire(self, statement: str, deadline: float) -> pl.DataFrame:
        announced = announcement_of(self.path)
        if announced is None:
            raise _NoAnswer
        self._compare(announced.schema_number)
        try:
            token = token_for(self.path, self._token)
        except OSError as trouble:
            raise Refused(f"The store's token cannot be read: {trouble}") from trouble
        uri = f"quack:localhost:{announced.port}"
        wire = _wire()  # before the deadline runs: the first time, it loads the extensions

        def question() -> pl.DataFrame:
            with contextlib.closing(wire.cursor()) as connection:
                try:
                    return connection.execute(
                        "select * from quack_query($uri, $statement, token := $token)",
                        {"uri": uri, "statement": statement, "token": token},
                    ).pl()
                except duckdb.Error as trouble:
                    raise _told(str(trouble)) from trouble

        return self._before(deadline, question)

    def _from_the_file(
        self, statement: str, sql: str, values: Mapping[str, object], deadline: float
    ) -> pl.DataFrame:
        now = time.monotonic()
        self._kept = {key: kept for key, kept in self._kept.items() if now - kept[0] < self._keep_seconds}
        if statement in self._kept:
            return self._kept[statement][1]

        def question() -> pl.DataFrame:
            if not _file_door.acquire(timeout=deadline):
                raise TooSlow(_too_slow(deadline))
            try:
                return self._read_file(sql, values, deadline)
            finally:
                _file_door.release()

        answer = self._before(deadline, question)
        self._kept[statement] = (now, answer)
        return answer

    def _read_file(self, sql: str, values: Mapping[str, object], deadline: float) -> pl.DataFrame:
        """Open, read, close. A reading past its deadline is broken off, so that the file is free again."""
        try:
            database = open_database(self.path, read_only=True, wait_seconds=0)
        except StoreLocked as held:
            raise WorkerAway(
                f"Process {held.holder} holds the store and does not answer: the worker is starting or stuck."
            ) from held
        except StoreNewer as newer:
            raise Reload(str(newer)) from newer
        with database:
            self._compare(database.schema_number)
            connection = database.connect()
            stop = threading.Timer(deadline, connection.interrupt)
            stop.start()
            try:
                return run_bound(connection, sql, values)
            finally:
                stop.cancel()
                connection.close()

    def _before(self, deadline: float, question: Callable[[], pl.DataFrame]) -> pl.DataFrame:
        """The answer of a helper thread, if it comes in time. The thread may live on; it is a daemon."""
        if not self._waiting.acquire(blocking=False):
            raise TooSlow(
                f"{MAX_WAITING} earlier questions are still without an answer. Wait a minute, then reload."
            )
        answers: list[pl.DataFrame] = []
        troubles: list[BaseException] = []
        done = threading.Event()

        def work() -> None:
            try:
                answers.append(question())
            except BaseException as trouble:  # noqa: BLE001 - handed over to whoever asked
                troubles.append(trouble)
            finally:
                self._waiting.release()
                done.set()

        threading.Thread(target=work, name="question", daemon=True).start()
        if not done.wait(deadline):
            raise TooSlow(_too_slow(deadline))
        if troubles:
            raise troubles[0]
        return answers[0]

    def _compare(self, number: int) -> None:
        """Raises Reload if the store is not at the step this program knows."""
        if number > self._schema_number:
            raise Reload("The worker is of a newer version than this page: restart the dashboard, then reload.")
        if number < self._schema_number:
            raise Reload("The worker is of an older version than this page: restart the worker, then reload.")

    def _last_written(self) -> datetime | None:
        """When the store's file or its log was last written: the last sign of life."""
        files = (self.path, self.path.with_name(self.path.name + ".wal"))
        times = [file.stat().st_mtime for file in files if file.exists()]
        return datetime.fromtimestamp(max(times), UTC) if times else None


def _wire() -> duckdb.DuckDBPyConnection:
    """Our own small DuckDB, which speaks Quack and holds nothing: one for all windows of this process."""
    with _making:
        return _made_wire()


@cache
def _made_wire() -> duckdb.DuckDBPyConnection:
    wire = duckdb.connect()
    load_extensions(wire)
    wire.execute("set global TimeZone = 'UTC'; set global threads = 1")
    return wire


def _told(message: str) -> Exception:
    """What DuckDB said about a question over the wire, as one of our errors."""
    if "Failed to send message" in message:
        return _NoAnswer()
    if "Authorization failed" in message:
        return Refused("The store does not allow this statement. Over the wire it answers reading questions only.")
    if "Authentication failed" in message:
        return Refused(
            "The store does not accept this token. Set STORE_TOKEN to the worker's, or remove it on both."
        )
    return QuestionFailed(message.partition("\n\nLINE 1: select * from quack_query")[0])


def _too_slow(deadline: float) -> str:
    return f"No answer within {deadline:.0f} s. The question may still be running: narrow it, or wait a minute."
