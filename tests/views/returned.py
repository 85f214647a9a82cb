"""What the tests of returns share: how sales, refunds, returns and goods received are told."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from store import events
from store.database import Ask
from store.events import (
    ReceivedLinePart,
    ReturnedLinePart,
    ReturnRead,
    ReturnSeen,
)
from tests.told import DAY, HOUR, NOW, Told

LINE = "JL1-A-1"


def sold(told: Told, *refunds: tuple[str, int, str], quantity: int = 2, at: datetime = NOW - DAY) -> None:
    """JL1-A, two shirts at £39.00, has been received; refunds are (id, units, goods)."""
    parts = tuple(
        events.RefundPart(
            refund_id=name, quantity=units, amount=Decimal(goods), shipping_amount=Decimal(0),
            reason_code="RFD-SIZE", state="REFUNDED", refunded_at=at,
        )
        for name, units, goods in refunds
    )  # fmt: skip
    told.order("JL1-A", quantity=quantity, state="RECEIVED", placed=NOW - 40 * DAY, changed=at, refunds=parts)


def announced(
    told: Told, *, quantity: int = 1, state: str = "IN_PROGRESS", at: datetime = NOW - 5 * DAY, **more: Any
) -> None:
    told.tell(
        ReturnSeen(
            **{
                "happened_at": at, "return_id": "R1", "order_id": "JL1-A", "state": state, "reason_code": "SIZE",
                "rma": "RMA1", "tracking": "RM1", "opened_at": at, "changed_at": at, "is_before_start": False,
                "lines": (ReturnedLinePart(order_line_id=LINE, quantity=quantity, reason_code="SIZE"),), **more,
            }
        )
    )  # fmt: skip


def authorised(
    told: Told, *, received: int, closed: bool = True, quantity: int = 1, at: datetime = NOW - DAY
) -> None:
    told.tell(
        ReturnRead(
            happened_at=at, ret_num="R000001", order_id="JL1-A", ord_num="SO-1", return_id="R1", raw_status="20",
            is_closed=closed, entered_at=NOW - 5 * DAY, changed_at=at,
            lines=(
                ReceivedLinePart(
                    line_number=1, order_line_id=LINE, quantity=quantity, received_quantity=received
                ),
            ),
        )
    )  # fmt: skip


def wrong(ask: Ask, at: datetime = NOW) -> list[tuple[str, str]]:
    rows = ask("select kind, subject from conditions_returns($at) order by kind", {"at": at}).to_dicts()
    return [(row["kind"], row["subject"]) for row in rows]


def step(ask: Ask) -> str:
    return str(ask("select next_step from order_returns($at)", {"at": NOW})["next_step"].item())


def by_hand(told: Told, units: int, *, return_id: str = "", at: datetime = NOW - HOUR) -> None:
    """The returns bench took units of JL1-A in under an authorisation somebody typed."""
    told.tell(
        ReturnRead(
            happened_at=at, ret_num="R000900", order_id="JL1-A", ord_num="SO-1", return_id=return_id,
            raw_status="20", is_closed=True, entered_at=NOW - 2 * DAY, changed_at=at,
            lines=(ReceivedLinePart(line_number=1, order_line_id=LINE, quantity=2, received_quantity=units),),
        )
    )  # fmt: skip


def paid(
    name: str, goods: str, *, units: int = 1, shipping: str = "0", reason: str = "RFD-SIZE"
) -> events.RefundPart:
    return events.RefundPart(
        refund_id=name, quantity=units, amount=Decimal(goods), shipping_amount=Decimal(shipping),
        reason_code=reason, state="REFUNDED", refunded_at=NOW - 3 * DAY,
    )  # fmt: skip
