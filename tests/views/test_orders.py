"""The read models of orders: given events, exactly these rows."""

import pytest

from store import events, reads, reads_orders
from store.database import Ask
from store.journal import Personal
from sync.rules.edits import Change, dumped
from tests.told import HOUR, NOW, SHIRT, Told

TROUSERS = "NMC-05220-NVY-A--8"


def standing(ask: Ask) -> dict[str, tuple[str, str]]:
    rows = reads.orders(ask, NOW).iter_rows(named=True)
    return {row["order_id"]: (row["erp_state"], row["next_step"]) for row in rows}


def test_an_order_is_in_the_erp_only_when_every_line_of_it_is_there(told: Told, ask: Ask) -> None:
    told.order("JL1-A", skus=(SHIRT, TROUSERS))
    told.sales_order("SO-1", "JL1-A", skus=(SHIRT,))

    assert standing(ask) == {"JL1-A": ("sent", "BlueCherry shows the sales order")}

    told.sales_order("SO-2", "JL1-A", skus=(TROUSERS,), line_ids=("JL1-A-2",), warehouse="WH2")
    row = reads.order(ask, NOW, "JL1-A")

    assert row is not None
    assert (row["erp_state"], row["next_step"]) == ("in_erp", "The warehouse ships it")
    assert (row["ord_nums"], row["missing_line_count"], row["warehouses"]) == ("SO-1, SO-2", 0, "WH1, WH2")


def referenced(ask: Ask) -> dict[str, str]:
    return dict(ask("select order_id, reference from orders_unreferenced").rows())


def test_john_lewis_is_given_the_number_its_goods_stand_under_and_no_duplicates_or_strangers(
    told: Told, ask: Ask
) -> None:
    told.order("JL1-A", skus=(SHIRT, TROUSERS))
    told.sales_order("SO-1", "JL1-A", cancelled=1)
    told.sales_order("SO-2", "JL1-A", skus=(TROUSERS,), line_ids=("JL1-A-2",), warehouse="WH2")
    parts = referenced(ask)
    told.sales_order("SO-3", "JL1-A")
    anew = referenced(ask)
    told.sales_order("SO-4", "JL1-A", line_ids=("typed by hand",))

    assert parts == {"JL1-A": "SO-1+SO-2"}  # what was cancelled, and nowhere else, had its number
    assert anew == {"JL1-A": "SO-2+SO-3"}
    assert referenced(ask) == {"JL1-A": "SO-2+SO-3"}


def test_an_order_of_the_integration_before_us_has_its_number_without_line_ids(told: Told, ask: Ask) -> None:
    told.order("JL1-A", is_before_start=True, state="SHIPPING", line_state="CANCELED")
    told.sales_order("SO-1", "JL1-A", line_ids=("",))

    assert referenced(ask) == {"JL1-A": "SO-1"}


def test_a_line_taken_out_of_a_sales_order_is_missing_again(told: Told, ask: Ask) -> None:
    told.order("JL1-A", skus=(SHIRT, TROUSERS))
    told.sales_order("SO-1", "JL1-A", skus=(SHIRT, TROUSERS), entered=NOW - 2 * HOUR)
    told.sales_order("SO-1", "JL1-A", skus=(SHIRT,), entered=NOW - 2 * HOUR, read=NOW - HOUR)
    row = reads.order(ask, NOW, "JL1-A")

    assert row is not None
    assert row["missing_line_count"] == 1


@pytest.mark.parametrize(
    ("state", "intent", "expected"),
    [
        ("WAITING_ACCEPTANCE", None, ("waiting", "Cherrylane accepts it")),
        ("STAGING", None, ("waiting", "John Lewis releases it for shipping")),
        ("SHIPPING", None, ("waiting", "Cherrylane creates the sales order")),
        ("SHIPPING", "recorded", ("sent", "BlueCherry shows the sales order")),
        ("SHIPPING", "confirmed", ("accepted", "BlueCherry shows the sales order it accepted")),
        ("SHIPPING", "unclear", ("unclear", "The next run looks in BlueCherry whether it arrived")),
        ("SHIPPING", "refused", ("waiting", "Cherrylane creates the sales order")),
        ("CANCELED", None, ("not_needed", "Nothing: it was cancelled")),
    ],
)
def test_where_an_order_stands_before_bluecherry_shows_it(
    told: Told, ask: Ask, state: str, intent: str | None, expected: tuple[str, str]
) -> None:
    told.order("JL1-A", state=state)
    if intent:
        told.intent("create_sales_order", "JL1-A/NMK/WH1", intent, order_id="JL1-A")

    assert standing(ask) == {"JL1-A": expected}


def test_an_order_that_bluecherry_accepted_and_does_not_show_ages_as_a_state_of_its_own(
    told: Told, ask: Ask
) -> None:
    told.order("JL1-A")
    told.intent(
        "create_sales_order", "JL1-A/NMK/WH1", "confirmed", order_id="JL1-A", reference="SO-1", at=NOW - HOUR / 2
    )
    row = reads.order(ask, NOW, "JL1-A")

    assert row is not None
    assert (row["erp_state"], row["sent_at"]) == ("accepted", NOW - HOUR / 2)

    told.sales_order("SO-1", "JL1-A")
    row = reads.order(ask, NOW, "JL1-A")

    assert row is not None
    assert (row["erp_state"], row["sent_at"]) == ("in_erp", None)


def test_a_held_order_says_what_holds_it_until_it_is_released(told: Told, ask: Ask) -> None:
    told.order("JL1-A")
    told.hold("JL1-A", "unknown_sku", "LINEN-SHIRT", "no such SKU")
    row = reads.order(ask, NOW, "JL1-A")

    assert row is not None
    assert (row["erp_state"], row["hold_reason"], row["hold_cause"]) == ("held", "unknown_sku", "LINEN-SHIRT")
    assert (row["age_seconds"], row["left_seconds"]) == (7200, 46 * 3600)


def test_an_order_of_the_earlier_integration_is_adopted(told: Told, ask: Ask) -> None:
    told.order("JL1-A", is_before_start=True, state="CLOSED")
    told.order("JL2-A", is_before_start=True)
    told.sales_order("SO-2", "JL2-A")

    assert {name: state for name, (state, _) in standing(ask).items()} == {
        "JL1-A": "adopted",
        "JL2-A": "adopted",
    }


def test_an_event_before_its_create_is_not_lost(told: Told, ask: Ask) -> None:
    """BlueCherry shows the sales order, and a change of it, before John Lewis showed us the order itself."""
    told.sales_order("SO-1", "JL1-A", entered=NOW - 3 * HOUR, read=NOW - HOUR, picked=1)
    told.sales_order("SO-1", "JL1-A", entered=NOW - 3 * HOUR)
    told.hold("JL1-A", "no_address", "JL1-A", at=NOW - 4 * HOUR)
    told.order("JL1-A")
    told.tell(events.OrderReleased(happened_at=NOW - 2 * HOUR, order_id="JL1-A"))
    row = reads.order(ask, NOW, "JL1-A")

    assert row is not None
    assert (row["erp_state"], row["hold_reason"], row["missing_line_count"]) == ("in_erp", None, 0)
    assert reads.order_lines(ask, "JL1-A")["picked_quantity"].to_list() == [1]


def test_orders_are_found_by_any_of_their_numbers(told: Told, ask: Ask) -> None:
    told.order("JL1-A")
    told.order("JL2-A")
    told.sales_order("SO-77", "JL2-A")

    assert reads.orders(ask, NOW, search="so-77")["order_id"].to_list() == ["JL2-A"]
    assert reads.orders(ask, NOW, search="jl1")["order_id"].to_list() == ["JL1-A"]
    assert reads.orders(ask, NOW, erp_state="waiting")["order_id"].to_list() == ["JL1-A"]


def test_an_order_is_found_by_the_number_bluecherry_gave_it_and_does_not_show(told: Told, ask: Ask) -> None:
    told.order("JL1-A")
    told.order("JL2-A")
    told.intent("create_sales_order", "JL2-A/NMK/WH1", "confirmed", order_id="JL2-A", reference="SO-88")
    hidden = ask("from order_search('so-88', false)").rows()
    told.sales_order("SO-88", "JL2-A")

    assert hidden == ask("from order_search('so-88', false)").rows() == [("JL2-A", "sales order")]
    assert reads.orders(ask, NOW, search="88")["order_id"].to_list() == ["JL2-A"]


def test_lines_show_what_they_became_in_bluecherry(told: Told, ask: Ask) -> None:
    told.order("JL1-A", quantity=2)
    told.sales_order("SO-1", "JL1-A", quantity=2, picked=1, shipped=1)
    rows = reads.order_lines(ask, "JL1-A")
    columns = ("order_line_id", "ord_num", "quantity", "ordered_quantity", "open_quantity", "picked_quantity")

    assert rows.select(*columns, "shipped_quantity").rows() == [("JL1-A-1", "SO-1", 2, 2, 0, 1, 1)]


def test_the_time_line_holds_events_and_money_in_order_of_happening(told: Told, ask: Ask) -> None:
    said = told.snapshot("page", body='{"orders": ["JL1-A"]}')
    told.order("JL1-A", snapshot_id=said)
    told.transactions({"amount": "39.00", "order_id": "JL1-A", "order_line_id": "JL1-A-1", "created_at": NOW})
    told.sales_order("SO-1", "JL1-A")
    rows = reads.order_timeline(ask, "JL1-A")

    assert rows["kind"].to_list() == ["order.placed", "sales_order.read", "ledger.booked"]
    payload = reads.payload(ask, rows["snapshot_id"][0])
    assert payload is not None
    assert (payload.body, payload.resource, payload.is_purged) == ('{"orders": ["JL1-A"]}', "OR11", False)


def test_orders_are_counted_by_the_hour(told: Told, ask: Ask) -> None:
    told.order("JL1-A", placed=NOW - HOUR)
    told.order("JL2-A", placed=NOW - HOUR / 2)
    told.order("JL3-A", placed=NOW - 100 * HOUR)
    rows = reads.order_hours(ask, NOW)

    assert rows.height == 48
    assert rows.tail(2)["order_count"].to_list() == [2, 0]


def test_an_order_is_found_by_any_id_a_sku_a_tracking_number_and_for_some_by_its_postcode(
    told: Told, ask: Ask
) -> None:
    told.order("JL1-A", seller_reference="0400001")
    told.sales_order("SO-1", "JL1-A", shipped=1)
    told.shipment("S0001", "JL1-A", tracking="RM100200300GB", cartons=("C77",))
    told.order("JL2-A", skus=(TROUSERS,))
    told.tell(personal=[Personal("JL2-A", NOW, '{"ship_to": {"postcode": "LS1 0AA"}}')])
    found = {
        words: reads.orders(ask, NOW, search=words, sees_people=True)["order_id"].to_list()
        for words in (
            "jl1-a-1",
            "0400001",
            "so-1",
            "s0001",
            "rm100200",
            "c77",
            "NMK-04117",
            "ls10aa",
            "LS1",
            "JL",
            "%",
        )
    }
    blind = reads.orders(ask, NOW, search="LS1 0AA")["order_id"].to_list()

    assert {words for words, ids in found.items() if ids == ["JL1-A"]} == {
        "jl1-a-1", "0400001", "so-1", "s0001", "rm100200", "c77", "NMK-04117",
    }  # fmt: skip
    assert found["ls10aa"] == found["LS1"] == ["JL2-A"]
    assert len(found["JL"]) == 2
    assert found["%"] == blind == []


def test_an_order_is_found_by_the_postcode_john_lewis_showed_and_by_the_one_a_person_wrote(
    told: Told, ask: Ask
) -> None:
    for order_id in ("JL1-A", "JL2-A"):
        told.order(order_id)
        told.tell(personal=[Personal(order_id, NOW, '{"ship_to": {"postcode": "LS1 0AA", "city": "Leeds"}}')])
    edits = [Change("ship_to.city", "Leeds", "M1"), Change("ship_to.postcode", "LS1 0AA", "M1 1AE")]
    told.journal.append(edits={"JL1-A": dumped(edits)})

    def found(words: str, *, sees_people: bool = True) -> list[str]:
        return sorted(reads.orders(ask, NOW, search=words, sees_people=sees_people)["order_id"])

    assert found("LS1 0AA") == ["JL1-A", "JL2-A"]
    assert found("m11ae") == ["JL1-A"]
    assert found("M1 1AE", sees_people=False) == []
    assert found("LS1 0A") == ["JL1-A", "JL2-A"]
    told.order("JL3-A")
    told.tell(personal=[Personal("JL3-A", NOW, '{"ship_to": {"postcode": "D02 AF30", "city": "Dublin"}}')])
    assert found("d02af30") == found("D02") == ["JL3-A"]


def test_an_order_is_found_by_what_its_money_is_called_on_either_side(told: Told, ask: Ask) -> None:
    told.order("JL1-A")
    told.order("JL2-A")
    told.transactions(
        {"transaction_id": "TX-9", "order_id": "JL1-A", "amount": "39", "cycle_id": "C4", "document_number": "D-77"}
    )
    told.payout("C4", "39.00")
    told.credit_memo("CM-5", "JL1-A", "39.00")
    found = [
        reads.orders(ask, NOW, search=words)["order_id"].to_list()
        for words in ("tx-9", "d-77", "jlv-c4", "C4", "cm-5")
    ]

    assert found == [["JL1-A"]] * 5


def test_what_waits_longest_comes_first_and_what_is_over_comes_newest_first(told: Told, ask: Ask) -> None:
    for order_id, days, state in (
        ("JL1-A", 1, "SHIPPING"), ("JL2-A", 3, "SHIPPING"), ("JL3-A", 9, "RECEIVED"), ("JL4-A", 8, "RECEIVED"),
        ("JL5-A", 9, "CANCELED"),
    ):  # fmt: skip
        told.order(order_id, placed=NOW - 24 * days * HOUR, state=state)

    assert reads.orders(ask, NOW)["order_id"].to_list() == ["JL2-A", "JL1-A", "JL4-A", "JL3-A", "JL5-A"]


def test_an_order_is_shown_by_each_system_side_by_side(told: Told, ask: Ask) -> None:
    told.order("JL1-A")
    told.sales_order("SO-1", "JL1-A", shipped=1)
    told.shipment("S1", "JL1-A")
    told.transactions({"amount": "39.00", "order_id": "JL1-A", "order_line_id": "JL1-A-1"})
    rows = reads_orders.order_systems(ask, NOW, "JL1-A").to_dicts()

    assert [(row["system"], row["state"]) for row in rows] == [
        ("marketplace", "SHIPPING"), ("erp", "OPEN"), ("carrier", "shipped_not_confirmed"), ("payout", "PAYABLE"),
    ]  # fmt: skip
    assert rows[1]["detail"] == "SO-1 at WH1: 1 ordered, 0 picked, 1 shipped"
    assert rows[2]["detail"] == "RML RM100200300GB"


def test_what_bluecherry_took_and_does_not_show_yet_stands_under_its_number(told: Told, ask: Ask) -> None:
    told.order("JL1-A")
    told.intent("create_sales_order", "JL1-A/NMK/WH1", "confirmed", order_id="JL1-A", reference="0401244", at=NOW)
    told.order("JL2-A")
    told.intent("create_sales_order", "JL2-A/NMK/WH1", "unclear", order_id="JL2-A")
    taken, unclear = (reads_orders.order_systems(ask, NOW, name).to_dicts()[1] for name in ("JL1-A", "JL2-A"))

    assert (taken["state"], taken["detail"], taken["since_at"]) == ("accepted", "took it as 0401244", NOW)
    assert (unclear["state"], unclear["detail"]) == ("", "")


def test_a_customer_who_has_the_order_is_not_waited_for(told: Told, ask: Ask) -> None:
    for state in ("SHIPPED", "RECEIVED", "CLOSED"):
        told.order(f"JL-{state}", state=state)
        told.sales_order(f"SO-{state}", f"JL-{state}", shipped=1)

    assert {order_id: words for order_id, (_, words) in standing(ask).items()} == {
        "JL-SHIPPED": "The customer receives it, then it is paid out",
        "JL-RECEIVED": "John Lewis pays it out, if it has not, and closes it",
        "JL-CLOSED": "Nothing: it is finished",
    }


def test_the_funnel_says_how_far_orders_came_and_where_they_stand(told: Told, ask: Ask) -> None:
    told.order("JL1-A", state="WAITING_ACCEPTANCE")
    told.order("JL2-A")
    told.order("JL3-A", placed=NOW - 40 * 24 * HOUR)
    told.sales_order("SO-3", "JL3-A")
    told.order("JL4-A", state="RECEIVED")
    told.order("JL5-A", state="CANCELED")
    told.order("JL6-A", state="RECEIVED", placed=NOW - 40 * 24 * HOUR)
    rows = reads_orders.order_funnel(ask, NOW).to_dicts()

    assert [(row["stage"], row["reached_count"], row["waiting_count"]) for row in rows] == [
        ("placed", 4, 1), ("accepted_by_us", 3, 0), ("to_send", 3, 1), ("in_erp", 2, 1), ("shipped", 1, 0),
        ("confirmed", 1, 0), ("received", 1, 1),
    ]  # fmt: skip
