"""The worker: lanes, commands, heartbeat; it ends when told to, at a step's end, and goes on where it was.

`schedule` only ticks; whether a lane is due is judged by the business clock. A query over the wire that outlives
its patience cannot be cancelled, so the worker then ends itself (exit 75) to be started again by its supervisor.
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
from sync.lanes import lanes_of, once
from sync.runs import House

log = logging.getLogger(__name__)
EXIT_DONE, EXIT_RESTART, EXIT_REFUSED = 0, 75, 78
QUERY_PATIENCE = 60.0
START_PAUSE = 5.0
BEAT_SECONDS = 2
DESK_SECONDS = 0.3
FINISH_SECONDS = 60.0


class Daemon:
    """Runs until it is told to stop."""

    def __init__(self, house: House, database: Database, server: Server, *, pid: int | None = None) -> None:
        self._house = house
        self._server = server
        self._pid = pid or os.getpid()
        self._lanes = lanes_of(house)
        self._desk = Desk(house, database, self._lanes)
        self._exit = EXIT_DONE

    def stop(self) -> None:
        """Finish the step in hand and end. Safe in a signal handler."""
        self._house.stopping.set()

    def run(self) -> int:
        """Live; the exit code."""
        beats = threading.Thread(target=self._every, args=(BEAT_SECONDS, self._beat), name="heart", daemon=True)
        beats.start()
        self._desk.open()
        if not self._settle_in():
            self._finish(beats)
            return self._exit
        desk = threading.Thread(
            target=self._every, args=(DESK_SECONDS, self._desk.take_new), name="desk", daemon=True
        )
        desk.start()
        for lane in self._lanes.values():
            lane.start()
        clock = schedule.Scheduler()
        clock.every(1).seconds.do(self._tick)
        clock.every().hour.do(self._describe_again)
        clock.run_all(0)
        while not self._house.stopping.is_set():
            clock.run_pending()
            self._house.stopping.wait(0.2)
        desk.join(FINISH_SECONDS)
        self._finish(beats)
        return self._exit

    def _settle_in(self) -> bool:
        """Learn what the flows go by; a marketplace that is down keeps us waiting, a wrong one ends us."""
        while not self._house.stopping.is_set():
            run = once(self._house, "start")
            if run.is_fatal:
                self._exit = EXIT_REFUSED
                log.error(run.message, extra={"action": "start_refused"})
                return False
            if start.is_ready(run):
                return True
            log.warning(run.ending, extra={"action": "start_waits"})
            self._house.stopping.wait(START_PAUSE)
        return False

    def _tick(self) -> None:
        for lane in self._lanes.values():
            lane.tick()
        if self._server.oldest_query_seconds() > QUERY_PATIENCE:
            log.error("a query cannot be ended; starting again", extra={"action": "query_stuck"})
            self._exit = EXIT_RESTART
            self.stop()

    def _describe_again(self) -> None:
        once(self._house, "start")

    def _beat(self) -> None:
        doing = {name: lane.doing for name, lane in self._lanes.items() if lane.doing}
        self._house.journal.beat(pid=self._pid, doing=json.dumps(doing))

    def _every(self, seconds: float, work: Callable[[], object]) -> None:
        while not self._house.stopping.is_set():
            try:
                work()
            except Exception:
                log.exception("the worker stumbled", extra={"action": "worker_stumbled", "work": work.__name__})
            self._house.stopping.wait(seconds)

    def _finish(self, beats: threading.Thread) -> None:
        until = time.monotonic() + FINISH_SECONDS
        self._desk.close()
        for lane in self._lanes.values():
            if not lane.finish(max(0.1, until - time.monotonic())):
                log.warning("a lane did not end in time", extra={"action": "lane_left", "flow": lane.name})
        beats.join(FINISH_SECONDS)
