"""What John Lewis is told of a return that waits for our word, or of goods that are not as they should be.

Pure. A return of what was sent is accepted by itself where the policy says so; one that claims more than was sent,
and every refusal, is a person's word. So is that goods came back damaged, wrong or short: it is about the
customer's money.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sync.intents import Intent
from sync.rules.order_past import Past, past_of
from sync.rules.return_frees import is_freed

ANSWER, REPORT = "answer_return", "report_return"
REJECTIONS = {
    "RETURN_REJECTION_NOT_ELIGIBLE": "Not eligible",
    "RETURN_REJECTION_NOT_NEEDED": "Not needed",
    "RETURN_REJECTION_WINDOW_CLOSED": "Too late",
}
NON_COMPLIANCES = {
    "RETURN_NON_COMPLIANT_MISSING_ITEM": "Something is missing",
    "RETURN_NON_COMPLIANT_WRONG_PRODUCT": "Another product",
    "RETURN_NON_COMPLIANT_DAMAGED_PRODUCT": "Damaged",
    "RETURN_NON_COMPLIANT_WINDOW_CLOSED": "Too late",
    "RETURN_NON_COMPLIANT_OTHER": "Another reason",
}


def decide(
    returns: Sequence[Mapping[str, Any]],
    said: Mapping[str, Mapping[str, Any]],
    intents: Sequence[Mapping[str, Any]],
    *,
    now: datetime,
    accepts_fitting: bool,
    frees: Collection[str] = (),
) -> tuple[Intent, ...]:
    """The words to pass on now, one a return.

    `returns` are rows of `order_returns`; `said` rows of `return_decision_facts` by return; `intents` rows of
    `intent_facts` of these kinds; `frees` names what was refused and a person wants said once more.
    """
    by_return: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in returns:
        by_return[row["return_id"]].append(row)
    past = past_of(intents)
    found = []
    for return_id, rows in sorted(by_return.items()):
        intent = _word(return_id, rows, said.get(return_id), accepts_fitting=accepts_fitting)
        if intent is not None and _is_free(past, said.get(return_id), intent, now, frees):
            found.append(intent)
    return tuple(found)


def _word(
    return_id: str, rows: Sequence[Mapping[str, Any]], said: Mapping[str, Any] | None, *, accepts_fitting: bool
) -> Intent | None:
    state, order_id = rows[0]["state"], rows[0]["order_id"]
    decision = said["decision"] if said else ""
    if state == "WAITING_ACCEPTANCE":
        is_accepted = decision == "accept" or (
            not decision and accepts_fitting and all(row["is_fitting"] for row in rows)
        )
        if not is_accepted and decision != "refuse":
            return None
        reason = said["reason_code"] if said and not is_accepted else ""
        return Intent(ANSWER, return_id, {"is_accepted": is_accepted, "reason_code": reason}, order_id)
    if state == "RECEIVED" and said and decision == "not_compliant":
        short = [row["order_line_id"] for row in rows if row["received_quantity"] < row["quantity"]]
        lines = [row["order_line_id"] for row in rows]
        payload = {"lines": lines, "wrong_lines": short or lines, "reason_code": said["reason_code"]}
        return Intent(REPORT, return_id, payload, order_id)
    return None


def _is_free(
    past: Past, said: Mapping[str, Any] | None, intent: Intent, now: datetime, frees: Collection[str]
) -> bool:
    """Nothing of it is under way or done; what was refused waits for another word, or for a person's press."""
    last = past.last.get((intent.kind, intent.subject))
    is_newer = last is not None and said is not None and said["happened_at"] > last["happened_at"]
    if is_newer or is_freed(frees, intent.kind, intent.subject, intent.order_id):
        return past.is_free(intent.kind, intent.subject)
    return past.may_go(intent.kind, intent.subject, now)
