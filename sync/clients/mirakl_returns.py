"""Returns and refunds of the marketplace: what its answers say, in our words.

The law is that of `mirakl_wire` and `mirakl_words`: every member is optional, and what a record must have to mean
anything is decided where it becomes one of our own values.
"""

from collections.abc import Collection, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from sync import ports
from sync.clients.records import needed, read
from sync.clients.values import Moment, Text, Units


class _Wire(BaseModel):
    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True, frozen=True)


class Compliance(_Wire):
    """RT11, what was said of a line that came back."""

    compliant: bool | None = None


class ReturnLine(_Wire):
    """RT11, a line on its way back."""

    compliance: list[Compliance] | None = None
    order_line_id: Text = None
    quantity: Units = None
    reason_code: Text = None


class ReturnTracking(_Wire):
    """RT11, how the parcel can be followed."""

    tracking_number: Text = None


class Return(_Wire):
    """RT11. RT01's example says `status` where the description says `state`."""

    id: Text = None
    order_id: Text = None
    state: Text = None
    status: Text = None
    reason_code: Text = None
    rma: Text = None
    tracking: ReturnTracking | None = None
    return_lines: list[ReturnLine] | None = None
    date_created: Moment = None
    last_updated: Moment = None


class Refunded(_Wire):
    """OR28, what was refunded."""

    refund_id: Text = None
    order_line_id: Text = None


class Answered(_Wire):
    """RT21, RT25 and RT26, a return by its id, with what is wrong with it."""

    id: Text = None
    message: Text = None


def market_return(raw: Any) -> ports.MarketReturn:
    """RT11: a return."""
    got = read(Return, raw)
    created_at = needed(got.date_created, "date_created")
    return ports.MarketReturn(
        return_id=needed(got.id, "id"),
        order_id=needed(got.order_id, "order_id"),
        state=needed(got.state or got.status, "state"),
        reason_code=got.reason_code or "",
        rma=got.rma or "",
        tracking=(got.tracking.tracking_number if got.tracking else None) or "",
        created_at=created_at,
        updated_at=got.last_updated or created_at,
        lines=tuple(
            ports.ReturnedLine(
                order_line_id=needed(line.order_line_id, "return_lines.order_line_id"),
                quantity=needed(line.quantity, "return_lines.quantity"),
                reason_code=line.reason_code or "",
                is_compliant=line.compliance[-1].compliant if line.compliance else None,
            )
            for line in needed(got.return_lines, "return_lines")
        ),
    )


def refund_row(refund: ports.LineRefund) -> dict[str, Any]:
    """OR28: a refund as the marketplace takes it."""
    return {
        "order_line_id": refund.order_line_id,
        "quantity": refund.quantity,
        "amount": refund.amount,
        "shipping_amount": refund.shipping_amount,
        "reason_code": refund.reason_code,
        "currency_iso_code": refund.currency,
    }


def answer_row(answer: ports.ReturnAnswer) -> dict[str, Any]:
    """RT21: our word on a return as the marketplace takes it."""
    row: dict[str, Any] = {"id": answer.return_id, "accepted": answer.is_accepted}
    return row if answer.is_accepted else {**row, "rejection_reason_code": answer.reason_code}


def report_row(report: ports.ReturnReport) -> dict[str, Any]:
    """RT26: what came back and how, every line of it."""
    return {
        "id": report.return_id,
        "return_lines": [
            {"order_line_id": line_id, "compliant": True}
            if is_compliant
            else {
                "order_line_id": line_id,
                "compliant": False,
                "non_compliance_reason_code": report.reason_code,
            }
            for line_id, is_compliant in report.lines.items()
        ],
    }


def receipts(data: Mapping[str, Any], return_ids: Collection[str]) -> dict[str, ports.Outcome]:
    """RT21, RT25 and RT26: what became of each return the answer mentions.

    Raises:
        Unreadable: a row says nothing that can be believed.

    """
    outcomes: dict[str, ports.Outcome] = {}
    for member, is_ok in (("return_success", True), ("return_errors", False)):
        rows = data.get(member)
        for raw in rows if isinstance(rows, list) else ():
            told = read(Answered, raw)
            if told.id and told.id in return_ids:
                message = "" if is_ok else told.message or "refused without a reason"
                outcomes[told.id] = ports.Outcome(told.id, is_ok=is_ok, reference=told.id, message=message)
    return outcomes
