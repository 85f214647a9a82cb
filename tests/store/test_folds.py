"""A fold gives the same rows however the events are sliced, and what was tampered with shows."""

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid5

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from store import events
from store.database import Database, open_database
from store.journal import Journal, check_rebuild, fact_tables, rebuild
from tests.told import NOW, StandingClock, Told, thing

ORDERS = ("JLM1-A", "JLM2-A")
MOMENTS = st.integers(0, 3).map(lambda hours: NOW + timedelta(hours=hours))


def order_shown(order_id: str, moment: Any, state: str, cancelled: int, lines: int) -> events.OrderPlaced:
    parts = tuple(
        events.OrderLinePart(
            order_line_id=f"{order_id}-{number}", line_number=number, sku="NMK-04117-WHT-A--M", title="Linen shirt",
            state=state, quantity=3, cancelled_quantity=cancelled, refunded_quantity=0,
            unit_price_amount=Decimal(39), price_amount=Decimal(117), shipping_amount=Decimal(0),
            commission_amount=Decimal("9.36"), commission_vat_amount=Decimal("1.56"), cancelled_amount=Decimal(0),
            refunded_amount=Decimal(0),
        )
        for number in range(1, lines + 1)
    )  # fmt: skip
    return events.OrderChanged(
        happened_at=moment, order_id=order_id, commercial_id="JLM", state=state, placed_at=NOW, changed_at=moment,
        accepted_at=None, debited_at=None, shipping_deadline_at=None, currency="GBP", tax_mode="TAX_INCLUDED",
        line_count=lines, unit_count=3 * lines, price_amount=Decimal(117), shipping_amount=Decimal(0),
        total_amount=Decimal(117), commission_amount=Decimal("9.36"), shipping_type="STD-UK", seller_reference="",
        has_incident=False, has_address=True, carrier_code="", tracking="", is_before_start=False, lines=parts,
    )  # fmt: skip


def sales_order_shown(order_id: str, moment: Any, shipped: int, lines: int) -> events.SalesOrderRead:
    parts = tuple(
        events.SalesLinePart(
            line_number=number, order_line_id=f"{order_id}-{number}", sku_key="NMK|04117|WHT|A||M",
            ordered_quantity=3, open_quantity=3 - shipped, picked_quantity=0, shipped_quantity=shipped,
            cancelled_quantity=0, cancel_kind="", unit_price_amount=None,
        )
        for number in range(1, lines + 1)
    )  # fmt: skip
    return events.SalesOrderRead(
        happened_at=moment, ord_num=f"SO-{order_id}", order_id=order_id, division="NMK", warehouse="WH1",
        ship_via="RML", raw_status="20", status="OPEN", entered_at=NOW, changed_at=moment, changed_by="APIUSER",
        revision=1, lines=parts,
    )  # fmt: skip


def intent_told(kind: type[Any], order_id: str, attempt: int, moment: Any) -> events.Event:
    about: dict[str, Any] = {
        "happened_at": moment, "intent_id": uuid5(thing(order_id), str(attempt)),
        "intent_kind": "create_sales_order", "intent_subject": f"{order_id}/NMK/WH1", "order_id": order_id,
    }  # fmt: skip
    more: dict[str, Any] = {"payload": {"attempt": attempt}} if kind is events.IntentRecorded else {"code": "x"}
    told: events.Event = kind(**about, **more)
    return told


def hold_told(order_id: str, moment: Any, reason: str) -> events.Event:
    if not reason:
        return events.OrderReleased(happened_at=moment, order_id=order_id)
    return events.OrderHeld(happened_at=moment, order_id=order_id, reason=reason, cause="c", detail="d")


def shipment_told(order_id: str, moment: Any, cartons: int, *, is_voided: bool) -> events.Event:
    parcels = tuple(
        events.CartonPart(carton=f"C{number}", tracking="RM1", quantities={f"{order_id}-1": 1})
        for number in range(cartons)
    )
    return events.ShipmentPosted(
        happened_at=moment, ship_id=f"SH-{order_id}", ord_num=f"SO-{order_id}", order_id=order_id, warehouse="WH1",
        ship_via="RML", shipped_at=NOW, changed_at=moment, is_voided=is_voided, cartons=parcels,
    )  # fmt: skip


def mapping_told(moment: Any, key: str, value: str) -> events.Event:
    return events.MappingSet(happened_at=moment, mapping="warehouse", key=key, value=value, why="")


ORDER = st.sampled_from(ORDERS)
OUTCOMES = (events.IntentRecorded, events.IntentConfirmed, events.IntentRefused, events.IntentUnclear)
EVENTS: st.SearchStrategy[events.Event] = st.one_of(
    st.builds(
        order_shown, ORDER, MOMENTS, st.sampled_from(["SHIPPING", "SHIPPED"]), st.integers(0, 3), st.integers(1, 2)
    ),
    st.builds(sales_order_shown, ORDER, MOMENTS, st.integers(0, 3), st.integers(0, 2)),
    st.builds(intent_told, st.sampled_from(OUTCOMES), ORDER, st.integers(0, 1), MOMENTS),
    st.builds(hold_told, ORDER, MOMENTS, st.sampled_from(["", "unknown_sku", "no_address"])),
    st.builds(shipment_told, ORDER, MOMENTS, st.integers(0, 2), is_voided=st.booleans()),
    st.builds(mapping_told, MOMENTS, st.sampled_from(["NMK", "NMC"]), st.sampled_from(["WH1", "WH2", ""])),
)
STORIES = st.lists(st.lists(EVENTS, min_size=1, max_size=6), min_size=1, max_size=5)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with open_database(tmp_path_factory.mktemp("folds") / "store.duckdb") as opened:
        yield opened


def emptied(database: Database) -> None:
    with contextlib.closing(database.connect()) as connection:
        for table in ("events", *fact_tables(connection)):
            connection.execute(f"delete from {table}")


def all_facts(connection: Any) -> dict[str, list[Any]]:
    """Of the tables these events are folded into."""
    told = (
        "order_facts", "order_line_facts", "order_hold_facts", "sales_order_facts", "sales_line_facts",
        "intent_facts", "shipment_facts", "carton_facts", "mapping_facts",
    )  # fmt: skip
    return {table: sorted(map(repr, connection.execute(f"select * from {table}").pl().rows())) for table in told}


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(story=STORIES, slice_size=st.integers(1, 9))
def test_folds_give_the_same_rows_however_events_are_sliced(
    database: Database, story: list[list[events.Event]], slice_size: int
) -> None:
    emptied(database)
    journal = Journal(database, StandingClock(), shop="4107")
    for told in story:
        journal.append(told)
    journal.close()
    with contextlib.closing(database.connect()) as connection:
        as_appended = all_facts(connection)
        rebuild(connection, slice_size=slice_size)
        in_slices = all_facts(connection)

    assert in_slices == as_appended


@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(story=st.lists(EVENTS, min_size=1, max_size=8))
def test_the_same_events_offered_again_change_nothing(database: Database, story: list[events.Event]) -> None:
    emptied(database)
    journal = Journal(database, StandingClock(), shop="4107")
    fresh = journal.append(story)
    with contextlib.closing(database.connect()) as connection:
        before = all_facts(connection)
        again = journal.append(list(reversed(story)))
        after = all_facts(connection)
    journal.close()

    assert fresh == len({event.event_id("4107") for event in story})
    assert again == 0
    assert after == before


def test_a_tampered_fact_is_found(tmp_path: Path) -> None:
    told = Told(tmp_path / "store.duckdb")
    told.order("JLM1-A")
    told.order("JLM2-A")
    with contextlib.closing(told.database.connect()) as connection:
        connection.execute("update order_facts set state = 'SHIPPED' where order_id = 'JLM2-A'")
        connection.execute("delete from order_line_facts where order_id = 'JLM1-A'")
    found = check_rebuild(told.database)
    told.close()

    assert found == {"order_facts": 2, "order_line_facts": 1}


def test_an_untouched_store_shows_no_differences(tmp_path: Path) -> None:
    told = Told(tmp_path / "store.duckdb")
    told.order("JLM1-A")
    told.intent("create_sales_order", "JLM1-A/NMK/WH1", "unclear", order_id="JLM1-A")
    found = check_rebuild(told.database)
    told.close()

    assert found == {}
