"""A real browser on a real system, started once for all the tests here.

Chromium is Debian's own. Law: where CI is set the tests run or fail; elsewhere, without chromium, they are skipped
and say so.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.system import PATIENCE, System


@pytest.fixture(scope="module")
def chromium() -> str:
    """Where Debian's chromium is."""
    found = shutil.which("chromium")
    if found is None:
        reason = "chromium is not installed: apt-get install chromium"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@pytest.fixture(scope="module")  # no longer: its event loop runs in this thread, and no other can
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as player:
        started = player.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="module")
def system(
    chromium: str, lasting_sandbox: Callable[..., Any], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[System]:
    """Two days of a still world, a worker whose own list calls Ada a viewer, and the dashboard."""
    assert chromium
    sandbox = lasting_sandbox(days=2, skus=100, orders_per_day=30)
    sandbox.scenario("relaxed_limits")
    roles = '{"Ops": "ops", "Finance": "finance", "Admin": "viewer"}'
    given = {"CHERRYLANE_ROLES": roles, "CHERRYLANE_ERP_REQUESTS_PER_MINUTE": "6000"}  # the pace has its own tests
    started = System(sandbox, tmp_path_factory.mktemp("system") / "cherrylane.duckdb", given)
    try:
        started.start()
        # a SKU nobody knows and a carrier nobody mapped, so that something needs a person
        sandbox.scenario("bad_sku_order")
        started.advance(5)
        sandbox.scenario("ship_by_dpx")
        sandbox.scenario("ship_all")
        started.advance(40)
        started.advance(2)
        yield started
    finally:
        started.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty page of its own, patient with a busy machine."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000})
    context.set_default_timeout(PATIENCE * 1000)
    opened = context.new_page()
    mistakes: list[str] = []
    opened.on("pageerror", lambda mistake: mistakes.append(str(mistake)))
    yield opened
    context.close()
    assert mistakes == [], "the browser's own script stumbled"
