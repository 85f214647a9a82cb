"""What is wrong now with money, flows and counts, and that nothing is forgotten because time passes."""

from datetime import datetime
from decimal import Decimal

from store import events
from store.database import Ask
from store.events import OrdersCounted
from sync.rules.watch import decide
from tests.told import DAY, HOUR, NOW, SHIRT, Told, key_of
from tests.views import test_drift as drifting
from tests.views.conditions import MINUTE, YEAR, wrong


def test_a_healthy_house_has_nothing_wrong(told: Told, ask: Ask) -> None:
    told.order("O1-A")
    told.intent("create_sales_order", "O1-A/NMK/WH1", "confirmed", order_id="O1-A", reference="SO-1")
    told.sales_order("SO-1", "O1-A")
    told.skus(SHIRT)
    told.offers({SHIRT: 5})
    told.publish({SHIRT: 5})
    told.batch("B1", {(SHIRT, "WH1"): {"on_hand": 6}})
    told.runs_of_all()

    assert wrong(ask) == {}


def complete_ledger(told: Told) -> None:
    told.tell(bookmarks={"settlement.since": (NOW - 60 * DAY).isoformat()})


def test_a_payout_its_lines_do_not_come_to_is_wrong(told: Told, ask: Ask) -> None:
    complete_ledger(told)
    told.payout("C1", "37.20")
    told.payout("C2", "10.00")
    told.transactions(
        {"amount": "40.00", "cycle_id": "C1"},
        {"amount": "-4.00", "cycle_id": "C1"},
        {"amount": "10.00", "cycle_id": "C2"},
        {"amount": "-10.00", "cycle_id": "C2", "type": "PAYMENT"},
    )
    row = wrong(ask)["payout_unexplained", "C1"]

    assert (row["amount"], row["cause"]) == (Decimal("1.200000"), "JLV-C1")
    assert len(wrong(ask)) == 1


def test_no_money_is_judged_before_the_ledger_was_read_whole(told: Told, ask: Ask) -> None:
    told.payout("C1", "37.20")

    assert wrong(ask) == {}


def test_ledger_lines_of_an_order_nobody_knows_are_wrong(told: Told, ask: Ask) -> None:
    told.order("O1-A", state="SHIPPED", is_before_start=True)
    told.transactions({"amount": "9", "order_id": "O1-A"}, {"amount": "4", "order_id": "O9-A"},
                      {"amount": "-1", "order_id": "O9-A"})  # fmt: skip
    row = wrong(ask)["transaction_unmatched", "O9-A"]

    assert (row["amount"], row["detail"]) == (Decimal("3.000000"), "2 ledger lines name an order we do not know.")
    assert len(wrong(ask)) == 1


def test_a_balance_that_does_not_add_up_is_wrong(told: Told, ask: Ask) -> None:
    complete_ledger(told)
    told.transactions(
        {"amount": "10", "balance_amount": Decimal(110), "created_at": NOW - 5 * HOUR},
        {"amount": "5", "balance_amount": Decimal(115), "created_at": NOW - 4 * HOUR},
    )
    assert wrong(ask) == {}
    told.transactions({"amount": "5", "balance_amount": Decimal(118), "created_at": NOW - 3 * HOUR})

    assert wrong(ask)["balance_gap", "GBP"]["amount"] == Decimal("-2.000000")


def test_a_flow_that_fails_for_a_quarter_of_an_hour_is_wrong(told: Told, ask: Ask) -> None:
    told.run("orders", ended=NOW - 20 * MINUTE)
    told.run("orders", "failed", ended=NOW - 19 * MINUTE, message="no answer")
    told.run("dispatch", "failed", ended=NOW - MINUTE)
    row = wrong(ask)["flow_failing", "orders"]

    assert (row["cause"], row["detail"], row["since_at"]) == ("orders", "no answer", NOW - 19 * MINUTE)
    assert len(wrong(ask)) == 1
    told.run("orders", "deferred", ended=NOW)
    assert wrong(ask) == {}


def test_orders_that_nobody_may_look_at_for_a_quarter_of_an_hour_are_wrong_though_every_run_ends_well(
    told: Told, ask: Ask
) -> None:
    told.run("start", ended=NOW - 3 * HOUR)
    told.tell(bookmarks={"orders.looked": (NOW - 16 * MINUTE).isoformat()})
    told.run("orders", "deferred", message="OR11: too many calls", ended=NOW - MINUTE)
    row = wrong(ask)["flow_failing", "orders"]

    assert (row["cause"], row["since_at"]) == ("orders", NOW - 16 * MINUTE)
    assert row["detail"] == "Nobody could look at the orders at John Lewis. OR11: too many calls"
    assert wrong(ask, look_minutes=30) == {}
    told.tell(bookmarks={"orders.looked": (NOW - MINUTE).isoformat()})
    assert wrong(ask) == {}


def test_what_nobody_looked_at_while_the_worker_stood_is_no_failure_of_the_flow(told: Told, ask: Ask) -> None:
    told.tell(bookmarks={"orders.looked": (NOW - DAY).isoformat()})
    told.run("start", ended=NOW - 10 * MINUTE)

    assert wrong(ask) == {}
    assert list(wrong(ask, NOW + 5 * MINUTE)) == [("flow_failing", "orders")]


def test_silence_is_wrong_where_the_weeks_before_were_busy(told: Told, ask: Ask) -> None:
    for week in (1, 2, 3):
        for number in range(9):
            placed = NOW - week * 7 * DAY - number * 10 * MINUTE
            told.order(f"W{week}-{number}-A", state="RECEIVED", placed=placed, is_before_start=True)
    told.order("LAST-A", state="SHIPPED", placed=NOW - 2 * HOUR, is_before_start=True)

    assert wrong(ask)["silence", "orders"]["since_at"] == NOW - 2 * HOUR
    told.order("NEW-A", state="STAGING", placed=NOW - MINUTE)
    assert wrong(ask) == {}


def counted(
    told: Told, day: str, there: int, here: int, *, is_closed: bool = True, **named: tuple[str, ...]
) -> None:
    """A day's orders were counted on both sides."""
    from_at = datetime.fromisoformat(f"{day}T00:00:00+00:00")
    told.tell(
        OrdersCounted(
            happened_at=NOW - HOUR / 2, day=from_at.date(), from_at=from_at, until_at=from_at + DAY,
            is_closed=is_closed, there_count=there, here_count=here, **named,
        )
    )  # fmt: skip


def test_a_day_that_john_lewis_counts_otherwise_is_wrong_with_each_order_by_name(told: Told, ask: Ask) -> None:
    told.order("O1-A", state="CLOSED", deadline=NOW + DAY)
    counted(told, "2026-11-22", 41, 39, missing=("O1-A",), unreadable=("O2-A",))
    counted(told, "2026-11-21", 40, 38)
    counted(told, "2026-11-20", 12, 12)
    found = wrong(ask)

    assert {subject: row["detail"] for (kind, subject), row in found.items() if kind == "count_gap"} == {
        "O1-A": "Order O1-A was missing here; it is read now.",
        "O2-A": "Order O2-A cannot be read; John Lewis shows it with something missing.",
        "2026-11-21": "John Lewis counts 40 orders of that day, we have 38.",
    }
    assert found["count_gap", "O1-A"]["cause"] == "22 Nov 2026"
    assert found["count_gap", "O1-A"]["deadline_at"] == NOW + DAY
    told.now = NOW
    counted(told, "2026-11-21", 40, 40)
    assert ("count_gap", "2026-11-21") not in wrong(ask)


def test_a_day_that_nobody_counted_in_time_is_wrong_until_it_is_counted(told: Told, ask: Ask) -> None:
    """Days before the first count are nobody's; one counted only in part is not proven."""
    counted(told, "2026-11-19", 12, 12)
    counted(told, "2026-11-20", 7, 7, is_closed=False)
    counted(told, "2026-11-22", 9, 9)
    late = {subject for kind, subject in wrong(ask) if kind == "day_not_counted"}
    early = {subject for kind, subject in wrong(ask, count_hours=80) if kind == "day_not_counted"}
    counted(told, "2026-11-20", 12, 12)
    counted(told, "2026-11-21", 12, 12)

    assert late == {"2026-11-20", "2026-11-21"}
    assert early == {"2026-11-20"}
    assert wrong(ask) == {}
    assert list(wrong(ask, NOW + 3 * HOUR)) == []
    assert list(wrong(ask, NOW + 27 * HOUR)) == [("day_not_counted", "2026-11-23")]


def test_days_that_were_never_counted_at_all_are_wrong_from_the_first_run_or_our_start_on(
    told: Told, ask: Ask
) -> None:
    told.run("orders", ended=NOW - 5 * DAY)
    told.runs_of_all()
    before = {subject for kind, subject in wrong(ask) if kind == "day_not_counted"}
    told.tell(bookmarks={"start_on": "2026-11-20T23:30:00+00:00"})

    assert before == {"2026-11-19", "2026-11-20", "2026-11-21"}
    assert {subject for kind, subject in wrong(ask) if kind == "day_not_counted"} == {"2026-11-20", "2026-11-21"}
    counted(told, "2026-11-20", 3, 3)
    counted(told, "2026-11-21", 3, 3)
    assert wrong(ask) == {}


def watched(told: Told, ask: Ask, at: datetime) -> set[tuple[str, str]]:
    """What is wrong at that moment, after `watch` wrote it down."""
    rows = ask("select * from conditions($at)", {"at": at}).to_dicts()
    known = ask("select * from exception_facts where is_open").to_dicts()
    told.tell(*decide(rows, known, at))
    return {(row["kind"], row["subject"]) for row in rows}


def test_nothing_stops_being_wrong_because_time_passes(told: Told, ask: Ask) -> None:
    """Past BlueCherry, never shown, cancelled in hand, counted otherwise, drifted, refused: a year later."""
    told.order("O1-A", state="SHIPPED")
    told.order("O2-A")
    told.intent("create_sales_order", "O2-A/NMK/WH1", "confirmed", order_id="O2-A", reference="SO-2")
    told.order("O3-A", state="CANCELED", quantity=2, cancelled=2)
    told.sales_order("SO-3", "O3-A", quantity=2, shipped=2)
    counted(told, "2026-11-22", 41, 39, vanished=("O4-A",))
    drifting.sent(told)
    drifting.shows(told, drifting.line(sku_key=key_of(drifting.TROUSERS)))
    told.transactions({"amount": "4", "order_id": "O9-A", "payment_state": "PAID"})
    push_id = told.publish({SHIRT: 5}, is_finished=False)
    told.tell(
        events.ImportFinished(
            happened_at=NOW - HOUR, import_id="IMP-1", push_id=push_id, state="complete", success_count=0,
            error_count=1, errors={SHIRT: "Offer is locked"},
        )
    )  # fmt: skip
    found = watched(told, ask, NOW)
    kinds = {
        ("missing_in_erp", "O1-A"), ("sent_not_visible", "O2-A/NMK/WH1"), ("cancelled_after_pick", "O3-A-1"),
        ("count_gap", "O4-A"), ("transaction_unmatched", "O9-A"), ("import_errors", SHIRT),
    }  # fmt: skip

    assert kinds | {("drift_substitution", "JL1-A-1")} <= found
    told.order("O1-A", state="CLOSED", changed=NOW + DAY)  # by John Lewis's timer: nobody mended anything
    told.order("O2-A", state="SHIPPED", changed=NOW + DAY)
    told.order("JL1-A", quantity=2, state="CLOSED", changed=NOW + DAY)
    later = watched(told, ask, NOW + YEAR)
    assert kinds | {("drift_substitution", "JL1-A-1")} <= later
