"""What *Process again* would do, shown before it is pressed: for each flow, and nothing of any other order."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest

from store.commands import Retry
from store.events import CreditLinePart, CreditMemoRead
from sync.desk_exceptions import ExceptionDesk
from sync.lanes import lanes_of
from sync.ports import Page
from sync.runs import Preview, Scope
from tests.flows.shop import Shop, settings_of
from tests.told import DAY, HOUR, NOW
from tests.views.returned import LINE, announced, authorised, sold


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = Shop(tmp_path / "store.duckdb", settings_of())
    yield opened
    opened.told.close()


def cancelled_by_the_customer(shop: Shop, order_id: str) -> UUID:
    """One of two units is cancelled at John Lewis, and BlueCherry did not take that."""
    ord_num = f"SO-{order_id}"
    shop.told.order(order_id, quantity=2, cancelled=1, changed=NOW - 2 * HOUR, seller_reference=ord_num)
    shop.told.sales_order(ord_num, order_id, quantity=2)
    shop.told.intent("create_sales_order", f"{order_id}/NMK/WH1", "confirmed", order_id=order_id, reference=ord_num)
    shop.told.intent("cancel_sales_line", f"{order_id}-1/0", "refused", order_id=order_id, code="E1")
    return shop.told.wrong("uncancelled_in_erp", f"{order_id}-1", cause="E1", order_id=order_id)


def test_a_cancellation_that_goes_again_is_foreseen_and_no_other_of_them(shop: Shop) -> None:
    asked: list[tuple[Any, ...]] = []
    shop.run.house.erp = cast("Any", SimpleNamespace(cancel_line=lambda *what: asked.append(what)))
    one, _ = (cancelled_by_the_customer(shop, order_id) for order_id in ("JL1-A", "JL2-A"))
    desk = ExceptionDesk(shop.run.house, lanes_of(shop.run.house))
    foreseen = desk.retry("Ops", Retry(exception_id=one, dry_run=True), lambda _: None)
    before = list(asked)
    desk.retry("Ops", Retry(exception_id=one), lambda _: None)

    assert foreseen["message"] == "Of 1 exception, 1 goes on."
    assert foreseen["differences"] == [{"order": "JL1-A", "then": "goes on"}]
    assert before == []
    assert [what[:3] for what in asked] == [("SO-JL1-A", 1, 1)]


@pytest.mark.parametrize(
    ("kind", "cause", "words"),
    [
        ("sent_not_visible", "", "Asks BlueCherry for it again; it is never simply sent a second time."),
        ("order_unclear", "create_sales_order",
         "Looks again whether it happened; it is never simply sent a second time."),
        ("order_unclear", "refund_line", "Looks again whether it happened; it is never simply sent a second time."),
    ],
)  # fmt: skip
def test_of_what_is_looked_for_that_is_said_and_nothing_of_other_orders(
    shop: Shop, kind: str, cause: str, words: str
) -> None:
    cancelled_by_the_customer(shop, "JL2-A")  # the flow would have this to do
    ids = tuple(
        shop.told.wrong(kind, f"{order_id}/NMK/WH1", cause=cause, order_id=order_id)
        for order_id in ("JL1-A", "JL3-A")
    )
    desk = ExceptionDesk(shop.run.house, lanes_of(shop.run.house))
    foreseen = desk.retry("Ops", Retry(exception_ids=ids, dry_run=True), lambda _: None)

    assert foreseen["message"] == f"For 2 exceptions: {words} What comes of it shows only then."
    assert foreseen["differences"] == [{"order": order_id, "then": words} for order_id in ("JL1-A", "JL3-A")]


def test_bluecherry_is_asked_for_each_sales_order_it_was_foreseen_to_be_asked_for(shop: Shop) -> None:
    orders, asked = [f"JL{number:02}-A" for number in range(25)], set[str]()

    def sales_orders(*, ord_num: str = "", **_by: Any) -> Iterator[Page[Any]]:
        asked.add(ord_num.removeprefix("SO-"))
        yield Page((), None, ())

    shop.run.house.erp = cast("Any", SimpleNamespace(sales_orders=sales_orders))
    shop.run.house.marketplace = cast("Any", SimpleNamespace(orders=lambda **_: iter(())))
    with shop.told.in_one_go():
        for one in orders:
            subject, at, ord_num = f"{one}/NMK/WH1", NOW - 5 * HOUR, f"SO-{one}"
            shop.told.order(one, changed=at)
            shop.told.intent("create_sales_order", subject, "confirmed", order_id=one, reference=ord_num, at=at)
            shop.told.wrong("sent_not_visible", subject, order_id=one)
    desk = ExceptionDesk(shop.run.house, lanes_of(shop.run.house))
    of_it = Retry(exception_kind="sent_not_visible", cause="")
    foreseen = desk.retry("Ops", of_it.model_copy(update={"dry_run": True}), lambda _: None)
    before = set(asked)
    desk.retry("Ops", of_it, lambda _: None)

    assert foreseen["difference_count"] == len(orders)
    assert before == set()
    assert asked - {""} == set(orders)


def test_a_refund_is_foreseen_with_the_money_that_goes_back_and_not_that_which_went_before(
    tmp_path: Path,
) -> None:
    shop = Shop(tmp_path / "store.duckdb", settings_of(REFUNDED_BY="seller", REFUND_REASON="RFD-SIZE"))
    house, told = shop.run.house, shop.told
    house.start_on = NOW - 60 * DAY
    nothing_new = dict.fromkeys(("list_returns", "list_credit_memos"), lambda **_: iter(()))
    house.marketplace = house.erp = cast("Any", SimpleNamespace(**nothing_new))
    sold(told, ("F1", 1, "39.00"))
    announced(told, quantity=2, state="RECEIVED")
    authorised(told, quantity=2, received=2)
    told.tell(
        CreditMemoRead(
            happened_at=NOW, memo_number="CM1", ret_num="R000001", order_id="JL1-A", issued_at=NOW, currency="GBP",
            total_amount=Decimal("81.50"), shipping_amount=Decimal("3.50"),
            lines=(CreditLinePart(order_line_id=LINE, quantity=2, amount=Decimal("78.00")),),
        )
    )  # fmt: skip
    ids = (told.wrong("received_not_refunded", f"R1/{LINE}", order_id="JL1-A"),)
    desk = ExceptionDesk(house, lanes_of(house))
    foreseen = desk.retry("Ops", Retry(exception_ids=ids, dry_run=True), lambda _: None)
    told.close()

    assert foreseen["differences"] == [
        {"order": "JL1-A", "does": "refund line", "what": f"R1/{LINE}",
         "amount": "42.50 GBP, 3.50 of it shipping"},
    ]  # fmt: skip


@dataclass
class Foreseer:
    """A lane that foresees one step for each order it is asked about."""

    scopes: list[Scope] = field(default_factory=list)

    def preview(self, scope: Scope) -> Preview:
        self.scopes.append(scope)
        return Preview(f"{len(scope.named)} steps.", tuple({"order": order} for order in scope.named))


def message(shop: Shop, lanes: Any, ids: Sequence[UUID]) -> str:
    desk = ExceptionDesk(shop.run.house, lanes)
    return str(desk.retry("Ops", Retry(exception_ids=tuple(ids), dry_run=True), lambda _: None)["message"])


def test_several_causes_are_foreseen_each_by_its_own_flow(shop: Shop) -> None:
    told, returns, dispatch = shop.told, Foreseer(), Foreseer()
    ids = [
        cancelled_by_the_customer(shop, "JL1-A"),
        told.wrong("refund_refused", "R2/JL2-A-1", cause="unseen", order_id="JL2-A"),
        told.wrong("refund_refused", "R3/JL3-A-1", cause="400", order_id="JL3-A"),
        told.wrong("refused_by_marketplace", "S4", cause="x", order_id="JL4-A"),
        told.wrong("count_gap", "JL5-A", cause="22 Nov 2026", order_id="JL5-A"),
    ]
    lanes = {**lanes_of(shop.run.house), "returns": returns, "dispatch": dispatch}
    words = message(shop, lanes, ids)

    assert sorted(words.replace(". ", ".|").split("|")) == sorted(
        (
            "Of 1 exception, 1 goes on.",
            "The returns flow would run for 2 exceptions: 2 steps.",
            "The dispatch flow would run for 1 exception: 1 steps.",
            "For 1 exception: Counts the day now, as the next hour does by itself; *Fetch again* reads the order.",
            "What comes of it shows only then.",
        )
    )
    assert returns.scopes == [Scope(named=("JL2-A", "JL3-A"), frees=("refund_line/JL2-A-1", "refund_line/JL3-A-1"))]
    assert dispatch.scopes == [Scope(named=("JL4-A",))]
