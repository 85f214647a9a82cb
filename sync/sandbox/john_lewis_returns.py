"""Returns at John Lewis: what customers send back, and what the seller says of it.

Law: a return is logistics alone; its money is a refund of its own. Chance comes from a stream of this room, so
that the customers of a seed are the same with returns and without. Nothing is sent back of what never left.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sync.sandbox.deadlines import iso
from sync.sandbox.john_lewis_model import Line, Order, Refused
from sync.sandbox.john_lewis_query import Asked

if TYPE_CHECKING:
    from sync.sandbox.world import World

STATES = frozenset((
    "WAITING_ACCEPTANCE", "IN_PROGRESS", "REFUSED", "RECEIVED", "NO_RECEPTION", "CLOSED", "CANCELED",
))  # fmt: skip
REJECTIONS = frozenset(f"RETURN_REJECTION_{name}" for name in ("NOT_ELIGIBLE", "NOT_NEEDED", "WINDOW_CLOSED"))
NON_COMPLIANCES = frozenset(
    f"RETURN_NON_COMPLIANT_{name}"
    for name in ("MISSING_ITEM", "WRONG_PRODUCT", "DAMAGED_PRODUCT", "WINDOW_CLOSED", "OTHER")
)
WHO_REFUNDS = ("john_lewis_at_once", "john_lewis_on_receipt", "seller")
_REASONS = {
    "RFD-SIZE": "RETURN_PDNT_TOO_SMALL", "RFD-CHANGED-MIND": "RETURN_CHANGED_MIND",
    "RFD-FAULTY": "RETURN_DEFECTIVE_ITEM",
}  # fmt: skip
_DAYS_IN_POST = (1.0, 6.0)
_NEVER_COMES, _COMES_SHORT = 0.04, 0.05


@dataclass(slots=True)
class Return:
    """Units of one line on their way back."""

    return_id: str
    order: Order
    line: Line
    quantity: int
    reason_code: str
    rma: str
    tracking: str
    created_at: datetime
    updated_at: datetime
    arrives: int  # units that really are in the parcel; 0: it never comes
    state: str = "IN_PROGRESS"
    rejection: str | None = None
    wrong: str | None = None  # why it is not as it should be; None: nobody said so
    is_checked: bool = False

    def body(self) -> dict[str, Any]:
        """RT11: one return."""
        return {
            "id": self.return_id,
            "order_id": self.order.order_id,
            "order_commercial_id": self.order.commercial_id,
            "state": self.state,
            "method_code": "RETURN_METHOD_BY_MAIL",
            "reason_code": self.reason_code,
            "rejection_reason_code": self.rejection,
            "description": None,
            "rma": self.rma,
            "return_lines": [
                {
                    "order_line_id": self.line.line_id,
                    "quantity": self.quantity,
                    "reason_code": self.reason_code,
                    "compliance": self._compliance(),
                }
            ],
            "tracking": {
                "carrier_code": "royal-mail",
                "carrier_name": "Royal Mail",
                "carrier_standard_code": None,
                "tracking_number": self.tracking,
                "tracking_url": None,
            },
            "return_address": None,
            "label_url": None,
            "documents": [],
            "date_created": iso(self.created_at),
            "last_updated": iso(self.updated_at),
        }

    def _compliance(self) -> list[dict[str, Any]]:
        if not self.is_checked:
            return []
        told: dict[str, Any] = {"compliant": self.wrong is None}
        return [{**told, "non_compliance_reason_code": self.wrong} if self.wrong else told]

    def as_truth(self) -> dict[str, Any]:
        """The truth of it."""
        return {
            "id": self.return_id, "order_id": self.order.order_id, "order_line_id": self.line.line_id,
            "quantity": self.quantity, "arrives": self.arrives, "state": self.state,
            "created_at": iso(self.created_at), "rejection": self.rejection, "wrong": self.wrong,
        }  # fmt: skip


class Returns:
    """Every return of the shop, and who pays for it."""

    def __init__(self, world: "World") -> None:
        """Nothing has come back yet."""
        self.world = world
        self.returns: dict[str, Return] = {}
        self.who_refunds = WHO_REFUNDS[0]
        self.asks_the_seller = False
        self.scenarios: dict[str, Callable[[], object]] = {
            "return_some": lambda: self.send_some(5),
            "returns_arrive": self.all_arrive,
            "returns_get_lost": self.lose_all,
            "refund_returns_again": self.refund_again,
            "cancel_returns": self.cancel_all,
            "refund_without_return": self.refund_alone,
            "returns_need_acceptance": lambda: self._ask_the_seller(is_asked=True),
            "returns_need_no_acceptance": lambda: self._ask_the_seller(is_asked=False),
            **{f"refunded_by_{who}": partial(self._refunded_by, who) for who in WHO_REFUNDS},
        }

    @property
    def refunds_at_once(self) -> bool:
        """Whether John Lewis gives the money back when the customer hands the goods in."""
        return self.who_refunds == WHO_REFUNDS[0]

    def _ask_the_seller(self, *, is_asked: bool) -> None:
        self.asks_the_seller = is_asked

    def _refunded_by(self, who: str) -> None:
        self.who_refunds = who

    def send_back(self, order: Order, line: Line, units: int, reason: str) -> Return:
        """A customer hands units of a line in: they are in the post to the brand's warehouse."""
        rng = self.world.rng("returns")
        fate = rng.random()
        arrives = 0 if fate < _NEVER_COMES else units
        if units > 1 and _NEVER_COMES <= fate < _NEVER_COMES + _COMES_SHORT:
            arrives = units - 1
        number = len(self.returns) + 1
        now = self.world.now
        sent = Return(
            str(UUID(int=rng.getrandbits(128), version=4)), order, line, units,
            _REASONS.get(reason, "RETURN_OTHER"), f"RMA{number:06d}", f"RM{rng.randrange(10**8, 10**9)}GB",
            now, now, arrives,
        )  # fmt: skip
        self.returns[sent.return_id] = sent
        days = rng.uniform(*_DAYS_IN_POST)
        if self.asks_the_seller:
            sent.state = "WAITING_ACCEPTANCE"
        self.world.after(days * 1440, lambda: self._arrive(sent))
        return sent

    def answer(self, return_id: str, *, is_accepted: bool, reason: str | None) -> None:
        """RT21: the seller takes it back, or does not."""
        sent = self._in_state(return_id, "WAITING_ACCEPTANCE")
        if not is_accepted and reason not in REJECTIONS:
            raise Refused(400, f"Return {return_id}: {reason} is no reason to refuse it")
        sent.state, sent.updated_at = "IN_PROGRESS" if is_accepted else "REFUSED", self.world.now
        if not is_accepted:
            sent.rejection, sent.arrives = reason, 0

    def check(self, return_id: str, lines: Mapping[str, str | None]) -> None:
        """RT26: what of it is not as it should be, and why; every line has its word."""
        sent = self._in_state(return_id, "RECEIVED")
        if set(lines) != {sent.line.line_id}:
            raise Refused(400, f"The compliance has not been specified on {sent.line.line_id}")
        wrong = lines[sent.line.line_id]
        if wrong is not None and wrong not in NON_COMPLIANCES:
            raise Refused(400, f"Return {return_id}: {wrong} is no reason")
        sent.is_checked, sent.wrong, sent.updated_at = True, wrong, self.world.now

    def _in_state(self, return_id: str, state: str) -> Return:
        sent = self.returns.get(return_id)
        if sent is None:
            raise Refused(404, f"Return {return_id} not found")
        if sent.state != state:
            raise Refused(400, f"Return {return_id} is {sent.state}, not {state}")
        return sent

    def send_some(self, most: int) -> None:
        """A few orders come back in part: a unit of a line each."""
        rng = self.world.rng("returns")
        orders = [
            order
            for order in self.world.john_lewis.orders.values()
            if order.state in ("SHIPPED", "RECEIVED", "CLOSED") and order.created_at >= self.world.START_ON
        ]
        for order in rng.sample(orders, min(most, len(orders))):
            lines = [line for line in order.lines if self.returnable(line)]
            if lines:
                line = rng.choice(lines)
                self.send_back(order, line, 1, "RFD-SIZE")
                if self.refunds_at_once:
                    self._refund(line, 1)

    def returnable(self, line: Line) -> int:
        """Units of a line that have left and are not on their way back."""
        back = sum(sent.quantity for sent in self.returns.values() if sent.line is line)
        return max(line.shipped_quantity - back, 0) if line.amount_left > 0 else 0

    def all_arrive(self) -> None:
        """Every parcel on its way back is at the warehouse's door."""
        for sent in list(self.returns.values()):
            self._arrive(sent)

    def lose_all(self) -> None:
        """What is on its way now never comes."""
        for sent in self.returns.values():
            sent.arrives = 0

    def cancel_all(self) -> None:
        """The customers of returns that nobody has received keep their goods after all."""
        for sent in self.returns.values():
            if sent.state == "IN_PROGRESS":
                sent.arrives, sent.state, sent.updated_at = 0, "CANCELED", self.world.now

    def _arrive(self, sent: Return) -> None:
        if sent.arrives and sent.state != "WAITING_ACCEPTANCE":
            self.world.bluecherry.returns.arrive(sent.return_id, sent.line.line_id, sent.arrives)

    def receive(self, return_id: str) -> None:
        """RT25: the seller has the goods."""
        sent = self._in_state(return_id, "IN_PROGRESS")
        sent.state, sent.updated_at = "RECEIVED", self.world.now
        if self.who_refunds == "john_lewis_on_receipt":
            self._refund(sent.line, sent.quantity)

    def refund_again(self) -> None:
        """Somebody at John Lewis refunds what was refunded before."""
        for sent in self.returns.values():
            if sent.line.refunds and sent.line.amount_left > 0:
                self._refund(sent.line, sent.quantity)

    def refund_alone(self) -> None:
        """Somebody at John Lewis pays a unit back that nobody sends back."""
        shop = self.world.john_lewis
        lines = (line for order in shop.orders.values() for line in order.lines if self.returnable(line))
        if (line := next(lines, None)) is not None:
            self._refund(line, 1)

    def _refund(self, line: Line, units: int) -> None:
        amount = min(line.unit_price * units, line.amount_left)
        if amount > 0:
            self.world.john_lewis.order_room.refund(line.line_id, amount, amount * 0, units, "RFD-SIZE")


def find(asked: Asked, world: "World") -> list[Return]:
    """RT11, oldest first."""
    found = list(world.john_lewis.returns.returns.values())
    states = asked.repeated("return_state")
    if states is not None and (strange := sorted(states - STATES)):
        raise Refused(400, f"Parameter 'return_state' has unknown values: {', '.join(strange)}")
    wanted: tuple[tuple[str, Callable[[Return], str]], ...] = (
        ("return_id", lambda each: each.return_id),
        ("return_state", lambda each: each.state),
        ("order_commercial_id", lambda each: each.order.commercial_id),
        ("order_line_id", lambda each: each.line.line_id),
        ("return_rma", lambda each: each.rma),
        ("customer_id", lambda each: each.order.customer.customer_id),
    )
    for name, value_of in wanted:
        values = asked.repeated(name)
        if values is not None:
            found = [each for each in found if value_of(each) in values]
    moments: tuple[tuple[str, Callable[[Return], datetime]], ...] = (
        ("return_creation_date", lambda each: each.created_at),
        ("return_last_updated", lambda each: each.updated_at),
    )
    for name, moment_of in moments:
        if (since := asked.moment(f"{name}_from")) is not None:
            found = [each for each in found if moment_of(each) >= since]
        if (until := asked.moment(f"{name}_to")) is not None:
            found = [each for each in found if moment_of(each) <= until]
    if (asked.text("sort") or "dateCreated,ASC") not in ("dateCreated", "dateCreated,ASC", "dateCreated,DESC"):
        raise Refused(400, "Parameter 'sort' is not valid")
    is_newest_first = asked.text("sort") == "dateCreated,DESC"
    return sorted(found, key=lambda each: (each.created_at, each.return_id), reverse=is_newest_first)
