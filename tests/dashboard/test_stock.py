"""Stock and One SKU: the verdict is one sentence and never green where nobody knows; sliders read the store."""

from decimal import Decimal
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from store.events import StockBatchHeld, StockTermsChanged
from tests.dashboard.looking import cells, is_green, show, words
from tests.told import DAY, HOUR, NOW, SHIRT, Told
from tests.told_risk import assessed, demanded, proved

TROUSERS = "NMC-05220-NVY-A--8"
SOCKS = "NMC-09001-BLK-A--M"


def risky_day(told: Told, **more: Any) -> None:
    """Trousers may cost more than the shirt; socks are fine."""
    told.skus(SHIRT)
    told.skus(TROUSERS, SOCKS, style_name="Chino", category="trousers")
    told.batch("B1", {(sku, "WH1"): {"on_hand": 8} for sku in (SHIRT, TROUSERS, SOCKS)})
    told.mapping("warehouse", "NMK", "WH1")
    told.publish({SHIRT: 7, TROUSERS: 7, SOCKS: 7})
    told.offers({SHIRT: 7, TROUSERS: 7, SOCKS: 7})
    skus: dict[str, dict[str, Any]] = {
        SHIRT: {"cost_amount": 4, "own_chance": 0.04},
        TROUSERS: {"cost_amount": 9, "own_chance": 0.02, "buffer_rule": "percent"},
        SOCKS: {"cost_amount": 0, "is_at_risk": False},
    }
    assessed(told, skus, grids=(SHIRT,), **more)
    told.runs_of_all()
    told.beat()


def verdict(page: AppTest) -> str:
    said = [*page.error, *page.warning, *page.success, *page.info]
    assert len(said) == 1
    return str(said[0].value)


def numbers(page: AppTest) -> dict[str, str]:
    return {str(one.label): str(one.value) for one in page.metric}


def table(page: AppTest, number: int = 0) -> list[dict[str, str]]:
    return [
        {str(name): str(cell) for name, cell in row.items()}
        for row in page.dataframe[number].value.to_dict("records")
    ]


def test_at_risk_is_ordered_by_expected_cost_with_all_that_explains_it(told: Told) -> None:
    risky_day(told)
    page = show("inventory")
    rows = table(page)

    assert not page.exception
    assert [row["SKU"] for row in rows] == [TROUSERS, SHIRT]
    assert rows[0] == {
        "SKU": TROUSERS, "Cost": "£9.00", "Chance": "2.0 %", "Units over": "0.07",
        "Listed": "7", "Why": f"sku?sku={TROUSERS}",
        "There are": "8", "Cover": "1.4 ×", "Held back": "1 (percent)", "Advised": "2 (chance)",
        "What": "Chino White 8", "Batch age": "2 h", "Next batch": "Tue 11:00", "Warehouses": "WH1",
    }  # fmt: skip
    assert verdict(page) == (
        "**2 SKUs may be oversold before the next batch takes effect.** Expected until then: 0.21 units oversold, "
        "£13.00; the chance of at least one is 25 %. The batch is 2 h old, the next is expected by Tue 11:00."
    )
    assert not is_green(page)


def test_filters_narrow_the_list(told: Told) -> None:
    risky_day(told)

    assert [row["SKU"] for row in table(show("inventory", query={"division": "NMK"}))] == [SHIRT]
    assert [row["SKU"] for row in table(show("inventory", query={"category": "trousers"}))] == [TROUSERS]
    assert [row["SKU"] for row in table(show("inventory", query={"style": "04117 Linen shirt"}))] == [SHIRT]
    assert [row["SKU"] for row in table(show("inventory", query={"warehouse": "WH1"}))] == [TROUSERS, SHIRT]


def test_of_many_styles_one_is_typed_or_picked_among_those_that_fit_and_the_page_never_carries_them_all(
    told: Told,
) -> None:
    skus = [f"NMK-{number:05d}-WHT-A--M" for number in range(60)]
    told.skus(*skus)
    told.batch("B1", {(sku, "WH1"): {"on_hand": 8} for sku in skus})
    told.mapping("warehouse", "NMK", "WH1")
    told.offers(dict.fromkeys(skus, 7))
    assessed(told, {sku: {} for sku in skus})
    told.runs_of_all()
    told.beat()
    page = show("inventory", query={"style": "0005"})
    many = [row["SKU"] for row in table(page)]
    asked = page.selectbox(key="which-style")
    asked.select("00057 Linen shirt").run(timeout=60)
    picked = [row["SKU"] for row in table(page)]
    every = show("inventory", query={"style": "linen"}).selectbox(key="which-style")

    assert asked.label.startswith("11 styles fit “0005”; nothing is narrowed")
    assert (len(many), picked) == (60, [skus[57]])
    assert every.label.startswith("more than 50 styles fit")
    assert len(every.options) == 50
    assert [row["SKU"] for row in table(show("inventory", query={"style": "00031"}))] == [skus[31]]
    assert "No SKU fits these filters." in words(show("inventory", query={"style": "Kimono"}))


def test_the_numbers_the_audit_and_all_skus_are_of_the_goods_chosen_too(told: Told) -> None:
    risky_day(told)
    page = show("inventory", query={"category": "trousers"})
    audit = show("inventory", query={"category": "trousers", "view": "Audit", "all_offers": "true"})
    everything = show("inventory", query={"division": "NMK", "view": "All SKUs"})
    batches = show("inventory", query={"division": "NMK", "view": "Batches"})

    assert numbers(page)["At risk"] == "1"
    assert numbers(page)["Expected cost"] == "£9.00"
    assert numbers(page)["Units on sale"] == "14"
    assert "2 SKUs chosen" in words(page)
    assert verdict(page).startswith("**2 SKUs may be oversold")  # of the whole shop still
    assert sorted(row["SKU"] for row in table(audit)) == [TROUSERS, SOCKS]
    assert [row["SKU"] for row in table(everything)] == [SHIRT]
    assert [row["Batch"] for row in table(batches)] == ["B1"]
    assert "A batch is of the whole stock" in words(batches)


def test_what_shows_more_than_there_is_now_is_told_apart_from_what_may_be_oversold(told: Told) -> None:
    risky_day(told)
    told.offers({SHIRT: 7, TROUSERS: 7, SOCKS: 30})
    page = show("inventory")

    assert verdict(page).startswith(
        "**2 SKUs may be oversold before the next batch takes effect, and 1 more shows more at John Lewis than "
        "there is now, until the next stock file.**"
    )
    assert "1 SKU shows more than there is at this moment" in words(page)


def test_where_only_what_is_shown_now_is_too_much_nothing_is_said_of_the_next_batch(told: Told) -> None:
    risky_day(told)
    assessed(told, {sku: {"is_at_risk": False} for sku in (SHIRT, TROUSERS, SOCKS)})
    told.offers({SHIRT: 7, TROUSERS: 7, SOCKS: 30})
    page = show("inventory")

    assert verdict(page).startswith(
        "**1 SKU shows more at John Lewis than there is now, until the next stock file.**"
    )
    assert numbers(page)["At risk"] == "1"


def test_whether_the_chances_kept_their_word_stands_beneath_and_leads_to_what_to_do_where_they_did_not(
    told: Told,
) -> None:
    risky_day(told)
    silent = words(show("inventory"))
    proved(told, predicted=3.1, happened=2, most=8)
    kept = words(show("inventory"))
    proved(told, predicted=0.2, happened=3, most=1, oversold=(SHIRT,))
    broken = words(show("inventory"))

    assert "foretold" not in silent
    assert "In the 40 batches of the week until Tue 08:00 the chances foretold 3.1 oversells; 2 came." in kept
    assert "Up to 8 are no reason to doubt them." in kept
    assert "**The chances did not keep their word.**" in broken
    assert "3 came. More than 1 come in one such week of a hundred." in broken


def test_units_to_hold_back_more_are_given_to_where_they_spare_the_most_oversells(told: Told) -> None:
    risky_day(told)
    page = show("inventory", query={"spend": "3"})

    assert "**3 units of 1 SKU spare" in words(page)
    assert table(page, 1) == [
        {
            "SKU": SHIRT, "What": "Linen shirt White M", "Held back now": "1", "And then": "4",
            "Units over, fewer": "0.07", "Margin held back": "£60.00",
            "Set it": f"stock?view=Buffers&policy_of=sku%3A{SHIRT}&policy_units=4",
        }
    ]  # fmt: skip
    assert "Where more held back helps most" in words(show("inventory"))


def test_where_none_is_at_risk_what_comes_nearest_is_shown(told: Told) -> None:
    told.skus(SHIRT)
    told.mapping("warehouse", "NMK", "WH1")
    told.batch("B1", {(SHIRT, "WH1"): {"on_hand": 8}})
    told.offers({SHIRT: 7})
    assessed(told, {SHIRT: {"is_at_risk": False, "cost_amount": 1}})
    told.runs_of_all()
    told.beat()
    page = show("inventory")

    assert verdict(page).startswith("**Nothing is likelier to be oversold than its policy accepts.**")
    assert is_green(page)
    assert "None is likelier to be oversold than its policy accepts" in words(page)
    assert "What comes nearest" in words(page)
    assert [row["SKU"] for row in table(page)] == [SHIRT]


@pytest.mark.usefixtures("ordinary")
def test_what_was_never_assessed_is_no_green_light() -> None:
    page = show("inventory")

    assert verdict(page).startswith("**Not assessed yet:** nobody can say what may be oversold")
    assert not is_green(page)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"next_at": NOW - HOUR}, "**BlueCherry's next stock batch is late, and the risk grows until it comes:**"),
        ({"is_late": True}, "**BlueCherry's next stock batch is late, and the risk grows until it comes:**"),
        ({"at": NOW - HOUR}, "**The risk was last assessed 1 h ago**"),
    ],
)
def test_a_late_batch_or_an_old_assessment_is_loud_and_never_green(
    told: Told, more: dict[str, Any], said: str
) -> None:
    risky_day(told, **more)
    page = show("inventory")

    assert verdict(page).startswith(said)
    assert not is_green(page)


@pytest.mark.parametrize("is_at_risk", [True, False])
def test_past_the_configured_age_of_a_batch_what_is_held_back_more_is_said_and_nothing_is_green(
    told: Told, is_at_risk: bool
) -> None:
    told.skus(SHIRT)
    told.mapping("warehouse", "NMK", "WH1")
    told.batch("B1", {(SHIRT, "WH1"): {"on_hand": 8}})
    told.offers({SHIRT: 7})
    assessed(told, {SHIRT: {"is_at_risk": is_at_risk}})
    told.tell(
        StockTermsChanged(
            happened_at=NOW, batch_id="B1", batch_at=NOW - DAY, due_at=None, due_from="", degraded="overaged",
            degraded_at=NOW - DAY / 2, overaged_at=NOW, buffer_factor=Decimal(2), thin_units=3, is_frozen=True,
            warehouses=("WH1",), clamps_warehouses=False, deducts_open_orders=True, deducts_sales=True,
            clock_skew_seconds=120,
        )
    )  # fmt: skip
    told.runs_of_all()
    told.beat()
    page = show("inventory")
    careful = "buffers are 2.0 × as large, SKUs with fewer than 3 units are not listed, and nothing rises.**"
    doubt = "1 SKU may be oversold" if is_at_risk else "Nothing is likelier to be oversold than its policy accepts"

    assert verdict(page).startswith(f"**{doubt}")
    assert verdict(page).endswith(careful)
    assert not is_green(page)


def test_one_sku_says_when_its_chances_are_old(told: Told) -> None:
    risky_day(told, at=NOW - HOUR, next_at=NOW - HOUR)
    said = words(show("sku", query={"sku": SHIRT}))

    assert "**BlueCherry's next stock batch is late** (the last is 2 h old)" in said
    assert "**The risk was last assessed 1 h ago** and says little of now." in said


def test_past_the_time_bluecherry_gave_nothing_is_green(told: Told) -> None:
    told.skus(SHIRT)
    told.mapping("warehouse", "NMK", "WH1")
    told.batch("B1", {(SHIRT, "WH1"): {"on_hand": 8}}, next_expected=NOW - HOUR / 2)
    told.offers({SHIRT: 7})
    assessed(told, {SHIRT: {"is_at_risk": False}})
    told.runs_of_all()
    told.beat()
    page = show("inventory")

    assert verdict(page).endswith("the next is expected by Tue 11:00; BlueCherry had said Tue 08:30.")
    assert not is_green(page)


def test_the_audit_shows_differences_first_and_all_when_asked(told: Told) -> None:
    risky_day(told)
    told.offers({SHIRT: 5})
    told.compared({SHIRT: 5}, least=7, most=7)
    told.beat()
    page = show("inventory", query={"view": "Audit"})
    rows = table(page)
    page.toggle(key="all_offers").set_value(True).run(timeout=60)

    assert [(row["SKU"], row["State"], row["Off by"]) for row in rows] == [(SHIRT, "▲ Not as published", "−2")]
    numbers = ("BlueCherry has", "Counted", "Published", "Sent", "Should show", "John Lewis shows", "Read")
    assert [rows[0][name] for name in numbers] == ["8", "Tue 07:00", "7", "Tue 07:30", "7", "5", "Tue 08:45"]
    assert [row["SKU"] for row in table(page)] == [SHIRT, TROUSERS, SOCKS]


def test_a_held_batch_says_why_and_that_a_person_has_to_decide(told: Told) -> None:
    risky_day(told)
    told.seen("B9", at=NOW - HOUR / 2, row_count=3)
    told.tell(
        StockBatchHeld(happened_at=NOW, batch_id="B9", reason="few_units", detail="Less than half.", findings=())
    )
    told.beat()
    page = show("inventory", query={"view": "Batches"})
    rows = table(page)

    told_once = "**Batch B9 waits for a person: few units.** Less than half. Until then the one before stands."
    assert words(page).count(told_once) == 1
    assert [(row["Batch"], row["Mode"], row["Rows"], row["Verdict"], row["Why"]) for row in rows] == [
        ("B9", "FULL", "3", "✕ Held, waits for a person", "Few units. Less than half."),
        ("B1", "FULL", "3", "✓ In use", ""),
    ]


def test_one_sku_tells_its_number_its_rate_and_its_orders(told: Told) -> None:
    risky_day(told)
    demanded(told, SHIRT)
    told.order("JL7-A", placed=NOW - HOUR)
    told.beat()
    page = show("sku", query={"sku": SHIRT})

    assert not page.exception
    assert "Why do we list 7?" in words(page)
    assert "Chance of an oversell 4.0 %" in words(page)
    assert "28 units here in 28 d with stock, 28 units elsewhere" in words(page)
    assert "JL7-A" in cells(page)
    assert "Send it again" in [button.label for button in page.button]


def test_one_sku_tells_the_demand_event_it_is_in_and_the_one_to_come_and_which_its_number_counted_with(
    told: Told,
) -> None:
    told.mapping("demand_event", "Black Friday", "2026-11-23 00:00 to 2026-12-01 00:00 x3 others x1.5")
    told.mapping("demand_event", "Sale category:shirts", "2026-12-26 00:00 to 2027-01-10 00:00 x2")
    told.mapping("demand_event", "Chinos category:trousers", "2026-11-23 00:00 to 2026-12-01 00:00 x2")
    risky_day(told)
    demanded(told, SHIRT)
    told.beat()
    page = show("sku", query={"sku": SHIRT})
    friday = "Black Friday, 3.0 × here and 1.5 × elsewhere from 23 Nov 00:00 to 1 Dec 00:00"

    assert not page.exception
    assert f"In force: {friday}" in words(page).replace("**", "")
    assert "To come: Sale, 2.0 × here" in words(page)
    assert f"risk with the demand of {friday}." in words(page)
    assert "Chinos" not in words(page)


def test_a_sku_that_is_not_offered_says_so(told: Told) -> None:
    told.skus(SHIRT)
    told.beat()
    page = show("sku", query={"sku": SHIRT})

    assert not page.exception
    assert "It is not offered." in words(page)
    assert "Never published" in words(page)


def test_no_sku_is_asked_for_until_one_is_named(told: Told) -> None:
    risky_day(told)

    assert "Which SKU?" in words(show("sku", query={}))


def test_on_old_data_nobody_can_say(told: Told) -> None:
    risky_day(told)
    with told.database.connect() as connection:
        connection.execute("update heartbeat set wall_at = wall_at - ?::interval", [DAY])
    page = show("inventory")

    assert "**Nobody can say what may be oversold now:**" in words(page)
    assert not is_green(page)
