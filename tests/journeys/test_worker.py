"""How a worker starts, ends and is started again: what a supervisor and a person see of it."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from store.errors import AskError, StoreError
from tests.store.statements import HEAVY

RESTART, REFUSED = 75, 78


def test_told_to_stop_it_ends_with_zero_and_the_next_one_goes_on(house: Callable[..., Any]) -> None:
    home = house()
    first = home.start()
    home.advance(1)
    assert home.stop(first) == 0
    before = home.rows("select max(seq) as seq from events")[0]["seq"]
    second = home.start()
    home.advance(2)

    assert home.rows("select max(seq) as seq from events")[0]["seq"] > before
    assert home.stop(second) == 0
    assert home.rebuild_differences() == {}


def test_told_to_stop_while_it_still_waits_for_the_systems_it_ends_at_once(house: Callable[..., Any]) -> None:
    home = house()
    home.sandbox.faults(rate_500=1.0)
    worker = home.start()
    home.until(lambda: '"action": "start_waits"' in home.log(), "it says that it waits")
    began = time.monotonic()

    assert home.stop(worker) == 0
    assert time.monotonic() - began < 20


def test_a_second_worker_is_told_who_holds_the_store(house: Callable[..., Any]) -> None:
    home = house()
    first = home.start()
    second = home.start(ready=False)

    assert home.ended(second) == 1
    assert f"rocess {first}" in home.log()
    assert home.window().state().pid == first


def test_a_question_that_cannot_be_ended_makes_it_ask_to_be_started_again(house: Callable[..., Any]) -> None:
    home = house(settings={"CHERRYLANE_QUERY_PATIENCE_SECONDS": "2"})
    worker = home.start()
    home.advance(1)

    def ask() -> None:
        with pytest.raises((AskError, StoreError)):
            home.window().ask(HEAVY, deadline=8)

    asking = threading.Thread(target=ask)
    asking.start()
    assert home.ended(worker) == RESTART
    asking.join(timeout=60)
    again = home.start()
    assert home.stop(again) == 0
    assert home.rebuild_differences() == {}


@pytest.mark.parametrize(
    ("setting", "value", "sentence"),
    [
        ("MARKETPLACE_MODEL", "DROPSHIP", "The shop's model is MARKETPLACE, the settings say DROPSHIP"),
        ("MARKETPLACE_TENANT", "somebody", "the settings name somebody"),
        ("MARKETPLACE_URL", "ftp://nowhere", "CHERRYLANE_MARKETPLACE_URL: must be an address"),
        ("ERP_TIMEZONE", "Nowhere/City", "CHERRYLANE_ERP_TIMEZONE: must be a time zone"),
    ],
)
def test_what_a_person_must_change_first_is_said_and_not_tried_again(
    house: Callable[..., Any], setting: str, value: str, sentence: str
) -> None:
    home = house(settings={f"CHERRYLANE_{setting}": value})
    worker = home.start(ready=False)

    assert home.ended(worker) == REFUSED
    assert sentence in home.log()


def test_a_key_that_does_not_open_the_shop_keeps_it_waiting_with_the_reason(house: Callable[..., Any]) -> None:
    home = house(settings={"CHERRYLANE_MARKETPLACE_SHOP_ID": "9999"})
    worker = home.start()
    home.until(lambda: '"action": "start_waits"' in home.log(), "it says that it waits")

    assert "the settings name a shop or company that is not its own" in home.log()
    assert home.stop(worker) == 0
