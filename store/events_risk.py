"""The vocabulary of the oversell risk: what was measured, predicted, tried and, afterwards, true.

As in `store.events`: frozen models in the past tense, kinds never renamed, members only added.
"""

from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict

from store.events import Event


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class DemandMeasured(Event):
    """Rates of sale of this channel and of what else draws on the pool; what moved is series `demand_rows`."""

    kind: ClassVar[str] = "demand.measured"
    read_id: UUID
    since_at: datetime  # sales and batches from this moment on were counted
    batch_id: str
    batch_count: int
    sku_count: int
    changed_count: int
    own_units: int
    other_units: int
    withdrawal_count: int  # single falls far beyond the rate: not in it
    withdrawn_units: int
    own_shape: tuple[float, ...]  # 168 factors, Monday 00:00 London first, mean 1
    other_shape: tuple[float, ...]

    @property
    def subject(self) -> str:
        return "demand"

    @property
    def natural_key(self) -> str:
        return f"demand.measured/{self.read_id}"


class RiskAssessed(Event):
    """The chance that a batch's numbers do not hold until the next; what moved is `stock_risk_rows`, `risk_grid_rows`."""

    kind: ClassVar[str] = "risk.assessed"
    read_id: UUID
    batch_id: str
    batch_at: datetime
    next_at: datetime  # the next batch is expected to be complete
    next_from: str  # who says so: erp, timetable or measured
    lands_at: datetime  # its numbers have taken effect
    late_seconds: int
    apply_seconds: int  # from an order pull to the effect of what was computed from it
    is_opening: bool  # the first after the batch's own quantities were decided: what the outcome is compared with
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


class TenthPart(_Part):
    """Cases whose predicted chance lay in one tenth: 0 is below 10 %, 9 from 90 %."""

    tenth: int
    case_count: int
    predicted: float  # the sum of the chances
    realised: int  # the cases it happened in
    squares: float  # the sum of (chance - outcome)²


class RiskClosed(Event):
    """A window is over: what had been predicted for it and what happened. Rows that matter: `risk_outcome_rows`."""

    kind: ClassVar[str] = "risk.closed"
    read_id: UUID
    batch_id: str
    next_batch_id: str
    opened_at: datetime
    case_count: int
    predicted_count: float
    realised_count: int
    predicted_units: float
    realised_units: int
    tenths: tuple[TenthPart, ...]
    recent_since_at: datetime  # the alarm looks at all windows since
    recent_predicted: float
    recent_realised: int
    recent_bound: int  # more than this would happen by chance once in a hundred times

    @property
    def subject(self) -> str:
        return self.batch_id

    @property
    def natural_key(self) -> str:
        return f"risk.closed/{self.batch_id}"


class PolicyPreviewed(Event):
    """What a buffer policy would change on today's board, by offer in series `policy_preview_rows`."""

    kind: ClassVar[str] = "policy.previewed"
    preview_id: UUID
    policy: str  # in words
    batch_id: str
    offer_count: int
    changed_count: int
    units_change: int
    before_oversold_units: float  # expected a week
    after_oversold_units: float
    before_lost_units: float  # sales expected to be missed a week
    after_lost_units: float
    before_cost_amount: Decimal  # of both, a week
    after_cost_amount: Decimal
    currency: str

    @property
    def subject(self) -> str:
        return str(self.preview_id)

    @property
    def natural_key(self) -> str:
        return f"policy.previewed/{self.preview_id}"


class TrialPart(_Part):
    """What one policy would have come to in a back-test."""

    side: str  # a or b
    policy: str  # in words
    listed_units: float  # listed on average
    buffer_units: float  # held back on average
    sold_units: int
    lost_units: int
    oversold_units: int
    oversold_cases: int
    lost_amount: Decimal  # margin of what could not be sold
    oversold_amount: Decimal  # cost of what was sold and was not there
    case_count: int
    predicted: float
    brier_score: float | None
    tenths: tuple[TenthPart, ...]


class BackTestFinished(Event):
    """Two policies were replayed on our own history; by SKU and week in series `back_test_rows`."""

    kind: ClassVar[str] = "back_test.finished"
    test_id: UUID
    from_on: date
    until_on: date  # not included
    window_count: int
    sku_count: int
    demand_units: int
    other_units: int
    currency: str
    trials: tuple[TrialPart, ...]

    @property
    def subject(self) -> str:
        return str(self.test_id)

    @property
    def natural_key(self) -> str:
        return f"back_test.finished/{self.test_id}"
