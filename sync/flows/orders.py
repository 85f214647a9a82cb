"""Orders: what John Lewis sold reaches BlueCherry once, whole, or is held with its reason.

Looks at every order changed since last time (with an overlap), at those named, or at one day's count
(sync.flows.orders_proof), and at what BlueCherry has of ours. Accepts what waits for acceptance; creates a sales
order per (order, division, warehouse) once the order is in SHIPPING with an address; passes customers'
cancellations on, and to John Lewis what a person said will not be sent (sync.flows.orders_cancelations); writes
BlueCherry's number back. What cannot go on is held: an unknown SKU, a missing mapping, an address that does not
fit. One bad order never stops the others.

What can go wrong: an answer that never came. Its intent stays unclear and is looked up by po_num until it is found
or surely absent; it is never simply sent again.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

from store.events import Event
from sync.flows import orders_acceptance as accepting
from sync.flows import orders_cancelations as passing
from sync.flows import orders_proof as proving
from sync.flows import orders_settle as settling
from sync.flows.orders_create import create
from sync.flows.orders_read import person_of
from sync.flows.orders_record import record_page
from sync.flows.orders_seen import SCHEDULED_SEEN, record_sales_orders
from sync.freshness import ORDERS_LOOKED, ORDERS_SEEN
from sync.intents import Intent, carry_out, carry_out_together, recorded, unclear
from sync.ports import Outcome, Page, SalesOrder
from sync.rules import mappings
from sync.rules.acceptance import KIND as REFUSE_ORDER
from sync.rules.addresses import misfits
from sync.rules.erp_rest import OF_ALL, Rest
from sync.rules.order_known import Known
from sync.rules.orders import Decision, decide
from sync.runs import EVERYTHING, Preview, Run, Scope
from sync.unread import Reading, begin, reached

SALES_SEEN = "sales_orders.changed"


def run(run: Run, scope: Scope = EVERYTHING) -> None:
    """One run, as the module says."""
    is_erp_there = scope.is_stored or look(run, scope)
    are_read = is_erp_there and run.trouble is None and not scope.is_stored
    with run.apart():
        settling.settle(run, _named(scope), is_erp_there=is_erp_there)
    with run.apart():
        accepting.refuse(run, scope)
    decision = _decide(run, scope)
    run.record([*decision.holds, *decision.releases, *_taken_over(run, decision)])
    run.counts.update(held=len(decision.holds), released=len(decision.releases))
    act(run, decision, is_erp_there=is_erp_there)
    if are_read:  # a line is cancelled only on what both sides show: it may have been put right since
        with run.apart():
            passing.pass_on(run, scope)
    if run.counts["refused"] or run.counts["unclear"]:  # what was not taken is held now, not at the next run
        run.record(_decide(run, scope).holds)


def preview(run: Run, scope: Scope = EVERYTHING) -> Preview:
    """What a run would do to the outside now."""
    look(run, scope, counts=False)
    decision = _decide(run, scope)
    passed_on = (*passing.decided(run, scope), *accepting.decided(run, scope))
    rows = [
        {"order": intent.order_id, "does": intent.kind.replace("_", " "), "what": intent.subject}
        for intent in (*decision.accept, *decision.create, *decision.cancel, *decision.reference, *passed_on)
    ]
    calls = {
        "OR21 accept": len(decision.accept),
        "salesOrder create": len(decision.create),
        "salesOrderCancel": len(decision.cancel),
        "OR04 reference": -(-len(decision.reference) // 100),
        **passing.calls_of([one for one in passed_on if one.kind != REFUSE_ORDER]),
        "OR21 refuse": sum(one.kind == REFUSE_ORDER for one in passed_on),
    }
    return Preview(
        f"{len(rows)} steps would be taken, {len(decision.holds)} orders would be held.",
        tuple(rows),
        {name: count for name, count in calls.items() if count},
    )


# -- look --------------------------------------------------------------------------------------


def look(run: Run, scope: Scope, *, counts: bool = True) -> bool:
    """Read both sides and record, each apart; whether BlueCherry could be read."""
    with run.apart():
        window = proving.due(run, scope.day) if counts and scope == Scope(day=scope.day) else None
        if window is not None:
            proving.count(run, window, record_page, _by_name(run))
        else:
            _look_at_marketplace(run, scope)
    with run.apart():
        _look_at_erp(run, scope)
        return True
    return False


def _look_at_marketplace(run: Run, scope: Scope) -> None:
    market = run.house.marketplace
    began_at = run.now()
    if named := _named(scope):
        _record_orders(_by_name(run), market.orders(order_ids=named))
        return
    reading, since = begin(
        run, scope, "marketplace", "order", bookmark=ORDERS_SEEN, overlap=run.house.settings.overlap
    )
    is_whole = _record_orders(reading, market.orders(updated_from=since))
    seen = {ORDERS_SEEN: began_at.isoformat()} if is_whole else {}
    run.record(bookmarks={**seen, ORDERS_LOOKED: began_at.isoformat()})


def _by_name(run: Run) -> Reading:
    """A reading of orders by name or by day."""
    return Reading(run, "marketplace", "order")


def _record_orders(reading: Reading, pages: Any) -> bool:
    """Whether the bookmark may move."""
    for page in pages:
        record_page(reading, page)
        reading.run.counts["orders_read"] += len(page.items)
        reading.run.check()
    return reading.end()


def _look_at_erp(run: Run, scope: Scope) -> None:
    erp, settings = run.house.erp, run.house.settings
    pages: Iterable[Page[SalesOrder]]
    marks: dict[str, str] = {}
    if named := _named(scope):
        reading = Reading(run, "erp", "sales order")
        pages = chain.from_iterable(erp.sales_orders(order_id=order_id) for order_id in named)
    else:
        overlap = settings.overlap + timedelta(minutes=settings.erp_visibility_minutes or 0)
        # what was read before scheduled orders were kept is read once more
        is_whole = scope.since is None and not run.bookmark(SCHEDULED_SEEN)
        marks = {SCHEDULED_SEEN: run.now().isoformat()} if is_whole else {}
        reading, since = begin(
            run, scope, "erp", "sales order", bookmark=SALES_SEEN, overlap=overlap, is_whole=is_whole
        )
        pages = erp.sales_orders(updated_from=since)
    moments: list[datetime] = []
    for page in pages:
        run.counts["sales_orders_changed"] += record_sales_orders(run, page)
        reading.add(page, [order.ord_num for order in page.items])
        moments += [order.updated_at for order in page.items]
        run.check()
    if reading.end() and moments and not named:
        marks |= {SALES_SEEN: reached(run, max(moments))}
    if marks:
        run.record(bookmarks=marks)


def _named(scope: Scope) -> Sequence[str]:
    """The orders to be read by name; none: those that changed."""
    return (scope.key,) if scope.key else scope.named


# -- decide ------------------------------------------------------------------------------------


def _decide(run: Run, scope: Scope) -> Decision:
    return decide(known(run, scope.key))


def known(run: Run, order_id: str = "") -> Known:
    """Everything a decision needs, read from facts alone."""
    values = {"order_id": order_id}
    lines = run.rows("select * from orders_open_lines where $order_id in ('', order_id)", values)
    taken_out = _taken_out(run, [row["order_line_id"] for row in lines if row["was_elsewhere"]])
    ids = sorted({row["order_id"] for row in lines})
    chosen = {"ids": ids}
    cancelled = run.rows(
        "select * from orders_cancelled_lines where is_single and $order_id in ('', order_id)", values
    )
    unreferenced = run.rows("select * from orders_unreferenced where $order_id in ('', order_id)", values)
    # open or to be mended in BlueCherry: what was done about those before counts as well
    concerned = {"ids": sorted({*ids} | {row["order_id"] for row in (*cancelled, *unreferenced)})}
    within = "order_id in (select unnest($ids::varchar[]))"
    people = {
        row["order_id"]: person_of(row["body"], row["edits"])
        for row in run.rows(f"select order_id, body, edits from personal where {within}", chosen)
    }
    rules = run.rows("select value from marketplace_facts where topic = 'rules'")
    restored = run.rows("select max(happened_at) as at from events where kind = 'store.restored'")[0]["at"]
    asked = sorted({row["sku"] for row in lines})
    skus = run.rows(
        "select * from sku_facts where not is_gone and sku in (select unnest($skus::varchar[]))", {"skus": asked}
    )
    return Known(
        lines=lines,
        skus={row["sku"]: row for row in skus},
        near_skus=_near(run, sorted({*asked} - {row["sku"] for row in skus})),
        mappings=mappings.load(run.rows(mappings.IN_FORCE, {"now": run.now()})),
        other_content={
            row["order_id"]: row["ord_nums"]
            for row in run.rows(f"select order_id, ord_nums from orders_other_content where {within}", chosen)
        },
        intents=run.rows(
            f"""
            select
                * exclude (payload),
                coalesce(payload ->> '$.lines[*].order_line_id', []) as line_ids,
                coalesce((payload ->> 'is_sent')::boolean, true) as is_sent,
                -- it may be in BlueCherry, and BlueCherry has not shown it
                state in ('recorded', 'unclear') or (
                    state = 'confirmed'
                    and not exists (from sales_order_facts as seen where seen.ord_num = intent_facts.reference)
                ) as is_pending,
            from intent_facts
            where {within}
            """,
            concerned,
        ),
        holds={
            row["order_id"]: row
            for row in run.rows(
                f"select * from order_hold_facts where {within} or (reason is not null and $order_id = '')",
                {**concerned, **values},
            )
        },
        has_address={order: person is not None and person.ship_to is not None for order, person in people.items()},
        countries={
            order: person.ship_to.country
            for order, person in people.items()
            if person is not None and person.ship_to is not None
        },
        misfits={order: misfits(person) for order, person in people.items() if person is not None},
        ship_vias={
            row["order_id"]: row["ship_via"]
            for row in run.rows(
                f"select order_id, arg_max(ship_via, (happened_at, seq)) as ship_via from order_edit_facts"
                f" where ship_via <> '' and {within} group by order_id",
                chosen,
            )
        },
        cancelled=cancelled,
        unreferenced=unreferenced,
        customer=run.house.settings.erp_customer,
        accepts=json.loads(rules[0]["value"]).get("acceptance", "") != "AUTOMATIC" if rules else False,
        trust_from=max(run.house.start_on, restored) if restored else run.house.start_on,
        now=run.now(),
        verdicts=accepting.verdicts(run),
        refusing={row["order_id"] for row in run.rows(accepting.REFUSING)},
        taken_out=taken_out,
        rest=_rest(run),
        refused_lines={line_id for row in run.rows(accepting.REFUSED_LINES) for line_id in row["refused_lines"]},
    )


def _taken_out(run: Run, line_ids: list[str]) -> dict[str, datetime]:
    """When each of these lines was taken out of the sales order of another order."""
    sql = "select order_line_id, taken_out_at from lines_taken_out($ids::varchar[])"
    rows = run.rows(sql, {"ids": line_ids}) if line_ids else []
    return {row["order_line_id"]: row["taken_out_at"] for row in rows}


def _rest(run: Run) -> Rest | None:
    """Whether BlueCherry takes no sales orders at all."""
    rows = run.rows("select * from erp_rests($codes::varchar[])", {"codes": sorted(OF_ALL)})
    return Rest(**rows[0]) if rows else None


def _near(run: Run, unknown: list[str]) -> dict[str, list[str]]:
    """What BlueCherry has that is like these SKUs it does not have, nearest first."""
    near: dict[str, list[str]] = {}
    if unknown:
        sql = "select asked_sku, sku from near_skus($skus::varchar[]) order by asked_sku, position"
        for row in run.rows(sql, {"skus": unknown}):
            near.setdefault(row["asked_sku"], []).append(row["sku"])
    return near


# -- act ---------------------------------------------------------------------------------------


def _taken_over(run: Run, decision: Decision) -> list[Event]:
    """Orders somebody else may have created: looked up as if a call of ours had been lost."""
    now = run.now()
    return [
        event
        for intent in decision.take_over
        for event in (
            recorded(intent, now),
            unclear(intent, now, "looking", "somebody else may have created it"),
        )
    ]


def act(run: Run, decision: Decision, *, is_erp_there: bool = True) -> None:
    """Carry out what was decided, the customer's waiting first; one system's trouble stops nothing at the other."""
    with run.apart():
        accepted = carry_out(
            run,
            decision.accept,
            lambda one: _accept(run, one),
            workers=4,
            still_meant=lambda some: accepting.not_overtaken(run, some),
        )
        run.count("accepted", accepted)
    if is_erp_there:
        with run.apart():
            create(run, decision)
        with run.apart():
            run.count("cancelled", carry_out(run, decision.cancel, lambda one: _cancel(run, one)))
    with run.apart():
        written = carry_out_together(run, decision.reference, lambda group: _write_references(run, group))
        run.count("referenced", written)


def _accept(run: Run, intent: Intent) -> str:
    what = intent.payload
    run.house.marketplace.accept(intent.order_id, what["order_line_ids"], what.get("refused_line_ids", ()))
    return ""  # John Lewis gives an acceptance no name


def _cancel(run: Run, intent: Intent) -> str:
    what = intent.payload
    run.house.erp.cancel_line(what["ord_num"], what["line_number"], what["quantity"], "cancelled by the customer")
    return str(what["ord_num"])


def _write_references(run: Run, group: Sequence[Intent]) -> dict[str, Outcome]:
    outcomes = run.house.marketplace.write_references({one.order_id: one.payload["reference"] for one in group})
    return {outcome.subject: outcome for outcome in outcomes}
