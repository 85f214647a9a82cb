"""Returns: what customers send back is authorised in BlueCherry, told of as received, refunded by one side only.

Looks at John Lewis's returns, and at BlueCherry's return authorisations and credit memos. What waits for our word
is answered first (sync.flows.returns_answers). A return becomes one authorisation for each sales order it was sold
by, with the return's id on it, withdrawn when John Lewis cancels the return before anything came; once the
warehouse has counted the goods, John Lewis is told (RT25). Who refunds is the setting REFUNDED_BY: John Lewis's
side, and then nothing here pays; or ours, and then BlueCherry's credit memo is passed on as a refund (OR28), for
what nobody has refunded yet.
Returns opened before we started are somebody else's.

What can go wrong: an answer that never came. An authorisation is looked up by the order and sent again only when
surely absent; a receipt is seen in the return's state; of a refund the sum before is kept, and when the sum says
nothing a person decides: it is never sent a second time by itself.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import chain
from typing import Any

from store.events import (
    CreditLinePart,
    CreditMemoRead,
    ReturnedLinePart,
    ReturnSeen,
)
from sync.flows import returns_answers as answering
from sync.flows import returns_settle as settling
from sync.flows.stamps import in_order
from sync.freshness import RETURNS_LOOKED, RETURNS_SEEN
from sync.intents import Intent, carry_out, carry_out_together
from sync.ports import CreditMemo, LineRefund, MarketReturn, Outcome, ReturnDraft, ReturnLineDraft
from sync.rules.return_answers import ANSWER, REPORT
from sync.rules.returns import Decision, Known, decide
from sync.runs import EVERYTHING, Preview, Run, Scope
from sync.unread import Reading, begin, reached

ERP_SEEN, CREDITED = "erp_returns.changed", "credit_memos.changed"
OURS = "seller"


def run(run: Run, scope: Scope = EVERYTHING) -> None:
    """One run, as the module says."""
    is_erp_there = look(run, scope)
    are_read = is_erp_there and run.trouble is None
    with run.apart():
        settling.settle(run, is_erp_there=is_erp_there)
    with run.apart():
        answering.answer(run, scope)
    _act(run, _decide(run, scope), is_erp_there=is_erp_there, are_read=are_read)


def preview(run: Run, scope: Scope = EVERYTHING) -> Preview:
    """What a run would do to the outside now."""
    look(run, scope)
    decision = _decide(run, scope)
    words = answering.decided(run, scope)
    rows = [
        {"order": intent.order_id, "does": intent.kind.replace("_", " "), "what": intent.subject, "amount": ""}
        for intent in (*words, *decision.create, *decision.withdraw, *decision.receive)
    ]
    rows += [_paid_back(intent) for intent in decision.refund]
    calls = {
        "RT21 answer": -(-sum(one.kind == ANSWER for one in words) // 100),
        "RT26 report": -(-sum(one.kind == REPORT for one in words) // 100),
        "returnOrder create": len(decision.create),
        "returnOrderCancel": len(decision.withdraw),
        "RT25 receive": -(-len(decision.receive) // 100),
        "OR28 refund": len(decision.refund),
    }
    return Preview(
        f"{len(rows)} steps would be taken for returns.",
        tuple(rows),
        {name: count for name, count in calls.items() if count},
    )


def _paid_back(intent: Intent) -> dict[str, str]:
    """A refund as a step: of which line of which return, and how much goes back, as it is shown."""
    what = intent.payload
    shipping = Decimal(what["shipping_amount"])
    amount = f"{Decimal(what['amount']) + shipping:,.2f} {what['currency']}"
    return {
        "order": intent.order_id,
        "does": "refund line",
        "what": f"{what['return_id']}/{what['order_line_id']}",
        "amount": f"{amount}, {shipping:,.2f} of it shipping" if shipping else amount,
    }


# -- look --------------------------------------------------------------------------------------


def look(run: Run, scope: Scope) -> bool:
    """Read both sides and record, each apart; whether BlueCherry could be read."""
    with run.apart():
        _look_at_marketplace(run, scope)
    with run.apart():
        _look_at_erp(run, scope)
        return True
    return False


def _look_at_marketplace(run: Run, scope: Scope) -> None:
    began_at = run.now()
    reading, since = begin(
        run, scope, "marketplace", "return", bookmark=RETURNS_SEEN, overlap=run.house.settings.overlap
    )
    for page in run.house.marketplace.list_returns(updated_from=since):
        events = in_order(run, [_seen(one, page.snapshot_id, run.house.start_on) for one in page.items])
        reading.add(page, [one.return_id for one in page.items])
        run.counts["returns_changed"] += run.record(events)
        run.check()
    seen = {RETURNS_SEEN: began_at.isoformat()} if reading.end() else {}
    run.record(bookmarks={**seen, RETURNS_LOOKED: began_at.isoformat()})


def _look_at_erp(run: Run, scope: Scope) -> None:
    settings = run.house.settings
    overlap = settings.overlap + timedelta(minutes=settings.erp_visibility_minutes or 0)
    reading, since = begin(run, scope, "erp", "return", bookmark=ERP_SEEN, overlap=overlap)
    moments: list[datetime] = []
    if scope.named:  # a person waits for these orders
        named = Reading(run, "erp", "return")
        for page in chain.from_iterable(run.house.erp.list_returns(order_id=one) for one in scope.named):
            run.counts["authorisations_changed"] += settling.record_returns(run, page)
            named.add(page, [one.ret_num for one in page.items])
        named.end()
    for page in run.house.erp.list_returns(updated_from=since):
        run.counts["authorisations_changed"] += settling.record_returns(run, page)
        reading.add(page, [one.ret_num for one in page.items])
        moments += [one.updated_at for one in page.items]
        run.check()
    if reading.end():
        _mark(run, ERP_SEEN, moments)
    reading, since = begin(run, scope, "erp", "credit memo", bookmark=CREDITED, overlap=settings.overlap)
    moments = []
    for memos in run.house.erp.list_credit_memos(updated_from=since):
        ours = [_credited(memo, memos.snapshot_id) for memo in memos.items if memo.order_id]
        run.counts["credit_memos"] += run.record(in_order(run, ours))
        reading.add(memos, [memo.memo_number for memo in memos.items])
        moments += [memo.updated_at for memo in memos.items]
        run.check()
    if reading.end():
        _mark(run, CREDITED, moments)


def _mark(run: Run, bookmark: str, moments: Iterable[datetime]) -> None:
    """The bookmark, which never moves back."""
    newest = max(moments, default=None)
    before = run.bookmark(bookmark)
    if newest is not None and (before is None or datetime.fromisoformat(before) < newest):
        run.record(bookmarks={bookmark: reached(run, newest)})


def _seen(one: MarketReturn, snapshot_id: Any, start_on: datetime) -> ReturnSeen:
    return ReturnSeen(
        happened_at=one.updated_at,
        snapshot_id=snapshot_id,
        return_id=one.return_id,
        order_id=one.order_id,
        state=one.state,
        reason_code=one.reason_code,
        rma=one.rma,
        tracking=one.tracking,
        opened_at=one.created_at,
        changed_at=one.updated_at,
        is_before_start=one.created_at < start_on,
        lines=tuple(
            ReturnedLinePart(
                order_line_id=line.order_line_id,
                quantity=line.quantity,
                reason_code=line.reason_code,
                is_compliant=line.is_compliant,
            )
            for line in one.lines
        ),
    )


def _credited(memo: CreditMemo, snapshot_id: Any) -> CreditMemoRead:
    return CreditMemoRead(
        happened_at=memo.updated_at,
        snapshot_id=snapshot_id,
        memo_number=memo.memo_number,
        ret_num=memo.ret_num,
        order_id=memo.order_id,
        issued_at=memo.issued_on,
        currency=memo.currency,
        total_amount=memo.total_amount,
        shipping_amount=memo.shipping_amount,
        lines=tuple(
            CreditLinePart(order_line_id=line.order_line_id, quantity=line.quantity, amount=line.amount)
            for line in memo.lines
        ),
    )


# -- decide ------------------------------------------------------------------------------------


def _decide(run: Run, scope: Scope) -> Decision:
    settings = run.house.settings
    named = {"named": list(scope.named)}
    is_wanted = "(len($named::varchar[]) = 0 or order_id in (select unnest($named::varchar[])))"
    returns = run.rows(
        f"""
        select * from order_returns($now)
        where not is_before_start and {is_wanted}
        -- what is due is worked out by line: all returns of one are wanted while one of them is open
        qualify bool_or(state not in ('CLOSED', 'NO_RECEPTION') or refunded_quantity < received_quantity)
            over (partition by order_line_id)
        """,
        {"now": run.now(), **named},
    )
    withdrawn = run.rows(f"select * from returns_withdrawn where not is_closed and {is_wanted}", named)
    orders = {"orders": sorted({row["order_id"] for row in (*returns, *withdrawn)})}
    within = "order_id in (select unnest($orders::varchar[]))"
    sales: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for line in run.rows(  # wherever they stand: units may have left with another order's
        """
        select line.*
        from sales_line_facts as line
        join order_line_facts as sold on sold.order_line_id = line.order_line_id
        where line.order_line_id in (select unnest($lines::varchar[])) and line.shipped_quantity > 0
            and line.order_id <> ''  -- without a number its authorisation would not be found again
        order by line.order_id <> sold.order_id, line.ord_num, line.line_number
        """,
        {"lines": sorted({row["order_line_id"] for row in returns})},
    ):
        sales[line["order_line_id"]].append(line)
    return decide(
        Known(
            returns=returns,
            sales_lines=sales,
            lines={
                row["order_line_id"]: row
                for row in run.rows(
                    f"""
                    select
                        line.*,
                        line.shipping_amount - coalesce(line.cancelled_shipping_amount, 0)
                            - coalesce(back.amount, 0) as shipping_left_amount,
                    from order_line_facts as line
                    left join (
                        select order_line_id, sum(shipping_amount) as amount
                        from refund_facts
                        group by order_line_id
                    ) as back on back.order_line_id = line.order_line_id
                    where {within}
                    """,
                    orders,
                )
            },
            shipping={
                row["order_id"]: row["amount"]
                for row in run.rows(
                    f"""
                    select order_id, sum(amount) as amount
                    from (
                        select order_id, shipping_amount as amount from credit_memo_facts
                        union all
                        select order_id, -shipping_amount from refund_facts
                    )
                    where {within}
                    group by order_id
                    having sum(amount) > 0
                    """,
                    orders,
                )
            },
            intents=run.rows(
                f"select * from intent_facts where intent_kind in (select unnest($kinds::varchar[])) and {within}",
                {**orders, "kinds": list(settling.KINDS)},
            ),
            is_ours_to_refund=settings.refunded_by == OURS,
            refund_reason=settings.refund_reason,
            now=run.now(),
            frees=scope.frees,
            withdrawn=withdrawn,
        )
    )


# -- act ---------------------------------------------------------------------------------------


def _act(run: Run, decision: Decision, *, is_erp_there: bool, are_read: bool) -> None:
    """Carry out what was decided; one system's trouble stops nothing at the other."""
    if is_erp_there:
        with run.apart():
            run.count("authorised", carry_out(run, decision.create, lambda one: _create(run, one), workers=2))
            run.count("withdrawn", carry_out(run, decision.withdraw, lambda one: _withdraw(run, one)))
    with run.apart():
        run.count("received", carry_out_together(run, decision.receive, lambda group: _receive(run, group)))
    if are_read:  # money goes back only on what both sides show
        with run.apart():
            run.count("refunded", carry_out(run, decision.refund, lambda one: _refund(run, one)))


def _create(run: Run, intent: Intent) -> str:
    what = intent.payload
    draft = ReturnDraft(
        return_id=what["return_id"],
        order_id=intent.order_id,
        ord_num=what["ord_num"],
        tracking=what["tracking"],
        reason_code=what["reason_code"],
        lines=tuple(ReturnLineDraft(**line) for line in what["lines"]),
    )
    return run.house.erp.create_return(draft, str(intent.intent_id))


def _withdraw(run: Run, intent: Intent) -> str:
    ret_num = str(intent.payload["ret_num"])
    run.house.erp.cancel_return(ret_num, "cancelled at John Lewis")
    return ret_num


def _receive(run: Run, intents: Sequence[Intent]) -> dict[str, Outcome]:
    outcomes = run.house.marketplace.receive_returns([one.subject for one in intents])
    return {outcome.subject: outcome for outcome in outcomes}


def _refund(run: Run, intent: Intent) -> str:
    what = intent.payload
    return run.house.marketplace.refund_line(
        LineRefund(
            order_line_id=what["order_line_id"],
            quantity=what["quantity"],
            amount=Decimal(what["amount"]),
            shipping_amount=Decimal(what["shipping_amount"]),
            reason_code=what["reason_code"],
            currency=what["currency"],
        )
    )
