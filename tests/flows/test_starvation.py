"""Nine orders whose every sending fails never delay the tenth; they themselves are tried after growing gaps.

Nor does one whose fate stays unclear delay the look-up of another.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import uuid4

import pytest

from sync.errors import Refused, Retriable, Unclear
from sync.flows import returns_settle
from sync.flows.orders_settle import settle
from sync.intents import Intent, confirmed, recorded
from sync.ports import Page, SalesOrder, SalesOrderDraft
from sync.runs import Run
from tests.flows.between import Between


class Poisoned:
    """The real ERP, but for some orders that it never takes."""

    def __init__(self, erp: Any, poison: Callable[[SalesOrderDraft], Exception | None]) -> None:
        self._erp = erp
        self._poison = poison
        self.sent: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._erp, name)

    def create_order(self, draft: SalesOrderDraft, key: str) -> str:
        self.sent.append(draft.order_id)
        trouble = self._poison(draft)
        if trouble is not None:
            raise trouble
        return str(self._erp.create_order(draft, key))


def house_with(
    bench: Callable[..., Any], trouble: Callable[[], Exception], **settings: int
) -> tuple[Any, Poisoned, set[str]]:
    """A house that sends one order at a time, and the first nine orders it meets are never taken."""
    house = bench(days=0.02, orders_per_day=0, skus=40, settings={"erp_concurrency": 1, **settings})
    for name in ("no_orders", "no_hand_edits", "no_surprises", "relaxed_limits"):
        house.sandbox.scenario(name)
    house.run("catalogue")
    bad: set[str] = set()

    def poison(draft: SalesOrderDraft) -> Exception | None:
        if len(bad) < 9:
            bad.add(draft.order_id)
        return trouble() if draft.order_id in bad else None

    erp = Poisoned(house.house.erp, poison)
    house.house.erp = erp
    house.sandbox.scenario("burst")
    house.run("orders")
    house.advance(12)
    house.run("orders")
    return house, erp, bad


def tries(house: Any, bad: set[str]) -> dict[str, list[datetime]]:
    """When each bad sales order was tried."""
    found: dict[str, list[datetime]] = {}
    for row in house.rows(
        "select subject, meant_at from intent_facts where intent_kind = 'create_sales_order'"
        " and order_id in (select unnest($ids::varchar[])) order by meant_at",
        ids=sorted(bad),
    ):
        found.setdefault(row["subject"], []).append(row["meant_at"])
    return found


def test_nine_orders_that_always_fail_never_delay_the_tenth(bench: Callable[..., Any]) -> None:
    house, erp, bad = house_with(
        bench, lambda: Unclear("503 LOCK_TIMEOUT", code="LOCK_TIMEOUT"), erp_visibility_minutes=1
    )
    for _ in range(12):
        house.advance(5)
        house.run("orders")
    before = set(erp.sent)
    house.advance(70)  # all nine are due again
    house.sandbox.scenario("burst")
    runs = []
    for minutes in (0, 12):
        house.advance(minutes)
        erp.sent.clear()
        house.run("orders")
        runs.append(list(erp.sent))
    fresh = [[order for order in sent if order not in before] for sent in runs]

    assert len(bad) == 9
    assert any(fresh)
    assert any(bad & set(sent) for sent in runs)
    # what is new goes before what failed, whatever is due of it
    assert [sent[: len(new)] for sent, new in zip(runs, fresh, strict=True)] == fresh
    assert house.value("select count(*) as n from order_hold_facts where reason = 'refused_by_erp'") == 9


def test_what_fails_for_a_passing_reason_is_tried_after_gaps_that_grow(bench: Callable[..., Any]) -> None:
    house, _, bad = house_with(
        bench, lambda: Unclear("503 LOCK_TIMEOUT", code="LOCK_TIMEOUT"), erp_visibility_minutes=1
    )
    for minutes in [1] * 20 + [3] * 30:
        house.advance(minutes)
        house.run("orders")
    for moments in tries(house, bad).values():
        gaps = [later - earlier for earlier, later in pairwise(moments)]
        assert 4 <= len(moments) <= 9
        # each a good half longer than the one before, within the jitter of a quarter and a run every few minutes
        assert all(later >= earlier * 0.9 for earlier, later in pairwise(gaps))
        assert gaps[-1] > 4 * gaps[0]
        assert gaps[0] >= timedelta(minutes=1.5)
    firsts = {moments[2] - moments[1] for moments in tries(house, bad).values()}
    house.run("watch")
    rows = house.rows("select detail from exception_facts where is_open and exception_kind = 'refused_by_erp'")

    assert len(firsts) > 1  # they do not come back together
    assert len(rows) == 9
    assert all(row["detail"].endswith("LOCK_TIMEOUT, and it was not there. Tried again by itself.") for row in rows)
    # one opening each: to be tried again is not to be mended
    assert house.value("select count(*) as n from events where kind = 'exception.opened'"
                       " and subject like 'refused_by_erp/%'") == 9  # fmt: skip


def test_what_only_a_person_can_mend_is_never_tried_again_by_itself(bench: Callable[..., Any]) -> None:
    house, _, bad = house_with(bench, lambda: Refused("no", status=422, code="CREDIT_HOLD", reason="no"))
    for _ in range(5):
        house.advance(30)
        house.run("orders")

    assert {len(moments) for moments in tries(house, bad).values()} == {1}


def test_an_answer_that_never_comes_is_looked_for_and_sent_again_ever_more_rarely(
    bench: Callable[..., Any],
) -> None:
    house, _, bad = house_with(bench, lambda: Unclear("no answer"))
    for _ in range(24):
        house.advance(10)
        house.run("orders")
    sent = tries(house, bad)
    waits = house.rows(
        "select detail from order_hold_facts where reason = 'refused_by_erp' and cause = 'NO_ANSWER'"
    )

    assert {len(moments) >= 3 for moments in sent.values()} == {True}
    assert len(waits) == 9
    assert all("its answer never came, and it was not there" in row["detail"] for row in waits)
    assert house.rebuild_differences() == {}


def test_a_number_that_is_not_shown_is_asked_for_however_old_it_is_and_by_its_order_until_it_was_missed_twice(
    bench: Callable[..., Any],
) -> None:
    house = bench(days=0.02, orders_per_day=0, skus=40)
    now = house.house.clock.now()
    meant = Intent("create_sales_order", "O1-A/NMK/WH1", {"lines": []}, "O1-A")
    made = [recorded(meant, now - timedelta(days=60)), confirmed(meant, now - timedelta(days=60), "SO-60")]
    house.house.journal.append(made)
    asked: list[str] = []

    def noted(port: Any, *, ord_num: str = "", **more: Any) -> Iterator[Page[SalesOrder]]:
        asked.append(ord_num)
        yield from port.sales_orders(ord_num=ord_num, **more)

    house.house.erp = Between(house.house.erp, sales_orders=noted)
    for minutes in (0, 2, 2):
        house.advance(minutes)
        settle(Run(house.house, "orders", uuid4(), house.house.clock.now()))

    assert asked == ["", "SO-60", "", "SO-60", "SO-60"]


def test_what_stays_unclear_or_gets_no_answer_never_keeps_another_from_being_looked_for(
    bench: Callable[..., Any],
) -> None:
    """Of six look-ups four can never be read and one is never answered; a run asks for two at a time."""
    house = bench(days=0.02, orders_per_day=0, skus=40)
    for name in ("no_orders", "no_hand_edits", "no_surprises", "relaxed_limits"):
        house.sandbox.scenario(name)
    house.run("catalogue")
    house.sandbox.scenario("burst")
    house.run("orders")
    erp = house.house.erp
    lost: list[str] = []

    def unanswered(port: Any, draft: SalesOrderDraft, key: str) -> str:
        number = str(port.create_order(draft, key))
        if len(lost) < 6 and draft.order_id not in lost:
            lost.append(draft.order_id)
            raise Unclear("the connection was cut after the effect")
        return number

    def unreadable(port: Any, *, order_id: str = "", **asked: Any) -> Iterator[Page[SalesOrder]]:
        if order_id == lost[4]:
            raise Retriable("no answer about this one")
        for page in port.sales_orders(order_id=order_id, **asked):
            yield replace(page, items=(), skipped=(order_id,)) if order_id in lost[:4] else page

    house.house.erp = Between(erp, create_order=unanswered)
    house.advance(12)
    house.run("orders")
    house.advance(30)  # whatever is there is shown by now
    house.house.erp = Between(erp, sales_orders=unreadable)
    rounds = []
    for _ in range(3):
        settle(Run(house.house, "orders", uuid4(), house.house.clock.now()), at_once=2)
        rows = house.rows("select order_id from intent_facts where state = 'unclear'")
        rounds.append({row["order_id"] for row in rows})

    assert len(set(lost)) == 6
    assert rounds[-1] == set(lost[:5])
    assert len(rounds[0]) >= 5


LOOKS = {
    "cancel_sales_line": (settle, "sales_orders", "ord_num", ("SO-1", "SO-2")),
    "create_return": (returns_settle.settle, "list_returns", "order_id", ("O1-A", "O2-A")),
    "cancel_return": (returns_settle.settle, "list_returns", "order_id", ("O1-A", "O2-A")),
}


@pytest.mark.parametrize("kind", LOOKS)
def test_what_gets_no_answer_about_one_lost_call_stops_neither_the_run_nor_the_next_look_up(
    bench: Callable[..., Any], kind: str
) -> None:
    house = bench(days=0.02, orders_per_day=0, skus=40)
    settle_all, method, name, (bad, good) = LOOKS[kind]
    now = house.house.clock.now()
    for n in (1, 2):
        what = {"ord_num": f"SO-{n}", "line_number": 1, "quantity": 1, "before_quantity": 0, "return_id": f"R{n}"}
        meant = Intent(kind, f"R{n}/SO-{n}", {**what, "ret_num": f"RA-{n}", "lines": []}, f"O{n}-A")
        house.house.journal.append([recorded(meant, now - timedelta(hours=2, minutes=-n))])
    asked: list[str] = []

    def unanswered(port: Any, **named: str) -> Iterator[Page[Any]]:
        asked.append(named[name])
        if named[name] == bad:
            raise Retriable("no answer about this one")
        yield from getattr(port, method)(**named)

    house.house.erp = Between(house.house.erp, **{method: unanswered})
    settle_all(Run(house.house, "orders", uuid4(), now))

    assert asked == [bad, good]
