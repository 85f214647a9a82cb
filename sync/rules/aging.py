"""What an old stock batch makes us do: nothing at first, then caution, then zero for what is thin.

The law: age only ever lowers quantities. Past `max_age` the degraded policy applies (buffers grow, thin SKUs are
not listed, nothing rises, each as configured); past `hard_age` thin SKUs go to zero and a person is called.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

State = Literal["", "aged", "overaged"]


@dataclass(frozen=True, slots=True)
class AgeLimits:
    """When a batch counts as old, and what is done then."""

    max_age: timedelta
    hard_age: timedelta
    factor: Decimal = Decimal(2)  # buffers are multiplied by it
    thin_units: int = 0  # past max_age a base below it is not listed; 0: all are
    hard_thin_units: int = 5  # the same past hard_age
    freezes: bool = True  # nothing rises


@dataclass(frozen=True, slots=True)
class Caution:
    """How cautious the batch's age makes us."""

    state: State = ""
    factor: Decimal = Decimal(1)
    thin_units: int = 0
    freezes: bool = False


CAREFREE = Caution()


def caution(as_of: datetime, now: datetime, limits: AgeLimits) -> Caution:
    """The caution a batch of that moment asks for now."""
    age = now - as_of
    if age <= limits.max_age:
        return CAREFREE
    if age <= limits.hard_age:
        return Caution("aged", limits.factor, limits.thin_units, limits.freezes)
    return Caution("overaged", limits.factor, max(limits.thin_units, limits.hard_thin_units), limits.freezes)
