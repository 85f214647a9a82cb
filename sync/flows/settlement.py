"""Settlement: every line of the marketplace's ledger, every payout, every invoice of BlueCherry, each as it stands.

Looks at the ledger by last change (lines are changed in place when their payment state moves), at the billing
cycles once a day or when a new one shows, and at BlueCherry's invoices of our orders. Only what is new or changed
is stored. It sends nothing anywhere: matching is a question put to the facts.

What can go wrong: our key lacks the accountancy role. Then this flow fails and says so; no other flow does. One of
the three readings in trouble does not keep the others from being made.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import polars as pl

from store.clock import aware
from store.events import InvoiceRead, PayoutSeen, TransactionsRead
from sync.errors import Deferred, Fatal, Retriable, SyncError
from sync.flows.stamps import in_order
from sync.ports import BillingCycle, Invoice, Page, TransactionLine
from sync.rules.progress import Progress, day_of, is_new_day
from sync.rules.settlement import PAYMENT, Row, balance_gaps, unexplained
from sync.runs import EVERYTHING, Preview, Run, Scope
from sync.unread import Reading, begin, reached, unread_from

NAME = "settlement"
LEDGER, BEGAN, COMPLETE = "transactions.changed", "settlement.began", "settlement.since"
CYCLES, INVOICES, INVOICES_NIGHTLY = "cycles.read", "invoices.changed", "invoices.nightly"

_MOMENT, _AMOUNT = pl.Datetime("us", "UTC"), pl.Decimal(18, 6)
_COLUMNS: dict[str, Any] = {
    "read_id": pl.String, "transaction_id": pl.String, "type": pl.String, "payment_state": pl.String,
    "cycle_id": pl.String, "document_number": pl.String, "order_id": pl.String, "order_line_id": pl.String,
    "refund_id": pl.String, "currency": pl.String, "amount": _AMOUNT, "balance_amount": _AMOUNT,
    "tax_rate": _AMOUNT, "created_at": _MOMENT, "updated_at": _MOMENT,
}  # fmt: skip


def run(run: Run, scope: Scope = EVERYTHING) -> None:
    """One run, as the module says."""
    trouble = look(run, scope)
    _prove(run)
    if trouble is not None:
        raise trouble


def preview(run: Run, scope: Scope = EVERYTHING) -> Preview:
    """What stands between the marketplace's payouts and their lines; settlement itself sends nothing."""
    trouble = look(run, scope)
    if trouble is not None:
        raise trouble
    gaps = _prove(run)
    rows = tuple(
        {"payout": cycle_id, "does": "is shown as unexplained", "amount": str(gap)}
        for cycle_id, gap in gaps.items()
    )
    read = run.counts["transactions"] + run.counts["payouts"] + run.counts["invoices"]
    return Preview(
        f"{read} lines, payouts and invoices are new or changed; {len(rows)} payouts are unexplained.", rows
    )


# -- look --------------------------------------------------------------------------------------


def look(run: Run, scope: Scope) -> SyncError | None:
    """Make the three readings; the worst trouble met, once all were tried."""
    troubles: list[SyncError] = []
    readings: tuple[Callable[[Run, Scope], None], ...] = (read_ledger, read_cycles, read_invoices)
    for reading in readings:
        try:
            reading(run, scope)
        except Deferred as later:
            run.defer(later.due_at, str(later))
        except (Fatal, Retriable) as trouble:
            troubles.append(trouble)
    return next((one for one in troubles if isinstance(one, Fatal)), troubles[0] if troubles else None)


def read_ledger(run: Run, scope: Scope) -> None:
    """Ledger lines changed since last time, with an overlap; a bookmark per page while they come in order."""
    reading, since = begin(
        run, scope, "marketplace", "transaction", bookmark=LEDGER, overlap=run.house.settings.overlap
    )
    began = run.bookmark(BEGAN)
    if began is None or since < datetime.fromisoformat(began):
        run.record(bookmarks={BEGAN: since.isoformat()})
    progress = Progress(since)
    for page in run.house.marketplace.transactions(updated_from=since):
        progress.add(line.updated_at for line in page.items)
        reading.add(page, [line.transaction_id for line in page.items])
        _record_lines(run, page, _forward(run, LEDGER, progress.safe) if reading.is_clean else {})
        run.check()
    marks = _forward(run, LEDGER, progress.newest) if reading.end() else {}
    first = run.bookmark(BEGAN)
    if first is not None:
        marks[COMPLETE] = first  # from here on no line is unknown to us
    run.record(bookmarks=marks)


def _record_lines(run: Run, page: Page[TransactionLine], marks: Mapping[str, str]) -> None:
    known = {
        row["transaction_id"]: row
        for row in run.rows(
            "select * from transaction_facts where transaction_id in (select unnest($ids::varchar[]))",
            {"ids": [line.transaction_id for line in page.items]},
        )
    }
    changed = [line for line in page.items if _is_news(line, known.get(line.transaction_id))]
    if not changed:
        run.record(bookmarks=marks)
        return
    read_id = uuid4()
    run.house.journal.append_series("transaction_rows", _frame(str(read_id), changed))
    event = TransactionsRead(
        happened_at=max(line.updated_at for line in changed),
        snapshot_id=page.snapshot_id,
        read_id=read_id,
        row_count=len(page.items),
        changed_count=len(changed),
    )
    run.record([event], bookmarks=marks)
    run.counts["transactions"] += len(changed)
    run.counts["payments"] += sum(1 for line in changed if line.type == PAYMENT)


def _is_news(line: TransactionLine, known: Mapping[str, Any] | None) -> bool:
    """Whether a line says something the facts do not; an older word than theirs is no news."""
    if known is None:
        return True
    if line.updated_at < known["happened_at"]:
        return False
    return any(
        ours != known[column]
        for column, ours in (
            ("type", line.type),
            ("payment_state", line.payment_state),
            ("cycle_id", line.cycle_id),
            ("document_number", line.document_number),
            ("order_id", line.order_id),
            ("order_line_id", line.order_line_id),
            ("amount", line.amount),
            ("balance_amount", line.balance),
        )
    )


def _frame(read_id: str, lines: Sequence[TransactionLine]) -> pl.DataFrame:
    rows = [
        (
            read_id, line.transaction_id, line.type, line.payment_state, line.cycle_id, line.document_number,
            line.order_id, line.order_line_id, line.refund_id, line.currency, line.amount, line.balance,
            line.tax_rate, aware(line.created_at), aware(line.updated_at),
        )
        for line in lines
    ]  # fmt: skip
    return pl.DataFrame(rows, schema=_COLUMNS, orient="row")


def read_cycles(run: Run, scope: Scope) -> None:
    """Billing cycles: once a day, and when the ledger names one we do not know or a payment was made.

    They may be asked for once a day only, so a refusal to ask again is no trouble: the next day does.
    """
    now = run.now()
    last = run.bookmark(CYCLES)
    is_due = last is None or scope.is_full or scope.since is not None
    is_due = is_due or now - datetime.fromisoformat(last or "") >= timedelta(days=1)
    if not (is_due or run.counts["payments"] or _names_unknown_cycle(run)):
        return
    since = min(scope.since or _cycles_from(run, now), unread_from(run, "marketplace", "billing cycle"))
    reading = Reading(run, "marketplace", "billing cycle", since)
    try:
        for page in run.house.marketplace.billing_cycles(created_from=since):
            reading.add(page, [cycle.cycle_id for cycle in page.items])
            run.counts["payouts"] += run.record([_seen(cycle, page) for cycle in page.items])
    except Deferred as later:
        run.counts["payouts_later"] += 1
        run.note = run.note or str(later)
        return
    reading.end()
    run.record(bookmarks={CYCLES: now.isoformat()})


def _names_unknown_cycle(run: Run) -> bool:
    rows = run.rows(
        """
        select 1 from transaction_facts as line
        where line.cycle_id <> '' and line.happened_at > $recent
            and not exists (from payout_facts as payout where payout.cycle_id = line.cycle_id)
        limit 1
        """,
        {"recent": run.now() - timedelta(days=2)},
    )
    return bool(rows)


def _cycles_from(run: Run, now: datetime) -> datetime:
    """From the oldest payout that is not paid yet; at first as far back as a first start reads."""
    rows = run.rows(
        "select min(closed_at) filter (where state <> 'PAID') as unpaid, max(closed_at) as newest from payout_facts"
    )
    moment: datetime | None = rows[0]["unpaid"] or rows[0]["newest"]
    if moment is None:
        return now - timedelta(days=run.house.settings.history_days)
    return moment - timedelta(days=1)


def _seen(cycle: BillingCycle, page: Page[BillingCycle]) -> PayoutSeen:
    return PayoutSeen(
        happened_at=cycle.paid_at or cycle.created_at,
        snapshot_id=page.snapshot_id,
        cycle_id=cycle.cycle_id,
        closed_at=cycle.created_at,
        currency=cycle.currency,
        amount=cycle.amount,
        state=cycle.state,
        voucher=cycle.voucher,
        paid_at=cycle.paid_at,
    )


def read_invoices(run: Run, scope: Scope) -> None:
    """BlueCherry's invoices of our orders, changed since last time; further back once a night."""
    now = run.now()
    nightly = scope.is_full or is_new_day(run.bookmark(INVOICES_NIGHTLY), now)
    reading, since = begin(
        run, scope, "erp", "invoice", bookmark=INVOICES, overlap=run.house.settings.overlap, is_whole=nightly
    )
    progress = Progress(since)
    for page in run.house.erp.invoices(updated_from=since):
        progress.add(invoice.updated_at for invoice in page.items)
        reading.add(page, [invoice.invoice_number for invoice in page.items])
        ours = _ours(run, page.items)
        run.counts["not_ours"] += len(page.items) - len(ours)
        events = in_order(run, [_read(invoice, page) for invoice in ours])
        marks = _forward(run, INVOICES, progress.safe) if reading.is_clean else {}
        run.counts["invoices"] += run.record(events, bookmarks=marks)
        run.check()
    marks = _forward(run, INVOICES, progress.newest) if reading.end() else {}
    if nightly and scope.since is None:
        marks[INVOICES_NIGHTLY] = day_of(now)
    run.record(bookmarks=marks)


def _ours(run: Run, invoices: Sequence[Invoice]) -> list[Invoice]:
    rows = run.rows(
        "select order_id from order_facts where order_id in (select unnest($ids::varchar[]))",
        {"ids": [invoice.order_id for invoice in invoices]},
    )
    known = {row["order_id"] for row in rows}
    return [invoice for invoice in invoices if invoice.order_id in known]


def _read(invoice: Invoice, page: Page[Invoice]) -> InvoiceRead:
    return InvoiceRead(
        happened_at=invoice.updated_at,
        snapshot_id=page.snapshot_id,
        invoice_number=invoice.invoice_number,
        ord_num=invoice.ord_num,
        order_id=invoice.order_id,
        invoiced_at=invoice.invoiced_on,
        currency=invoice.currency,
        total_amount=invoice.total_amount,
        tax_amount=invoice.tax_amount,
        shipping_amount=invoice.shipping_amount,
    )


def _forward(run: Run, name: str, moment: datetime | None) -> dict[str, str]:
    """A bookmark that never moves back."""
    before = run.bookmark(name)
    if moment is None or (before is not None and datetime.fromisoformat(before) >= moment):
        return {}
    return {name: reached(run, moment)}


# -- prove -------------------------------------------------------------------------------------


def _prove(run: Run) -> dict[str, Decimal]:
    """Hold the newest payouts and the newest stretch of the ledger to their identities; the payouts that fail.

    The conditions ask the same of the facts and open the exceptions; here it is said with the run.
    """
    complete = run.bookmark(COMPLETE)
    if complete is None:
        return {}
    payouts = run.rows(
        "select cycle_id, amount from payout_facts where closed_at >= $since order by closed_at desc limit 3",
        {"since": datetime.fromisoformat(complete)},
    )
    lines = run.rows(
        "select * from transaction_facts where cycle_id in (select unnest($ids::varchar[]))",
        {"ids": [payout["cycle_id"] for payout in payouts]},
    )
    gaps = unexplained({payout["cycle_id"]: payout["amount"] for payout in payouts}, _rows(lines))
    newest = run.rows(
        "select * from transaction_facts where created_at >= $since order by created_at",
        {"since": max(datetime.fromisoformat(complete), run.now() - timedelta(days=1))},
    )
    run.counts["payouts_unexplained"] = len(gaps)
    run.counts["balance_gaps"] = len(balance_gaps(list(_rows(newest))))
    return gaps


def _rows(rows: Iterable[Mapping[str, Any]]) -> Iterable[Row]:
    for row in rows:
        yield Row(
            row["transaction_id"], row["type"], row["amount"], row["balance_amount"], row["cycle_id"],
            row["created_at"],
        )  # fmt: skip
