"""`cherrylane doctor`: what is configured, what answers, what is missing; each finding says what to do."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from pydantic import ValidationError

from store.clock import Clock
from store.errors import StoreError
from store.window import Window
from sync.clients.clock import make_clock
from sync.clients.connect import open_erp, open_marketplace
from sync.errors import SyncError
from sync.ports import Exchange
from sync.rules.mappings import KINDS
from sync.settings import Settings

MAXIMUM_SKEW = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's report."""

    what: str
    is_ok: bool
    words: str


def examine(window: Callable[[], Window], store_path: Callable[[], Path]) -> list[Finding]:
    """Everything that can be checked from here."""
    return [*_configuration(), *_store(window, store_path), *_mappings(window)]


def _configuration() -> Iterator[Finding]:
    try:
        settings = Settings()
    except ValidationError as error:
        for one in error.errors():
            name = f"CHERRYLANE_{'_'.join(str(part) for part in one['loc']).upper()}"
            yield Finding(
                "settings", is_ok=False, words=f"{name}: {one['msg'].lower()}; set it in the environment or .env"
            )
        return
    yield Finding("settings", is_ok=True, words="complete")
    if settings.erp_visibility_minutes is None:
        yield Finding(
            "settings",
            is_ok=False,
            words="CHERRYLANE_ERP_VISIBILITY_MINUTES is not set: an order whose answer was lost waits for a person",
        )
    yield from _systems(settings)


def _systems(settings: Settings) -> Iterator[Finding]:
    try:
        clock = make_clock(settings.clock)
    except SyncError as error:
        yield Finding("clock", is_ok=False, words=str(error))
        return
    yield Finding("clock", is_ok=True, words=f"{settings.clock}, {clock.now():%Y-%m-%d %H:%M:%S} UTC")
    seen: list[Exchange] = []
    marketplace = open_marketplace(
        settings.marketplace_url,
        settings.marketplace_key.get_secret_value(),
        settings.marketplace_shop_id,
        clock,
        seen.append,
    )
    erp = open_erp(settings.erp_url, settings.erp_key.get_secret_value(), settings.erp_timezone, clock, seen.append)
    yield _asked("John Lewis", marketplace.ping, seen, clock)
    yield _asked("BlueCherry", erp.ping, seen, clock)


def _asked(what: str, ping: Callable[[], str], seen: list[Exchange], clock: Clock) -> Finding:
    try:
        version = ping()
    except SyncError as error:
        return Finding(what, is_ok=False, words=str(error))
    took = seen[-1].latency_ms if seen else 0
    return Finding(what, is_ok=True, words=f"answers (version {version}, {took} ms) at {clock.now():%H:%M:%S} UTC")


def _store(window: Callable[[], Window], store_path: Callable[[], Path]) -> Iterator[Finding]:
    path = store_path()
    if not path.exists():
        yield Finding("store", is_ok=False, words=f"there is none at {path} yet: start `cherrylane run`")
        return
    state = window().state()
    yield Finding(
        "store", is_ok=True, words=f"{path}, {path.stat().st_size / 1e6:.1f} MB, worker {state.worker.value}"
    )


def _mappings(window: Callable[[], Window]) -> Iterator[Finding]:
    try:
        rows = (
            window()
            .ask("select mapping, count(*) as n from mapping_facts where value <> '' group by mapping")
            .to_dicts()
        )
    except StoreError as error:
        yield Finding("mappings", is_ok=False, words=str(error))
        return
    count = {row["mapping"]: row["n"] for row in rows}
    for kind in KINDS:
        if count.get(kind):
            yield Finding(f"mapping {kind}", is_ok=True, words=f"{count[kind]} set")
        else:
            yield Finding(
                f"mapping {kind}", is_ok=False, words="none set: orders that need one are held; see Mappings"
            )
