"""What became of a stock file: whom an error is believed to be about, and what is sent again."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from store.journal import check_rebuild
from sync.errors import Retriable, Skippable, SyncError
from sync.flows.inventory_imports import settle
from sync.ports import ImportStatus
from tests.flows.shop import QUICK, SLOW, Shop, settings_of
from tests.told import HOUR, NOW

MINUTE = timedelta(minutes=1)


@dataclass
class Market:
    """A marketplace that says this of its one import."""

    state: str = "complete"
    error_count: int = 0
    has_report: bool = False
    report: Mapping[str, str] | SyncError = field(default_factory=dict)
    reports_read: int = 0

    def import_status(self, import_id: str) -> ImportStatus:
        if self.state == "unknown":
            raise Skippable("it is not there")
        return ImportStatus(import_id, self.state, self.state.upper(), 1, self.error_count, self.has_report)

    def import_errors(self, import_id: str) -> Mapping[str, str]:
        assert import_id == "IMP-1"
        self.reports_read += 1
        if isinstance(self.report, SyncError):
            raise self.report
        return self.report


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """QUICK was sent as 7 and SLOW as 30 in one file, an hour ago; it is open. They show 10 and 40."""
    opened = Shop(tmp_path / "store.duckdb", settings_of())
    opened.told.skus(QUICK, SLOW)
    opened.told.offers({QUICK: 10, SLOW: 40}, at=NOW - 2 * HOUR)
    opened.told.publish({QUICK: 7, SLOW: 30}, at=NOW - HOUR, is_finished=False)
    yield opened
    opened.told.close()


def asked(shop: Shop, market: Market) -> bool:
    shop.run.house.marketplace = cast("Any", market)
    return settle(shop.run)


def ended(shop: Shop) -> list[tuple[str, int]]:
    return [(row["state"], row["error_count"]) for row in shop.rows("select state, error_count from import_facts")]


def believed(shop: Shop) -> dict[str, tuple[bool, bool]]:
    """Whether each SKU is known to have arrived, and whether it was refused."""
    return {row["sku"]: (row["is_settled"], row["is_failed"]) for row in shop.board().to_dicts()}


def wrong(shop: Shop) -> dict[str, str]:
    rows = shop.rows(
        "select subject, detail from conditions($at) where kind = 'import_errors'", at=shop.told.clock.moment
    )
    return {row["subject"]: row["detail"] for row in rows}


def test_a_file_without_an_error_is_believed_and_no_report_is_asked_for(shop: Shop) -> None:
    market = Market()

    assert asked(shop, market)
    assert market.reports_read == 0
    assert ended(shop) == [("complete", 0)]
    assert believed(shop) == {QUICK: (True, False), SLOW: (True, False)}


@pytest.mark.parametrize(("count", "has_report"), [(1, False), (0, True), (1, True)])
def test_a_refused_sku_is_known_by_the_report_whatever_else_says_that_there_is_one(
    shop: Shop, count: int, has_report: bool
) -> None:
    assert asked(shop, Market(error_count=count, has_report=has_report, report={QUICK: "Offer is locked"}))
    assert ended(shop) == [("complete", 1)]
    assert believed(shop) == {QUICK: (False, True), SLOW: (True, False)}
    assert list(wrong(shop)) == [QUICK]


@pytest.mark.parametrize(
    "report", [{}, {"NOBODY-HAS-THIS": "Unknown offer"}], ids=["names nothing", "names what was not sent"]
)
def test_of_a_file_with_an_error_nobody_names_no_sku_is_believed_until_it_is_read_as_sent(
    shop: Shop, report: Mapping[str, str]
) -> None:
    assert asked(shop, Market(error_count=1, report=report))
    doubted, raised = believed(shop), wrong(shop)
    shop.told.offers({QUICK: 7}, at=NOW + MINUTE)
    half, left = believed(shop), wrong(shop)
    shop.told.publish({SLOW: 30}, at=NOW + MINUTE, name="again")

    assert ended(shop)[0] == ("unproven", 1)
    assert doubted == {QUICK: (False, False), SLOW: (False, False)}
    assert list(raised) == ["import/IMP-1"]
    assert f"2 SKUs of it may not show what was sent: {SLOW}, {QUICK}" in raised["import/IMP-1"]
    assert half == {QUICK: (True, False), SLOW: (False, False)}
    assert f"1 SKUs of it may not show what was sent: {SLOW}" in left["import/IMP-1"]
    assert wrong(shop) == {}
    assert check_rebuild(shop.told.database) == {}


def test_where_every_line_was_refused_each_sku_is_known_without_a_report(shop: Shop) -> None:
    assert asked(shop, Market(error_count=2))
    assert ended(shop) == [("complete", 2)]
    assert believed(shop) == {QUICK: (False, True), SLOW: (False, True)}
    assert sorted(wrong(shop)) == sorted([QUICK, SLOW])


@pytest.mark.parametrize("trouble", [Retriable("STO03 cannot be read"), Skippable("it is not there")], ids=str)
def test_a_report_that_cannot_be_read_is_asked_for_five_minutes_then_no_sku_of_the_file_is_believed(
    shop: Shop, trouble: SyncError
) -> None:
    market = Market(error_count=1, has_report=True, report=trouble)
    free = []
    for _ in range(6):
        free.append(asked(shop, market))
        shop.told.clock.moment += MINUTE

    assert free == [False] * 5 + [True]
    assert ended(shop) == [("unproven", 1)]
    assert believed(shop) == {QUICK: (False, False), SLOW: (False, False)}
    assert list(wrong(shop)) == ["import/IMP-1"]


def test_a_report_that_can_be_read_after_all_is_believed(shop: Shop) -> None:
    waits = asked(shop, Market(error_count=1, has_report=True, report=Retriable("STO03 cannot be read")))
    shop.told.clock.moment += MINUTE

    assert not waits
    assert asked(shop, Market(error_count=1, has_report=True, report={SLOW: "Offer is locked"}))
    assert believed(shop) == {QUICK: (True, False), SLOW: (False, True)}


def test_a_file_that_failed_as_a_whole_waits_for_no_report(shop: Shop) -> None:
    assert asked(shop, Market(state="failed", has_report=True, report=Retriable("STO03 cannot be read")))
    assert ended(shop)[0][0] == "failed"
    assert believed(shop) == {QUICK: (False, False), SLOW: (False, False)}


def test_an_import_the_marketplace_does_not_know_has_failed(shop: Shop) -> None:
    assert asked(shop, Market(state="unknown"))
    assert ended(shop) == [("failed", 0)]
