"""Process again, where there is nothing to press: the worker refuses it as well as the page."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from store.commands import Retry
from sync.answers import Refusal
from sync.desk_exceptions import ExceptionDesk
from sync.rules.exceptions import KINDS
from tests.flows.shop import Shop, settings_of
from tests.told import HOUR, NOW

IDLE = [kind for kind in KINDS if not kind.has_retry]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path / "store.duckdb", settings_of())
    yield opened
    opened.told.close()


@pytest.mark.parametrize("dry_run", [True, False])
def test_what_has_nothing_to_press_is_refused_with_what_to_do_and_nothing_is_released(
    shop: Shop, *, dry_run: bool
) -> None:
    told, desk = shop.told, ExceptionDesk(shop.run.house, {})
    with told.in_one_go():
        told.order("JL1-A")
        for kind in IDLE:
            told.wrong(kind.code, "JL1-A", order_id="JL1-A", since=NOW - HOUR)

    assert len(IDLE) > 20
    for kind in IDLE:
        with pytest.raises(Refusal) as refused:
            desk.retry("Ops", Retry(exception_kind=kind.code, dry_run=dry_run), lambda _: None)
        assert str(refused.value) == kind.retry
    assert shop.rows("select * from events where kind = 'order.released'") == []


def test_one_with_nothing_to_press_among_several_is_named(shop: Shop) -> None:
    told, desk = shop.told, ExceptionDesk(shop.run.house, {})
    ids = (told.wrong("refused_by_erp", "JL1-A", cause="E1"), told.wrong("dispatch_late", "JL1-A"))

    with pytest.raises(Refusal, match=r"^Nothing to press: the warehouse has to ship\.$"):
        desk.retry("Ops", Retry(exception_ids=ids), lambda _: None)


def test_a_kind_says_whether_there_is_something_to_press_on_the_page_too(shop: Shop) -> None:
    told = shop.told
    told.wrong("refused_by_erp", "JL1-A", cause="CREDIT_HOLD")
    told.wrong("dispatch_late", "JL1-A")
    told.wrong("nobody_wrote_this_down", "x")

    assert {row["exception_kind"]: row["has_retry"] for row in shop.rows("from causes($at)", at=NOW)} == {
        "refused_by_erp": True, "dispatch_late": False, "nobody_wrote_this_down": True,
    }  # fmt: skip
