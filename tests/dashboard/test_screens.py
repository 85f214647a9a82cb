"""Every screen, on its own: empty, ordinary, stale, unreadable. No screen shows green on old data."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from store.clock import wall_now
from store.server import serve, token_for
from tests.told import HOUR, NOW, SHIRT, Told

SCREENS = (
    "today", "exceptions", "orders", "order", "inventory", "dispatch", "settlement", "runs", "mappings",
)  # fmt: skip
Show = Callable[..., AppTest]


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "store.duckdb"
    monkeypatch.setenv("CHERRYLANE_STORE", str(path))
    monkeypatch.delenv("CHERRYLANE_STORE_TOKEN", raising=False)
    return path


@pytest.fixture
def told(store: Path) -> Iterator[Told]:
    """A store that is being served, as the worker does."""
    story = Told(store)
    server = serve(story.database, token=token_for(store))
    yield story
    server.close()
    story.close()


def ordinary_day(told: Told) -> None:
    told.skus(SHIRT)
    told.batch("B1", {(SHIRT, "WH1"): {"on_hand": 9}})
    told.mapping("warehouse", "NMK", "WH1")
    told.publish({SHIRT: 7})
    told.offers({SHIRT: 7})
    told.order("JL1-A")
    told.sales_order("SO-1", "JL1-A", shipped=1)
    told.shipment("S1", "JL1-A", ship_via="DPX")
    told.shipment_held("S1", "JL1-A", "unmapped_carrier", "DPX")
    told.wrong("unmapped_carrier", "S1/C1", cause="DPX", order_id="JL1-A", amount="42.50", deadline=NOW + 2 * HOUR)
    told.transactions({"amount": "39.00", "order_id": "JL1-A", "order_line_id": "JL1-A-1", "cycle_id": "c1"})
    told.payout("c1", "39.00")
    told.runs_of_all()
    told.beat(doing='{"orders": "reading"}')


def show(name: str, *, query: dict[str, str] | None = None, person: str = "") -> AppTest:
    page = AppTest.from_string(f"from dashboard.screens import {name}\n{name}.show()\n", default_timeout=60)
    for key, value in (query or {}).items():
        page.query_params[key] = value
    if person:
        page.session_state["person"] = person
    return page.run()


def words(page: AppTest) -> str:
    """All text on the page."""
    parts = [*page.markdown, *page.caption, *page.error, *page.warning, *page.success, *page.info]
    return "\n".join([*(str(part.value) for part in parts), *(str(one.value) for one in page.metric)])


@pytest.mark.parametrize("name", SCREENS)
def test_an_ordinary_day_is_shown_without_trouble(told: Told, name: str) -> None:
    ordinary_day(told)
    page = show(name, query={"order_id": "JL1-A"} if name == "order" else {})

    assert not page.exception
    assert "As of 24 Nov 2026" in words(page)
    assert "cannot be read" not in words(page)
    assert "does not answer" not in words(page)


@pytest.mark.parametrize("name", SCREENS)
def test_an_empty_store_says_so(told: Told, name: str) -> None:
    told.beat()
    page = show(name)

    assert not page.exception
    assert not page.success


@pytest.mark.parametrize("name", SCREENS)
def test_old_data_is_called_old_and_never_green(told: Told, name: str) -> None:
    ordinary_day(told)
    with told.database.connect() as connection:
        connection.execute("update heartbeat set wall_at = ?", [wall_now() - timedelta(hours=2)])
    page = show(name, query={"order_id": "JL1-A"} if name == "order" else {})

    assert not page.exception
    assert "This is how things stood 2 h ago" in words(page)
    assert not page.success


@pytest.mark.parametrize("name", SCREENS)
def test_a_store_that_is_not_there_is_said_in_a_sentence(store: Path, name: str) -> None:
    page = show(name)

    assert not store.exists()
    assert not page.exception
    assert "There is no store yet" in words(page)


def test_without_a_worker_buttons_are_disabled_and_say_why(store: Path) -> None:
    story = Told(store)
    ordinary_day(story)
    story.close()
    page = show("dispatch")

    assert [button.disabled for button in page.button] == [True]
    assert "cherrylane run" in page.button[0].help


def test_a_manager_cannot_send_what_only_ops_may(told: Told) -> None:
    ordinary_day(told)
    page = show("dispatch", person="Vera (manager)")

    assert page.button[0].disabled
    assert "Only ops or admin may do this" in page.button[0].help


def test_a_pressed_button_becomes_a_command_of_the_person(told: Told) -> None:
    ordinary_day(told)
    page = show("dispatch")
    page.button[0].click().run(timeout=60)
    with told.database.connect() as connection:
        rows = connection.execute(
            "select body ->> 'command', body ->> 'actor', body ->> 'role' from commands"
        ).fetchall()

    assert rows == [("once", "Olu (ops)", "ops")]
    assert "Waiting" in words(page)


def test_customers_are_shown_to_ops_and_not_to_managers(told: Told) -> None:
    ordinary_day(told)
    told.customer("JL1-A", "Ivy Invented")
    ops = show("order", query={"order_id": "JL1-A"})
    manager = show("order", query={"order_id": "JL1-A"}, person="Vera (manager)")

    assert any("Ivy Invented" in str(one.value) for one in ops.text)
    assert not any("Ivy Invented" in str(one.value) for one in manager.text)


def test_the_handbook_needs_no_store(store: Path) -> None:
    page = show("handover")

    assert not store.exists()
    assert not page.exception
    assert any("Every piece of data has one master" in str(one.value) for one in page.markdown)
