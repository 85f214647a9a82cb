"""Refuses at John Lewis what a person (or the policy for proven zero stock) said is refused; the why stays with us.

A line is accepted or refused whole. Lines refused of an order whose others are accepted go with its acceptance, for
every line must have its word in one call (OR21); an order refused whole is refused here. The call is recorded
before it. When its answer never comes the order is read again: past WAITING_ACCEPTANCE it happened, or John Lewis
has decided by itself.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from store.events import AcceptanceDecided, Event
from sync.freshness import SHOWN_WITHIN, is_order_read_since
from sync.intents import NOT_SENT, Intent, OpenIntent, carry_out, confirmed, refused, still_open, unclear
from sync.rules.acceptance import KIND, Verdict, judged
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
                where intent.order_id = placed.order_id and intent.intent_kind in ('refuse_order', 'accept_order')
                    and (intent.state <> 'refused' or (
                        intent.intent_kind = 'refuse_order' and intent.code not in ($not_sent, 'absent')
                        -- a person has not asked for it once more
                        and not exists (
                            from order_hold_facts as hold
                            where hold.order_id = placed.order_id and hold.reason is null
                                and (hold.frees is null or list_contains(hold.frees, 'refuse_order'))
                                and (hold.happened_at, hold.seq) > (intent.happened_at, intent.seq)
                        )
                    ))
            )
        group by placed.order_id
        order by placed.order_id
        """,
        {"order_id": scope.key, "not_sent": NOT_SENT},
    )
    return tuple(
        Intent(KIND, row["order_id"], {"order_line_ids": list(row["line_ids"])}, row["order_id"]) for row in rows
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
    if rows and rows[0]["state"] not in {"STAGING", "WAITING_ACCEPTANCE"}:
        return [confirmed(intent, now, intent.order_id, f"found by looking: {rows[0]['state']}")]
    if rows and is_order_read_since(run, intent.order_id, intent.meant_at + SHOWN_WITHIN):
        return [refused(intent, now, "absent", "looked again: it had not happened")]
    if intent.state == "unclear":
        return []
    return [unclear(intent, now, "looking", "we were stopped before its answer came")]
