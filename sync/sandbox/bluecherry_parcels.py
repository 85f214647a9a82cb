"""Pick tickets, cartons and shipments of the pretend ERP: what they hold, and how the wire shows them.

The law: plain records; the warehouses that make them are in ``bluecherry_fulfilment``.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sync.sandbox.bluecherry_documents import OrderLine, SalesOrder
from sync.sandbox.bluecherry_time import local_text, utc_text
from sync.sandbox.catalogue import SHIPPERS

_SCAC = {shipper.code: shipper.scac for shipper in SHIPPERS}


@dataclass(slots=True)
class PickTicket:
    """Units of one order taken off the shelf together."""

    pkey: int
    pick_num: str
    order: SalesOrder
    picked_at: datetime
    units: list[tuple[OrderLine, int]]
    last_mod: datetime
    status: str = "30"

    def header(self) -> dict[str, Any]:
        order = self.order
        return {
            "pkey": self.pkey,
            "pick_num": self.pick_num,
            "ord_num": order.ord_num,
            "po_num": order.po_num,
            "pick_date": local_text(self.picked_at),
            "end_date": order.end_on.isoformat(),
            "ord_type": order.ord_type,
            "ord_status": self.status,
            "customer": order.customer,
            "location": order.location,
            "shipper": order.shipper,
            "curr_code": order.curr_code,
            "notes": order.notes,
            "last_mod": local_text(self.last_mod),
        }

    def children(self) -> dict[str, Any]:
        rows = [
            {
                "pkey": line.pkey,
                "line_seq": line.line_seq,
                "pick_num": self.pick_num,
                **line.sku_members(),
                "price": str(line.price),
                "bk_qty": units,
                "total_qty": units,
                "location": self.order.location,
                "lot": "N",
            }
            for line, units in self.units
        ]
        addresses = [dict(address) for address in self.order.addresses]
        return {"pickaddress": {"rows": addresses}, "pickdetail": {"rows": rows}}


@dataclass(slots=True)
class Carton:
    """One parcel."""

    carton_num: str
    track_no: str
    weight: Decimal
    units: list[tuple[OrderLine, int]]


@dataclass(slots=True)
class Shipment:
    """What left the building together, with its cartons."""

    pkey: int
    ship_id: str
    pick: PickTicket
    location: str
    shipper: str
    shipped_at: datetime
    cartons: list[Carton]
    last_mod: datetime
    voided: bool = False

    def header(self) -> dict[str, Any]:
        order = self.pick.order
        return {
            "pkey": self.pkey,
            "ship_id": self.ship_id,
            "pick_num": self.pick.pick_num,
            "ord_num": order.ord_num,
            "po_num": order.po_num,
            "location": self.location,
            "ship_date": local_text(self.shipped_at),
            "shipper": self.shipper,
            "scac_code": _SCAC[self.shipper],
            "voided": "Y" if self.voided else "N",
            "last_mod": local_text(self.last_mod),
        }

    def children(self) -> dict[str, Any]:
        return {"cartons": {"rows": [self._carton(carton) for carton in self.cartons]}}

    def _carton(self, carton: Carton) -> dict[str, Any]:
        lines = [
            {
                "line_seq": line.line_seq,
                "ext_line_id": line.ext_line_id,
                "division": line.sku.division,
                **line.sku_members(),
                "qty": units,
            }
            for line, units in carton.units
        ]
        return {
            "carton_num": carton.carton_num,
            "track_no": carton.track_no,
            "weight": str(carton.weight),
            "lines": {"rows": lines},
        }

    def as_truth(self) -> dict[str, Any]:
        header = self.header()
        return {
            **{name: header[name] for name in ("ship_id", "pick_num", "ord_num", "po_num", "location")},
            "shipper": self.shipper,
            "shipped_at": utc_text(self.shipped_at),
            "voided": self.voided,
            "cartons": [
                {
                    "carton_num": carton.carton_num,
                    "track_no": carton.track_no,
                    "lines": [
                        {"ext_line_id": line.ext_line_id, "sku": line.sku.shop_sku, "qty": units}
                        for line, units in carton.units
                    ],
                }
                for carton in self.cartons
            ],
        }
