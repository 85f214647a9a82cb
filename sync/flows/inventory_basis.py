"""What quantities are computed on: the batch and its age, the warehouses that sell here, and the buffer policies.

Everything configured that a published number depends on is gathered here, once a run, and written down when it
changes, so that the screens compute with the same terms as the worker and can say how cautious we are.
"""

import json
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from store.events import StockTermsChanged
from sync.errors import Fatal
from sync.rules.aging import AgeLimits, Caution, caution
from sync.rules.batches import Newest
from sync.rules.demand_events import DemandEvent
from sync.rules.mappings import IN_FORCE, load
from sync.rules.policies import Entry, Members, Policy
from sync.rules.record_error import parsed
from sync.rules.stock_rows import may_sell
from sync.rules.timetable import Due, Timetable, next_due
from sync.runs import Run
from sync.settings import Settings

LONDON = ZoneInfo("Europe/London")
_RECORD_ERRORS = "select key, value from mappings($now) where mapping = 'record_error' and state = 'in_force'"
HELD_LOTS = "inventory.held_lots"  # JSON: those the newest FULL batch was read with
_PLACES = 6  # of a chance and of a price, as facts keep them


@dataclass(frozen=True, slots=True)
class Basis:
    """What the quantities of this run are computed on."""

    batch: Newest
    warehouses: frozenset[str]  # of those allowed, the ones goods may be sold from
    has_open_orders: bool  # what open orders want is off the batch's figures, taken off there or here
    caution: Caution
    due: Due
    limits: AgeLimits
    events: tuple[DemandEvent, ...] = ()  # known promotions and the like, past ones too
    # how likely a stock record shows 1, 2, … units too many, by warehouse; a warehouse that is right is not in it
    record_errors: Mapping[str, tuple[float, ...]] = field(default_factory=dict)


def basis(run: Run, batch: Newest) -> Basis:
    """Gather it, and write it down if it changed.

    Raises:
        Fatal: no warehouse is allowed to sell on this channel.

    """
    settings = run.house.settings
    limits = age_limits(settings)
    told = run.rows(
        "select next_expected_at from stock_batch_facts where batch_id = $batch_id", {"batch_id": batch.batch_id}
    )
    places = warehouses(run)
    found = Basis(
        batch=batch,
        warehouses=places,
        has_open_orders=settings.batch_deducts_open_orders or batch.tells_open_orders,
        caution=caution(batch.as_of, run.now(), limits),
        due=next_due(batch.as_of, told[0]["next_expected_at"] if told else None, timetable(settings)),
        limits=limits,
        events=demand_events(run),
        record_errors=record_errors(run, places),
    )
    _note(run, found)
    return found


def age_limits(settings: Settings) -> AgeLimits:
    """When a batch counts as old, by the settings."""
    return AgeLimits(
        max_age=timedelta(hours=settings.batch_max_age_hours),
        hard_age=timedelta(hours=settings.batch_hard_age_hours),
        factor=settings.aged_buffer_factor,
        thin_units=settings.aged_thin_units,
        hard_thin_units=settings.overaged_thin_units,
        freezes=settings.aged_freezes_increases,
    )


def timetable(settings: Settings) -> Timetable:
    """The ERP's batch cycle, by the settings."""
    return Timetable(
        zone=ZoneInfo(settings.erp_timezone),
        times=settings.batch_moments,
        every=timedelta(minutes=settings.batch_every) if settings.batch_every is not None else None,
        takes=timedelta(minutes=settings.batch_takes),
    )


def fallback(settings: Settings) -> Policy:
    """The policy of the settings: the last word where nobody set another."""
    return Policy(
        percent=settings.buffer_percent,
        units=settings.buffer_units,
        combine=settings.buffer_policy,
        risk=settings.buffer_risk,
        alpha=settings.risk_alpha,
        oversell_cost=settings.oversell_cost,
        minimum=settings.minimum_quantity,
        maximum=settings.maximum_listed,
    )


def entries(run: Run) -> list[Entry]:
    """Every buffer policy that was ever set, as `sync.rules.policies` wants them."""
    rows = run.rows("select * from buffer_policy_facts order by happened_at, seq")
    return [Entry(row["level"], row["key"], row["from_on"], _members(row)) for row in rows]


def entries_since(run: Run, position: int, before: date, today: date) -> list[Entry]:
    """Those written down after a position of the journal, or whose day has come between two days."""
    rows = run.rows(
        "select * from buffer_policy_facts where seq > $seq or (from_on > $before and from_on <= $today)",
        {"seq": position, "before": before, "today": today},
    )
    return [Entry(row["level"], row["key"], row["from_on"], _members(row)) for row in rows]


def policy_day(moment: datetime) -> date:
    """The day a policy counts by: London's."""
    return moment.astimezone(LONDON).date()


def _members(row: dict[str, Any]) -> Members:
    if row["is_removed"]:
        return Members()
    return Members(
        percent=row["percent"],
        units=row["units"],
        combine=row["combine"],
        risk=row["risk"],
        alpha=row["alpha"],
        oversell_cost=row["oversell_cost_amount"],
        minimum=row["minimum"],
        maximum=row["maximum"],
    )


def demand_events(run: Run) -> tuple[DemandEvent, ...]:
    """Every demand event that is told of, past ones too: what was sold in them is weighed by them."""
    rows = run.rows(
        "select * from demand_events($now) where state = 'in_force' order by since_at, key", {"now": run.now()}
    )
    return tuple(
        DemandEvent(
            row["since_at"], row["until_at"], row["told_at"], row["own_factor"], row["other_factor"], row["scope"],
            row["goods"],
        )
        for row in rows
    )  # fmt: skip


def record_errors(run: Run, places: Collection[str]) -> dict[str, tuple[float, ...]]:
    """How wrong a record may be in each of some warehouses: as it is mapped, else as the settings say.

    The desk refuses what says no chances, settings may hold it: it is an exception (`mapping_invalid`), no more.
    """
    told, usual = {}, run.house.settings.record_error
    for row in run.rows(_RECORD_ERRORS, {"now": run.now()}):
        with suppress(ValueError):
            told[row["key"]] = parsed(row["value"])
    found = {place: told.get(place, usual) for place in sorted(places)}
    return {place: chances for place, chances in found.items() if any(chances)}


def warehouses(run: Run) -> frozenset[str]:
    """Those this channel sells from; none: BlueCherry has no warehouse where it is allowed, and nothing is there.

    Raises Fatal if none is allowed.
    """
    chosen = allowed(run)
    return chosen - refused(run, chosen)


def refused(run: Run, chosen: Collection[str]) -> frozenset[str]:
    """Of some locations those that are no place to sell from, whatever a setting or a mapping says."""
    rows = run.rows("select value from marketplace_facts where topic = 'warehouses'")
    types = {one["code"]: one["detail"].get("type") or "" for row in rows for one in json.loads(row["value"])}
    return frozenset(place for place in chosen if not may_sell(place, types))


def awaited_lots(run: Run) -> tuple[str, ...]:
    """Lots the settings hold, and did not when the newest FULL batch was read: a DELTA tells of its SKUs alone."""
    then = json.loads(run.bookmark(HELD_LOTS) or "[]")
    return tuple(sorted(set(run.house.settings.held_lots) - set(then)))


def allowed(run: Run) -> frozenset[str]:
    """Those a setting or a mapping names. Raises Fatal if there is none."""
    chosen = frozenset(run.house.settings.warehouses)
    if not chosen:
        chosen = load(run.rows(IN_FORCE, {"now": run.now()})).warehouses()
    if not chosen:
        raise Fatal("No warehouse sells on this channel: map a division to a warehouse, or set WAREHOUSES.")
    return chosen


def _note(run: Run, found: Basis) -> None:
    settings, batch, usual = run.house.settings, found.batch, fallback(run.house.settings)
    degraded_at = batch.as_of + found.limits.max_age if found.caution.state else None
    terms = StockTermsChanged(
        happened_at=run.now(),
        batch_id=batch.batch_id,
        batch_at=batch.as_of,
        due_at=found.due.at,
        due_from=found.due.source,
        degraded=found.caution.state,
        degraded_at=degraded_at,
        overaged_at=batch.as_of + found.limits.hard_age,
        buffer_factor=found.caution.factor,
        thin_units=found.caution.thin_units,
        is_frozen=found.caution.freezes,
        warehouses=tuple(sorted(found.warehouses)),
        clamps_warehouses=settings.clamp_warehouses,
        clock_skew_seconds=settings.clock_skew_seconds,
        deducts_open_orders=found.has_open_orders,
        deducts_sales=settings.marketplace_deducts_sales,
        percent=usual.percent,
        units=usual.units,
        combine=usual.combine,
        risk=usual.risk,
        alpha=round(usual.alpha, _PLACES),
        oversell_cost_amount=round(usual.oversell_cost, _PLACES),
        minimum=usual.minimum,
        maximum=usual.maximum,
        refused_warehouses=tuple(sorted(refused(run, allowed(run)))),
        awaited_lots=awaited_lots(run),
    )
    known = run.rows("select * from stock_terms_facts")
    if not known or not _says_the_same(terms, known[0]):
        run.record([terms])


def _says_the_same(terms: StockTermsChanged, row: dict[str, Any]) -> bool:
    said = terms.model_dump(exclude={"happened_at"})
    lists = ("warehouses", "refused_warehouses", "awaited_lots")
    row = {**row, **{name: tuple(json.loads(row[name] or "[]")) for name in lists}}
    return all(row[name] == value for name, value in said.items())
