"""Dispatch: what BlueCherry shipped, John Lewis is told, parcel by parcel, with its tracking number.

Looks at BlueCherry's shipments. A parcel of an order that waits to be sent is confirmed with the carrier the
mapping names; where parcels cannot be told one by one, the order is confirmed once all of it has left. Held, with
what to mend: a carrier without a mapping, a missing tracking number, a line the order has not or that carries
another SKU, more units than are open, a shipment voided after we told of it, and what John Lewis refused. Orders
finished before we started are never touched.

What can go wrong: an answer that never came. The parcel is looked up by our reference and its tracking number, and
sent again only when it is surely not there.
"""

import json
from collections.abc import Sequence
from typing import Any

from sync.errors import Refused, Retriable, SyncError
from sync.flows import dispatch_look as looking
from sync.intents import Intent, carry_out, carry_out_together
from sync.ports import Outcome, ShipmentDraft, Tracking
from sync.rules import mappings
from sync.rules.dispatch import Decision, Known, decide, rounds
from sync.runs import EVERYTHING, Preview, Run, Scope

NAME = "dispatch"


def run(run: Run, scope: Scope = EVERYTHING) -> None:
    """One run, as the module says."""
    with run.apart():
        looking.settle(run)
    with run.apart():  # what is known to be shipped is told, whether BlueCherry can be read or not
        looking.read_shipments(run, scope)
    decision = _decide(run, scope)
    run.record(decision.holds)
    run.counts["held"] += sum(1 for one in decision.holds if one.reason)
    _act(run, decision)
    if run.counts["confirmed"] or run.counts["refused"]:  # held from now on, or no more: not from the next run on
        run.record(_decide(run, EVERYTHING, looks=False).holds)


def preview(run: Run, scope: Scope = EVERYTHING) -> Preview:
    """What a run would tell John Lewis now."""
    looking.read_shipments(run, scope)
    decision = _decide(run, scope)
    rows = [
        {
            "order": intent.order_id,
            "does": "confirm shipment",
            "what": intent.subject,
            "carrier": intent.payload["carrier"],
            "tracking": intent.payload["tracking"],
            "units": sum(intent.payload["quantities"].values()),
        }
        for intent in decision.confirm
    ]
    held = sum(1 for one in decision.holds if one.reason)
    calls = {
        "OR23 tracking": sum(
            1 for one in decision.confirm if one.payload.get("is_whole") and one.payload["tracking"]
        ),
        "OR24 ship": sum(1 for one in decision.confirm if one.payload.get("is_whole")),
        "ST01 shipments": sum(-(-len(lot) // 100) for lot in rounds(_parcels_of(decision))),
    }
    return Preview(
        f"{len(rows)} shipments would be confirmed, {held} more would be held.",
        tuple(rows),
        {name: count for name, count in calls.items() if count},
    )


# -- decide ------------------------------------------------------------------------------------


def _decide(run: Run, scope: Scope, *, looks: bool = True) -> Decision:
    """On what is stored, after a look at what others may have told of already."""
    described = {row["topic"]: json.loads(row["value"]) for row in run.rows("select * from marketplace_facts")}
    if "rules" not in described or "carriers" not in described:
        raise Retriable("John Lewis has not told its carriers yet; nothing can be confirmed before it has")
    parcels = _parcels_to_tell(run)
    before = looking.trust_from(run)
    is_multi = bool(described["rules"].get("multi_shipment"))
    if is_multi and looks:
        looking.recognise(
            run,
            [
                parcel
                for parcel in parcels
                if not parcel["is_tried"] and (parcel["is_before_start"] or parcel["shipped_at"] < before)
            ],
        )
    return decide(_known(run, scope, described, parcels, is_multi=is_multi))


def _parcels_to_tell(run: Run) -> list[dict[str, Any]]:
    return run.rows(
        """
        select
            posted.ship_id, posted.order_id, posted.ship_via, posted.is_voided, posted.shipped_at,
            carton.carton, carton.tracking, carton.quantities,
            placed.shipping_type, placed.is_before_start, placed.shipping_deadline_at,
            exists (
                from intent_facts as intent
                where intent.intent_kind = 'confirm_shipment' and intent.order_id = posted.order_id
                    and intent.subject = posted.ship_id || '/' || carton.carton
            ) as is_tried,
        from order_facts as placed
        join shipment_facts as posted on posted.order_id = placed.order_id
        join carton_facts as carton
            on carton.ship_id = posted.ship_id
            and (carton.happened_at, carton.seq) >= (posted.happened_at, posted.seq)
        where placed.state = 'SHIPPING' or posted.is_voided
        order by
            placed.shipping_deadline_at nulls last, posted.order_id, posted.shipped_at, posted.ship_id,
            carton.carton
        """
    )


def _known(
    run: Run, scope: Scope, described: dict[str, Any], parcels: list[dict[str, Any]], *, is_multi: bool
) -> Known:
    orders = {"orders": sorted({parcel["order_id"] for parcel in parcels})}
    within = "order_id in (select unnest($orders::varchar[]))"
    return Known(
        parcels=parcels,
        lines=run.rows(
            f"select * from order_line_facts where {within} and state not in ('REFUSED', 'CANCELED')", orders
        ),
        intents=run.rows(f"select * from intent_facts where intent_kind = 'confirm_shipment' and {within}", orders),
        holds={row["ship_id"]: row for row in run.rows("select * from shipment_hold_facts where reason <> ''")},
        mappings=mappings.load(run.rows(mappings.IN_FORCE, {"now": run.now()})),
        carriers={one["code"]: one["label"] for one in described["carriers"]},
        untracked_types=frozenset(
            one["code"]
            for one in described.get("shipping_types", ())
            if one.get("detail", {}).get("mandatory_tracking") is False
        ),
        multi_shipment=is_multi,
        now=run.now(),
        retry=frozenset((scope.key, *scope.named)) - {""},
        substituted={
            row["order_line_id"]: row["shown"]
            for row in run.rows(
                "select order_line_id, shown from drift($now)"
                f" where drift_class = 'substitution' and is_open and {within}",
                {"now": run.now(), **orders},
            )
        },
    )


# -- act ---------------------------------------------------------------------------------------


def _parcels_of(decision: Decision) -> list[Intent]:
    return [intent for intent in decision.confirm if not intent.payload.get("is_whole")]


def _act(run: Run, decision: Decision) -> None:
    whole = [intent for intent in decision.confirm if intent.payload.get("is_whole")]
    run.count("confirmed", carry_out(run, whole, lambda one: _ship_whole(run, one), workers=4))
    if whole:
        run.record([event for one in _confirmed(run, whole) for event in looking.siblings(run, one)])
    for lot in rounds(_parcels_of(decision)):
        run.count("confirmed", carry_out_together(run, lot, lambda group: _create(run, group)))


def _confirmed(run: Run, intents: Sequence[Intent]) -> list[Intent]:
    rows = run.rows(
        "select intent_id from intent_facts where state = 'confirmed' and intent_kind = 'confirm_shipment' "
        "and order_id in (select unnest($orders::varchar[]))",
        {"orders": [intent.order_id for intent in intents]},
    )
    done = {str(row["intent_id"]) for row in rows}
    return [intent for intent in intents if str(intent.intent_id) in done]


def _tracking(intent: Intent) -> Tracking | None:
    carrier, number = intent.payload["carrier"], intent.payload["tracking"]
    return Tracking(carrier, "", number) if number else None


def _ship_whole(run: Run, intent: Intent) -> str:
    run.house.marketplace.ship_whole(intent.order_id, _tracking(intent))
    return intent.order_id


def _create(run: Run, intents: Sequence[Intent]) -> dict[str, Outcome]:
    """Tell of many parcels at once; where all are refused because of one, each by itself."""
    try:
        return _told(run, intents)
    except Refused:
        if len(intents) == 1:
            raise
    answers: dict[str, Outcome] = {}
    for intent in intents:
        try:
            answers |= _told(run, [intent])
        except Refused as no:
            answers[intent.subject] = Outcome(intent.subject, is_ok=False, message=no.reason or str(no))
        except SyncError:
            break  # what is not answered is unclear, and looked up before it is sent again
    return answers


def _told(run: Run, intents: Sequence[Intent]) -> dict[str, Outcome]:
    drafts = [
        ShipmentDraft(one.order_id, one.payload["reference"], one.payload["quantities"], _tracking(one))
        for one in intents
    ]
    outcomes = {outcome.subject: outcome for outcome in run.house.marketplace.create_shipments(drafts)}
    return {
        one.subject: outcomes[one.payload["reference"]] for one in intents if one.payload["reference"] in outcomes
    }
