"""A basket on its way to more than one warehouse: no line of it is sent twice, and none left out."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.rules import mappings
from sync.rules.orders import decide
from tests.rules.test_orders import JUMPER, LONG_SHIRT, ORDINARY, SHIRT, SUBJECT, intent, line, placed_in, steps

BOTH_SHIRTS = [line(), line(number=2, sku=LONG_SHIRT)]


@pytest.mark.parametrize("state", ["recorded", "unclear", "confirmed"])
def test_while_one_line_of_two_falls_to_another_warehouse_neither_is_sent_before_they_are_seen(state: str) -> None:
    sent = intent(state, is_pending=True, line_ids=["JLM1-A-1", "JLM1-A-2"])
    moved = replace(ORDINARY, lines=BOTH_SHIRTS, mappings=placed_in({LONG_SHIRT: "WH2"}), intents=[sent])
    absent = replace(moved, intents=[{**sent, "state": "refused", "code": "absent", "is_pending": False}])

    assert steps(decide(moved)) == {}
    assert steps(decide(absent)) == {"create": ["JLM1-A/NMK/WH2", SUBJECT]}


def test_a_line_of_what_was_taken_and_seen_without_it_is_in_no_other_draft() -> None:
    """Somebody took it out before we saw it: that is a difference to be answered, not a line to be sent."""
    sent = intent("confirmed", line_ids=["JLM1-A-2"])
    moved = replace(ORDINARY, lines=BOTH_SHIRTS, mappings=placed_in({SHIRT: "WH2", LONG_SHIRT: "WH2"}))
    (created,) = decide(replace(moved, intents=[sent])).create

    assert [one["order_line_id"] for one in created.payload["lines"]] == ["JLM1-A-1"]


def test_a_line_that_comes_to_belong_where_a_sales_order_went_without_it_is_held_and_named() -> None:
    went = intent("confirmed", line_ids=["JLM1-A-1"], reference="SO-1")
    decision = decide(replace(ORDINARY, lines=[line(number=2, sku=LONG_SHIRT)], intents=[went]))

    assert steps(decision) == {"hold": ["missing_in_erp"]}
    assert decision.holds[0].cause == "left out of its sales order"
    assert f"({went['reference']}) was sent without {LONG_SHIRT}" in decision.holds[0].detail


@given(st.data())
def test_whatever_is_mapped_lost_and_seen_in_whatever_order_no_line_is_sent_while_it_may_be_there(
    data: st.DataObject,
) -> None:
    basket = [line(number=number, sku=key) for number, key in enumerate(ORDINARY.skus, start=1)]
    places = st.fixed_dictionaries({key: st.sampled_from(("WH1", "WH2")) for key in ORDINARY.skus})
    sent: list[dict[str, Any]] = []
    there: list[str] = []  # every line BlueCherry has, as often as it has it
    for turn in range(data.draw(st.integers(1, 5), "turns")):
        seen = {
            one for row in sent if row["state"] == "confirmed" and not row["is_pending"] for one in row["line_ids"]
        }
        known = replace(
            ORDINARY, mappings=placed_in(data.draw(places, "places")), intents=sent,
            lines=[one for one in basket if one["order_line_id"] not in seen],
        )  # fmt: skip
        for created in decide(known).create:
            line_ids = [one["order_line_id"] for one in created.payload["lines"]]
            arrives = data.draw(st.booleans(), "arrives")
            there += line_ids if arrives else []
            state = data.draw(st.sampled_from(("confirmed", "unclear")), "state") if arrives else "unclear"
            sent.append(
                intent(
                    state, subject=created.subject, is_pending=True, line_ids=line_ids, seq=turn, arrives=arrives
                )
            )
        for row in sent:
            if row["is_pending"] and data.draw(st.booleans(), "is settled"):
                outcome = ("confirmed", "") if row["arrives"] else ("refused", "absent")
                row.update(zip(("state", "code"), outcome, strict=True), is_pending=False)

    assert len(there) == len(set(there))


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (intent("unclear"), {}),
        (intent("recorded"), {}),
        (intent("confirmed", is_pending=True), {}),
        (intent("refused", "absent"), {"create": ["JLM1-A/NMK/WH2"]}),
    ],
)
def test_what_was_sent_to_one_warehouse_is_never_sent_to_another_before_it_is_known_where_it_is(
    sent: dict[str, Any], expected: dict[str, list[str]]
) -> None:
    """The mapping was changed while the answer was lost: the same lines would be in BlueCherry twice."""
    moved = mappings.load(
        [
            {"mapping": "warehouse", "key": "NMK", "value": "WH2"},
            {"mapping": "ship_via", "key": "STD-UK", "value": "RML"},
        ]
    )

    assert steps(decide(replace(ORDINARY, mappings=moved, intents=[sent]))) == expected


def test_the_second_half_of_a_basket_goes_on_while_the_first_is_on_its_way() -> None:
    both = replace(
        ORDINARY, lines=[line(), line(number=2, sku=JUMPER)], intents=[intent("confirmed", is_pending=True)]
    )

    assert steps(decide(both)) == {"create": ["JLM1-A/NMC/WH2"]}
