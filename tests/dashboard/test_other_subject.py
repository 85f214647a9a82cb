"""A press is for what was shown as it was pressed, whatever is mended or goes wrong before it is sent."""

from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.dashboard.asking import press, sent
from tests.dashboard.looking import senders, show, words
from tests.told import HOUR, NOW, Told, thing

CARRIER = {"kind": "unmapped_carrier", "cause": "DPX"}
SUBJECTS = "subjects-unmapped_carrier-DPX"
FIRST = thing("unmapped_carrier/S1/C1")  # of an ordinary day


def pick(page: AppTest, key: str, *rows: int) -> AppTest:
    """As a click into the table does: by place."""
    page.session_state[key] = {"selection": {"rows": list(rows), "columns": [], "cells": []}}
    return page.run(timeout=60)


def selected(page: AppTest, key: str) -> list[int]:
    return list(page.session_state[key]["selection"]["rows"])


def ids(told: Told) -> list[list[str]]:
    return [body["arguments"]["exception_ids"] for _, body in sent(told)]


def parcel(told: Told, number: int, hours: int = 5, **more: Any) -> str:
    """One more parcel of that carrier, due in so many hours."""
    deadline = NOW + hours * HOUR
    return str(
        told.wrong(
            "unmapped_carrier", f"S{number}/C1", cause="DPX", order_id=f"JL{number}-A", deadline=deadline, **more
        )
    )


@pytest.mark.parametrize("is_drawn_between", [True, False])
def test_what_is_picked_stays_picked_when_another_comes_that_is_due_sooner(
    ordinary: Told, *, is_drawn_between: bool
) -> None:
    parcel(ordinary, 2)
    page = pick(show("exceptions", query=CARRIER, person="Admin"), SUBJECTS, 0)
    shown = words(page)
    parcel(ordinary, 9, hours=1)
    if is_drawn_between:
        page.run(timeout=60)
        assert (selected(page, f"{SUBJECTS}-1"), "**For S1/C1**" in words(page)) == ([1], True)
    press(page, "Put it off")

    assert "**For S1/C1**" in shown
    assert ids(ordinary) == [[str(FIRST)]]


def test_what_is_picked_next_is_what_stood_there(ordinary: Told) -> None:
    third = [parcel(ordinary, 2), parcel(ordinary, 3, hours=6)][1]
    page = pick(show("exceptions", query=CARRIER, person="Admin"), SUBJECTS, 0)
    parcel(ordinary, 9, hours=1)
    page.run(timeout=60)
    pick(page, f"{SUBJECTS}-1", 3)  # S9 S1 S2 S3 by now
    press(page, "Take it")

    assert ids(ordinary) == [[third]]


def test_without_a_pick_exactly_those_shown_are_named_though_more_are_wrong_by_then(ordinary: Told) -> None:
    page = show("exceptions", query=CARRIER, person="Admin")
    shown = words(page)
    parcel(ordinary, 9, hours=1)
    press(page, "Put it off")

    assert "**For S1/C1**" in shown
    assert ids(ordinary) == [[str(FIRST)]]


def test_a_click_that_crosses_a_redraw_is_for_what_the_browser_still_showed(ordinary: Told) -> None:
    page = show("exceptions", query=CARRIER, person="Admin")
    (seen,) = (button for button in page.button if button.label == "Put it off")
    other = parcel(ordinary, 9, hours=1)
    page.run(timeout=60)
    (drawn,) = (button for button in page.button if button.label == "Put it off")
    shown, drawn.id = drawn.id, seen.id
    drawn.click().run(timeout=60)
    press(page, "Put it off")

    assert shown != seen.id
    assert ids(ordinary) == [[str(FIRST)], [other, str(FIRST)]]


def test_more_than_the_table_shows_are_all_named(ordinary: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dashboard.screens.cause.SHOWN", 1)
    others = [parcel(ordinary, number) for number in (2, 3)]
    page = press(show("exceptions", query=CARRIER, person="Admin"), "Take it")

    assert "**For all 3**" in words(page)
    assert [sorted(some) for some in ids(ordinary)] == [sorted([str(FIRST), *others])]


def test_what_is_typed_last_goes_with_what_was_shown(ordinary: Told) -> None:
    parcel(ordinary, 2)
    page = pick(show("exceptions", query=CARRIER, person="Admin"), SUBJECTS, 0)
    page.text_input(key="words-unmapped_carrier-DPX").set_value("paid by hand").run(timeout=60)
    parcel(ordinary, 9, hours=1)
    page.text_input(key="words-unmapped_carrier-DPX").set_value("paid by cheque")
    press(page, "Accept it")
    [(_, body)] = sent(ordinary)

    assert body["arguments"]["reason"] == "paid by cheque"
    assert body["arguments"]["grounds"] == {str(FIRST): None}


def test_picked_causes_worked_together_stay_the_same(ordinary: Told) -> None:
    late = ordinary.wrong("dispatch_late", "JL2-A", order_id="JL2-A")
    page = pick(show("exceptions", query={}, person="Admin"), "causes", 0, 1)
    shown = words(page)
    ordinary.wrong("unmapped_carrier", "S9/C1", cause="AAA", order_id="JL7-A", deadline=NOW + HOUR / 4)
    page.run(timeout=60)
    press(page, "Put them off")

    assert "**For these 2 causes** (2 things)" in shown
    assert sorted(ids(ordinary)) == sorted([[str(FIRST)], [str(late)]])


def test_a_press_for_causes_of_which_one_is_mended_by_then_is_for_nothing_and_never_for_others(
    ordinary: Told,
) -> None:
    ordinary.wrong("dispatch_late", "JL2-A", order_id="JL2-A")
    ordinary.wrong("payout_unexplained", "c1", cause="V1", amount="9.00")
    page = show("exceptions", query={}, person="Admin")
    page.session_state["exceptions-marked"] = frozenset({("unmapped_carrier", "DPX"), ("dispatch_late", "")})
    page.run(timeout=60)
    shown = words(page)
    ordinary.wrong("dispatch_late", "JL2-A", order_id="JL2-A", is_closed=True)
    press(page, "Put them off")
    told = [str(one.value) for one in page.toast]
    page.session_state["exceptions-marked"] = frozenset({("unmapped_carrier", "DPX"), ("payout_unexplained", "V1")})
    page.run(timeout=60)

    assert "For these 2 causes" in shown
    assert told == ["**Nothing was sent.** One of these causes is not there any more: look again."]
    assert sent(ordinary) == []


def test_a_pick_that_moved_up_is_still_the_one_that_is_accepted(ordinary: Told) -> None:
    third = [parcel(ordinary, 2), parcel(ordinary, 3, hours=6)][1]
    page = pick(show("exceptions", query=CARRIER, person="Admin"), SUBJECTS, 2)
    page.text_input(key="words-unmapped_carrier-DPX").set_value("S3 alone was paid by hand").run(timeout=60)
    shown = words(page)
    parcel(ordinary, 1, hours=2, is_closed=True)
    press(page, "Accept it")

    assert "**For S3/C1**" in shown
    assert ids(ordinary) == [[third]]


def test_a_pick_that_is_mended_is_not_replaced_by_all_of_the_others(ordinary: Told) -> None:
    others = [parcel(ordinary, number) for number in (2, 3)]
    page = pick(show("exceptions", query=CARRIER, person="Admin"), SUBJECTS, 0)
    parcel(ordinary, 1, hours=2, is_closed=True)
    press(page, "Take it")
    told, said = [str(one.value) for one in page.toast], words(page)
    labels = {label for label, _, _ in senders(page)}
    before = sent(ordinary)
    press(page, "Choose all 2")
    press(page, "Take it")

    assert told == ["**Nothing was sent.** What you had picked is not there any more: look again."]
    assert "Not wrong any more: 1 of those you had picked." in said
    assert ("Take it" in labels, before) == (False, [])
    assert ids(ordinary) == [others]


def test_the_word_surely_absent_goes_to_no_other_order(ordinary: Told) -> None:
    slot = "order_unclear-create_sales_order"
    for number, hours in ((7, 5), (8, 6)):
        order = f"JL{number}-A"
        ordinary.order(order)
        ordinary.intent(
            "create_sales_order", f"{order}/NMK/WH1", "unclear", order_id=order, intent_id=thing(order),
            payload={"division": "NMK", "warehouse": "WH1", "lines": [{"order_line_id": f"{order}-1"}]},
            at=NOW - HOUR,
        )  # fmt: skip
        ordinary.wrong(
            "order_unclear", f"create_sales_order/{order}/NMK/WH1", cause="create_sales_order", order_id=order,
            deadline=NOW + hours * HOUR,
        )  # fmt: skip
    query = {"kind": "order_unclear", "cause": "create_sales_order"}
    page = pick(show("exceptions", query=query, person="Admin"), f"subjects-{slot}", 0)
    page.text_input(key=f"why-{slot}").set_value("searched for JL7 on the floor").run(timeout=60)
    shown = words(page)
    ordinary.wrong(
        "order_unclear", "create_sales_order/JL7-A/NMK/WH1", cause="create_sales_order", order_id="JL7-A",
        is_closed=True,
    )  # fmt: skip
    press(page, "Surely absent: send again")

    assert "**For create_sales_order/JL7-A/NMK/WH1**" in shown
    assert sent(ordinary) == []
