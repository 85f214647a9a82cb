"""A backlog while BlueCherry takes no sales orders at all: one at a time finds out, and then all go, once each."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from store.commands import Retry
from store.events import OrderReleased
from store.journal import check_rebuild
from sync.desk_exceptions import ExceptionDesk
from sync.errors import Refused, SyncError, Unclear
from sync.flows import orders as flow
from sync.flows.orders_settle import settle
from sync.intents import COMMIT_SECONDS, Intent, carry_out
from sync.lanes import lanes_of
from sync.ports import Page, SalesOrder, SalesOrderDraft
from sync.rules.order_past import freed_by
from sync.rules.orders import decide
from tests.flows.orders_shop import MINUTE, opened
from tests.flows.shop import Shop
from tests.told import NOW

BATCH = Unclear("503 BATCH_RUNNING; it may have happened", code="BATCH_RUNNING")
MANY = 9


class Erp:
    """A BlueCherry that answers creations as it is told, and shows nothing."""

    def __init__(self) -> None:
        self.answer: SyncError | None = None
        self.answers: list[SyncError] = []  # before that
        self.sent: list[str] = []
        self.asked = 0

    def create_order(self, draft: SalesOrderDraft, _key: str) -> str:
        self.sent.append(draft.order_id)
        answer = self.answers.pop() if self.answers else self.answer
        if answer is not None:
            raise answer
        return f"SO-{len(self.sent)}"

    def sales_orders(self, *, order_id: str = "", **_by: str) -> Iterator[Page[SalesOrder]]:
        self.asked += bool(order_id)
        yield Page((), None, ())


@pytest.fixture
def erp() -> Erp:
    return Erp()


@pytest.fixture
def shop(tmp_path: Path, erp: Erp) -> Iterator[Shop]:
    """Orders of a shirt each, to be sent one after the other."""
    shop = opened(tmp_path / "store.duckdb", erp, (f"JL{number}-A" for number in range(MANY)), ERP_CONCURRENCY=1)
    yield shop
    shop.told.close()


def run_at(shop: Shop, erp: Erp, minutes: float) -> int:
    """A run so many minutes from now; how many sales orders it sends."""
    shop.told.clock.moment = NOW + minutes * MINUTE
    before = len(erp.sent)
    settle(shop.run)
    decision = decide(flow.known(shop.run))
    shop.run.record([*decision.holds, *decision.releases])
    flow.act(shop.run, decision)
    shop.run.record(decide(flow.known(shop.run)).holds)  # what was not taken is held at once
    return len(erp.sent) - before


def unclear(shop: Shop) -> int:
    return len(shop.rows("from intent_facts where state = 'unclear'"))


def test_while_a_batch_is_posted_one_order_at_a_time_finds_out_and_when_it_is_over_all_go_once(
    shop: Shop, erp: Erp
) -> None:
    erp.answer = BATCH
    sent = {minutes: run_at(shop, erp, minutes) for minutes in (0, 1, 3, 4, 8, 9, 14)}
    tried, in_doubt, looked = list(erp.sent), unclear(shop), erp.asked
    erp.answer = None
    over = run_at(shop, erp, 20)

    assert sent[0] == 1
    assert set(sent.values()) == {0, 1}
    assert sum(sent.values()) == 4  # now and then, however often a run comes by
    assert len(set(tried)) == len(tried) == in_doubt  # another one each time
    assert looked == 0
    assert over == MANY - len(tried)
    assert len(set(erp.sent)) == len(erp.sent) == MANY
    assert check_rebuild(shop.told.database) == {}


def test_what_never_went_is_told_after_a_quarter_of_an_hour_as_what_waits_for_bluecherry(
    shop: Shop, erp: Erp
) -> None:
    erp.answer = BATCH
    run_at(shop, erp, 0)
    before = shop.rows("select order_id from order_hold_facts where reason is not null")
    run_at(shop, erp, 15)
    held = shop.rows("select distinct cause from order_hold_facts where reason = 'refused_by_erp'")
    (place,) = shop.rows(
        "select order_count from order_places($at) where place = 'waiting' and reason like 'Cherrylane sends it%'",
        at=shop.told.clock.moment,
    )

    assert before == []
    assert held == [{"cause": "BATCH_RUNNING"}]
    assert place["order_count"] >= MANY - 2


def test_what_may_be_said_of_one_order_alone_stops_no_other(shop: Shop, erp: Erp) -> None:
    codes = ("LOCK_TIMEOUT", "UPSTREAM_TIMEOUT", "INTERNAL", "SOMETHING_ELSE", "")
    erp.answers = [Unclear("it may have happened", code=code) for code in codes]

    assert run_at(shop, erp, 0) == MANY
    assert unclear(shop) == len(codes)
    assert shop.rows("select * from erp_rests(['BATCH_RUNNING'])") == []


def test_thousands_that_are_not_to_be_sent_any_more_take_no_time_of_what_follows(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are let go in one round, and not some with each commit."""
    wait, is_over, waits = threading.Event.wait, threading.Event(), 0

    def counted(event: threading.Event, seconds: float | None = None) -> bool:
        nonlocal waits
        waits += seconds == COMMIT_SECONDS
        return wait(event, seconds)

    def send(_: Intent) -> str:
        is_over.set()
        raise BATCH

    monkeypatch.setattr(threading.Event, "wait", counted)
    many = [Intent("create_sales_order", f"JL{number}-A/NMK/WH1", {}) for number in range(2000)]
    tally = carry_out(shop.run, many, send, still_meant=lambda some: () if is_over.is_set() else some)

    assert 0 < tally["unclear"] < len(many) / 10
    assert 0 < waits < 20


@pytest.mark.parametrize("code", ["CREDIT_HOLD", ""])
def test_an_order_that_is_refused_for_what_it_is_shows_that_bluecherry_takes_orders_again(
    shop: Shop, erp: Erp, code: str
) -> None:
    erp.answer = BATCH
    run_at(shop, erp, 0)
    erp.answer = Refused("no", status=422, code=code, reason="no") if code else None

    assert run_at(shop, erp, 1) == 0
    assert run_at(shop, erp, 3) == MANY - 1
    assert shop.rows("select * from erp_rests(['BATCH_RUNNING'])") == []


def test_a_persons_word_tries_one_at_once_and_what_did_not_go_stays_as_it_was(shop: Shop, erp: Erp) -> None:
    erp.answer = BATCH
    for minutes in (0, 15):
        run_at(shop, erp, minutes)
    held = {row["order_id"] for row in shop.rows("from order_hold_facts where reason = 'refused_by_erp'")}
    at = NOW + 16 * MINUTE
    frees = freed_by("refused_by_erp", "BATCH_RUNNING")
    shop.told.tell(*(OrderReleased(happened_at=at, actor="Olu", order_id=one, frees=frees) for one in held))
    sent = run_at(shop, erp, 16)
    still = {row["order_id"] for row in shop.rows("from order_hold_facts where reason = 'refused_by_erp'")}

    assert sent == 1
    assert len(held) > 2
    assert still >= held - set(erp.sent)


def test_of_what_is_tried_again_meanwhile_one_is_foreseen_to_be_tried_and_the_others_to_go_once_it_is_taken(
    shop: Shop, erp: Erp
) -> None:
    erp.answer = BATCH
    for minutes in (0, 15):
        run_at(shop, erp, minutes)
    shop.told.clock.moment = NOW + 16 * MINUTE
    held = [row["order_id"] for row in shop.rows("from order_hold_facts where reason = 'refused_by_erp'")]
    wrong = [shop.told.wrong("refused_by_erp", one, cause="BATCH_RUNNING", order_id=one) for one in held]
    desk, before = ExceptionDesk(shop.run.house, lanes_of(shop.run.house)), len(erp.sent)

    def foreseen(many: int) -> Any:
        command = Retry(exception_ids=tuple(wrong[-many:]), dry_run=True)
        return desk.retry("Ops", command, lambda _: None)

    one, all_of_them = foreseen(1), foreseen(len(wrong))
    while_foreseen = len(erp.sent)
    desk.retry("Ops", Retry(exception_ids=tuple(wrong)), lambda _: None)

    assert one["message"] == "Of 1 exception, 1 goes on."
    assert all_of_them["message"] == (
        f"Of {len(held)} exceptions, {len(held)} go on (BlueCherry takes no sales orders now: one is tried at once,"
        " the others go once it is taken)."
    )
    assert {row["then"] for row in all_of_them["differences"]} == {"is tried, or goes once another is taken"}
    assert len(held) > 2
    assert while_foreseen == before
    assert len(erp.sent) == before + 1
