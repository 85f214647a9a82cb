"""The read models of the stock screen: given events, exactly these rows."""

from decimal import Decimal
from typing import Any

import pytest

from store import reads, reads_risk, reads_stock
from store.database import Ask
from store.events import StockBatchHeld, StockBatchJudged, StockBatchRejected, StockBatchSeen, StockTermsChanged
from tests.told import DAY, HOUR, NOW, SHIRT, Told
from tests.told_risk import assessed

TROUSERS = "NMC-05220-NVY-A--8"

# All that made a number of 7: twelve on hand, one each linked, allocated, picked, damaged and held.
PARTS: dict[str, Any] = {
    "on_hand": 14, "linked": 1, "allocated": 1, "picked": 1, "damaged": 1, "held": 1, "supply": 9, "inflight": 1,
    "base": 8, "buffer": 1, "buffer_rule": "absolute", "minimum": 0, "maximum": None, "multiple": 1, "degraded": "",
}  # fmt: skip


def steps(ask: Ask, sku: str = SHIRT) -> list[tuple[str, int]]:
    sent = reads.publications(ask, sku)
    return reads_stock.stock_walk(ask, sku, sent["push_id"][0]).select("step", "units").rows()


def test_a_number_john_lewis_refused_or_whose_file_failed_never_came_into_effect(told: Told, ask: Ask) -> None:
    told.publish({SHIRT: 7, TROUSERS: 4}, at=NOW - 5 * HOUR, name="one", errors={TROUSERS: "no such offer"})
    told.publish({SHIRT: 6}, at=NOW - 3 * HOUR, name="two", state="failed")
    told.publish({SHIRT: 5}, at=NOW - HOUR, name="three", is_finished=False)
    shirt, trousers = (
        reads.publications(ask, sku).select("quantity", "import_state", "effective_at").rows()
        for sku in (SHIRT, TROUSERS)
    )

    assert shirt == [(5, "", None), (6, "failed", None), (7, "complete", NOW - 5 * HOUR + HOUR / 12)]
    assert trousers == [(4, "refused", None)]


def taken(rows: list[tuple[str, int]]) -> int:
    """What all the steps that are no sums come to."""
    return sum(units for step, units in rows if step not in ("supply", "base", "listed"))


def test_a_number_is_walked_from_on_hand_to_listed(told: Told, ask: Ask) -> None:
    told.publish({SHIRT: 7}, **PARTS)

    assert steps(ask) == [
        ("on_hand", 14), ("linked", -1), ("allocated", -1), ("picked", -1), ("damaged", -1), ("held", -1),
        ("supply", 9), ("inflight", -1), ("base", 8), ("buffer", -1), ("listed", 7),
    ]  # fmt: skip
    assert taken(steps(ask)) == 7


@pytest.mark.parametrize(
    ("quantity", "more", "step"),
    [
        (0, {"minimum": 9}, ("minimum", -7)),
        (5, {"maximum": 5}, ("maximum", -2)),
        (0, {"maximum": 0}, ("maximum", -7)),
        (6, {"multiple": 3}, ("packs", -1)),
        (4, {}, ("waits", -3)),
        (0, {"degraded": "overaged", "is_thin": True}, ("thin", -7)),
        (9, {"supply": 11, "base": 10}, ("pooled", 2)),
        (1, {"scheduled": 6, "supply": 3, "base": 2}, ("scheduled", -6)),
        (0, {"supply": 9, "inflight": 12, "base": 0}, ("below_zero", 3)),
        (0, {"buffer": 20}, ("buffer", -8)),
    ],
)
def test_whatever_took_units_off_has_a_step_and_all_of_them_come_to_the_number(
    told: Told, ask: Ask, quantity: int, more: dict[str, Any], step: tuple[str, int]
) -> None:
    told.publish({SHIRT: quantity}, **{**PARTS, **more})

    assert step in steps(ask)
    assert taken(steps(ask)) == quantity


def test_a_number_sent_before_its_parts_were_kept_begins_with_the_supply(told: Told, ask: Ask) -> None:
    told.publish({SHIRT: 7})

    assert steps(ask) == [
        ("pooled", 8), ("supply", 8), ("inflight", 0), ("base", 8), ("buffer", -1), ("listed", 7),
    ]  # fmt: skip


def test_the_walk_explains_the_number_that_was_sent_and_not_how_it_is_today(told: Told, ask: Ask) -> None:
    told.skus(SHIRT)
    told.mapping("warehouse", "NMK", "WH1")
    told.publish({SHIRT: 7}, **PARTS)
    told.batch("B2", {(SHIRT, "WH1"): {"on_hand": 2}}, at=NOW - HOUR / 2)
    found = reads.sku(ask, NOW, SHIRT)

    assert found is not None
    assert found["supply"] == 2
    assert ("on_hand", 14) in steps(ask)


def test_the_history_has_batches_sendings_and_readings_each_when_it_moved(told: Told, ask: Ask) -> None:
    told.skus(SHIRT)
    told.mapping("warehouse", "NMK", "WH1")
    told.batch(
        "B0", {(SHIRT, "WH1"): {"on_hand": 12, "held": 1}, (SHIRT, "WH9"): {"on_hand": 50}}, at=NOW - 6 * HOUR
    )
    told.batch("B1", {(SHIRT, "WH1"): {"on_hand": 9}}, at=NOW - 2 * HOUR)
    told.publish({SHIRT: 7}, at=NOW - HOUR)
    told.offers({SHIRT: 6}, at=NOW - HOUR / 2)
    told.offers({SHIRT: 5}, at=NOW + HOUR)  # not yet seen then
    rows = reads_stock.stock_history(ask, NOW, SHIRT)

    assert rows.rows() == [
        ("batch", 11, NOW - 6 * HOUR), ("batch", 9, NOW - 2 * HOUR), ("published", 7, NOW - HOUR),
        ("shown", 6, NOW - HOUR / 2),
    ]  # fmt: skip


def test_a_sending_that_was_refused_is_no_part_of_the_history(told: Told, ask: Ask) -> None:
    push = told.publish({SHIRT: 7}, is_finished=False)
    told.intent("push_stock", str(push), "refused", intent_id=push, at=NOW - HOUR)

    assert reads_stock.stock_history(ask, NOW, SHIRT).is_empty()


def test_a_number_john_lewis_refused_is_not_drawn_as_published(told: Told, ask: Ask) -> None:
    told.publish({SHIRT: 7}, at=NOW - 2 * HOUR)
    told.publish({SHIRT: 3}, at=NOW - HOUR, errors={SHIRT: "busy"})

    assert reads_stock.stock_history(ask, NOW, SHIRT).rows() == [("published", 7, NOW - 2 * HOUR)]


def test_two_warehouses_are_summed_at_each_batch(told: Told, ask: Ask) -> None:
    told.skus(SHIRT)
    told.mapping("warehouse", "NMK", "WH1")
    told.mapping("warehouse", "NMC", "WH2")
    told.batch("B0", {(SHIRT, "WH1"): {"on_hand": 5}, (SHIRT, "WH2"): {"on_hand": 4}}, at=NOW - 6 * HOUR)
    told.batch("B1", {(SHIRT, "WH2"): {"on_hand": 1}}, at=NOW - 2 * HOUR)

    assert reads_stock.stock_history(ask, NOW, SHIRT)["quantity"].to_list() == [9, 6]


def test_the_history_sums_the_warehouses_that_sold_here_at_each_batch(told: Told, ask: Ask) -> None:
    """WH2 sold here from B1 to B3; before the first batch we decided on, it is taken to be as then."""
    told.skus(SHIRT)
    shelves = {(SHIRT, "WH1"): {"on_hand": 5}, (SHIRT, "WH2"): {"on_hand": 4}}
    told.batch("B0", {**shelves, (SHIRT, "QA"): {"on_hand": 90}}, at=NOW - 8 * HOUR)
    for number, places in enumerate((("WH1",), ("WH1", "WH2"), ("WH1", "WH2"), ("WH1",))):
        at = NOW - (6 - number) * HOUR
        told.batch(f"B{number + 1}", {(SHIRT, "WH2"): {"on_hand": 3}} if number == 2 else {}, at=at)
        told.tell(
            StockTermsChanged(
                happened_at=at + HOUR / 2, batch_id=f"B{number + 1}", batch_at=at, due_at=None, due_from="",
                degraded="", degraded_at=None, overaged_at=NOW + DAY, buffer_factor=Decimal(1), thin_units=0,
                is_frozen=False, warehouses=places, clamps_warehouses=False, clock_skew_seconds=120,
                deducts_open_orders=True, deducts_sales=True,
            )
        )  # fmt: skip

    assert reads_stock.stock_history(ask, NOW, SHIRT).select("quantity", "moved_at").rows() == [
        (5, NOW - 8 * HOUR), (9, NOW - 5 * HOUR), (8, NOW - 4 * HOUR), (5, NOW - 3 * HOUR),
    ]  # fmt: skip


def test_what_is_held_back_is_told_order_by_order_then_and_now(told: Told, ask: Ask) -> None:
    told.batch("B1", {(SHIRT, "WH1"): {"on_hand": 9}})
    told.order("JL1-A", placed=NOW - 5 * HOUR)
    told.sales_order("SO-1", "JL1-A", entered=NOW - 4 * HOUR)  # inside the batch by now
    told.order("JL2-A", placed=NOW - HOUR)
    told.order("JL3-A", placed=NOW - HOUR, skus=(TROUSERS,))
    told.publish({SHIRT: 7}, inflight_orders="JL1-A")
    rows = reads_stock.stock_inflight(ask, NOW, SHIRT)

    assert rows.select("order_id", "standing", "is_counted", "was_counted", "inflight_quantity").rows() == [
        ("JL2-A", "not_in_erp", True, False, 1), ("JL1-A", "inside", False, True, 0),
    ]  # fmt: skip


# -- batches and risk ----------------------------------------------------------------------------


def test_of_each_batch_it_is_said_what_became_of_it(told: Told, ask: Ask) -> None:
    told.batch("B1", {(SHIRT, "WH1"): {"on_hand": 9}}, at=NOW - 9 * HOUR)
    told.batch("B2", {(SHIRT, "WH1"): {"on_hand": 8}}, at=NOW - 8 * HOUR)
    for number, name in enumerate(("HELD", "WRONG", "NO", "YES")):
        told.seen(name, at=NOW - (7 - number) * HOUR)
    for name in ("HELD", "NO", "YES"):
        told.tell(
            StockBatchHeld(happened_at=NOW - HOUR, batch_id=name, reason="few_skus", detail="Half.", findings=())
        )
    told.tell(
        StockBatchRejected(happened_at=NOW - HOUR, batch_id="WRONG", reason="row_count", detail="9 of 10"),
        StockBatchJudged(happened_at=NOW, actor="Olu", batch_id="NO", verdict="reject", why="a clearance"),
        StockBatchJudged(happened_at=NOW, actor="Olu", batch_id="YES", verdict="accept", why="it is right"),
        StockBatchSeen(
            happened_at=NOW, batch_id="NOW", batch_kind="DELTA", as_of=NOW, row_count=None, state="RUNNING",
            started_at=NOW, completed_at=None, next_expected_at=None,
        ),
    )  # fmt: skip
    rows = reads_stock.batches(ask, NOW)

    assert dict(rows.select("batch_id", "standing").rows()) == {
        "NOW": "running", "YES": "accepted_by_person", "NO": "refused_by_person", "WRONG": "failed_checks",
        "HELD": "waits_for_person", "B2": "in_use", "B1": "was_used",
    }  # fmt: skip
    assert rows["batch_id"][0] == "NOW"


def test_the_risk_is_narrowed_by_what_its_offers_belong_to(told: Told, ask: Ask) -> None:
    told.skus(SHIRT)
    told.skus(TROUSERS, category="trousers", style_name="Chino")
    told.batch("B1", {(SHIRT, "WH1"): {"on_hand": 8}, (TROUSERS, "WH2"): {"on_hand": 8}})
    told.offers({SHIRT: 7, TROUSERS: 7})
    assessed(told, {SHIRT: {}, TROUSERS: {"is_at_risk": False}})
    rows = reads_stock.stock_choices(ask, NOW).select("kind", "value", "words", "sku_count", "at_risk_count").rows()

    assert rows == [
        ("category", "shirts", "", 1, 1), ("category", "trousers", "", 1, 0),
        ("division", "NMC", "", 1, 0), ("division", "NMK", "", 1, 1),
        ("warehouse", "WH1", "", 1, 1), ("warehouse", "WH2", "", 1, 0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("0411", [("04117", False), ("04118", False), ("104118", False)]),
        ("04118", [("04118", True), ("104118", False)]),
        ("04117 linen shirt", [("04117", True)]),
        ("SHIRT", [("04117", False), ("04118", False)]),
        ("100 %", []),
    ],
)
def test_styles_are_found_by_number_and_name_the_very_one_first(
    told: Told, ask: Ask, words: str, expected: list[tuple[str, bool]]
) -> None:
    names = {"04117": "Linen shirt", "04118": "Oxford shirt", "104118": "Chino"}
    for style, name in names.items():
        sku = f"NMK-{style}-WHT-A--M"
        told.skus(sku, style_name=name)
        told.offers({sku: 7})
        assessed(told, {sku: {}})
    found = reads_stock.style_choices(ask, NOW, words)

    assert found.select("value", "is_exact").rows() == expected
    assert reads_stock.style_choices(ask, NOW, "4", limit=2).height == 2


def test_a_share_of_the_stock_counts_its_own_goods_alone(told: Told, ask: Ask) -> None:
    told.skus(SHIRT)
    told.skus(TROUSERS, category="trousers", style_name="Chino")
    told.mapping("warehouse", "NMK", "WH1")
    told.batch("B1", {(SHIRT, "WH1"): {"on_hand": 8}, (TROUSERS, "WH1"): {"on_hand": 3}})
    told.offers({SHIRT: 7, TROUSERS: 5})
    assessed(
        told, {SHIRT: {"own_chance": 0.5, "cost_amount": 4}, TROUSERS: {"is_at_risk": False, "own_chance": 0.5}}
    )
    whole = reads_stock.stock_share(ask, NOW, reads_stock.ALL_GOODS)
    shirts = reads_stock.stock_share(ask, NOW, reads_stock.Goods(category="shirts", warehouse="WH1"))
    trousers = reads_stock.stock_share(ask, NOW, reads_stock.Goods(division="NMC"))

    assert (whole["sku_count"], whole["at_risk_count"], whole["shown_quantity"]) == (2, 2, 12)
    assert whole["oversell_chance"] == pytest.approx(0.75)
    assert (shirts["sku_count"], shirts["at_risk_count"], shirts["overshown_count"]) == (1, 1, 0)
    assert (shirts["shown_quantity"], shirts["cost_amount"]) == (7, 4)
    assert (trousers["at_risk_count"], trousers["overshown_count"]) == (1, 1)  # three, and five are shown
    assert reads_stock.stock_share(ask, NOW, reads_stock.Goods(warehouse="WH9"))["sku_count"] == 0


def test_of_two_keys_with_one_name_the_live_one_is_shown(told: Told, ask: Ask) -> None:
    told.skus(SHIRT, sku_key="NMK|04117|WHT|A||M")
    told.skus(SHIRT, sku_key="AAA|04117|WHT|A||M", is_active=False)
    rows = ask("select sku, sku_key from sku_names").rows()

    assert rows == [(SHIRT, "NMK|04117|WHT|A||M")]


@pytest.mark.parametrize(
    ("risk", "has_grid", "state"),
    [
        ({}, True, "ready"),
        ({"base": 5}, True, "for_another_base"),
        ({}, False, "not_yet"),
        ({"is_at_risk": False, "cost_amount": 0, "advised_buffer": 0}, False, "nothing_to_weigh"),
    ],
)
def test_where_there_is_nothing_to_compare_it_is_said_why(
    told: Told, ask: Ask, *, risk: dict[str, Any], has_grid: bool, state: str
) -> None:
    told.offers({SHIRT: 7})
    assessed(told, {SHIRT: {}}, grids=(SHIRT,) if has_grid else (), at=NOW - HOUR)
    assessed(told, {SHIRT: risk})
    found = reads_stock.sku_risk(ask, NOW, SHIRT)

    assert found is not None
    assert found["grid_state"] == state
    assert reads_risk.risk_grid(ask, SHIRT).is_empty() is (state != "ready")


def test_a_sku_that_is_not_offered_has_no_risk(ask: Ask) -> None:
    assert reads_stock.sku_risk(ask, NOW, SHIRT) is None


def test_an_assessment_grows_old_by_itself_and_with_a_newer_batch(told: Told, ask: Ask) -> None:
    told.batch("B1", {(SHIRT, "WH1"): {"on_hand": 8}})
    assessed(told, {SHIRT: {}})
    now, later = reads_risk.stock_window(ask, NOW), reads_risk.stock_window(ask, NOW + HOUR)
    told.batch("B2", {(SHIRT, "WH1"): {"on_hand": 8}}, at=NOW - HOUR)
    newer = reads_risk.stock_window(ask, NOW)

    assert now is not None
    assert later is not None
    assert newer is not None
    assert (now["is_out_of_date"], later["is_out_of_date"], newer["is_out_of_date"]) == (False, True, True)
    assert (now["assessed_age_seconds"], now["batch_age_seconds"]) == (120, 7200)


def test_each_unit_held_back_goes_where_the_next_one_spares_most_per_pound_of_margin(told: Told, ask: Ask) -> None:
    told.skus(SHIRT)
    told.mapping("warehouse", "NMK", "WH1")
    told.batch("B1", {(SHIRT, "WH1"): {"on_hand": 9}})
    told.skus(TROUSERS)
    told.offers({SHIRT: 9, TROUSERS: 9})
    assessed(
        told,
        {SHIRT: {"buffer": 0, "margin_amount": 10}, TROUSERS: {"buffer": 0, "margin_amount": 45}},
        grids=(SHIRT, TROUSERS),
    )

    # a unit more halves what is oversold: 1/12, 1/24, 1/48 … of a unit per £10, or per £45
    given = reads_risk.buffer_spending(ask, 4).select("sku", "more_units", "spared_units", "margin_amount").rows()
    assert given == [
        (SHIRT, 3, pytest.approx(7 / 48), Decimal(30)),
        (TROUSERS, 1, pytest.approx(1 / 12), Decimal(45)),
    ]
    assert reads_risk.buffer_spending(ask, 0).is_empty()


def test_hours_in_which_none_was_listed_are_those_sent_as_none_or_sold_out_until_the_next_sending(
    told: Told, ask: Ask
) -> None:
    """A sending takes effect five minutes after it went; the span still open ends now."""
    lag = HOUR / 12
    told.publish({SHIRT: 0, TROUSERS: 2}, at=NOW - 9 * HOUR, name="first")
    told.order("SOLD-1", skus=(TROUSERS,), placed=NOW - 8 * HOUR)
    told.order("SOLD-2", skus=(TROUSERS,), placed=NOW - 7 * HOUR)
    told.publish({SHIRT: 3, TROUSERS: 5}, at=NOW - 6 * HOUR, name="second")
    told.publish({SHIRT: 0}, at=NOW - 5 * HOUR, name="refused", errors={SHIRT: "no such offer"})
    told.publish({SHIRT: 0}, at=NOW - 5 * HOUR / 2, name="unfinished", is_finished=False)
    told.publish({TROUSERS: 0}, at=NOW - 2 * HOUR, name="third")

    def spans(since: Any, deducts: str = "true") -> list[Any]:
        sql = f"from listed_at_none($since, $now, deducts_sales := {deducts}) order by sku, since"
        return ask(sql, {"since": since, "now": NOW}).rows()

    sent_as_none = [
        (SHIRT, NOW - 9 * HOUR + lag, NOW - 6 * HOUR + lag), (TROUSERS, NOW - 2 * HOUR + lag, NOW),
    ]  # fmt: skip
    sold_out = (TROUSERS, NOW - 7 * HOUR, NOW - 6 * HOUR + lag)
    assert spans(NOW - DAY) == sorted([*sent_as_none, sold_out])
    assert spans(NOW - DAY, "false") == sorted(sent_as_none)
    assert spans(NOW - HOUR) == [(TROUSERS, NOW - HOUR, NOW)]


def test_what_is_sent_as_none_night_after_night_is_listed_at_none_in_one_span(told: Told, ask: Ask) -> None:
    """A large shop sends half a million offers each night, and many stay at none for weeks."""
    lag = HOUR / 12
    for night, shirts in enumerate((3, 0, 0, 0, 4, 0, 0)):
        told.publish({SHIRT: shirts, TROUSERS: 0}, at=NOW - (7 - night) * DAY, name=f"night {night}")

    spans = ask("from listed_at_none($since, $now) order by sku, since", {"since": NOW - 9 * DAY, "now": NOW})
    assert spans.rows() == [
        (TROUSERS, NOW - 7 * DAY + lag, NOW), (SHIRT, NOW - 6 * DAY + lag, NOW - 3 * DAY + lag),
        (SHIRT, NOW - 2 * DAY + lag, NOW),
    ]  # fmt: skip
