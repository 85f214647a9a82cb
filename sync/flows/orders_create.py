"""Creates what was decided in BlueCherry: each sales order with its address, once, or not at all.

What can go wrong: BlueCherry answers that it takes no sales orders at all (sync.rules.erp_rest). Then nothing more
is sent in this run, and the next one that tries begins with a single order.
"""

import threading
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sync.errors import Unclear, Withheld
from sync.flows.orders_read import person_of
from sync.intents import Intent, carry_out
from sync.ports import Person, SalesLineDraft, SalesOrderDraft
from sync.rules.addresses import sent_addresses
from sync.rules.erp_rest import OF_ALL
from sync.rules.orders import Decision
from sync.runs import Run


def create(run: Run, decision: Decision) -> None:
    """Create until BlueCherry answers that it takes none at all; where it did before, one is tried first."""
    house, drafts, is_over = run.house, drafted(run, decision.create), threading.Event()
    ready = [intent for intent in decision.create if intent.intent_id in drafts]

    def send(intent: Intent) -> str:
        if is_over.is_set():
            raise Withheld("not tried: BlueCherry takes no sales orders now")
        try:
            return house.erp.create_order(drafts[intent.intent_id], str(intent.intent_id))
        except Unclear as doubt:
            if doubt.code in OF_ALL:
                is_over.set()
            raise

    for group in (ready[:1], ready[1:]) if decision.is_trial else (ready,):
        created = carry_out(
            run,
            group,
            send,
            workers=house.settings.erp_concurrency,
            still_meant=lambda some: () if is_over.is_set() else some,
        )
        run.count("created", created)


def drafted(run: Run, intents: Sequence[Intent]) -> dict[UUID, SalesOrderDraft]:
    """The sales orders that intents mean, with their addresses; not those without an address that fits."""
    rows = run.rows(
        "select order_id, body, edits from personal where order_id in (select unnest($order_ids::varchar[]))",
        {"order_ids": sorted({intent.order_id for intent in intents})},
    )
    people = {row["order_id"]: person_of(row["body"], row["edits"]) for row in rows}
    drafts = {intent.intent_id: _draft(intent, people.get(intent.order_id)) for intent in intents}
    return {intent_id: ready for intent_id, ready in drafts.items() if ready is not None}


def _draft(intent: Intent, person: Person | None) -> SalesOrderDraft | None:
    ship_to, bill_to = sent_addresses(person)
    if person is None or ship_to is None or bill_to is None:
        return None
    what = intent.payload
    return SalesOrderDraft(
        order_id=intent.order_id,
        commercial_id=what["commercial_id"],
        division=what["division"],
        warehouse=what["warehouse"],
        customer=what["customer"],
        ship_via=what["ship_via"],
        currency=what["currency"],
        starts_on=datetime.fromisoformat(what["starts_on"]),
        cancels_on=datetime.fromisoformat(what["cancels_on"]),
        shipping_amount=Decimal(what["shipping_amount"]),
        lines=tuple(
            SalesLineDraft(
                line_number=line["line_number"],
                order_line_id=line["order_line_id"],
                sku_key=line["sku_key"],
                upc=line["upc"],
                quantity=line["quantity"],
                unit_price=Decimal(line["unit_price"]),
                tax_amount=Decimal(0),
            )
            for line in what["lines"]
        ),
        ship_to=ship_to,
        bill_to=bill_to,
        email=person.email,
    )
