"""Buffer policies on Stock: none is set before it was previewed, by whomever; a preview is one sentence first."""

from decimal import Decimal
from typing import Any
from uuid import UUID

import polars as pl
import pytest

from dashboard.screens.previews import headline
from store import events
from tests.dashboard.asking import answer, press, sent
from tests.dashboard.looking import cells, senders, show, words
from tests.told import DAY, HOUR, NOW, SHIRT, Told, thing

BUFFERS = {"view": "Buffers"}


def test_a_buffer_policy_is_set_from_a_day_on_with_what_is_left_open_left_open(ordinary: Told) -> None:
    ordinary.tell(
        events.BufferPolicySet(
            happened_at=NOW, actor="ada", level="global", key="", from_on=NOW.date(), percent=Decimal("12.50"),
            combine="max", why="peak",
        )
    )  # fmt: skip
    ordinary.tell(
        events.StockTermsChanged(
            happened_at=NOW, batch_id="B1", batch_at=NOW - HOUR, due_at=None, due_from="", degraded="",
            degraded_at=None, overaged_at=NOW + DAY, buffer_factor=Decimal(1), thin_units=0, is_frozen=False,
            warehouses=("WH1",), clamps_warehouses=False, clock_skew_seconds=120, deducts_open_orders=True,
            deducts_sales=True, percent=Decimal(10), units=1, combine="max", risk="service_level",
            alpha=Decimal("0.01"), oversell_cost_amount=Decimal(60), minimum=1,
        )
    )  # fmt: skip
    page = show("inventory", query=BUFFERS)
    empty = {name: reason for name, _, reason in senders(page)}
    page.selectbox(key="buffer-level").set_value("division").run(timeout=60)
    keyless = {name: reason for name, _, reason in senders(page)}
    page.text_input(key="buffer-key-division").set_value(" NMK ").run(timeout=60)
    page.text_input(key="buffer-why").set_value("a photo shoot").run(timeout=60)
    page.number_input(key="buffer-percent").set_value(7.5).run(timeout=60)
    page.number_input(key="buffer-units").set_value(3).run(timeout=60)
    for label in ("Preview", "Preview its end"):
        press(page, label)
        answer(ordinary, sent(ordinary)[-1][0], "done", "Would change no listing.")
        page.run(timeout=60)
    press(page, "Set the policy")
    press(page, "Remove the policy")
    bodies = [(body["command"], body["arguments"]) for _, body in sent(ordinary)]

    assert "12.5 %, the larger of percent and units" in cells(page)
    assert "Where no policy says otherwise" in cells(page)
    assert "10 %, 1 unit, the larger of percent and units, by risk: service level, chance 0.01" in cells(page)
    assert (empty["Set the policy"], empty["Remove the policy"]) == ("Say what is held back.", "Preview it first.")
    assert keyless["Set the policy"] == "Say which Division."
    about = {"level": "division", "key": "NMK", "from_on": "2026-11-24"}
    said = {
        "percent": "7.50", "units": 3, "combine": None, "risk": None, "alpha": None, "oversell_cost": None,
        "minimum": None, "maximum": None,
    }  # fmt: skip
    assert bodies == [
        ("preview_policy", {**about, **said, "is_removal": False}),
        ("preview_policy", {**about, **dict.fromkeys(said), "is_removal": True}),
        ("set_buffer_policy", {**about, **said, "why": "a photo shoot"}),
        ("remove_buffer_policy", {**about, "why": "a photo shoot"}),
    ]


def previewed(told: Told, preview_id: UUID, **given: Any) -> None:
    """A worker worked out what holding back a unit more would change: one SKU."""
    row = {
        "read_id": str(preview_id), "sku": SHIRT, "base": 9, "before_quantity": 7, "after_quantity": 6,
        "before_oversells": 3.1, "after_oversells": 0.6, "before_lost_units": 2.0, "after_lost_units": 4.5,
        "before_cost_amount": Decimal("310.00"), "after_cost_amount": Decimal("95.50"), "previewed_at": NOW,
    }  # fmt: skip
    told.journal.append_series("policy_preview_rows", pl.DataFrame([row]))
    members: dict[str, Any] = {
        "happened_at": NOW, "actor": "Ops", "level": "global", "key": "", "from_on": NOW.date(), "units": 2,
        "batch_id": "B1", "batch_at": NOW - HOUR,
        "offer_count": 12, "windows_weekly": 42.0, "changed_count": 1, "units_change": -1, "before_oversells": 3.1,
        "after_oversells": 0.6, "before_lost_units": 2.0, "after_lost_units": 4.5,
        "before_cost_amount": Decimal("310.00"), "after_cost_amount": Decimal("95.50"), "currency": "GBP",
    }  # fmt: skip
    told.tell(events.PolicyPreviewed(preview_id=preview_id, **(members | given)))


def test_a_policy_is_previewed_before_it_is_set_and_another_draft_has_no_preview(ordinary: Told) -> None:
    page = show("inventory", query=BUFFERS)
    page.text_input(key="buffer-why").set_value("peak").run(timeout=60)
    page.number_input(key="buffer-units").set_value(2).run(timeout=60)
    before = {name: reason for name, _, reason in senders(page)}
    press(page, "Preview")
    preview_id = sent(ordinary)[0][0]
    previewed(ordinary, preview_id)
    answer(ordinary, preview_id, "done", "Worked out.", {"preview_id": str(preview_id)})
    page.run(timeout=60)
    shown, table = words(page), cells(page)
    may = {name: reason for name, _, reason in senders(page)}
    page.number_input(key="buffer-units").set_value(3).run(timeout=60)
    changed, gone = words(page), {name: reason for name, _, reason in senders(page)}

    assert before["Set the policy"] == "Preview it first."
    assert "**Would change 1 listing, −1 unit, oversells expected 3.1 → 0.6 a week.**" in shown
    assert "Oversells a week 3.1 → 0.6" in shown
    assert "Cost a week £310 → £96" in shown
    assert SHIRT in table
    assert not may["Set the policy"]
    assert "Would change" not in changed
    assert "Oversells a week" not in changed
    assert "would change 1 listing, −1 unit" in cells(page)  # it is kept, for everybody
    assert gone["Set the policy"] == "Preview it first."


def test_a_preview_from_before_another_policy_was_set_is_not_how_things_stand(ordinary: Told) -> None:
    page = show("inventory", query=BUFFERS)
    page.text_input(key="buffer-why").set_value("peak").run(timeout=60)
    page.number_input(key="buffer-units").set_value(2).run(timeout=60)
    press(page, "Preview")
    preview_id = sent(ordinary)[0][0]
    previewed(ordinary, preview_id)
    answer(ordinary, preview_id, "done", "Would change 1 listing.", {"preview_id": str(preview_id)})
    ordinary.tell(
        events.BufferPolicySet(
            happened_at=NOW + HOUR, actor="ada", level="global", key="", from_on=NOW.date(), units=9, why="floods"
        )
    )
    page.run(timeout=60)

    assert "A policy was set since this preview" in words(page)
    assert {name: reason for name, _, reason in senders(page)}["Set the policy"] == (
        "Another policy was set since: preview it again."
    )


@pytest.mark.usefixtures("ordinary")
def test_a_manager_cannot_preview_a_policy() -> None:
    page = show("inventory", query=BUFFERS, person="Manager")
    page.number_input(key="buffer-units").set_value(2).run(timeout=60)

    assert ("Preview", True, "Only ops or finance or admin may do this; you are viewer.") in senders(page)


def test_what_a_colleague_previewed_today_is_shown_and_need_not_be_previewed_again(ordinary: Told) -> None:
    previewed(ordinary, thing("hers"), actor="Ada", units=4)
    previewed(ordinary, thing("old"), actor="Ada", units=5, happened_at=NOW - 2 * DAY)
    page = show("inventory", query={**BUFFERS, "policy_of": "global:", "policy_units": "4"})
    page.text_input(key="buffer-why").set_value("peak").run(timeout=60)
    hers, may = words(page), {name: reason for name, _, reason in senders(page)}
    page.number_input(key="buffer-units-global:-4").set_value(5).run(timeout=60)

    assert "**Would change 1 listing, −1 unit, oversells expected 3.1 → 0.6 a week.**" in hers
    assert "Worked out 0 s ago for Ada on batch B1" in hers
    assert not may["Set the policy"]
    assert {name: reason for name, _, reason in senders(page)}["Set the policy"] == "Preview it first."
    assert not sent(ordinary)


@pytest.mark.usefixtures("ordinary")
def test_a_link_from_a_sku_fills_the_form_in() -> None:
    page = show("inventory", query={**BUFFERS, "policy_of": f"sku:{SHIRT}", "policy_units": "3"})
    boxes = {box.label: box.value for box in (*page.selectbox, *page.text_input, *page.number_input)}

    assert (boxes["For"], boxes["SKU, as in BlueCherry"], boxes["Units"]) == ("sku", SHIRT, 3)
    assert {name: reason for name, _, reason in senders(page)}["Set the policy"] == "Preview it first."


def test_everybody_sees_how_far_a_preview_is(ordinary: Told) -> None:
    page = show("inventory", query=BUFFERS)
    page.number_input(key="buffer-units").set_value(2).run(timeout=60)
    press(page, "Preview")
    command_id = sent(ordinary)[0][0]
    ordinary.tell(
        events.CommandTaken(
            happened_at=NOW, actor="Ops", command_id=command_id, command="preview_policy", role="ops",
            role_from="settings", arguments={},
        ),
        events.CommandProgressed(
            happened_at=NOW, command_id=command_id, message="working out 400 offers with the new policy"
        ),
    )  # fmt: skip
    page.run(timeout=60)

    assert "**Running.** working out 400 offers with the new policy" in words(page)
    assert "Ops is having a policy previewed: working out 400 offers with the new policy." in words(
        show("inventory", query=BUFFERS, person="Manager")
    )


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ({"changed_count": 312, "units_change": -1204, "before_oversells": 3.1, "after_oversells": 0.6},
         "would change 312 listings, −1,204 units, oversells expected 3.1 → 0.6 a week"),
        ({"changed_count": 2, "units_change": 0, "before_oversells": 1200, "after_oversells": 0},
         "would change 2 listings, 0 units, oversells expected 1,200.0 → 0.0 a week"),
        ({"changed_count": 1, "units_change": 1, "before_oversells": 0.2, "after_oversells": 0.3},
         "would change 1 listing, +1 unit, oversells expected 0.2 → 0.3 a week"),
        ({"changed_count": 1, "units_change": -1, "before_oversells": 0.04, "after_oversells": 0.0001},
         "would change 1 listing, −1 unit, oversells expected 0.04 → under 0.01 a week"),
        ({"changed_count": 0}, "would change no listing"),
    ],
)  # fmt: skip
def test_a_preview_is_one_sentence(found: dict[str, Any], said: str) -> None:
    assert headline(found) == said
