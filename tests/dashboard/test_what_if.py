"""One SKU: the sliders say what the worker worked out; what is so today is marked, and where it is not, why."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.format import london
from tests.dashboard.looking import show, words
from tests.told import HOUR, NOW, SHIRT, Told
from tests.told_risk import BUFFERS, assessed

BUFFER, INTERVAL = f"what-if-buffer-{SHIRT}-0", f"what-if-interval-{SHIRT}-0"
# as the grid of `assessed` has it for one unit held back and the window as it is
AS_WORKED_OUT = {"own_chance": 0.4 / 12, "oversold_units": 1 / 12, "cost_amount": 30, "lost_units": 0.1}


def weighed(told: Told, *, buffers: Sequence[int] = BUFFERS, **row: Any) -> AppTest:
    """The page of a SKU whose choices were worked out, and that stands so."""
    told.skus(SHIRT)
    told.batch("B1", {(SHIRT, "WH1"): {"on_hand": 8}})
    told.offers({SHIRT: 7})
    assessed(told, {SHIRT: AS_WORKED_OUT | row}, grids=(SHIRT,), buffers=buffers)
    told.runs_of_all()
    told.beat()
    return show("sku", query={"sku": SHIRT})


def outcome(page: AppTest) -> dict[str, tuple[str, str]]:
    return {str(one.label): (str(one.value), str(one.delta)) for one in page.metric if one.delta}


def test_another_choice_is_what_the_worker_worked_out_beside_how_it_is(told: Told) -> None:
    page = weighed(told)
    page.select_slider(key=BUFFER).set_value(3)
    page.select_slider(key=INTERVAL).set_value(12.0).run(timeout=60)

    assert outcome(page) == {
        "Chance of an oversell": ("2.5 %", "now 3.3 %"), "Oversold units": ("0.06", "now 0.08"),
        "Sales lost, units": ("0.30", "now 0.10"), "Cost of overselling": ("£7.50", "now £30.00"),
        "Margin lost": ("£3.00", "now £1.00"),
    }  # fmt: skip


def test_where_both_sliders_begin_is_how_it_is_and_what_stock_says(told: Told) -> None:
    page = weighed(told)
    buffer, interval = page.select_slider(key=BUFFER), page.select_slider(key=INTERVAL)

    assert (buffer.value, interval.value) == (1, 0.0)
    assert buffer.label == "Units held back (now 1)"
    assert interval.label == "A batch every (now: the next one 4 h after the last)"
    assert interval.options == ["as it is now", "4 h (about as today)", "12 h"]
    assert all(f"now {value}" == was for value, was in outcome(page).values())
    assert outcome(page)["Cost of overselling"][0] == "£30.00"
    assert "Expected cost £30.00" in words(page)
    assert "With both sliders as they are marked now, this is what Stock says of it." in words(page)


def test_one_button_leads_back_to_how_it_is(told: Told) -> None:
    page = weighed(told)
    begins = page.button(key=f"what-if-back-{SHIRT}").disabled
    page.select_slider(key=BUFFER).set_value(3)
    page.select_slider(key=INTERVAL).set_value(12.0).run(timeout=60)
    page.button(key=f"what-if-back-{SHIRT}").click().run(timeout=60)

    assert begins
    assert [one.value for one in page.select_slider] == [1, 0.0]


@pytest.mark.parametrize(
    ("row", "begins", "said"),
    [
        (
            {"buffer": 40, "quantity": 0},
            12,
            "40 are held back, and up to 12 were worked out: no place on the slider",
        ),
        ({"buffer": -2, "quantity": 10}, 0, "More is listed than there is (2), so no place on the slider"),
    ],
)
def test_what_has_no_place_on_the_slider_is_said(told: Told, row: dict[str, Any], begins: int, said: str) -> None:
    page = weighed(told, **row)

    assert page.select_slider(key=BUFFER).value == begins
    assert said in words(page)
    assert outcome(page)["Cost of overselling"][1] == "now £30.00"


def test_a_buffer_beyond_those_worked_out_for_all_has_its_place_and_its_mark(told: Told) -> None:
    """The worker adds it: what is so today is where the slider begins, with what Stock says of it."""
    page = weighed(told, buffers=(*BUFFERS, 17), base=20, quantity=3, buffer=17)
    buffer = page.select_slider(key=BUFFER)

    assert (buffer.value, buffer.options[-2:]) == (17, ["12", "17"])
    assert "no place on the slider" not in words(page)


def test_a_risk_weighed_since_the_sliders_were_worked_out_is_told_apart(told: Told) -> None:
    weighed(told)
    again = {**AS_WORKED_OUT, "own_chance": 0.2, "cost_amount": Decimal(99)}
    assessed(told, {SHIRT: again}, at=NOW - HOUR / 60)
    told.beat()
    page = show("sku", query={"sku": SHIRT})

    first, then = london(NOW - HOUR / 30), london(NOW - HOUR / 60)
    assert f"This was worked out {first}; the risk was weighed anew {then}, as it stands behind" in words(page)
    assert outcome(page)["Cost of overselling"] == ("£30.00", "now £99.00")


def test_a_sku_without_a_grid_says_why(told: Told) -> None:
    told.skus(SHIRT)
    told.offers({SHIRT: 7})
    assessed(told, {SHIRT: {}})
    told.beat()

    assert "It was not among the costliest" in words(show("sku", query={"sku": SHIRT}))
