"""What a sales order that could be created waits for: its own last failure, or BlueCherry's taking none at all.

Pure. Both are told as `refused_by_erp`; neither is a person's to mend, and both end by themselves.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sync.rules.order_known import Known
from sync.rules.order_past import NO_ANSWER, Past, cause_of
from sync.rules.retrying import ABSENT, next_try_at


@dataclass(frozen=True, slots=True)
class Wait:
    """Until when a sales order waits for what failed, and how its order is held meanwhile."""

    failed: Mapping[str, Any]  # a person's word after it ends the wait
    until_at: datetime
    cause: str
    detail: str
    is_told: bool = True  # it is held so, and not only left for a while


def failed_before(past: Past, subject: str) -> Wait | None:
    """What keeps failing for a passing reason. None: nothing that anybody is told of.

    It stays held while it is tried again, whoever asked for that, until the outcome is known: so its exception does
    not close and open with each try, nor as mended with one that was asked for.
    """
    failed, failures = past.failure("create_sales_order", subject), past.failures("create_sales_order", subject)
    if failed is None:
        return None
    cause = cause_of(failed)
    if cause == NO_ANSWER and failures == 1:
        return None
    until_at = next_try_at(failed["happened_at"], ABSENT if cause == NO_ANSWER else cause, failures, subject)
    words = failed["message"].removesuffix(".")
    if failed["code"] == ABSENT:
        came = "its answer never came" if cause == NO_ANSWER else f"BlueCherry answered {failed['answered']}"
        words = f"{came}, and it was not there"
    times = f"{failures} times" if failures > 1 else "once"
    detail = f"Tried {times}, the last at {failed['happened_at']:%H:%M} UTC: {words}. Tried again by itself."
    return Wait(failed, until_at, cause, detail)


def rests_with_all(known: Known, past: Past, order_id: str, subject: str) -> Wait | None:
    """What BlueCherry's taking none at all means for a sales order. None: it takes them, as far as we know.

    It is told at once of what had failed, or was asked for: neither may seem mended while it waits with the others.
    When one is to be tried each may be it, and stays held or not as it is.
    """
    rest, hold = known.rest, known.holds.get(order_id) or {}
    if rest is None:
        return None
    is_asked_about = past.failures("create_sales_order", subject) > 0 or bool(hold.get("frees"))
    is_told = hold.get("reason") == "refused_by_erp" or (
        rest.next_try_at > known.now and (is_asked_about or rest.is_told(known.now))
    )
    # a word given at that very moment was given before
    answered = {"intent_kind": "create_sales_order", "code": rest.code, "happened_at": rest.last_at, "seq": 2**62}
    return Wait(answered, rest.next_try_at, rest.code, rest.words, is_told)
