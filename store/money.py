"""Money: an amount and its currency, always together, always Decimal.

Amounts from outside keep up to six places. What we post has two, reached by `to_pence` alone.
"""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

PENNY = Decimal("0.01")
OUTSIDE = Decimal("0.000001")


@dataclass(frozen=True, slots=True)
class Money:
    """An amount in a currency; sums only with its own kind."""

    amount: Decimal
    currency: str

    def __add__(self, other: "Money") -> "Money":
        if other.currency != self.currency:
            raise ValueError(f"cannot add {other.currency} to {self.currency}; convert at a booked rate first")
        return Money(self.amount + other.amount, self.currency)

    def __neg__(self) -> "Money":
        return Money(-self.amount, self.currency)


def to_pence(amount: Decimal) -> Decimal:
    """The amount to two places, half up: the one rounding for what we post."""
    return amount.quantize(PENNY, rounding=ROUND_HALF_UP)


def from_outside(value: object) -> Decimal | None:
    """An amount as an outside system wrote it (number or text), to six places; nothing stays nothing.

    Raises:
        ValueError: the text is not a number.

    """
    if value is None or value == "":
        return None
    try:
        return Decimal(str(value)).quantize(OUTSIDE, rounding=ROUND_HALF_UP)
    except ArithmeticError as error:
        raise ValueError(f"{value!r} is not an amount of money") from error
