"""BlueCherry's production orders in our words: what is coming, and by when.

Their lines name a SKU without its division; who reads them finds it by the five other codes. Laws as in
`bluecherry_words`.
"""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, model_validator

from sync import ports
from sync.clients.bluecherry_wire import Text
from sync.clients.erp_time import ErpTime
from sync.clients.records import needed, read
from sync.clients.values import Units

_DETAIL = "detailbystage"  # how the child collection's name ends


def _rows(value: Any) -> Any:
    return value.get("rows") if isinstance(value, dict) else value


class _Line(BaseModel):
    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True, frozen=True)

    style: Text = None
    color_code: Text = None
    lbl_code: Text = None
    dimension: Text = None
    size_desc: Text = None
    location: Text = None
    prod_qty: Units = None


class _Order(BaseModel):
    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True, frozen=True)

    prod_num: Text = None
    stage_num: Text = None
    due_date: Text = None
    last_mod: Text = None
    detail: Annotated[list[_Line] | None, BeforeValidator(_rows)] = None

    @model_validator(mode="before")
    @classmethod
    def _with_detail(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        return given | {"detail": next((rows for name, rows in given.items() if name.endswith(_DETAIL)), None)}


def work_order(raw: Any, time: ErpTime) -> ports.WorkOrder:
    """A production order; what was received of it is not expected any more."""
    got = read(_Order, raw)
    return ports.WorkOrder(
        work_order_id=needed(got.prod_num, "prod_num"),
        stage=got.stage_num or "",
        due_on=time.earlier(got.due_date) if got.due_date else None,
        updated_at=time.earlier(needed(got.last_mod, "last_mod")),
        lines=tuple(
            ports.WorkOrderLine(
                style=needed(line.style, "detail.style"),
                color_code=needed(line.color_code, "detail.color_code"),
                label=line.lbl_code or "",
                dimension=line.dimension or "",
                size=needed(line.size_desc, "detail.size_desc"),
                warehouse=line.location or "",
                quantity=needed(line.prod_qty, "detail.prod_qty"),
            )
            for line in needed(got.detail, "detail")
        ),
    )
