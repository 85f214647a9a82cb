"""The windows in a real browser, on the real worker and the two pretend systems.

One system serves all of these tests; each leaves a worker that serves and a world that stands still.
"""

import re
import signal

import pytest
from playwright.sync_api import Page, expect

from tests.browser.looking import (
    BUSY,
    CUT,
    GREEN,
    WATCH,
    be,
    cell,
    choose,
    go,
    named,
    no_trouble,
    nothing_green,
    number,
    numbered,
    press,
    reason_of,
    says,
    settled,
    strike,
)
from tests.browser.system import System

CONTENT: dict[str, tuple[str, ...]] = {
    "": ("It needs you now: Ship-via DPX has no carrier at John Lewis", "What needs a person", "Stock on sale"),
    "exceptions": (
        "Ship-via DPX has no carrier at John Lewis",
        "Done when.",
        "What waits for what",
    ),
    "orders": ("Pick a row to open its order.",),
    "stock": ("Expected until then", "Pick a row to see one SKU"),
    "stock?view=Batches": ("Expected until then",),
    "dispatch": ("Time left", "Left the warehouse, John Lewis not told", "By hours left"),
    "money": ("Pending", "No payout yet"),
    "runs": ("Look at everything again", "Catalogue", "Succeeded"),
    "mappings": ("is not mapped", "In force"),
    "back-test": ("No back-test yet", "Start one"),
    "handover": ("Every piece of data has one master",),
}


def test_every_page_has_real_content_and_no_error_box(
    system: System, page: Page, subtests: pytest.Subtests
) -> None:
    go(page, system, "")
    for path, content in CONTENT.items():
        if path and "?" not in path:
            page.locator(f"[data-testid=stSidebar] a[href$='/{path}']").click()
        elif path:
            go(page, system, path)
        with subtests.test(path):
            for words in content:
                says(page, words)
            settled(page)
            no_trouble(page)
            for width in (1440, 1100):
                page.set_viewport_size({"width": width, "height": 900})
                assert page.evaluate(CUT) == [], f"numbers are cut at {width}"


def test_the_numbers_are_those_of_the_world(system: System, page: Page) -> None:
    world = system.sandbox.state("john_lewis")
    go(page, system, "orders")
    expect(number(page, "Seen")).to_have_text(f"{len(world['orders']):,}", timeout=BUSY)
    newest = max(world["orders"])
    page.get_by_label("Find").fill(newest)
    page.keyboard.press("Enter")
    expect(cell(page, newest)).to_be_attached(timeout=BUSY)

    go(page, system, "stock")
    on_sale = sum(offer["quantity"] for offer in world["offers"].values())
    expect(number(page, "Units on sale")).to_have_text(f"{on_sale:,}", timeout=BUSY)


def test_today_is_found_by_its_name_too(system: System, page: Page) -> None:
    go(page, system, "today")

    says(page, "What needs a person")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_an_order_tells_its_story_with_the_words_it_was_read_from(system: System, page: Page) -> None:
    held = system.rows("select order_id from shipment_hold_facts where reason <> '' order by order_id limit 1")
    order_id = held[0]["order_id"]
    go(page, system, f"order?order_id={order_id}")
    says(page, "First seen at John Lewis.")
    says(page, "Shipment held: unmapped carrier (DPX)")

    row = page.locator("[data-testid=stHorizontalBlock]", has_text="First seen at John Lewis.").last
    row.get_by_role("button", name="Evidence").click()
    page.get_by_text("Show the answer it was read from").click()

    says(page, re.compile(r"marketplace · GET /api/orders.* · 200 in \d+ ms"))
    says(page, "It said")
    no_trouble(page)


def test_a_resync_pressed_in_the_browser_reaches_john_lewis(system: System, page: Page) -> None:
    go(page, system, "runs")
    assert reason_of(page, "Resync now") == "First look at what it would change."

    press(page, "Show what would change")
    says(page, re.compile(r"Done\. \d+ of \d+ offers would be sent"))
    says(page, "Calls it would take: 1 x STO01, 1 x STO02")
    since = system.sandbox.requests("john_lewis")[-1]["n"]
    press(page, "Resync now")
    says(page, re.compile(r"Done\. inventory "))
    for _ in range(6):  # the file before has to be taken in first, and John Lewis takes one a minute
        if pushes(system, since):
            break
        system.advance(2, "inventory")

    assert pushes(system, since)
    sent = system.rows(
        "select count(*) as n from published_rows where sent_at = (select max(sent_at) from published_rows)"
    )
    listed = system.rows("select count(*) as n from offer_facts where not is_gone")
    assert sent == listed


def pushes(system: System, since: int) -> list[str]:
    """The stock files John Lewis took since a request."""
    asked = system.sandbox.requests("john_lewis", since)
    return [one["path"] for one in asked if one["method"] == "POST" and one["path"].endswith("/stock/imports")]


def test_a_resync_that_takes_its_time_says_how_far_it_is(system: System, page: Page) -> None:
    go(page, system, "runs")
    choose(page, page.get_by_role("combobox", name="What"), named("Catalogue: every SKU and offer"))
    expect(page.get_by_label("Only one")).to_be_disabled(timeout=BUSY)  # the page knows what was chosen
    settled(page)
    press(page, "Show what would change")
    says(page, re.compile(r"Done\. \d+ of \d+ SKUs differ from what is stored"))
    since = system.sandbox.requests("john_lewis")[-1]["n"]
    system.sandbox.faults(slow_ms=5000)
    try:
        press(page, "Resync now")
        says(page, "Running. catalogue is looking at everything again")
    finally:
        system.sandbox.faults()

    says(page, "Done. catalogue succeeded")
    says(page, re.compile(r"Catalogue: skus \d+"))
    assert "/api/offers" in {one["path"] for one in system.sandbox.requests("john_lewis", since)}


def test_a_refused_command_says_why(system: System, page: Page) -> None:
    go(page, system, "runs")
    be(page, "Admin")  # in front of the page she is admin; the worker's own list says viewer
    press(page, "Show what would change")

    says(page, "Refused. Admin is viewer; resync may be given by admin or finance or ops.")
    assert reason_of(page, "Resync now") == "First look at what it would change."


def test_what_a_role_may_not_do_is_disabled_with_the_reason(system: System, page: Page) -> None:
    go(page, system, "dispatch")
    be(page, "Manager")

    assert reason_of(page, "Confirm now what can be confirmed") == "Only ops or admin may do this; you are viewer."


def test_the_page_does_not_jump_while_it_refreshes(system: System, page: Page) -> None:
    go(page, system, "dispatch")
    says(page, "To leave")
    clock = page.locator("[data-testid=stMetric]", has_text="Until").locator("[data-testid=stMetricValue]").first
    told, shown = clock.inner_text(), page.get_by_text("As of ").first.inner_text()
    page.locator("[data-testid=stMain]").evaluate("main => main.scrollTo(0, 420)")
    heading = page.get_by_role("heading", name="To leave")
    stood = heading.bounding_box()
    page.evaluate(WATCH)
    for _ in range(3):
        system.sandbox.advance(0.5)
        expect(page.get_by_text("As of ").first).not_to_have_text(shown, timeout=BUSY)
        shown = page.get_by_text("As of ").first.inner_text()

    expect(clock).not_to_have_text(told, timeout=BUSY)
    assert heading.bounding_box() == stood
    assert page.evaluate("window.seenAt") == [420] * len(page.evaluate("window.seenAt"))


def test_what_one_is_typing_outlives_the_refreshes(system: System, page: Page) -> None:
    go(page, system, "runs")
    box = page.get_by_label("Only this SKU")
    shown = page.get_by_text("As of ").first.inner_text()
    box.press_sequentially("NMK-041")
    system.sandbox.advance(0.5)
    expect(page.get_by_text("As of ").first).not_to_have_text(shown, timeout=BUSY)

    expect(box).to_have_value("NMK-041")
    expect(box).to_be_focused()


def test_a_killed_worker_is_said_and_a_new_one_goes_on(system: System, page: Page) -> None:
    go(page, system, "runs")
    says(page, "Worker serving")
    assert page.evaluate(GREEN) != []
    try:
        assert system.end_worker(signal.SIGKILL) == -signal.SIGKILL
        says(page, re.compile("This is how things stood .* ago"))
        says(page, "The worker is stopped. Start it with")
        expect(page.get_by_text("Worker serving")).to_have_count(0, timeout=BUSY)
        says(page, re.compile("Worker stopped since"))
        nothing_green(page)
        assert "The worker is stopped. Start it with" in reason_of(page, "Show what would change")
        for path in ("", "money"):
            go(page, system, path)
            says(page, re.compile("This is how things stood .* ago"))
            nothing_green(page)
            no_trouble(page)
        go(page, system, "runs")
    finally:
        system.start_worker()

    says(page, "Worker serving")
    expect(page.get_by_text("This is how things stood")).to_have_count(0, timeout=BUSY)
    expect(page.get_by_role("button", name="Show what would change")).to_be_enabled(timeout=BUSY)


def test_a_worker_that_does_not_answer_is_starting_or_stuck(system: System, page: Page) -> None:
    go(page, system, "")
    assert system.worker is not None
    system.worker.send_signal(signal.SIGSTOP)
    try:
        says(page, "The worker is starting or stuck.")
        expect(page.locator("[data-testid=stMetric]")).to_have_count(0, timeout=BUSY)
        sidebar = page.locator("[data-testid=stSidebar]")
        expect(sidebar.get_by_text("Worker starting or stuck").first).to_be_visible(timeout=BUSY)
        nothing_green(page)
    finally:
        system.worker.send_signal(signal.SIGCONT)

    says(page, "What needs a person")
    says(page, "Worker serving")


def test_an_exception_is_taken_and_its_mapping_releases_what_waits(system: System, page: Page) -> None:
    go(page, system, "")
    row = page.locator("[data-testid=stHorizontalBlock]", has_text="Ship-via DPX has no carrier").last
    row.get_by_role("link", name="Open").click()
    press(page, "Take it")
    says(page, re.compile("taken by Ops"))

    choose(page, page.get_by_role("combobox", name=re.compile("Carrier DPX means")), numbered(0))
    press(page, "Show what waits for it")
    says(page, re.compile(r"\d+ orders?, £[\d.,]+, first deadline .* waits? for it"))
    press(page, "Set and release")

    def held() -> int:
        rows = system.rows("select count(*) as n from shipment_hold_facts where reason = 'unmapped_carrier'")
        return int(rows[0]["n"])

    system.until(lambda: held() == 0, "no shipment waits for the carrier any more")
    orders = system.sandbox.state("john_lewis")["orders"].values()
    assert [one for one in orders if one["confirmations"]]


def test_causes_are_walked_through_by_key_and_filters_stand_in_the_address(system: System, page: Page) -> None:
    go(page, system, "exceptions?severity=normal")
    says(page, re.compile(r"^1 of \d+$"))
    first = page.get_by_role("heading", level=4).inner_text()
    page.locator("h1").click()  # the keys are the page's, not a field's
    strike(page, "j", re.compile(r"^2 of \d+$"))
    second = page.get_by_role("heading", level=4).inner_text()
    strike(page, "k", re.compile(r"^1 of \d+$"))
    choose(page, page.get_by_role("combobox", name=re.compile("Team")), named("ops"))

    page.wait_for_url(re.compile("severity=normal.*team=ops"), timeout=BUSY)
    assert "Normal" in first
    assert second != first


def test_a_list_of_mappings_is_brought_in_once_none_of_its_rows_is_wrong(system: System, page: Page) -> None:
    go(page, system, "mappings")
    page.get_by_role("tab", name="From a CSV file").click()
    bring = page.locator("input[type=file]")
    right = b"mapping,key,value\r\norder_status,007,OPEN\r\n"
    bring.set_input_files({"name": "list.csv", "mimeType": "text/csv", "buffer": right + b"carrier,DPZ,nobody\r\n"})
    press(page, "Show what would change")
    says(page, re.compile("Line 3, carrier DPZ: 'nobody' is not one of the carriers"))
    no = reason_of(page, "Set them all")
    bring.set_input_files({"name": "list.csv", "mimeType": "text/csv", "buffer": right})
    expect(page.get_by_text("Line 3, ")).to_have_count(0, timeout=BUSY)  # the list on the page is the new one
    press(page, "Show what would change")
    press(page, "Set them all")

    sql = "select value from mapping_facts where mapping = 'order_status' and key = '007'"
    system.until(lambda: system.rows(sql) == [{"value": "OPEN"}], "the mapping is set")
    says(page, "The one row was set.")
    assert no == "First look at what it would change."


def test_a_buffer_policy_shows_what_it_would_change_before_it_is_set(system: System, page: Page) -> None:
    go(page, system, "stock?view=Buffers")
    page.get_by_label("Why", exact=True).fill("a photo shoot")
    units = page.get_by_label("Units", exact=True)
    units.fill("40")
    units.press("Enter")
    expect(page.get_by_role("button", name="Preview", exact=True)).to_be_enabled(timeout=BUSY)
    assert reason_of(page, "Set the policy") == "Preview it first."

    press(page, "Preview", exact=True)
    says(page, re.compile(r"Would change \d+ listings?, −[\d,]+ units, oversells expected .+ → .+ a week"))
    says(page, "Listings changed")
    assert system.rows("select count(*) as n from buffer_policy_facts") == [{"n": 0}]
    press(page, "Set the policy")
    says(page, re.compile("Done\\. The buffer policy of global counts from "))

    assert system.rows("select units, why from buffer_policy_facts") == [{"units": 40, "why": "a photo shoot"}]
    no_trouble(page)


def test_a_back_test_is_started_on_its_page_and_reaches_a_result(system: System, page: Page) -> None:
    go(page, system, "back-test")
    for name, week in (("From the week of", 1), ("to the week of", 0)):  # the world is two days old
        choose(page, page.get_by_role("combobox", name=name), numbered(week))
        settled(page)

    press(page, "Start the back-test")
    system.until(lambda: system.rows("select 1 from batch_recall_facts limit 1"), "past batches are read")
    system.until(lambda: system.rows("select 1 from back_test_facts limit 1"), "the back-test has ended")
    says(page, re.compile(r"Done\. \d+ batch(es)? replayed: A oversold [\d,]+ and missed "))
    says(page, re.compile("would have cost"))
    says(page, "Did the chances keep their word?")
    says(page, "What a back-test cannot know")
    sides = system.rows("select side, window_count from back_test_facts order by side")

    assert [row["side"] for row in sides] == ["a", "b"]
    assert sides[0]["window_count"] > 0
    assert system.rows("select count(*) as n from batch_recall_facts")[0]["n"] > 0
    no_trouble(page)
