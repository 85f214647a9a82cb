"""What was meant for orders and returns before, and what became of it: the memory a next step is decided by.

Pure. What was refused for a reason stays refused until a person releases it; *not sent*, *absent* and *superseded*
mean that nothing happened. Whatever failed for a passing reason goes again after a gap that grows (rules.retrying).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sync.intents import NOT_SENT
from sync.rules.retrying import ABSENT, is_transient, next_try_at

INTERNAL = "INTERNAL"  # BlueCherry's word for a failure of its own server, and ours for those it names otherwise
NO_ANSWER = "NO_ANSWER"  # our word for a write whose answer never comes, and which is never there
OTHER_CONTENT = {"DUPLICATE_PO", "other_content"}  # the same key is there with a different content
SUPERSEDED = "superseded"  # what it was about is over, and by something else
NOTHING_HAPPENED = {NOT_SENT, ABSENT, SUPERSEDED}

Groups = Mapping[tuple[str, str], Sequence[Mapping[str, Any]]]  # an order's lines by division and warehouse


@dataclass(frozen=True, slots=True)
class Past:
    """The last intent of each kind and subject, those that failed in a row, and which creation carries a line."""

    last: Mapping[tuple[str, str], Mapping[str, Any]]
    failed: Mapping[tuple[str, str], Sequence[Mapping[str, Any]]]  # for a passing reason, oldest first
    carried: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # by line that is or may be there
    absent: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # by subject, the creation that last was

    def is_free(
        self, kind: str, subject: str, *, at: datetime | None = None, again_before: datetime | None = None
    ) -> bool:
        """Nothing of the kind is under way or done for the subject; `at` that moment what failed has rested."""
        last = self.last.get((kind, subject))
        if last is None:
            return True
        if last["state"] == "refused":
            return at is None or self._is_rested(last, at)
        return last["state"] == "confirmed" and again_before is not None and last["happened_at"] < again_before

    def is_free_again(self, kind: str, subject: str, hold: Mapping[str, Any] | None, now: datetime) -> bool:
        """It is free, and has rested or was released by a person since; `hold` is what holds its order."""
        last = self.last.get((kind, subject))
        is_freed = last is not None and self.is_freed(hold, last)
        return self.is_free(kind, subject, at=None if is_freed else now)

    def may_go(self, kind: str, subject: str, now: datetime) -> bool:
        """It is free, has rested, and was not refused for a reason."""
        return self.is_free(kind, subject, at=now) and self.refusal(kind, subject) is None

    def _is_rested(self, last: Mapping[str, Any], now: datetime) -> bool:
        """Whether the gap after what last failed for a passing reason is over, if it was that.

        What was never sent was due when it was begun, whatever had failed before it: it still is.
        """
        failures = self.failures(last["intent_kind"], last["subject"])
        if not failures or not is_transient(last["code"]):
            return True
        return next_try_at(last["happened_at"], last["code"], failures, last["subject"]) <= now

    def elsewhere(self, order_id: str, groups: Groups) -> list[Mapping[str, Any]]:
        """The creations on whose way a line is under another division or warehouse than the mappings name now."""
        return [
            carrier
            for (division, warehouse), lines in groups.items()
            for line in lines
            if (carrier := self.carried.get(line["order_line_id"])) is not None
            and carrier["is_pending"]
            and carrier["subject"] != f"{order_id}/{division}/{warehouse}"
        ]

    def refusal(self, kind: str, subject: str) -> Mapping[str, Any] | None:
        """The last intent, if it was refused for a reason."""
        last = self.last.get((kind, subject))
        is_refusal = (
            last is not None
            and last["state"] == "refused"
            and last["code"] not in NOTHING_HAPPENED
            and not is_transient(last["code"])
        )
        return last if is_refusal else None

    def is_refused_for_good(self, kind: str, subject: str, hold: Mapping[str, Any] | None) -> bool:
        """It was refused for a reason, and nobody has released its order since; `hold` is what holds it."""
        refusal = self.refusal(kind, subject)
        return refusal is not None and not self.is_freed(hold, refusal)

    def failures(self, kind: str, subject: str) -> int:
        """How often it failed for a passing reason since it last did not."""
        return len(self.failed.get((kind, subject), ()))

    def failure(self, kind: str, subject: str) -> Mapping[str, Any] | None:
        """The last of those; a try that was never sent is none."""
        failed = self.failed.get((kind, subject))
        return failed[-1] if failed else None

    @staticmethod
    def is_freed(hold: Mapping[str, Any] | None, refusal: Mapping[str, Any]) -> bool:
        """Whether a person released the order after it was refused, and meant this refusal."""
        if hold is None or hold["reason"] is not None:
            return False
        frees, kind = hold.get("frees"), refusal["intent_kind"]
        named = {kind, f"{kind}/{refusal['code']}", f"{kind}/{cause_of(refusal)}"}
        is_meant = frees is None or not named.isdisjoint(frees)
        return is_meant and bool((hold["happened_at"], hold["seq"]) > (refusal["happened_at"], refusal["seq"]))

    def was_absent_since(self, subject: str, moment: datetime) -> bool:
        """Meant after that moment, looked for, and surely not there; what was refused since made nothing of it."""
        absent = self.absent.get(subject)
        return absent is not None and (absent["meant_at"] or absent["happened_at"]) >= moment


def cause_of(failure: Mapping[str, Any]) -> str:
    """Why it failed; of what was surely absent, what BlueCherry had answered with."""
    if failure["code"] != ABSENT:
        return str(failure["code"])
    answered = failure.get("answered") or NO_ANSWER
    return answered if is_transient(answered) else INTERNAL


def freed_by(exception_kind: str, cause: str) -> tuple[str, ...]:
    """Which refusals of an order a person means who tries an exception of it again, as `OrderReleased.frees`."""
    if exception_kind == "refused_by_erp":
        return (f"create_sales_order/{ABSENT if cause == NO_ANSWER else cause}",)
    if exception_kind == "duplicate_po":
        return tuple(sorted(f"create_sales_order/{code}" for code in OTHER_CONTENT))
    return _FREED.get(exception_kind, ())


_FREED = {
    "accept_refused": ("accept_order",),
    "acceptance_due": ("accept_order", "refuse_order"),  # either may wait for its next try
    "refuse_refused": ("refuse_order",),
    "reference_refused": ("write_reference",),
    "uncancelled_in_erp": ("cancel_sales_line",),
}


def past_of(intents: Sequence[Mapping[str, Any]]) -> Past:
    """The memory of these intents, rows of `intent_facts`; creations with the `line_ids` they carry, and `is_sent`.

    What was only looked for, lest somebody else had created it, was never sent: that it is absent is no failure.
    """
    last: dict[tuple[str, str], Mapping[str, Any]] = {}
    carried: dict[str, Mapping[str, Any]] = {}
    absent: dict[str, Mapping[str, Any]] = {}
    failed: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in sorted(intents, key=lambda one: (one["meant_at"] or one["happened_at"], one["seq"])):
        about = row["intent_kind"], row["subject"]
        last[about] = row
        if row["intent_kind"] == "create_sales_order":
            if row["state"] != "refused":
                carried.update(dict.fromkeys(row["line_ids"], row))
            if row["code"] == ABSENT:
                absent[row["subject"]] = row
            elif row["state"] == "confirmed" or row["code"] in OTHER_CONTENT:
                absent.pop(row["subject"], None)
        if row["code"] == NOT_SENT or (row["code"] == ABSENT and not row.get("is_sent", True)):
            continue  # what was never sent says nothing of the other side
        if row["state"] == "refused" and is_transient(row["code"]):
            failed.setdefault(about, []).append(row)
        elif row["state"] in {"confirmed", "refused"}:  # what is not known yet says nothing, too
            failed.pop(about, None)
    return Past(last, failed, carried, absent)
