"""Stock, One SKU, Orders, Exceptions and Runs in a real browser, before a store that was told of a risky day."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from dashboard.screens import exceptions
from store.database import local_ask
from store.reads_risk import risk_grid
from tests.browser.looking import BUSY, cell, choose, go, named, no_trouble, number, says, settled
from tests.browser.told_site import ToldSite
from tests.told import DAY, HOUR, NOW, Told
from tests.told_risk import assessed, demanded

SHIRT, CHINO, SOCKS = "NMK-04117-WHT-A--M", "NMC-05220-NVY-A--8", "NMC-09001-BLK-A--M"
EVERYTHING = {SHIRT, CHINO, SOCKS}
# The walk of a number as the browser drew it.
WALK = """
() => {
    const drawn = [...document.querySelectorAll('.js-plotly-plot')].flatMap(one => one.data || []);
    const walk = drawn.find(one => one.type === 'waterfall');
    return walk ? Array.from(walk.y).map((units, place) => [walk.measure[place], units]) : [];
}
"""
# How many pixels of the first table lie beyond its right edge.
ASIDE = """
() => {
    const table = document.querySelector('[data-testid=stDataFrame] .dvn-scroller');
    return table ? table.scrollWidth - table.clientWidth : null;
}
"""


@pytest.fixture(scope="module")
def site(chromium: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ToldSite]:
    """A shirt and a chino may be oversold, the chino at the higher cost; John Lewis shows too few socks."""
    assert chromium
    told = Told(tmp_path_factory.mktemp("told") / "cherrylane.duckdb", serves=True)
    told.skus(SHIRT)
    told.skus(CHINO, SOCKS, category="trousers")
    told.batch("B1", {(sku, "WH1"): {"on_hand": 12, "picked": 2, "held": 1} for sku in EVERYTHING})
    told.mapping("warehouse", "NMK", "WH1")
    parts: dict[str, Any] = {
        "on_hand": 12,
        "linked": 0,
        "allocated": 0,
        "picked": 2,
        "damaged": 0,
        "held": 1,
        "supply": 9,
    }
    told.publish(dict.fromkeys(sorted(EVERYTHING), 7), **parts, inflight=1, base=8, buffer=1, minimum=0, multiple=1)
    told.offers({SHIRT: 6, CHINO: 7, SOCKS: 5})  # one shirt was sold
    told.compared({SOCKS: 5}, least=7, most=7)
    told.order("JL7-A", placed=NOW - HOUR)
    told.order("JLM10004000-A", skus=("GONE",), state="CLOSED", placed=NOW - 40 * DAY)
    for ord_num in ("0401201", "0401301", "0401401"):
        told.sales_order(ord_num, "JLM10004000-A", skus=("GONE",), shipped=1, entered=NOW - 40 * DAY)
    told.wrong("unknown_ship_via", "JL7-A", cause="STD-HIGHLANDS", amount="42.50", deadline=NOW - HOUR)
    risks = {SHIRT: {"cost_amount": 4}, CHINO: {"cost_amount": 9}, SOCKS: {"cost_amount": 0, "is_at_risk": False}}
    assessed(told, risks, grids=(SHIRT, CHINO))
    demanded(told, SHIRT)
    told.runs_of_all()
    with ToldSite(told) as begun:
        yield begun
    told.close()


@pytest.mark.parametrize(
    ("path", "aside"), [("orders", 0), ("exceptions", exceptions.WIDTHS["Mended in"])], ids=["orders", "exceptions"]
)
def test_the_columns_one_works_by_are_seen_in_an_ordinary_window(
    site: ToldSite, page: Page, path: str, aside: int
) -> None:
    """Of Orders every one, of Exceptions up to the owner and the team."""
    go(page, site, path)
    page.wait_for_function(f"() => ({ASIDE})() !== null", timeout=BUSY)

    page.wait_for_function(f"() => ({ASIDE})() <= {aside}", timeout=BUSY)


def listed(page: Page) -> list[str]:
    """The SKUs that stand in the cells of the table, from the top."""
    return [text for text in page.locator("td[role=gridcell]").all_inner_texts() if text in EVERYTHING]


def pick(page: Page, row: int) -> None:
    """Tick a row of the first table; it is drawn on a canvas."""
    page.locator("[data-testid=stDataFrame]").first.click(position={"x": 20, "y": 52 + 35 * row})


def shown(page: Page, label: str) -> Locator:
    """A figure of the what-if: it says how it is now, too."""
    return (
        page.locator("[data-testid=stMetric]", has_text=label)
        .filter(has_text="now ")
        .locator("[data-testid=stMetricValue]")
    )


def test_what_may_be_oversold_is_listed_by_what_it_may_cost(site: ToldSite, page: Page) -> None:
    go(page, site, "stock")
    says(page, "2 SKUs may be oversold before the next batch takes effect.")
    expect(cell(page, CHINO)).to_be_attached(timeout=BUSY)

    expect(number(page, "At risk")).to_have_text("2", timeout=BUSY)
    assert listed(page) == [CHINO, SHIRT]
    no_trouble(page)


def test_a_sku_is_opened_from_the_table_and_its_walk_comes_to_what_was_sent(site: ToldSite, page: Page) -> None:
    go(page, site, "stock")
    expect(cell(page, SHIRT)).to_be_attached(timeout=BUSY)
    pick(page, 1)
    page.get_by_role("link", name=f"Open SKU {SHIRT}").click()
    says(page, "Why do we list 7?")
    page.wait_for_function(f"() => ({WALK})().length > 0", timeout=BUSY)
    steps = page.evaluate(WALK)

    assert sum(units for measure, units in steps if measure == "relative") == 7
    assert [units for measure, units in steps if measure == "total"] == [9, 8, 7]
    expect(number(page, "Published")).to_have_text("7", timeout=BUSY)
    assert page.url.endswith(f"/sku?sku={SHIRT}")
    says(page, "How fast it sells")
    expect(cell(page, "JL7-A")).to_be_attached(timeout=BUSY)
    no_trouble(page)


def test_the_sliders_change_what_would_come_of_it(site: ToldSite, page: Page) -> None:
    go(page, site, f"sku?sku={SHIRT}")
    expect(shown(page, "Cost of overselling")).to_have_text("£30.00", timeout=BUSY)
    held = page.locator("[data-testid=stSlider]", has_text="Units held back").get_by_role("slider")
    held.focus()
    held.press("ArrowRight")
    expect(shown(page, "Cost of overselling")).to_have_text("£15.00", timeout=BUSY)
    held.press("ArrowRight")
    expect(shown(page, "Cost of overselling")).to_have_text("£7.50", timeout=BUSY)
    before = shown(page, "Chance of an oversell").inner_text()
    batches = page.locator("[data-testid=stSlider]", has_text="A batch every").get_by_role("slider")
    batches.focus()
    batches.press("End")

    expect(shown(page, "Chance of an oversell")).not_to_have_text(before, timeout=BUSY)
    grid = risk_grid(local_ask(site.told.database), SHIRT).filter(buffer=3, interval_hours=12.0)
    assert shown(page, "Chance of an oversell").inner_text() == f"{grid['oversell_chance'][0]:.1%}".replace(
        "%", " %"
    )
    no_trouble(page)


def test_filters_survive_a_reload(site: ToldSite, page: Page) -> None:
    go(page, site, "stock")
    choose(page, page.get_by_role("combobox", name="Division"), named("NMC"))
    page.wait_for_url(re.compile("division=NMC"), timeout=BUSY)
    page.reload()
    settled(page)

    expect(page.get_by_role("combobox", name="Division")).to_have_value("NMC", timeout=BUSY)
    expect(cell(page, CHINO)).to_be_attached(timeout=BUSY)
    expect(cell(page, SHIRT)).to_have_count(0, timeout=BUSY)
    no_trouble(page)


def test_the_audit_shows_what_differs_and_all_offers_when_asked(site: ToldSite, page: Page) -> None:
    go(page, site, "stock")
    page.get_by_role("radio", name="Audit").or_(page.get_by_role("button", name="Audit")).first.click()
    says(page, "1 of 3 offers differ; compared last Tue 08:45.")
    expect(cell(page, SOCKS)).to_be_attached(timeout=BUSY)
    assert listed(page) == [SOCKS]
    page.get_by_text("Show all offers").click()

    expect(cell(page, SHIRT)).to_be_attached(timeout=BUSY)
    assert sorted(listed(page)) == sorted(EVERYTHING)
    expect(page).to_have_url(re.compile(r"(?=.*view=Audit)(?=.*all_offers=true)"), timeout=BUSY)
    no_trouble(page)


def test_the_batches_say_what_became_of_them(site: ToldSite, page: Page) -> None:
    go(page, site, "stock?view=Batches")

    expect(cell(page, "B1")).to_be_attached(timeout=BUSY)
    expect(cell(page, "✓ In use")).to_be_attached(timeout=BUSY)
    no_trouble(page)


def test_a_list_that_is_open_stays_open_when_a_refresh_shows_more_above_it(site: ToldSite, page: Page) -> None:
    go(page, site, "runs")
    page.get_by_role("tab", name="Commands").click()
    typed = page.get_by_label("Only this SKU")
    typed.press_sequentially("NMK-041")
    site.told.run("catalogue", "failed", ended=NOW, message="BlueCherry said 500.")
    says(page, "Catalogue failed last time")
    kept = typed.input_value()
    page.get_by_role("combobox", name="What").click()
    site.told.run("watch", "failed", ended=NOW, message="John Lewis said 500.")
    says(page, "Watch failed last time")
    page.get_by_role("option", name="Catalogue").click(timeout=2000)

    expect(page.get_by_label("Only one")).to_be_disabled(timeout=BUSY)
    expect(page.get_by_role("tab", name="Commands")).to_have_attribute("aria-selected", "true")
    assert kept == "NMK-041"
