"""Tells John Lewis whether a return is accepted (RT21), and what came back not as it should be (RT26).

Each is recorded before the call, with who said so and why among our own events: RT21 takes a reason from a list,
and no words. When its answer never comes the return is read again: past WAITING_ACCEPTANCE, or with our word on its
lines, it happened; saying it twice does no harm.
"""

from collections.abc import Sequence
from functools import partial

from store.events import Event
from sync.freshness import SHOWN_WITHIN, is_return_read_since
from sync.intents import Intent, OpenIntent, carry_out_together, confirmed, refused, still_open, unclear
from sync.ports import Outcome, ReturnAnswer, ReturnReport
from sync.rules.return_answers import ANSWER, REPORT, decide
from sync.runs import Run, Scope


def answer(run: Run, scope: Scope) -> None:
    """Settle what is unclear, then say what is to be said."""
    run.record([event for intent in still_open(run, (ANSWER, REPORT)) for event in _settled(run, intent)])
    intents = decided(run, scope)
    for kind, name, call in ((ANSWER, "answered", _answer), (REPORT, "reported", _report)):
        chosen = [one for one in intents if one.kind == kind]
        tally = carry_out_together(run, chosen, partial(call, run))
        run.count(name, tally)


def decided(run: Run, scope: Scope) -> tuple[Intent, ...]:
    """What would be said now."""
    returns = run.rows(
        """
        select * from order_returns($now)
        where state in ('WAITING_ACCEPTANCE', 'RECEIVED') and not is_before_start
            and (len($orders::varchar[]) = 0 or order_id in (select unnest($orders::varchar[])))
        """,
        {"now": run.now(), "orders": list(scope.named)},
    )
    ids = {"ids": sorted({row["return_id"] for row in returns})}
    within = "in (select unnest($ids::varchar[]))"
    said = run.rows(f"select * from return_decision_facts where return_id {within}", ids)
    return decide(
        returns,
        {row["return_id"]: row for row in said},
        run.rows(
            f"select * from intent_facts where intent_kind in ('{ANSWER}', '{REPORT}') and subject {within}", ids
        ),
        now=run.now(),
        accepts_fitting=run.house.settings.accepts_returns == "fitting",
        frees=scope.frees,
    )


def _answer(run: Run, intents: Sequence[Intent]) -> dict[str, Outcome]:
    outcomes = run.house.marketplace.answer_returns(
        [ReturnAnswer(one.subject, one.payload["is_accepted"], one.payload["reason_code"]) for one in intents]
    )
    return {outcome.subject: outcome for outcome in outcomes}


def _report(run: Run, intents: Sequence[Intent]) -> dict[str, Outcome]:
    outcomes = run.house.marketplace.report_returns(
        [
            ReturnReport(
                one.subject,
                {line_id: line_id not in one.payload["wrong_lines"] for line_id in one.payload["lines"]},
                one.payload["reason_code"],
            )
            for one in intents
        ]
    )
    return {outcome.subject: outcome for outcome in outcomes}


def _settled(run: Run, intent: OpenIntent) -> list[Event]:
    now = run.now()
    rows = run.rows(
        "select state, list_contains([one.is_compliant for one in lines], false) as is_reported"
        " from market_return_facts where return_id = $id",
        {"id": intent.subject},
    )
    is_done = rows and (
        rows[0]["state"] != "WAITING_ACCEPTANCE" if intent.kind == ANSWER else rows[0]["is_reported"]
    )
    if is_done and is_return_read_since(run, intent.subject, intent.happened_at):
        return [confirmed(intent, now, intent.subject, "found by looking")]
    if rows and is_return_read_since(run, intent.subject, intent.meant_at + SHOWN_WITHIN):
        return [refused(intent, now, "absent", "looked again: it had not happened")]
    if intent.state == "unclear":
        return []
    return [unclear(intent, now, "looking", "we were stopped before its answer came")]
