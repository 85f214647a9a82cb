"""Edit and replay on the real sandbox: what is corrected by hand reaches BlueCherry, and is told nowhere else."""

import contextlib
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from store.commands import EditOrder
from tests.flows.desk import Counter

TOWN = "Llanfair PG"


@contextlib.contextmanager
def holding(bench: Callable[..., Any]) -> Iterator[tuple[Counter, str]]:
    """A desk, and an order whose delivery town BlueCherry does not take."""
    house = bench(days=0.05, orders_per_day=20, skus=100)
    for name in ("no_orders", "no_hand_edits", "relaxed_limits", "ordinary_trouble"):
        house.sandbox.scenario(name)
    house.run("catalogue")
    house.run("orders")
    house.run("watch")
    counter = Counter(house)
    yield counter, house.value("select order_id from order_hold_facts where reason = 'address_too_long'")
    counter.close()


@pytest.fixture
def held(bench: Callable[..., Any]) -> Iterator[tuple[Counter, str]]:
    with holding(bench) as found:
        yield found


@pytest.fixture(scope="module")
def untouched(lasting_bench: Callable[..., Any]) -> Iterator[tuple[Counter, str]]:
    """One that is asked only what it refuses: nothing comes of it."""
    with holding(lasting_bench) as found:
        yield found


def edit(order_id: str, why: str = "the customer was asked", *, dry_run: bool = False, **changes: str) -> EditOrder:
    named = {name.replace("__", "."): text for name, text in changes.items()}
    return EditOrder(order_id=order_id, changes=named, why=why, dry_run=dry_run)


def in_bluecherry(house: Any, order_id: str) -> list[dict[str, Any]]:
    return [one for one in house.sandbox.state("bluecherry")["sales_orders"] if one["po_num"] == order_id]


def test_a_corrected_address_reaches_bluecherry_and_who_changed_what_is_kept(held: tuple[Counter, str]) -> None:
    counter, order_id = held
    house = counter.bench
    foreseen = counter.ask(edit(order_id, dry_run=True, ship_to__city=TOWN))
    untouched = house.value("select count(*) as n from order_edit_facts")
    done = counter.ask(edit(order_id, ship_to__city=TOWN))
    (kept,) = house.rows("select fields, actor, why from order_edit_facts where order_id = $id", id=order_id)
    (person,) = house.rows("select body, edits from personal where order_id = $id", id=order_id)

    assert foreseen["message"] == (
        "Would change billing town 29 → 11 characters; delivery town 29 → 11 characters."
        " Then: it goes to BlueCherry."
    )
    assert untouched == 0
    assert done["state"] == "done"
    assert "BlueCherry took it as" in done["message"]
    assert (kept["actor"], kept["why"]) == ("Ops", "the customer was asked")
    assert kept["fields"] == [  # one address, shown twice, is mended once
        {"field": "bill_to.city", "before_length": 29, "after_length": 11},
        {"field": "ship_to.city", "before_length": 29, "after_length": 11},
    ]
    assert json.loads(person["edits"])[-1]["after"] == TOWN
    assert json.loads(person["body"])["ship_to"]["city"] != TOWN
    assert len(in_bluecherry(house, order_id)) == 1
    assert house.value(
        "select count(*) as n from exception_facts where is_open and order_id = $id"
        " and exception_kind = 'address_too_long'", id=order_id,
    ) == 0  # fmt: skip
    assert house.rebuild_differences() == {}


def test_the_text_of_an_edit_stands_in_personal_alone(held: tuple[Counter, str]) -> None:
    counter, order_id = held
    counter.ask(edit(order_id, ship_to__city=TOWN))
    house = counter.bench

    assert TOWN not in house.value("select string_agg(body, '') as words from events")
    assert TOWN not in house.value("select string_agg(body, '') as words from commands")
    assert "(11 characters)" in house.value("select string_agg(body, '') as words from commands")


def test_an_address_john_lewis_changes_meanwhile_counts_and_the_edit_does_not(held: tuple[Counter, str]) -> None:
    from store.journal import Personal
    from sync.flows.orders_read import person_of

    counter, order_id = held
    house = counter.bench
    counter.ask(edit(order_id, ship_to__city=TOWN))
    (row,) = house.rows("select body, placed_at from personal where order_id = $id", id=order_id)
    body = json.loads(row["body"])
    body["ship_to"]["city"] = "Leeds"
    house.house.journal.append(personal=[Personal(order_id, row["placed_at"], json.dumps(body))])
    (row,) = house.rows("select body, edits from personal where order_id = $id", id=order_id)
    person = person_of(row["body"], row["edits"])

    assert person is not None
    assert person.ship_to is not None
    assert person.ship_to.city == "Leeds"


def test_an_edited_ship_via_is_what_bluecherry_gets_and_an_unknown_one_is_refused(
    held: tuple[Counter, str],
) -> None:
    counter, order_id = held
    house = counter.bench
    vias = [one["code"] for one in json.loads(
        house.value("select value from marketplace_facts where topic = 'ship_vias'")
    )]  # fmt: skip
    present = house.value("select value from mapping_facts where mapping = 'ship_via' and value <> '' limit 1")
    other = next(code for code in vias if code != present)
    unknown = counter.ask(edit(order_id, ship_via="ZZZ"))
    done = counter.ask(edit(order_id, ship_to__city=TOWN, ship_via=other))
    house.advance(20)
    house.run("orders")
    read = house.value("select ship_via from sales_order_facts where order_id = $id limit 1", id=order_id)

    assert (unknown["state"], "BlueCherry has no ship-via 'ZZZ'" in unknown["message"]) == ("refused", True)
    assert done["state"] == "done"
    assert read == other


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"line_1.sku": "NMK-04117-WHT-A--M"}, "A SKU is never edited"),
        ({"offer_sku": "NMK-04117-WHT-A--M"}, "A SKU is never edited"),
        ({"ship_to.shoe_size": "9"}, "cannot be edited"),
        ({"ship_to.city": "Llanfairpwllgwyngyllgogerychwyrn"}, "delivery town: 32 characters, 25 fit"),
        ({"ship_to.postcode": "not one"}, "not of the form of a postcode"),
        ({}, "changes nothing"),
    ],
)
def test_an_edit_that_cannot_be_right_is_refused_and_changes_nothing(
    untouched: tuple[Counter, str], changes: dict[str, str], words: str
) -> None:
    counter, order_id = untouched
    answer = counter.ask(EditOrder(order_id=order_id, changes=changes, why="a guess"))

    assert answer["state"] == "refused"
    assert words in answer["message"]
    assert counter.bench.value("select count(*) as n from order_edit_facts") == 0
    assert in_bluecherry(counter.bench, order_id) == []


def test_what_is_in_bluecherry_is_not_edited_here(held: tuple[Counter, str]) -> None:
    counter, order_id = held
    counter.ask(edit(order_id, ship_to__city=TOWN))
    too_soon = counter.ask(edit(order_id, ship_to__phone="020 7946 0000"))
    for _ in range(2):
        counter.bench.advance(20)
        counter.bench.run("orders")
    late = counter.ask(edit(order_id, ship_to__phone="020 7946 0000"))

    assert (too_soon["state"], late["state"]) == ("refused", "refused")
    assert "is not seen there yet" in too_soon["message"]
    assert late["message"].startswith("It is in BlueCherry as ")
    assert len(in_bluecherry(counter.bench, order_id)) == 1


def test_a_viewer_may_not_edit(untouched: tuple[Counter, str]) -> None:
    counter, order_id = untouched
    answer = counter.ask(edit(order_id, ship_to__city=TOWN), actor="Manager", role="viewer")

    assert answer["message"] == "Manager is viewer; edit_order may be given by admin or ops."
    assert TOWN not in counter.bench.value("select string_agg(body, '') as words from commands")
