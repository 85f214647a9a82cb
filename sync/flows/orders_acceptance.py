"""Refuses at John Lewis what a person (or the policy for proven zero stock) said is refused; the why stays with us.

A line is accepted or refused whole. Lines refused of an order whose others are accepted go with its acceptance, for
every line must have its word in one call (OR21); an order refused whole is refused here. The call is recorded
before it. When its answer never comes the order is read again: where it is refused it happened, where it is past
WAITING_ACCEPTANCE it was decided otherwise; else it is made again, after gaps that grow.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from store.events import AcceptanceDecided, Event
from sync.freshness import SHOWN_WITHIN, is_order_read_since
from sync.intents import Intent, OpenIntent, carry_out, confirmed, refused, still_open, unclear
from sync.rules.acceptance import KIND, Verdict, judged
from sync.rules.order_past import SUPERSEDED, past_of
from sync.runs import Run, Scope

POLICY = "policy: proven zero stock"
# asked first: what stock says is dear to ask, and where acceptance is automatic nothing ever waits
WAITING = "select 1 from order_facts where state = 'WAITING_ACCEPTANCE' limit 1"
REFUSING = """
select said.order_id from acceptance_decision_facts as said
join order_facts as placed on placed.order_id = said.order_id
where said.decision = 'refuse' and placed.state in ('STAGING', 'WAITING_ACCEPTANCE')
"""
REFUSED_LINES = """
select said.refused_lines from acceptance_decision_facts as said
join order_facts as placed on placed.order_id = said.order_id
where said.decision = 'accept' and len(said.refused_lines) > 0 and placed.state in ('STAGING', 'WAITING_ACCEPTANCE')
"""


def verdicts(run: Run) -> dict[str, Verdict]:
    """What stock says against accepting, of orders nobody has decided; empty where stock is not judged."""
    if run.house.settings.accepts != "fulfilable" or not run.rows(WAITING):
        return {}
    rows = run.rows(
        "select * from orders_acceptance($now) where order_id not in"
        " (select order_id from acceptance_decision_facts where decision = 'accept')",
        {"now": run.now()},
    )
    return judged(rows)


def not_overtaken(run: Run, acceptances: Sequence[Intent]) -> list[Intent]:
    """Those that are what a person said last of the order, who may have said it since they were decided."""
    rows = run.rows(
        "select order_id, decision, refused_lines from acceptance_decision_facts"
        " where order_id in (select unnest($ids::varchar[]))",
        {"ids": [one.order_id for one in acceptances]},
    )
    said = {row["order_id"]: row for row in rows}
    return [one for one in acceptances if one.order_id not in said or _is_meant(one, said[one.order_id])]


def _is_meant(acceptance: Intent, said: Mapping[str, Any]) -> bool:
    refused_lines, what = set(said["refused_lines"] or ()), acceptance.payload
    return (
        said["decision"] == "accept"
        and refused_lines.isdisjoint(what["order_line_ids"])
        and refused_lines.issuperset(what["refused_line_ids"])
    )


def refuse(run: Run, scope: Scope) -> None:
    """Settle what is unclear, then refuse what is to be refused."""
    run.record([event for intent in still_open(run, (KIND,)) for event in _settled(run, intent)])
    if run.house.settings.refuses_zero_stock:
        now = run.now()
        run.record(
            [
                AcceptanceDecided(
                    happened_at=now,
                    order_id=order_id,
                    decision="accept" if one.is_partly_there else "refuse",
                    why=f"{POLICY}: {one.words}",
                    refused_lines=one.zero_lines if one.is_partly_there else (),
                )
                for order_id, one in verdicts(run).items()
                if one.is_proven_zero and not _is_decided(run, order_id)
            ]
        )
    run.count("refused_orders", carry_out(run, decided(run, scope), lambda one: _refuse(run, one)))


def decided(run: Run, scope: Scope) -> tuple[Intent, ...]:
    """What would be refused now."""
    rows = run.rows(
        """
        select placed.order_id, list(line.order_line_id order by line.line_number)::varchar[] as line_ids
        from order_facts as placed
        join acceptance_decision_facts as said on said.order_id = placed.order_id and said.decision = 'refuse'
        join order_line_facts as line on line.order_id = placed.order_id
        where placed.state = 'WAITING_ACCEPTANCE' and $order_id in ('', placed.order_id)
            and not exists (
                from intent_facts as intent
                where intent.order_id = placed.order_id and intent.intent_kind = 'accept_order'
                    and intent.state <> 'refused'
            )
        group by placed.order_id
        order by placed.order_id
        """,
        {"order_id": scope.key},
    )
    within, chosen = "order_id in (select unnest($ids::varchar[]))", {"ids": [row["order_id"] for row in rows]}
    past = past_of(run.rows(f"select * from intent_facts where intent_kind = 'refuse_order' and {within}", chosen))
    holds = {row["order_id"]: row for row in run.rows(f"select * from order_hold_facts where {within}", chosen)}
    return tuple(
        Intent(KIND, order_id, {"order_line_ids": list(row["line_ids"])}, order_id)
        for row in rows
        if past.is_free_again(KIND, order_id := row["order_id"], hold := holds.get(order_id), run.now())
        and not past.is_refused_for_good(KIND, order_id, hold)
    )


def _is_decided(run: Run, order_id: str) -> bool:
    sql = "select 1 from acceptance_decision_facts where order_id = $id"
    return bool(run.rows(sql, {"id": order_id}))


def _refuse(run: Run, intent: Intent) -> str:
    run.house.marketplace.refuse(intent.order_id, intent.payload["order_line_ids"])
    return intent.order_id


def _settled(run: Run, intent: OpenIntent) -> list[Event]:
    now = run.now()
    rows = run.rows("select state from order_facts where order_id = $id", {"id": intent.order_id})
    state = rows[0]["state"] if rows else ""
    if state == "REFUSED":
        return [confirmed(intent, now, intent.order_id, "found by looking")]
    if state not in {"", "STAGING", "WAITING_ACCEPTANCE"}:
        return [refused(intent, now, SUPERSEDED, f"looked again: the order is {state}")]
    if state and is_order_read_since(run, intent.order_id, intent.meant_at + SHOWN_WITHIN):
        return [refused(intent, now, "absent", "looked again: it had not happened")]
    if intent.state == "unclear":
        return []
    return [unclear(intent, now, "looking", "we were stopped before its answer came")]
