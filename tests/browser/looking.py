"""How these tests look at a page: what stands on it, whether any of it is green, whether it moved."""

import contextlib
import re
from collections.abc import Callable
from typing import Protocol

from playwright.sync_api import Locator, Page, expect
from playwright.sync_api import TimeoutError as TooLate

from tests.browser.system import PATIENCE

BUSY = PATIENCE * 1000  # milliseconds a busy machine may take
TROUBLE = re.compile(
    "cannot be read|encountered an error|takes too long|does not answer|different versions|no store yet"
)
# Everything on the page whose letters, ground or shape is green, by what it says; but for charts, in which a
# colour tells one series from another and no verdict is given.
GREEN = """
() => [...document.querySelectorAll('[data-testid=stApp] *')].filter(one => {
    if (one.closest('.js-plotly-plot')) return false;
    const style = getComputedStyle(one);
    return ['color', 'backgroundColor', 'fill', 'borderTopColor'].some(name => {
        const found = /rgba?\\((\\d+), (\\d+), (\\d+)(?:, ([\\d.]+))?\\)/.exec(style[name]);
        if (!found || found[4] === '0') return false;
        const [red, green, blue] = found.slice(1, 4).map(Number);
        return green > red + 8 && green > blue + 4;
    });
}).map(one => (one.textContent || one.tagName).trim().slice(0, 60))
"""
# The numbers that do not fit their place.
CUT = """
() => [...document.querySelectorAll('[data-testid=stMetricValue], [data-testid=stMetricValue] *')]
    .filter(one => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX === 'hidden')
    .map(one => one.textContent)
"""
# From now on, every place the page was scrolled to by anybody.
WATCH = """
() => {
    const main = document.querySelector('[data-testid=stMain]');
    window.seenAt = [];
    main.addEventListener('scroll', () => window.seenAt.push(main.scrollTop));
}
"""


class Site(Protocol):
    """Wherever the dashboard answers."""

    url: str


def go(page: Page, system: Site, path: str) -> None:
    """Open a page and wait until its first drawing has ended."""
    page.goto(f"{system.url}/{path}")
    expect(page.locator("h1").first).to_be_visible(timeout=BUSY)
    settled(page)


def settled(page: Page) -> None:
    """Wait until the script that draws the page is not running."""
    expect(page.locator("[data-testid=stApp]")).to_have_attribute(
        "data-test-script-state", "notRunning", timeout=BUSY
    )


def no_trouble(page: Page) -> None:
    """Nothing went wrong while it was drawn."""
    expect(page.locator("[data-testid=stException]")).to_have_count(0)
    expect(page.locator("[data-testid=stAlert]", has_text=TROUBLE)).to_have_count(0)
    expect(page.get_by_text("Page not found")).to_have_count(0)


def nothing_green(page: Page) -> None:
    """Wait until nothing on the page says that all is well; a page may draw itself anew all the while."""
    page.wait_for_function(f"() => ({GREEN})().length === 0", timeout=BUSY)


def number(page: Page, label: str) -> Locator:
    """The value of the number with this label."""
    return page.locator("[data-testid=stMetric]", has_text=label).locator("[data-testid=stMetricValue]").first


def cell(page: Page, text: str) -> Locator:
    """A cell of a table; tables are drawn on a canvas, and told to screen readers in cells nobody sees."""
    return page.locator("td[role=gridcell]", has_text=text).first


def says(page: Page, text: str | re.Pattern[str]) -> None:
    """Wait until it stands on the page."""
    expect(page.get_by_text(text).first).to_be_visible(timeout=BUSY)


def press(page: Page, label: str, *, exact: bool = False) -> None:
    """Press a button once it may be pressed."""
    button = page.get_by_role("button", name=label, exact=exact)
    expect(button).to_be_enabled(timeout=BUSY)
    button.click()


def choose(page: Page, box: Locator, option: Callable[[Locator], Locator]) -> None:
    """Choose in a list; one that an answer arriving at that moment closed is opened again, as anybody would."""
    options = page.get_by_role("option")
    there: list[str] = []
    for _ in range(5):
        box.click()
        with contextlib.suppress(TooLate):
            option(options).click(timeout=BUSY / 5)
            return
        there = options.all_inner_texts()
    raise AssertionError(f"nothing could be chosen in {box}, which offers {there}")


def named(name: str) -> Callable[[Locator], Locator]:
    """The option of this name."""
    return lambda options: options.filter(has_text=re.compile(f"^{re.escape(name)}$")).first


def numbered(position: int) -> Callable[[Locator], Locator]:
    """The option in this place, the first is 0."""
    return lambda options: options.nth(position)


def strike(page: Page, key: str, said: re.Pattern[str]) -> None:
    """Strike a key until the page says something; one struck while it draws itself anew may be lost."""
    for _ in range(5):
        settled(page)
        page.keyboard.press(key)
        with contextlib.suppress(AssertionError):
            expect(page.get_by_text(said).first).to_be_visible(timeout=BUSY / 5)
            return
    raise AssertionError(f"the key {key} did nothing")


def be(page: Page, person: str) -> None:
    """Be another of the local actors."""
    choose(page, page.locator("[data-testid=stSidebar]").get_by_role("combobox"), named(person))
    expect(page.get_by_role("combobox", name="You are")).to_have_value(person, timeout=BUSY)
    settled(page)


def reason_of(page: Page, label: str) -> str:
    """Why a button cannot be pressed, as it says when one points at it."""
    button = page.get_by_role("button", name=label)
    expect(button).to_be_disabled(timeout=BUSY)
    page.locator("[data-testid=stTooltipHoverTarget]", has=button).hover()
    tip = page.get_by_role("tooltip").first
    expect(tip).to_be_visible(timeout=BUSY)
    return tip.inner_text()
