"""What is known of the open orders when the next step of each is decided."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sync.rules.acceptance import Verdict
from sync.rules.addresses import Misfit
from sync.rules.erp_rest import Rest
from sync.rules.mappings import Mappings


@dataclass(frozen=True, slots=True)
class Known:
    """Everything a decision reads. Rows are those of the read models and facts of the same names."""

    lines: Sequence[Mapping[str, Any]]
    skus: Mapping[str, Mapping[str, Any]]
    countries: Mapping[str, str]  # where an order is delivered, as far as its address is known
    near_skus: Mapping[str, Sequence[str]]  # by a SKU nobody knows: what may have been meant, to be shown
    mappings: Mappings
    other_content: Mapping[str, str]  # by order: sales orders of its number that have none of its lines
    intents: Sequence[Mapping[str, Any]]  # with the `line_ids` a creation carries, and whether it `is_sent` at all
    holds: Mapping[str, Mapping[str, Any]]
    has_address: Mapping[str, bool]
    misfits: Mapping[str, Sequence[Misfit]]  # what of an order's addresses BlueCherry does not take
    cancelled: Sequence[Mapping[str, Any]]
    unreferenced: Sequence[Mapping[str, Any]]
    customer: str  # the house account of the marketplace in the ERP
    accepts: bool  # the marketplace waits for our acceptance
    trust_from: datetime  # what was placed before may have been created by somebody else
    now: datetime
    ship_vias: Mapping[str, str] = field(default_factory=dict)  # by order: what a person set instead of the mapping
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)  # what stock says against accepting, by order
    refusing: Collection[str] = ()  # orders somebody said are refused
    taken_out: Mapping[str, datetime] = field(default_factory=dict)  # a line, of another order's
    refused_lines: Collection[str] = ()  # lines somebody said are refused of orders that are accepted
    rest: Rest | None = None  # BlueCherry takes no sales orders at all; None: as far as we know it does
