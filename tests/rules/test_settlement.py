"""The identities a ledger keeps."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from sync.rules.settlement import Row, balance_gaps, cycle_sums, unexplained

START = datetime(2026, 11, 1, tzinfo=UTC)


def row(name: str, amount: str, balance: str | None = None, *, cycle: str = "", kind: str = "ORDER_AMOUNT") -> Row:
    """A line, created so many hours after the start as its name ends in."""
    at = START + timedelta(hours=int(name[-1]))
    return Row(name, kind, Decimal(amount), None if balance is None else Decimal(balance), cycle, at)


# The worked example of the marketplace's documents: two shirts sold, one refunded.
SALE = (
    row("T1", "90.00", cycle="C1"), row("T2", "3.95", cycle="C1"), row("T3", "-18.79", cycle="C1"),
    row("T4", "-3.76", cycle="C1"), row("T5", "-45.00", cycle="C1"), row("T6", "9.00", cycle="C1"),
    row("T7", "1.80", cycle="C1"), row("T8", "-37.20", cycle="C1", kind="PAYMENT"),
)  # fmt: skip


def test_a_payout_is_the_sum_of_its_lines_without_the_payment() -> None:
    assert cycle_sums(SALE) == {"C1": Decimal("37.20")}
    assert unexplained({"C1": Decimal("37.20")}, SALE) == {}


def test_a_missing_line_shows_as_the_amount_nobody_explains() -> None:
    assert unexplained({"C1": Decimal("37.20")}, SALE[:-2]) == {"C1": Decimal("1.80")}


def test_a_payout_without_any_line_is_wholly_unexplained() -> None:
    assert unexplained({"C9": Decimal("12.50")}, SALE) == {"C9": Decimal("12.50")}


def test_a_running_balance_that_jumps_names_the_jump() -> None:
    gaps = balance_gaps([row("T1", "10", "110"), row("T3", "5", "113"), row("T4", "1", "114")])

    assert [(gap.after_at, gap.amount) for gap in gaps] == [(START + timedelta(hours=3), Decimal(-2))]


@given(
    st.lists(st.tuples(st.decimals(-500, 500, places=2), st.integers(0, 5)), min_size=1, max_size=20),
    st.decimals(-100, 100, places=2),
    st.randoms(use_true_random=False),
)
def test_a_whole_ledger_has_no_gap_in_whatever_order_its_lines_come(
    steps: list[tuple[Decimal, int]], opening: Decimal, chance: Random
) -> None:
    amounts = [amount for amount, _ in steps]
    balances = list(accumulate(amounts, initial=opening))[1:]
    hours = accumulate(hour for _, hour in steps)
    rows = [
        Row(f"T{number}", "ORDER_AMOUNT", amount, balance, "", START + timedelta(hours=hour))
        for number, (amount, balance, hour) in enumerate(zip(amounts, balances, hours, strict=True))
    ]
    moments = {line.created_at for line in rows}
    chance.shuffle(rows)

    # Only where the first moment holds several lines can its own beginning be in doubt.
    if sum(1 for line in rows if line.created_at == min(moments)) == 1:
        assert balance_gaps(rows) == []
