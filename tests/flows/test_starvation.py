"""Nine orders whose every sending fails never delay the tenth; they themselves are tried after growing gaps."""

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from sync.errors import Refused, Unclear
from sync.ports import SalesOrderDraft


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


def house_with(bench: Callable[..., Any], trouble: Callable[[], Exception]) -> tuple[Any, Poisoned, set[str]]:
    """A house that sends one order at a time, and the first nine orders it meets are never taken."""
    house = bench(days=0.02, orders_per_day=0, skus=40, settings={"erp_concurrency": 1})
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
    house, erp, bad = house_with(bench, lambda: Refused("busy", status=409, code="LOCK_TIMEOUT", reason="busy"))
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
    house, _, bad = house_with(bench, lambda: Refused("busy", status=409, code="LOCK_TIMEOUT", reason="busy"))
    for _ in range(90):
        house.advance(1)
        house.run("orders")
    for moments in tries(house, bad).values():
        gaps = [later - earlier for earlier, later in pairwise(moments)]
        assert 4 <= len(moments) <= 9
        # each at least a good half longer than the one before, within the jitter of a quarter and a run a minute
        assert all(later >= earlier * 0.9 for earlier, later in pairwise(gaps))
        assert gaps[-1] > 4 * gaps[0]
        assert gaps[0] >= timedelta(minutes=1.5)
    firsts = {moments[2] - moments[1] for moments in tries(house, bad).values()}
    house.run("watch")
    rows = house.rows("select detail from exception_facts where is_open and exception_kind = 'refused_by_erp'")

    assert len(firsts) > 1  # they do not come back together
    assert len(rows) == 9
    assert all(row["detail"].endswith("busy. Tried again by itself.") for row in rows)
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
