"""A stock file that does not end is given up by a person: the next goes, nothing of the lost one is believed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from store import commands as ask
from store.commands import Role
from store.journal import check_rebuild
from sync.answers import Refusal
from sync.desk import _not_allowed
from sync.desk_stock import StockDesk
from sync.errors import Retriable
from sync.flows import inventory
from sync.flows.inventory_imports import settle
from sync.offers import READ_AT, WHOLE
from sync.ports import ImportStatus
from tests.flows.shop import NEWEST, QUICK, SLOW, Shop, settings_of
from tests.told import HOUR, NOW

MINUTE = timedelta(minutes=1)
GIVE_UP = ask.GiveUpImport(import_id="IMP-1", why=" John Lewis says it hangs. ")


@dataclass
class Market:
    """A marketplace that took a file and never says that it ended; it takes the next, too, and ends them."""

    is_silent: bool = False
    sent: list[dict[str, int]] = field(default_factory=list)

    def import_status(self, import_id: str) -> ImportStatus:
        if self.is_silent:
            raise Retriable("STO02 does not answer")
        state = "running" if import_id == "IMP-1" else "complete"
        return ImportStatus(import_id, state, state.upper(), 0, 0, has_error_report=False)

    def import_stock(self, quantities: Mapping[str, int]) -> str:
        self.sent.append(dict(quantities))
        return f"IMP-{len(self.sent) + 1}"


class Lane:
    def hurry(self) -> None: ...


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """QUICK was sent down to 7 and SLOW up to 30, forty minutes ago; they show 10 and 20. Two of QUICK are left."""
    opened = Shop(tmp_path / "store.duckdb", settings_of(buffer_risk="none", buffer_units=0, buffer_percent=0))
    opened.told.mapping("warehouse", "NMK", "WH1")
    opened.told.skus(QUICK, SLOW)
    opened.told.offers({QUICK: 10, SLOW: 20}, at=NOW - 2 * HOUR)
    rows = {(QUICK, "WH1"): {"on_hand": 2}, (SLOW, "WH1"): {"on_hand": 30}}
    opened.told.batch(NEWEST.batch.batch_id, rows, at=NEWEST.batch.as_of)
    opened.told.publish({QUICK: 7, SLOW: 30}, at=NOW - 40 * MINUTE, is_finished=False)
    yield opened
    opened.told.close()


def give_up(shop: Shop, command: ask.GiveUpImport = GIVE_UP) -> str:
    desk = StockDesk(shop.run.house, cast("Any", dict.fromkeys(("inventory", "watch"), Lane())))
    return str(desk.give_up_import("olu", command)["message"])


def asked(shop: Shop, market: Market) -> bool:
    shop.run.house.marketplace = cast("Any", market)
    return settle(shop.run)


def stuck(shop: Shop) -> list[str]:
    at = shop.told.clock.moment
    return [row["subject"] for row in shop.rows("select * from conditions($at) where kind = 'import_stuck'", at=at)]


def believed(shop: Shop) -> dict[str, bool]:
    return {row["sku"]: row["is_settled"] for row in shop.board().to_dicts()}


def sends(shop: Shop, market: Market) -> dict[str, int]:
    """What the next run sends, the orders being known."""
    shop.told.clock.moment += 2 * MINUTE
    now = shop.told.clock.moment
    shop.run.record(bookmarks={"orders.changed": now.isoformat(), inventory.FULL_ON: inventory._night(now)})
    is_free = asked(shop, market)
    before = len(market.sent)
    inventory._decide_and_send(shop.run, NEWEST, inventory._terms(shop.run, NEWEST, frozenset()), is_free=is_free)
    return market.sent[-1] if len(market.sent) > before else {}


def read(shop: Shop, quantities: Mapping[str, int], *, is_whole: bool = True) -> None:
    """The offers are read, all of them or not."""
    shop.told.clock.moment += MINUTE
    now = shop.told.clock.moment
    shop.told.offers(quantities, at=now)
    whole = f"{now.isoformat()}/{now.isoformat()}" if is_whole else ""
    shop.told.journal.append(bookmarks={READ_AT: now.isoformat(), WHOLE: whole})


def test_a_file_that_does_not_end_keeps_the_next_waiting_until_a_person_gives_it_up(shop: Shop) -> None:
    market = Market()
    waits, seen = sends(shop, market), stuck(shop)
    message = give_up(shop)

    assert (waits, seen) == ({}, ["IMP-1"])
    assert "None of its 2 quantities counts as sent until it is read so" in message
    assert stuck(shop) == []
    assert asked(shop, Market(is_silent=True))  # it is not asked for any more
    assert sends(shop, market)
    (said,) = shop.rows("select actor, body ->> 'why' as why from events where kind = 'import.finished'")
    assert said == {"actor": "olu", "why": "John Lewis says it hangs."}
    assert check_rebuild(shop.told.database) == {}


def test_decreases_go_at_once_and_nothing_rises_before_the_offers_were_read(shop: Shop) -> None:
    market = Market()
    give_up(shop)
    blind = sends(shop, market)
    read(shop, {QUICK: 2, SLOW: 20}, is_whole=False)
    half_seen = sends(shop, market)
    read(shop, {QUICK: 2, SLOW: 20})
    seen = sends(shop, market)

    assert (blind, half_seen) == ({QUICK: 2}, {})
    assert seen == {SLOW: 30}


def test_what_the_lost_file_carried_is_believed_once_it_is_read_as_it_was_sent(shop: Shop) -> None:
    give_up(shop)
    lost = believed(shop)
    read(shop, {QUICK: 7, SLOW: 20})

    assert lost == {QUICK: False, SLOW: False}
    assert believed(shop) == {QUICK: True, SLOW: False}


def test_a_lost_file_that_took_effect_after_all_is_sent_down_again(shop: Shop) -> None:
    market = Market()
    give_up(shop)
    assert sends(shop, market) == {QUICK: 2}
    read(shop, {QUICK: 7, SLOW: 30})
    shop.told.compared({QUICK: 7}, least=2, most=2, read_count=1, at=shop.told.clock.moment)

    assert sends(shop, market) == {QUICK: 2}


def test_the_same_file_sent_twice_is_one_import_and_given_up_with_one_word(shop: Shop) -> None:
    shop.told.publish({QUICK: 7, SLOW: 30}, at=NOW - 35 * MINUTE, name="again", is_finished=False)
    give_up(shop)

    assert stuck(shop) == []
    assert asked(shop, Market(is_silent=True))


@pytest.mark.parametrize(
    ("command", "minutes", "says"),
    [
        (GIVE_UP.model_copy(update={"why": " "}), 40, "Say why"),
        (GIVE_UP.model_copy(update={"import_id": "IMP-7"}), 40, "No stock import 'IMP-7' is open"),
        (GIVE_UP, 29, "may still end by itself; give it up from 08:50 UTC"),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(shop: Shop, command: ask.GiveUpImport, minutes: int, says: str) -> None:
    shop.told.clock.moment = NOW - 40 * MINUTE + minutes * MINUTE

    with pytest.raises(Refusal, match=says):
        give_up(shop, command)
    assert shop.rows("select * from import_facts") == []


def test_it_can_be_given_up_as_soon_as_the_exception_shows_and_once(shop: Shop) -> None:
    shop.told.clock.moment = NOW - 10 * MINUTE - timedelta(seconds=1)
    before = stuck(shop)
    shop.told.clock.moment = NOW - 10 * MINUTE
    shown = stuck(shop)
    give_up(shop)

    assert (before, shown) == ([], ["IMP-1"])
    with pytest.raises(Refusal, match="is open"):
        give_up(shop)


@pytest.mark.parametrize(("role", "may"), [("viewer", False), ("finance", False), ("ops", True), ("admin", True)])
def test_only_ops_gives_a_file_up(role: Role, may: bool) -> None:
    assert (_not_allowed("Ada", role, GIVE_UP, is_approver=False) == "") is may
