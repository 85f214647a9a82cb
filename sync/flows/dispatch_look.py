"""What dispatch looks at: BlueCherry's shipments, and the marketplace where it is not sure what it was told.

Only shipments of orders we know are kept. Reading begins a little before the bookmark; once a night, and where an
order seems shipped without a shipment, it begins further back.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from store.events import CartonPart, Event, ShipmentPosted
from sync.flows.stamps import in_order
from sync.flows.turns import by_age, in_turn
from sync.freshness import SHOWN_WITHIN, is_order_read_since
from sync.intents import Intent, OpenIntent, confirmed, recorded, refused, still_open, unclear
from sync.ports import MarketShipment, Shipment
from sync.rules.dispatch import KIND, UNSEEN, reference_of, subject_of
from sync.rules.progress import Progress, day_of, is_new_day
from sync.runs import Run, Scope
from sync.unread import UNREADABLE_FOR, begin, reached

CHANGED, NIGHTLY, SOUGHT = "shipments.changed", "shipments.nightly", "shipments.sought"
SEEK_EVERY = timedelta(minutes=15)
SENT = frozenset({"SHIPPED", "TO_COLLECT", "RECEIVED", "CLOSED"})  # all that is to be sent of an order is
ALONE_AT_ONCE = 20  # orders asked for one by one, where one of their shipments cannot be read


# -- the ERP's shipments -------------------------------------------------------------------------


def read_shipments(run: Run, scope: Scope) -> None:
    """Record what BlueCherry shipped since last time; the bookmark moves with each page that comes in order."""
    now = run.now()
    nightly = scope.is_full or is_new_day(run.bookmark(NIGHTLY), now)
    seeking = None if scope.since else seek_from(run, now)
    reading, since = begin(
        run, scope, "erp", "shipment", bookmark=CHANGED, overlap=run.house.settings.overlap, is_whole=nightly,
        sought_from=seeking,
    )  # fmt: skip
    progress = Progress(since)
    for page in run.house.erp.shipments(updated_from=since):
        ours = _ours(run, page.items)
        progress.add(shipment.updated_at for shipment in page.items)
        reading.add(page, [shipment.ship_id for shipment in page.items])
        run.counts["not_ours"] += len(page.items) - len(ours)
        events = in_order(run, [_posted(shipment, page.snapshot_id) for shipment in ours])
        marks = _mark(run, progress.safe) if reading.is_clean else {}
        run.counts["shipments"] += run.record(events, bookmarks=marks)
        run.check()
    marks = _mark(run, progress.newest) if reading.end() else {}
    if scope.since is None:
        marks |= {NIGHTLY: day_of(now)} if nightly else {}
        marks |= {SOUGHT: now.isoformat()} if seeking else {}
    run.record(bookmarks=marks)


def _mark(run: Run, moment: datetime | None) -> dict[str, str]:
    """The bookmark, which never moves back."""
    before = run.bookmark(CHANGED)
    if moment is None or (before is not None and datetime.fromisoformat(before) >= moment):
        return {}
    return {CHANGED: reached(run, moment)}


def seek_from(run: Run, now: datetime) -> datetime | None:
    """From when to look for shipments of orders that BlueCherry says were shipped, and of which we have none."""
    sought = run.bookmark(SOUGHT)
    if sought is not None and now - datetime.fromisoformat(sought) < SEEK_EVERY:
        return None
    rows = run.rows(
        """
        select min(sales.changed_at) as since
        from order_facts as placed
        join sales_order_facts as sales on sales.order_id = placed.order_id
        join status_words($now) as word on word.raw_status = sales.raw_status
        where placed.state = 'SHIPPING' and word.status in ('PART_SHIPPED', 'SHIPPED', 'INVOICED')
            and not exists (from shipment_facts as posted where posted.ord_num = sales.ord_num)
        """,
        {"now": now},
    )
    since: datetime | None = rows[0]["since"]
    return None if since is None else since - timedelta(days=7)


def _ours(run: Run, shipments: Sequence[Shipment]) -> list[Shipment]:
    rows = run.rows(
        "select order_id from order_facts where order_id in (select unnest($ids::varchar[]))",
        {"ids": [shipment.order_id for shipment in shipments]},
    )
    known = {row["order_id"] for row in rows}
    return [shipment for shipment in shipments if shipment.order_id in known]


def _posted(shipment: Shipment, snapshot_id: UUID | None) -> ShipmentPosted:
    return ShipmentPosted(
        happened_at=shipment.updated_at,
        snapshot_id=snapshot_id,
        ship_id=shipment.ship_id,
        ord_num=shipment.ord_num,
        order_id=shipment.order_id,
        warehouse=shipment.warehouse,
        ship_via=shipment.ship_via,
        shipped_at=shipment.shipped_at,
        changed_at=shipment.updated_at,
        is_voided=shipment.is_voided,
        cartons=tuple(
            CartonPart(carton=label, tracking=one.tracking, quantities=dict(one.quantities))
            for label, one in zip(_labels(shipment), shipment.cartons, strict=True)
        ),
    )


def _labels(shipment: Shipment) -> list[str]:
    """A label of its own for each carton: one that comes twice, or not at all, gets its number behind it."""
    given = [one.carton for one in shipment.cartons]
    return [
        label if label and given.count(label) == 1 else f"{label}#{number}" for number, label in enumerate(given, 1)
    ]


# -- what the marketplace was told ---------------------------------------------------------------


def settle(run: Run) -> None:
    """Find out what became of confirmations whose answer never came."""
    open_intents = still_open(run, (KIND,))
    run.record([event for one in open_intents if one.payload.get("is_whole") for event in _by_order(run, one)])
    parcels = [one for one in open_intents if not one.payload.get("is_whole")]
    if not parcels:
        return
    found, is_sure = _told(run, [one.order_id for one in parcels])
    run.record([event for one in parcels for event in _became(run, one, found, is_sure=is_sure)])
    if not is_sure:
        # what cannot be read may be of any order asked for with it: each is asked for by itself
        doubtful = by_age(still_open(run, (KIND,)), KIND)
        alone = {key: one for key, one in doubtful.items() if not one.payload.get("is_whole")}
        in_turn(run, "dispatch.settled", alone, ALONE_AT_ONCE, lambda one: _settle_alone(run, one))


def _settle_alone(run: Run, intent: OpenIntent) -> None:
    found, is_sure = _told(run, [intent.order_id])
    events = _became(run, intent, found, is_sure=is_sure)
    run.record(events if events or is_sure else _unreadable(run, intent))


def _unreadable(run: Run, intent: OpenIntent) -> list[Event]:
    """A shipment of its order cannot be read, and may be the very one: the order's state tells, or a person."""
    rows = run.rows("select state from order_facts where order_id = $id", {"id": intent.order_id})
    if rows and rows[0]["state"] in SENT:
        return [confirmed(intent, run.now(), "", "found by the order's state")]
    if run.now() - intent.meant_at < UNREADABLE_FOR or not is_order_read_since(
        run, intent.order_id, intent.meant_at + UNREADABLE_FOR
    ):
        return []
    words = (
        "its answer never came, and John Lewis shows a shipment of the order that cannot be read: look there, and"
        " confirm it once more only if it is not that parcel"
    )
    return [refused(intent, run.now(), UNSEEN, words)]


def _became(run: Run, intent: OpenIntent, found: Sequence[MarketShipment], *, is_sure: bool) -> list[Event]:
    match = next((told for told in found if _is_same(told, intent)), None)
    if match is not None:
        return [confirmed(intent, run.now(), match.shipment_id, "found at the marketplace")]
    if is_sure and run.now() - intent.meant_at >= SHOWN_WITHIN:
        return [refused(intent, run.now(), "absent", "looked again: the marketplace has no such shipment")]
    return _doubt(run, intent)


def recognise(run: Run, parcels: Sequence[dict[str, Any]]) -> None:
    """Parcels sent before we took over may have been confirmed by somebody else: look before telling them again."""
    wanted = [parcel for parcel in parcels if not parcel["is_voided"]]
    if not wanted:
        return
    found, _ = _told(run, [parcel["order_id"] for parcel in wanted])
    events: list[Event] = []
    for parcel in wanted:
        payload = {
            "quantities": {},
            "tracking": parcel["tracking"],
            "reference": reference_of(parcel),
        }
        for told in found:
            if told.order_id == parcel["order_id"] and _names(told, payload["reference"], parcel["tracking"]):
                payload["quantities"] = dict(told.quantities)
                intent = Intent(KIND, subject_of(parcel), payload, parcel["order_id"])
                message = "the marketplace already had it"
                events += [
                    recorded(intent, run.now()),
                    confirmed(intent, run.now(), told.shipment_id, message),
                ]
                break
    run.counts["recognised"] += run.record(events) // 2


def _told(run: Run, order_ids: Sequence[str]) -> tuple[list[MarketShipment], bool]:
    """The marketplace's shipments of these orders, and whether all of them could be read."""
    found: list[MarketShipment] = []
    is_sure = True
    for page in run.house.marketplace.shipments(sorted(set(order_ids))):
        found += page.items
        is_sure = is_sure and not page.skipped
    return found, is_sure


def _is_same(told: MarketShipment, intent: OpenIntent) -> bool:
    payload = intent.payload
    return told.order_id == intent.order_id and _names(told, payload["reference"], payload["tracking"])


def _names(told: MarketShipment, reference: str, tracking: str) -> bool:
    return told.reference == reference or (tracking != "" and told.tracking == tracking)


def _by_order(run: Run, intent: OpenIntent) -> list[Event]:
    """A whole order shows by its state, once the orders were read again after the call."""
    rows = run.rows("select state from order_facts where order_id = $id", {"id": intent.order_id})
    state = rows[0]["state"] if rows else ""
    if state in SENT:
        return [confirmed(intent, run.now(), intent.order_id, "found by the order's state"), *siblings(run, intent)]
    if is_order_read_since(run, intent.order_id, intent.meant_at + SHOWN_WITHIN):
        return [refused(intent, run.now(), "absent", "looked again: the order is still to be sent")]
    return _doubt(run, intent)


def siblings(run: Run, intent: Intent | OpenIntent) -> list[Event]:
    """The other parcels of an order that was confirmed whole are confirmed with it."""
    events: list[Event] = []
    for subject in intent.payload.get("parcels", ()):
        if subject != intent.subject:
            other = Intent(intent.kind, subject, {"quantities": {}, "with": intent.subject}, intent.order_id)
            events += [
                recorded(other, run.now()),
                confirmed(other, run.now(), intent.order_id, "confirmed with the whole order"),
            ]
    return events


def _doubt(run: Run, intent: OpenIntent) -> list[Event]:
    """A killed call shows as unclear from now on; what already does is left as it is."""
    if intent.state == "unclear":
        return []
    return [unclear(intent, run.now(), "looking", "we were stopped before its answer came")]


def trust_from(run: Run) -> datetime:
    """Whatever was sent before this moment may have been confirmed without our knowing."""
    rows = run.rows("select max(happened_at) as at from events where kind = 'store.restored'")
    restored: datetime | None = rows[0]["at"]
    start_on = run.house.start_on.astimezone(UTC)
    return start_on if restored is None else max(start_on, restored)
