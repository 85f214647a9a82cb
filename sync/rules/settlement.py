"""The identities a marketplace ledger must keep; where one does not, money is unexplained.

Laws: the lines of a billing cycle, but for the PAYMENT that pays it out, sum to the payout; each line's balance is
the balance before it plus its amount, PAYMENT included. Amounts are signed from our side and never rounded here.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby

NOTHING = Decimal(0)
PAYMENT = "PAYMENT"


@dataclass(frozen=True, slots=True)
class Row:
    """What the identities need of a ledger line."""

    transaction_id: str
    type: str
    amount: Decimal
    balance: Decimal | None
    cycle_id: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class BalanceGap:
    """Where the running balance jumps: a line is missing or was never shown to us."""

    after_at: datetime
    expected: Decimal
    shown: tuple[Decimal, ...]

    @property
    def amount(self) -> Decimal:
        """The smallest amount that would explain the jump."""
        return min((balance - self.expected for balance in self.shown), key=abs)


def cycle_sums(rows: Iterable[Row]) -> dict[str, Decimal]:
    """What the lines of each billing cycle come to."""
    sums: dict[str, Decimal] = defaultdict(lambda: NOTHING)
    for row in rows:
        if row.cycle_id and row.type != PAYMENT:
            sums[row.cycle_id] += row.amount
    return dict(sums)


def unexplained(payouts: Mapping[str, Decimal], rows: Iterable[Row]) -> dict[str, Decimal]:
    """Per payout that its lines do not explain: what is missing (negative: the lines say more)."""
    sums = cycle_sums(rows)
    gaps = {cycle_id: amount - sums.get(cycle_id, NOTHING) for cycle_id, amount in payouts.items()}
    return {cycle_id: gap for cycle_id, gap in gaps.items() if gap}


def balance_gaps(rows: Sequence[Row]) -> list[BalanceGap]:
    """Jumps of the running balance, oldest first.

    Lines of one moment come in no known order, so only the balance after the whole moment is asked for: one of its
    lines must show it.
    """
    gaps: list[BalanceGap] = []
    known: Decimal | None = None
    ordered = sorted((row for row in rows if row.balance is not None), key=lambda row: row.created_at)
    for moment, same in groupby(ordered, key=lambda row: row.created_at):
        group = list(same)
        shown = tuple(row.balance for row in group if row.balance is not None)
        change = sum((row.amount for row in group), NOTHING)
        if known is None:
            known = _last_of(group, shown, change)
            continue
        expected = known + change
        if expected in shown:
            known = expected
        else:
            gaps.append(BalanceGap(moment, expected, shown))
            known = _last_of(group, shown, change)
    return gaps


def _last_of(group: Sequence[Row], shown: Sequence[Decimal], change: Decimal) -> Decimal:
    """The balance after a moment whose beginning is not known: the one whose beginning another line confirms."""
    starts = {row.balance - row.amount for row in group if row.balance is not None}
    return next((balance for balance in shown if balance - change in starts), shown[-1])
