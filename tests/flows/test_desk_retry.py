"""Process again: what each flow is asked to try once more; where there is nothing to press, it is refused."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from store.commands import Retry
from sync.answers import Refusal
from sync.desk_exceptions import ExceptionDesk
from sync.flows import inventory
from sync.lanes import FLOWS, lanes_of
from sync.rules.exceptions import KINDS
from sync.runs import Run, Scope
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


@pytest.mark.parametrize("dry_run", [True, False])
def test_the_start_is_tried_again_by_the_worker_itself_and_says_so(shop: Shop, *, dry_run: bool) -> None:
    """It is no flow of a lane: nothing is there to run."""
    shop.told.run("start", "failed", ended=NOW - HOUR, message="no answer")
    (row,) = shop.rows(
        "select kind, subject, cause from conditions($at) where kind = 'flow_failing' and cause = 'start'", at=NOW
    )
    wrong = shop.told.wrong(row["kind"], row["subject"], cause=row["cause"])

    with pytest.raises(Refusal, match="`cherrylane doctor` says what is missing"):
        ExceptionDesk(shop.run.house, lanes_of(shop.run.house)).retry(
            "Ops", Retry(exception_id=wrong, dry_run=dry_run), lambda _: None
        )


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
    for cause in ("E1", "in several lines"):
        told.wrong("uncancelled_in_erp", f"JL1-A-{cause}", cause=cause)
    causes = shop.rows("from causes($at)", at=NOW)

    assert {(row["exception_kind"], row["cause"]): row["has_retry"] for row in causes} == {
        ("refused_by_erp", "CREDIT_HOLD"): True, ("dispatch_late", ""): False, ("nobody_wrote_this_down", ""): True,
        ("uncancelled_in_erp", "E1"): True, ("uncancelled_in_erp", "in several lines"): False,
    }  # fmt: skip


@dataclass
class Recorder:
    """A lane whose runs do nothing, and end well."""

    scopes: list[Scope] = field(default_factory=list)
    every: timedelta = timedelta(days=1)

    def run_once(self, scope: Scope) -> Run:
        self.scopes.append(scope)
        return cast("Run", SimpleNamespace(is_good=True, counts=Counter()))


@pytest.mark.parametrize(
    ("kind", "subjects", "flow", "asked"),
    [
        ("refused_by_marketplace", {"S1": "JL1", "S2": "JL2"}, "dispatch", [Scope(named=("JL1", "JL2"))]),
        ("import_errors", {"import/IMP-1": "", "LINEN-M": ""}, "inventory", [Scope(named=("LINEN-M",))]),
        ("import_failed", {"stock": ""}, "inventory", [Scope()]),
        ("batch_rejected", {"IB77": ""}, "inventory", [Scope(is_asked=True)]),
        ("refund_refused", {"R1/JL1-1": "JL1", "R2/JL2-1": "JL2"}, "returns",
         [Scope(named=("JL1", "JL2"), frees=("refund_line/JL1-1", "refund_line/JL2-1"))]),
        ("received_not_refunded", {"R1/JL1-1": "JL1"}, "returns", [Scope(named=("JL1",))]),
        ("refused_by_erp", {"JL1": "JL1"}, "orders", [Scope(key="JL1", is_stored=True)]),
        ("refused_by_erp", {"JL1": "JL1", "JL2": "JL2"}, "orders", [Scope(is_stored=True)]),
        ("alert_failed", {"duty": ""}, "alerts", [Scope(is_full=True)]),
        ("payout_unexplained", {"C1": ""}, "settlement", [Scope()]),
        ("count_gap/22 Nov 2026", {"JL1": "JL1", "2026-11-22/more": ""}, "orders",
         [Scope(day=date(2026, 11, 22))]),
        ("day_not_counted", {"2026-11-21": "", "2026-11-20": ""}, "orders",
         [Scope(day=date(2026, 11, 20)), Scope(day=date(2026, 11, 21))]),
        ("order_unclear/confirm_shipment", {"S1/1": "JL1"}, "dispatch", [Scope(named=("JL1",))]),
        ("order_unclear/create_return", {"R1/1": "JL1"}, "returns", [Scope(named=("JL1",))]),
        # what was written of the order is read there before it is decided on
        ("order_unclear/accept_order", {"JL1": "JL1"}, "orders",
         [Scope(key="JL1"), Scope(key="JL1", is_stored=True)]),
    ],
)  # fmt: skip
def test_each_flow_is_asked_for_the_very_things_that_are_to_be_tried_again(
    shop: Shop, kind: str, subjects: dict[str, str], flow: str, asked: list[Scope]
) -> None:
    lanes = {name: Recorder() for name in FLOWS}
    kind, _, cause = kind.partition("/")
    cause = cause or "x"
    for subject, order_id in subjects.items():
        shop.told.wrong(kind, subject, cause=cause, order_id=order_id)
    for order_id in filter(None, subjects.values()):
        shop.told.hold(order_id, "refused_by_erp", "x")
    desk = ExceptionDesk(shop.run.house, cast("Any", lanes))
    answer = desk.retry("Ops", Retry(exception_kind=kind, cause=cause), lambda _: None)
    holds = shop.rows("select reason, frees from order_hold_facts")

    assert {name: lane.scopes for name, lane in lanes.items() if lane.scopes} == {flow: asked, "watch": [Scope()]}
    assert answer["count"] == len(subjects)
    # only what the order is held for is released, and no other refusal of it
    released = {"reason": None, "frees": ["create_sales_order/x"]}
    held = {"reason": "refused_by_erp", "frees": None}
    assert all(hold == (released if kind == "refused_by_erp" else held) for hold in holds)


@pytest.mark.parametrize(
    ("wrong", "meant", "state", "mended"),
    [
        ("refused_by_erp/CREDIT_HOLD", "create_sales_order", "unclear", 0),
        ("refused_by_erp/CREDIT_HOLD", "create_sales_order", "recorded", 0),
        ("refused_by_erp/CREDIT_HOLD", "create_sales_order", "confirmed", 1),
        ("refused_by_erp/CREDIT_HOLD", "write_reference", "unclear", 1),  # another matter
        ("missing_in_erp/never sent", "create_sales_order", "unclear", 0),
        ("refused_by_marketplace/x", "confirm_shipment", "unclear", 0),
        ("count_gap/22 Nov 2026", "create_sales_order", "unclear", 1),
    ],
)
def test_what_was_sent_again_and_not_answered_is_not_said_to_be_mended(
    shop: Shop, wrong: str, meant: str, state: str, mended: int
) -> None:
    """Nothing is wrong with it at this moment: so the watch has closed it."""

    class Sender(Recorder):
        def run_once(self, scope: Scope) -> Run:
            if not self.scopes:
                shop.told.intent(meant, "x", state, order_id="JL1-A", at=shop.told.clock.now())
            return super().run_once(scope)

    class Closer(Recorder):
        def run_once(self, scope: Scope) -> Run:
            shop.told.wrong(kind, "JL1-A", cause=cause, order_id="JL1-A", is_closed=True)
            return super().run_once(scope)

    kind, _, cause = wrong.partition("/")
    exception_id = shop.told.wrong(kind, "JL1-A", cause=cause, order_id="JL1-A")
    shop.told.intent(meant, "x", "unclear", order_id="JL1-A", at=NOW - HOUR)  # from before
    lanes = {**{name: Sender() for name in FLOWS}, "watch": Closer()}
    desk = ExceptionDesk(shop.run.house, cast("Any", lanes))
    answer = desk.retry("Ops", Retry(exception_id=exception_id), lambda _: None)

    assert (answer["mended"], answer.get("unanswered", 0), answer["still_wrong"]) == (mended, 1 - mended, 0)
    assert answer["message"].endswith(
        "1 of 1 mended." if mended else "0 of 1 mended, 1 sent again without an answer: it is looked for."
    )


def test_what_is_asked_for_by_name_is_sent_though_nothing_of_it_changed(shop: Shop) -> None:
    assert inventory._asked(shop.run, Scope(named=("LINEN-L", "LINEN-M"))) == {"LINEN-L", "LINEN-M"}
