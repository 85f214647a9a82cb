"""`cherrylane doctor`: what is configured, what answers, what is missing; a line each, saying what to do.

Looks only: nothing is written, and no call is made that the marketplace allows but once a day. Whether it is the
right shop is known from what the store remembers of it.
"""

import contextlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Protocol

from store import reads
from store.clock import aware, wall_now
from store.errors import StoreError, StoreMissing
from store.window import Window
from sync.clients.alerts import is_known, scheme_of
from sync.clients.clock import borrowed_clock
from sync.clients.connect import open_erp, open_marketplace
from sync.errors import SyncError
from sync.flows.start import misdirection
from sync.ports import Exchange, Witness
from sync.rules.exceptions import BY_CODE
from sync.rules.mappings import KINDS, OPTIONAL
from sync.settings import Settings, WrongSettings, read_settings

MAXIMUM_SKEW = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's report."""

    what: str
    is_ok: bool
    words: str


class System(Protocol):
    """What the doctor asks of either system."""

    def ping(self) -> str: ...
    def close(self) -> None: ...


def examine(window: Window) -> list[Finding]:
    """Everything that can be checked from here."""
    findings: list[Finding] = []
    try:
        settings = read_settings()
    except WrongSettings as wrong:
        findings += [Finding("settings", is_ok=False, words=sentence) for sentence in wrong.sentences]
    else:
        findings += [
            *_settings(settings),
            *_systems(settings),
            *_shop(settings, window),
            *_alerts(settings, window),
        ]
    return [*findings, *_store(window), *_orders(window), *_mappings(window)]


def _settings(settings: Settings) -> Iterator[Finding]:
    yield Finding("settings", is_ok=True, words="complete")
    if settings.erp_visibility_minutes is None:
        yield Finding(
            "settings",
            is_ok=False,
            words="CHERRYLANE_ERP_VISIBILITY_MINUTES is not set: an order whose answer was lost waits for a person",
        )


def _systems(settings: Settings) -> Iterator[Finding]:
    try:
        with borrowed_clock(settings.clock) as clock:
            yield Finding("clock", is_ok=True, words=f"{settings.clock}, {clock.now():%Y-%m-%d %H:%M:%S} UTC")
            key, shop = settings.marketplace_key.get_secret_value(), settings.marketplace_shop_id
            yield from _asked("John Lewis", partial(open_marketplace, settings.marketplace_url, key, shop, clock))
            key = settings.erp_key.get_secret_value()
            yield from _asked("BlueCherry", partial(open_erp, settings.erp_url, key, settings.erp_timezone, clock))
    except SyncError as error:
        yield Finding("clock", is_ok=False, words=str(error))


def _asked(what: str, opened: Callable[[Witness], System]) -> Iterator[Finding]:
    """Whether a system answers and takes our key, and what its clock says."""
    seen: list[Exchange] = []
    try:
        with contextlib.closing(opened(seen.append)) as system:
            version = system.ping()
    except SyncError as error:
        yield Finding(what, is_ok=False, words=str(error))
    else:
        yield Finding(what, is_ok=True, words=f"answers (version {version}, {seen[-1].latency_ms} ms)")
    if seen:
        yield from _clock_of(what, seen[-1])


def _clock_of(what: str, exchange: Exchange) -> Iterator[Finding]:
    try:
        ahead = aware(parsedate_to_datetime(exchange.dated)) - wall_now()
    except ValueError:  # no answer, or one without a date
        return
    if abs(ahead) > MAXIMUM_SKEW:
        side = "ahead of" if ahead > timedelta(0) else "behind"
        yield Finding(
            f"{what} clock",
            is_ok=False,
            words=f"{abs(ahead).total_seconds():.0f} s {side} this machine's: set this machine's clock by NTP, or "
            "tell those who run theirs; what changes in between is read late",
        )


def _shop(settings: Settings, window: Window) -> Iterator[Finding]:
    """Whether it is our shop, by what it said of itself when the worker last asked."""
    try:
        rows = window.ask(
            "select topic, value from marketplace_facts where topic in ('account', 'rules')"
        ).to_dicts()
    except StoreError:
        return  # said where the store itself is looked at
    for row in rows:
        if wrong := misdirection(settings, row["topic"], json.loads(row["value"])):
            yield Finding("shop", is_ok=False, words=wrong)
            return
    if rows:
        yield Finding("shop", is_ok=True, words=f"{settings.marketplace_shop_id}, {settings.marketplace_model}")


def _alerts(settings: Settings, window: Window) -> Iterator[Finding]:
    """Whether anybody is called, by routes whose addresses can be read; nothing is sent."""
    if not settings.alerts:
        yield Finding(
            "alerts", is_ok=True, words="none configured: nobody is called, set CHERRYLANE_ALERTS to be called"
        )
        return
    states: dict[str, dict[str, object]] = {}
    with contextlib.suppress(StoreError):  # said where the store itself is looked at
        rows = window.ask("select * from alert_routes($now)", {"now": wall_now()}).to_dicts()
        states = {row["route"]: row for row in rows}
    for route in settings.alerts:
        address, last = route.to.get_secret_value(), states.get(route.name, {})
        about = f"{route.severity} and worse, by {scheme_of(address)}"
        if unknown := sorted(set(route.kinds) - set(BY_CODE)):
            words = f"names kinds that do not exist: {', '.join(unknown)}; Handover lists those that do"
        elif not is_known(address):
            words = "its address is none that the apprise library knows; mailto://, slack://, workflows://, json://"
        elif last.get("state") == "failed":
            words = f"{about}; the last message did not arrive: {last['message']}"
        else:
            yield Finding(f"alerts {route.name}", is_ok=True, words=about)
            continue
        yield Finding(f"alerts {route.name}", is_ok=False, words=words)


def _store(window: Window) -> Iterator[Finding]:
    path = window.path
    if not path.exists():
        yield Finding("store", is_ok=False, words=f"there is none at {path} yet: start `cherrylane run`")
        return
    state = window.state()
    try:
        window.ask("select count(*) from events")
    except StoreError as error:
        yield Finding("store", is_ok=False, words=str(error))
        return
    yield Finding(
        "store", is_ok=True, words=f"{path}, {path.stat().st_size / 1e6:.1f} MB, worker {state.worker.value}"
    )


def _orders(window: Window) -> Iterator[Finding]:
    """Whether every order ever shown to us is in exactly one place."""
    sql = "select count(distinct subject) as seen from events where kind = 'order.placed'"
    try:
        seen = window.ask(sql).item()
        places = reads.order_places(window.ask, wall_now()).to_dicts()
    except StoreError:
        return  # said where the store itself is looked at
    placed = sum(row["order_count"] for row in places)
    lost = sum(row["order_count"] for row in places if row["place"] == "missing")
    if placed != seen:
        words = f"{seen} were seen and {placed} are accounted for: run `cherrylane rebuild --check`"
    elif lost:
        words = f"{seen} were seen, {lost} of them were shipped and never in BlueCherry: see Exceptions"
    else:
        words = f"{seen} were seen, each is in exactly one place"
    yield Finding("orders", is_ok=placed == seen and not lost, words=words)
    gaps = window.ask("select strftime(day, '%-d %b') as day from order_counts where not agrees order by day")
    if not gaps.is_empty():
        days = ", ".join(gaps["day"])
        yield Finding("orders counted", is_ok=False, words=f"John Lewis and we differ on {days}: see Exceptions")


def _mappings(window: Window) -> Iterator[Finding]:
    sql = "select mapping, count(*) as n from mappings($now) where state = 'in_force' group by mapping"
    try:
        rows = window.ask(sql, {"now": wall_now()}).to_dicts()
    except StoreMissing:
        return  # said where the store itself is looked at
    except StoreError as error:
        yield Finding("mappings", is_ok=False, words=str(error))
        return
    count = {row["mapping"]: row["n"] for row in rows}
    for kind in KINDS:
        if count.get(kind):
            yield Finding(f"mapping {kind}", is_ok=True, words=f"{count[kind]} set")
        elif kind in OPTIONAL:
            yield Finding(f"mapping {kind}", is_ok=True, words=f"none set: {OPTIONAL[kind]}")
        else:
            yield Finding(
                f"mapping {kind}", is_ok=False, words="none set: orders that need one are held; see Mappings"
            )
