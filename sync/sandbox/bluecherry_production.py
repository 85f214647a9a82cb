"""Production orders of the pretend ERP: goods ordered from a maker, until they are received.

The law: a production order says what is still expected of it and by when, never more than the stock ledger has as
being made or in transit.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sync.sandbox.bluecherry_time import local_text
from sync.sandbox.catalogue import Sku

BEING_MADE, AFLOAT, RECEIVED = "2", "3", "4"


@dataclass(slots=True)
class ProductionOrder:
    """One SKU ordered from a maker."""

    pkey: int
    sku: Sku
    location: str
    units: int  # still expected
    entered_at: datetime
    due_at: datetime
    last_mod: datetime
    stage: str = BEING_MADE

    @property
    def prod_num(self) -> str:
        return f"PR{self.pkey:06d}"

    def ship(self, now: datetime) -> None:
        """It left the maker."""
        self.stage, self.last_mod = AFLOAT, now

    def receive(self, now: datetime) -> None:
        """It is in the building: nothing more is expected of it."""
        self.stage, self.units, self.last_mod = RECEIVED, 0, now

    def header(self) -> dict[str, Any]:
        return {
            "pkey": self.pkey,
            "prod_num": self.prod_num,
            "prod_type": "PO",
            "stage_num": self.stage,
            "orgentdate": local_text(self.entered_at),
            "due_date": local_text(self.due_at),
            "last_mod": local_text(self.last_mod),
        }

    def children(self) -> dict[str, Any]:
        row = {
            "pkey": self.pkey,
            "prod_line": 1,
            "style": self.sku.style.ljust(12),
            "color_code": self.sku.color_code.ljust(5),
            "lbl_code": self.sku.label,
            "dimension": self.sku.dimension,
            "size_desc": self.sku.size_desc,
            "upc": self.sku.upc,
            "prod_qty": self.units,
            "location": self.location,
        }
        return {"productiondetailbystage": {"rows": [row]}}
