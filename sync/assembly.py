"""Puts the worker together: the one function that knows every part, used by the command line and the tests."""

import contextlib
import gc
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from store.clock import Clock, aware
from store.database import Database, local_ask, open_database
from store.journal import Journal
from sync.clients.alerts import AppriseMessenger
from sync.clients.clock import SandboxClock, make_clock
from sync.clients.connect import open_erp, open_marketplace
from sync.runs import House, Notebook
from sync.settings import Settings

START_ON = "start_on"
# A run holds tens of thousands of records at once; to look through them for cycles as often as Python does
# takes a tenth of a backlog's time (measured).
SELDOM = (50_000, 20, 20)


@dataclass(slots=True)
class Assembled:
    """The house and the store it stands on."""

    house: House
    database: Database
    doors: contextlib.ExitStack

    def close(self) -> None:
        """Shut the doors and give the store free."""
        self.doors.close()
        self.house.journal.close()
        self.database.close()


def assemble(
    settings: Settings,
    *,
    wait_seconds: float = 30.0,
    clock: Callable[[str], Clock] = make_clock,
    open_store: Callable[..., Database] = open_database,
) -> Assembled:
    """Open the store and both doors. Raises StoreError, Fatal for a wrong address."""
    gc.set_threshold(*SELDOM)
    ours = clock(settings.clock)
    database = open_store(settings.store, wait_seconds=wait_seconds)
    doors = contextlib.ExitStack()

    def stop() -> None:
        """What cannot be written down is not done."""
        house.stopping.set()

    try:
        notebook = Notebook()
        ask = local_ask(database)
        marketplace = doors.enter_context(
            contextlib.closing(
                open_marketplace(
                    settings.marketplace_url,
                    settings.marketplace_key.get_secret_value(),
                    settings.marketplace_shop_id,
                    ours,
                    notebook,
                )
            )
        )
        erp = doors.enter_context(
            contextlib.closing(
                open_erp(
                    settings.erp_url,
                    settings.erp_key.get_secret_value(),
                    settings.erp_timezone,
                    ours,
                    notebook,
                    settings.erp_requests_per_minute,
                    in_flight=settings.erp_concurrency,
                )
            )
        )
        if isinstance(ours, SandboxClock):
            doors.callback(ours.close)
        house = House(
            settings=settings,
            clock=ours,
            journal=Journal(
                database,
                ours,
                shop=settings.marketplace_shop_id,
                on_trouble=stop,
            ),
            ask=ask,
            marketplace=marketplace,
            erp=erp,
            notebook=notebook,
            start_on=_start_on(settings, database, ours),
            messenger=AppriseMessenger({one.name: one.to.get_secret_value() for one in settings.alerts}),
        )
    except BaseException:
        doors.close()
        database.close()
        raise
    return Assembled(house, database, doors)


def _start_on(settings: Settings, database: Database, clock: Clock) -> datetime:
    """Configured; else the moment of the first start, which the store remembers."""
    if settings.start_on is not None:
        return aware(settings.start_on)
    rows = local_ask(database)("select value from bookmarks where name = $name", {"name": START_ON}).to_dicts()
    return aware(datetime.fromisoformat(rows[0]["value"])) if rows else clock.now()
