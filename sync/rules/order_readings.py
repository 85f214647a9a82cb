"""Which of two readings of an order is the later one, where their stamps say the wrong thing.

Pure. A clock that ran ahead and was put right stamps what changes next behind what it stamped last; a stale answer
is stamped behind as well. What an order shows tells the two apart: it never goes back to an earlier state, and what
was cancelled or refunded of a line stays so. Where that leaves it open, the order is asked for once more, and what
it shows then counts.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any

from store.events import OrderPlaced

_ON_ITS_WAY = (
    "STAGING", "WAITING_ACCEPTANCE", "WAITING_DEBIT", "WAITING_DEBIT_PAYMENT", "SHIPPING", "SHIPPED", "TO_COLLECT",
    "RECEIVED", "CLOSED",
)  # fmt: skip
_ENDED = len(_ON_ITS_WAY)
_RANKS = {state: rank for rank, state in enumerate(_ON_ITS_WAY)} | {"REFUSED": _ENDED, "CANCELED": _ENDED}


class Standing(Enum):
    """How a reading that is stamped behind the one we have stands to it."""

    SAME = "says nothing else"
    STALE = "shows what was before"
    FURTHER = "shows what came after"
    OPEN = "may be either"


def standing(shown: OrderPlaced, before: OrderPlaced) -> Standing:
    """How what is shown now, stamped behind what was shown before, stands to that."""
    if _content(shown) == _content(before):
        return Standing.SAME
    steps = _steps(shown, before)
    if any(step < 0 for step in steps):
        return Standing.STALE
    return Standing.FURTHER if any(steps) else Standing.OPEN


def _steps(shown: OrderPlaced, before: OrderPlaced) -> list[int]:
    """How far everything that only grows has grown; a state nobody told us of says nothing."""
    ranks = _RANKS.get(shown.state), _RANKS.get(before.state)
    steps = [ranks[0] - ranks[1]] if ranks[0] is not None and ranks[1] is not None else []
    lines = {line.order_line_id: line for line in before.lines}
    for line in shown.lines:
        if (known := lines.get(line.order_line_id)) is not None:
            steps += [
                line.cancelled_quantity - known.cancelled_quantity,
                line.refunded_quantity - known.refunded_quantity,
            ]
    return steps


def _content(order: OrderPlaced) -> Mapping[str, Any]:
    return order.model_dump(exclude={"changed_at"})
