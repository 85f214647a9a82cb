"""The vocabulary of the oversell risk: what was measured of demand, and how likely the numbers do not hold.

As in `store.events.base`: frozen models in the past tense, kinds never renamed, members only added.
"""

from datetime import datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from store.events.base import Event


class TradePart(BaseModel):
    """How one side of the shop trades; swings are squared coefficients of variation."""

    model_config = ConfigDict(frozen=True)

    side: str  # own or other
    factors: tuple[float, ...]  # 168, Monday 00:00 London first; 1 is an average hour
    pace_swing: float
    day_swing: float
    hour_swing: float


class DemandMeasured(Event):
    """Rates of sale of this channel and of what else draws on the pool; what moved is series `demand_rows`."""

    kind: ClassVar[str] = "demand.measured"
    read_id: UUID
    batch_id: str
    since_at: datetime  # orders from this moment on were counted
    drawn_since_at: datetime | None  # batches from this moment on were compared; none: fewer than two were read
    sku_count: int
    changed_count: int
    own_units: int
    other_units: int
    withdrawal_count: int  # single falls far beyond the rate: not in it
    withdrawn_units: int
    trades: tuple[TradePart, ...]

    @property
    def subject(self) -> str:
        return "demand"

    @property
    def natural_key(self) -> str:
        return f"demand.measured/{self.read_id}"


class RiskAssessed(Event):
    """How likely a batch's numbers do not hold until the next; what moved: `stock_risk_rows`, `risk_grid_rows`."""

    kind: ClassVar[str] = "risk.assessed"
    read_id: UUID
    batch_id: str
    batch_at: datetime
    next_at: datetime  # the next batch is expected to be complete
    next_from: str  # who says so: erp, timetable or measured
    lands_at: datetime  # its numbers are expected to have taken effect
    is_late: bool  # later than nine in ten were
    apply_seconds: int  # from an order pull to the effect of what was computed from it
    sku_count: int
    changed_count: int
    at_risk_count: int
    oversold_units: float  # expected in this window, over all SKUs
    oversell_chance: float  # of at least one
    cost_amount: Decimal
    currency: str

    @property
    def subject(self) -> str:
        return self.batch_id

    @property
    def natural_key(self) -> str:
        return f"risk.assessed/{self.read_id}"


class ForetoldTenthPart(BaseModel):
    """Offers of a window whose predicted chance lay in one tenth: 0 is below 10 %, 9 from 90 %."""

    model_config = ConfigDict(frozen=True)

    tenth: int
    case_count: int
    predicted: float  # the sum of the chances
    happened: int
    squares: float  # the sum of (chance - outcome)²


class ProvedTenthPart(ForetoldTenthPart):
    """The same with those that were oversold."""

    oversold: tuple[str, ...]  # SKUs, the worst first; not all where they are many


class ProvedWindowPart(BaseModel):
    """What was said when a batch's numbers were first weighed, held against what came until the next one's were."""

    model_config = ConfigDict(frozen=True)

    batch_id: str
    batch_at: datetime
    began_at: datetime
    ended_at: datetime
    left_out_count: int  # offers whose pool cannot be read in it, for goods came
    tenths: tuple[ProvedTenthPart, ...]
    lands_at: datetime | None = None  # the chances were given until then; none: told before this was kept
    foretold: tuple[ForetoldTenthPart, ...] = ()  # the chances against what came until then


class RiskProved(Event):
    """A night's look whether the chances kept their word: windows that ended since, and the verdict on a week."""

    kind: ClassVar[str] = "risk.proved"
    since_at: datetime  # the verdict is on the windows that ended in this half-open period
    until_at: datetime
    window_count: int
    case_count: int
    predicted: float  # oversells expected in them
    happened: int
    most_expected: int  # passed in one such period of a hundred, were the chances right
    is_beyond: bool
    brier_score: float | None  # none: nothing was listed
    windows: tuple[ProvedWindowPart, ...]  # those that were not told before

    @property
    def subject(self) -> str:
        return "risk"
