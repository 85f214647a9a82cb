"""No kind of exception without a story that raises it: told to a store, or decided by a flow's own rules.

A kind that enters without a story fails here. Stories share houses; what each kind means stands in the tests of its
room.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from store import events
from store.database import local_ask
from store.events import (
    AlertBegun,
    AlertPart,
    ClockCompared,
    OrdersCounted,
    ReceivedLinePart,
    RecordSkipped,
    ReturnedLinePart,
    ReturnRead,
    ReturnSeen,
)
from sync.intents import KINDS as INTENTS
from sync.rules.acceptance import Verdict
from sync.rules.addresses import Misfit
from sync.rules.dispatch import decide as decide_dispatch
from sync.rules.erp_refusals import REFUSALS
from sync.rules.exceptions import BY_CODE
from sync.rules.orders import decide
from tests.rules.test_dispatch import UNTELLABLE, known, parcel, refusal
from tests.rules.test_dispatch import told as tried
from tests.rules.test_orders import CASES, ORDINARY, intent, line
from tests.told import DAY, HOUR, NOW, SHIRT, Told, key_of, thing
from tests.told_risk import proved
from tests.views import returned as returning
from tests.views import test_drift as drifting

MINUTE = timedelta(minutes=1)


def orders_go_wrong(told: Told) -> None:
    for number, kind in enumerate(("unclear", "confirmed"), 1):
        told.order(f"O{number}-A")
        told.intent(
            "create_sales_order", f"O{number}-A/NMK/WH1", kind, order_id=f"O{number}-A", reference=f"SO-{number}"
        )
    told.order("O3-A")  # nobody did anything about it
    told.order("O4-A")
    for number in (4, 5):
        told.sales_order(f"SO-{number}", "O4-A")
    told.order("O5-A")
    told.sales_order("SO-6", "O5-A", raw_status="77")
    told.order("O6-A", state="WAITING_ACCEPTANCE", placed=NOW - 21 * HOUR)
    told.order("O7-A", deadline=NOW + HOUR)
    told.sales_order("SO-7", "O7-A")
    told.order("O8-A", deadline=NOW - HOUR)
    told.sales_order("SO-8", "O8-A", shipped=1)
    told.shipment("S8", "O8-A", ord_num="SO-8", shipped=NOW - 3 * HOUR)
    told.order("O9-A", state="WAITING_ACCEPTANCE")
    told.tell(
        events.AcceptanceDecided(
            happened_at=NOW - 2 * HOUR, actor="Ops", order_id="O9-A", decision="refuse", why="lost"
        )
    )
    told.intent("refuse_order", "O9-A", "refused", order_id="O9-A", code="400", message="Not now.")
    told.order("O11-A", state="REFUSED")
    told.order("O10-A")
    told.tell(
        events.AcceptanceDecided(
            happened_at=NOW - HOUR, actor="Ops", order_id="O10-A", decision="refuse", why="too late"
        )
    )
    told.intent(
        "write_reference", "O8-A", "refused", order_id="O8-A", code="refused", payload={"reference": "SO-8"}
    )
    day = NOW.date() - timedelta(days=2)
    from_at = datetime.combine(day, datetime.min.time(), NOW.tzinfo)
    told.tell(
        OrdersCounted(
            happened_at=NOW - HOUR / 2, day=day, from_at=from_at, until_at=from_at + DAY, is_closed=True,
            there_count=41, here_count=40,
        ),
        # and none of the days before it but the fifth
        OrdersCounted(
            happened_at=NOW - HOUR, day=day - 5 * DAY, from_at=from_at - 5 * DAY, until_at=from_at - 4 * DAY,
            is_closed=True, there_count=40, here_count=40,
        ),
    )  # fmt: skip


def answers_never_come(told: Told) -> None:
    for kind, one in INTENTS.items():
        if one.flow in ("dispatch", "returns"):
            told.intent(kind, "X1", "unclear", at=NOW - HOUR)


def sales_orders_drift(told: Told) -> None:
    drifting.sent(told)
    drifting.shows(
        told,
        drifting.line(sku_key=key_of(drifting.TROUSERS), unit_price_amount=Decimal(34), ordered_quantity=3),
        warehouse="WH2", ship_via="YDL", address_changes=("street",), billing_changes=("name",), customer="WEB",
        cancels_from_at=NOW + 21 * DAY, cancels_until_at=NOW + 22 * DAY,
    )  # fmt: skip
    told.order("O12-A", quantity=2)
    told.intent("create_sales_order", "O12-A/NMK/WH1", "confirmed", order_id="O12-A", reference="SO-14")
    drifting.shows(told, drifting.line(order_line_id="O12-A-1"), ord_num="SO-14", order_id="O12-X")
    told.order("O1-A", quantity=2)
    told.sales_order("SO-11", "O1-A", quantity=2)
    told.tell(
        events.SalesOrderRead(
            happened_at=NOW, ord_num="SO-11", order_id="O1-A", division="NMK", warehouse="WH1", ship_via="RML",
            raw_status="90", entered_at=NOW - HOUR, changed_at=NOW, changed_by="CSDESK1",
            revision=2,
            lines=(
                drifting.line(
                    order_line_id="O1-A-1", cancelled_quantity=2, open_quantity=0, cancel_kind="HOUSE"
                ),
            ),
        )
    )  # fmt: skip
    told.intent("cancel_market_line", "O1-A-1/0", "refused", order_id="O1-A", code="400", message="Not now.")
    told.order("O2-A", quantity=2, cancelled=2, changed=NOW - 2 * HOUR)
    told.sales_order("SO-12", "O2-A", quantity=2, picked=1)
    told.order("O3-A", quantity=2, cancelled=1, changed=NOW - 2 * HOUR)
    told.sales_order("SO-13", "O3-A", skus=(SHIRT, SHIRT), line_ids=("O3-A-1", "O3-A-1"))


def returns_go_wrong(told: Told) -> None:
    returning.sold(told, ("F1", 1, "39.00"), ("F2", 1, "39.00"), quantity=1, at=NOW - 30 * DAY)
    returning.announced(told, at=NOW - 30 * DAY)
    told.intent("receive_return", "R1", "refused", order_id="JL1-A", code="refused", message="It is closed.")
    for number, received in enumerate((1, 0, 0), 2):
        order_id, name = f"O{number}-A", f"R{number}"
        told.order(order_id, state="RECEIVED", placed=NOW - 40 * DAY)
        told.tell(returned(order_id, name, "CANCELED" if number == 4 else "RECEIVED"))
        if number != 3:  # which BlueCherry never authorised
            told.tell(taken(order_id, name, received))
    for name in ("O5-A", "O6-A"):
        told.order(name, state="RECEIVED", placed=NOW - 40 * DAY)
        told.tell(returned(name, f"R-{name}", "WAITING_ACCEPTANCE"))
    told.order("O7-A", state="RECEIVED", placed=NOW - 40 * DAY, refunds=(returning.paid("F7", "39.00"),))
    told.order("O8-A", state="RECEIVED", placed=NOW - 40 * DAY)
    told.tell(taken("O8-A", "", 1))
    told.intent("answer_return", "R-O6-A", "refused", order_id="O6-A", code="400", message="Not now.")
    told.intent("refund_line", "R2/O2-A-1", "refused", order_id="O2-A", code="unseen", message="No answer came.")
    told.tell(
        events.CreditMemoRead(
            happened_at=NOW - 4 * DAY, memo_number="CM2", ret_num="T-R2", order_id="O2-A", issued_at=NOW - 4 * DAY,
            currency="GBP", total_amount=Decimal("3.50"), shipping_amount=Decimal("3.50"), lines=(),
        )
    )  # fmt: skip


def returned(order_id: str, name: str, state: str) -> events.Event:
    return ReturnSeen(
        happened_at=NOW - 5 * DAY, return_id=name, order_id=order_id, state=state, reason_code="SIZE", rma=name,
        tracking="", opened_at=NOW - 5 * DAY, changed_at=NOW - 5 * DAY, is_before_start=False,
        lines=(ReturnedLinePart(order_line_id=f"{order_id}-1", quantity=1, reason_code="SIZE"),),
    )  # fmt: skip


def taken(order_id: str, name: str, received: int) -> events.Event:
    return ReturnRead(
        happened_at=NOW - 4 * DAY, ret_num=f"N{name}", order_id=order_id, ord_num="SO-1", return_id=name,
        raw_status="20", is_closed=bool(received), entered_at=NOW - 5 * DAY, changed_at=NOW - 4 * DAY,
        lines=(
            ReceivedLinePart(
                line_number=1, order_line_id=f"{order_id}-1", quantity=1, received_quantity=received
            ),
        ),
    )  # fmt: skip


def stock_goes_wrong(told: Told) -> None:
    told.skus(SHIRT, problem="no_upc,no_ean,duplicate_upc,bad_check_digit,too_long", upc="501234567899")
    told.offers({SHIRT: 9, "GHOST-1": 2, "GHOST-2": 1})
    push_id = told.publish({SHIRT: 5}, base=4, is_finished=False)
    proved(told, predicted=0.2, happened=3, most=1, oversold=(SHIRT,))
    told.compared({SHIRT: 9}, least=3, most=5, at=NOW - 7 * HOUR)  # and not since
    told.tell(
        events.ImportFinished(
            happened_at=NOW - HOUR, import_id="IMP-1", push_id=push_id, state="failed", success_count=0,
            error_count=1, errors={SHIRT: "Offer is locked"},
        )
    )  # fmt: skip
    told.intent("push_stock", "open", "confirmed", reference="IMP-2")
    finding = events.FindingPart(code="unknown_location", count=1, detail="Unknown locations: 'MOON'.")
    told.order("O1-A", placed=NOW - 30 * HOUR)
    for number, hours in ((1, 28), (2, 27)):
        told.batch(
            f"B{number}", {(SHIRT, "WH1"): {"on_hand": 6}}, at=NOW - hours * HOUR, findings=(finding,),
        )  # fmt: skip
    told.seen("B3", at=NOW - 26 * HOUR)
    told.seen("D5", at=NOW - 24 * HOUR, kind="DELTA", state="FAILED")
    told.seen("D6", at=NOW - 23 * HOUR, kind="DELTA")
    told.tell(
        events.StockBatchHeld(
            happened_at=NOW - 26 * HOUR, batch_id="B3", reason="coverage", detail="It names 4 of 9 SKUs."
        ),
        events.StockBatchRejected(
            happened_at=NOW - 25 * HOUR, batch_id="B4", reason="checksum", detail="Rows missing."
        ),
        stock_terms(warehouses=("WH1",), refused_warehouses=("QA",), awaited_lots=("QA",)),
    )  # fmt: skip


def stock_terms(**changed: Any) -> events.StockTermsChanged:
    """The stock is overaged."""
    return events.StockTermsChanged(
        happened_at=NOW - HOUR, batch_id="B2", batch_at=NOW - 27 * HOUR, due_at=None, due_from="",
        degraded="overaged", degraded_at=NOW - 10 * HOUR, overaged_at=NOW - HOUR, buffer_factor=Decimal(2),
        thin_units=3, is_frozen=True, clamps_warehouses=False, clock_skew_seconds=120, deducts_open_orders=True,
        deducts_sales=True, **changed,
    )  # fmt: skip


def money_goes_missing(told: Told) -> None:
    told.tell(bookmarks={"settlement.since": (NOW - 60 * DAY).isoformat()})
    told.payout("C1", "37.20")
    told.transactions(
        {"amount": "40.00", "cycle_id": "C1", "order_id": "O9-A"},
        {"amount": "10", "balance_amount": Decimal(110), "created_at": NOW - 5 * HOUR},
        {"amount": "5", "balance_amount": Decimal(118), "created_at": NOW - 4 * HOUR},
    )


def the_house_is_in_trouble(told: Told) -> None:
    for number, status in enumerate((500, 500, 500)):
        at = NOW - 8 * MINUTE + number * 3 * MINUTE
        told.snapshot(f"down{number}", resource="salesOrder", status=status, at=at, source="erp")
    for number in range(5):
        told.snapshot(f"busy{number}", resource="OR11", status=429, at=NOW - (9 - number) * MINUTE)
    told.snapshot("no role", resource="TL02", status=403, at=NOW - MINUTE)
    told.tell(
        RecordSkipped(
            happened_at=NOW - MINUTE, system="BlueCherry", record="sales order", record_id="SO-9",
            detail="lines is missing",
        )
    )  # fmt: skip
    told.tell(ClockCompared(happened_at=NOW - MINUTE, system="John Lewis", ahead_seconds=-150.0))
    told.skus(SHIRT)
    told.mapping("division", "country:IRL", "GONE")
    told.tell(stock_terms(warehouses=(), refused_warehouses=("WH1",)))
    told.run("dispatch", "failed", ended=NOW - HOUR / 2, message="no answer")
    for week in (1, 2, 3):
        for number in range(9):
            placed = NOW - week * 7 * DAY - number * 10 * MINUTE
            told.order(f"W{week}-{number}-A", state="CLOSED", placed=placed, is_before_start=True)
    told.order("LAST-A", state="CLOSED", placed=NOW - 2 * HOUR, is_before_start=True)
    part = AlertPart(cause_kind="missing_division", cause="GHOST", rank=2, stage=0, count=1)
    told.tell(
        AlertBegun(
            happened_at=NOW - HOUR, alert_id=thing("alert"), route="duty", title="One", text="x", parts=(part,)
        )
    )


STORIES: tuple[Callable[[Told], None], ...] = (
    orders_go_wrong, answers_never_come, sales_orders_drift, returns_go_wrong, stock_goes_wrong, money_goes_missing,
    the_house_is_in_trouble,
)  # fmt: skip


def told_to_a_store(folder: Path) -> set[str]:
    kinds: set[str] = set()
    for story in STORIES:
        house = Told(folder / f"{story.__name__}.duckdb")
        try:
            story(house)
            for kind, cause in local_ask(house.database)(
                "select kind, cause from conditions($at)", {"at": NOW}
            ).rows():
                kinds |= {kind, f"{kind}/{cause}"}
        finally:
            house.close()
    return kinds


def held_by_the_rules() -> set[str]:
    """What orders and shipments are held for, and each refusal of BlueCherry's by its code."""
    waiting: dict[str, Any] = {"lines": [line(state="WAITING_ACCEPTANCE")]}
    stories = [
        *(changes for changes, _ in CASES.values()),
        {"misfits": {"JLM1-A": [Misfit("ship_to", "city", 0, 0)]}},
        {**waiting, "verdicts": {"JLM1-A": Verdict(is_stale=True, sku="", words="Too old.")}},
        {**waiting, "verdicts": {"JLM1-A": Verdict(is_stale=False, sku="X", words="None left.")}},
        {**waiting, "intents": [intent("refused", "ORDER_LOCKED", kind="accept_order", subject="JLM1-A")]},
        *({"intents": [intent("refused", one.code)]} for one in REFUSALS),
        {"intents": [intent("refused", "absent", seq=number) for number in (1, 2, 3)]},
    ]
    holds = [one for changes in stories for one in decide(replace(ORDINARY, **changes)).holds]
    kinds = {one.reason for one in holds} | {f"{one.reason}/{one.cause}" for one in holds}
    shipments = [
        *(known([parcel(**changes)]) for changes, _, _ in UNTELLABLE),
        known([parcel()], intents=(refusal(5),)),
        known([parcel(is_voided=True)], intents=(tried("S1/C1", "confirmed"),)),
    ]
    return kinds | {one.reason for each in shipments for one in decide_dispatch(each).holds}


def test_every_kind_is_raised_by_a_story(tmp_path: Path) -> None:
    raised = told_to_a_store(tmp_path) | held_by_the_rules()

    assert set(BY_CODE) - raised == set()
