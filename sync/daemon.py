"""The worker: lanes, commands, heartbeat; it ends when told to, at a step's end, and goes on where it was.

`schedule` only ticks; whether a lane is due is judged by the business clock. A query over the wire that outlives
its patience cannot be cancelled, so the worker then ends itself (exit 75) to be started again by its supervisor.
At the wrong shop it does not start (exit 78); a system that is down or does not accept our key keeps it waiting.
"""

import json
import logging
import os
import threading
import time
from collections.abc import Callable

import schedule

from store.database import Database
from store.server import Server
from sync.desk import Desk
from sync.flows import start
from sync.lanes import START, START_EVERY, Lane, lanes_of
from sync.runs import EVERYTHING, House

log = logging.getLogger(__name__)
EXIT_DONE, EXIT_RESTART, EXIT_REFUSED = 0, 75, 78
START_PAUSE = 5.0
BEAT_SECONDS = 2.0
WATCH_SECONDS = 1.0
DESK_SECONDS = 0.3
FINISH_SECONDS = 60.0


def keep_utc() -> None:
    """Let this process live in UTC: `schedule` loses an hour at the clock change otherwise."""
    os.environ["TZ"] = "UTC"
    time.tzset()


class Daemon:
    """Runs until it is told to stop."""

    def __init__(self, house: House, database: Database, server: Server) -> None:
        self._house = house
        self._server = server
        self._lanes = lanes_of(house)
        self._start = Lane(house, START, START_EVERY)
        self._desk = Desk(house, database, self._lanes)
        self._exit = EXIT_DONE

    def run(self) -> int:
        """Live; the exit code."""
        threads = [
            threading.Thread(target=self._every, args=(seconds, work), name=name, daemon=True)
            for name, seconds, work in (
                ("heart", BEAT_SECONDS, self._beat),
                ("watchdog", WATCH_SECONDS, self._watch_questions),
                ("desk", DESK_SECONDS, self._desk.take_new),
            )
        ]
        self._desk.open()
        for thread in threads:
            thread.start()
        if self._settle_in():
            self._live()
        self._finish(threads)
        return self._exit

    def _settle_in(self) -> bool:
        """Learn what the flows go by; a marketplace that does not tell keeps us waiting, a wrong one ends us."""
        while not self._house.stopping.is_set():
            try:
                run = self._start.run_once(EVERYTHING)
            except Exception:
                log.exception("the start made a mistake", extra={"action": "flow_mistake", "flow": START})
            else:
                if run.is_misdirected:
                    self._end(EXIT_REFUSED, run.message, "start_refused")
                    return False
                if start.is_ready(run):
                    return not self._house.stopping.is_set()
                log.warning(run.ending, extra={"action": "start_waits"})
            self._house.stopping.wait(START_PAUSE)
        return False

    def _live(self) -> None:
        for lane in (self._start, *self._lanes.values()):
            lane.start()
        self._desk.flows_may_run.set()
        clock = schedule.Scheduler()
        clock.every(1).seconds.do(self._tick)
        clock.run_all(0)
        while not self._house.stopping.is_set():
            clock.run_pending()
            self._house.stopping.wait(0.2)

    def _tick(self) -> None:
        for lane in (self._start, *self._lanes.values()):
            lane.tick()
        if self._start.is_misdirected:
            self._end(EXIT_REFUSED, "The marketplace is not the one in the settings any more.", "start_refused")

    def _watch_questions(self) -> None:
        patience = self._house.settings.query_patience_seconds
        age = self._server.oldest_query_seconds()
        if age > patience:
            self._end(EXIT_RESTART, f"A question has run for {age:.0f} s and cannot be ended.", "query_stuck")

    def _end(self, code: int, why: str, action: str) -> None:
        """Finish the step in hand and end with this code."""
        log.error(why, extra={"action": action, "exit": code})
        self._exit = code
        self._house.stopping.set()

    def _beat(self) -> None:
        doing = {name: lane.doing for name, lane in self._lanes.items() if lane.doing}
        self._house.journal.beat(pid=os.getpid(), doing=json.dumps(doing))

    def _every(self, seconds: float, work: Callable[[], object]) -> None:
        while not self._house.stopping.is_set():
            try:
                work()
            except Exception:
                log.exception("the worker stumbled", extra={"action": "worker_stumbled", "work": work.__name__})
            self._house.stopping.wait(seconds)

    def _finish(self, threads: list[threading.Thread]) -> None:
        until = time.monotonic() + FINISH_SECONDS
        for thread in threads:
            thread.join(max(0.1, until - time.monotonic()))
        self._desk.close()
        for lane in (self._start, *self._lanes.values()):
            if not lane.finish(max(0.1, until - time.monotonic())):
                log.warning("a lane did not end in time", extra={"action": "lane_left", "flow": lane.name})
