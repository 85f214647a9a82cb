"""BlueCherry's REST interface behind the `Erp` port.

The law: vendor words and naive clock faces stop here. The ERP keeps no order while it is paged through, so the
first page is asked for again after the last. A sales order is posted once: whatever leaves in doubt whether it
was taken is Unclear, and the caller looks before doing anything again.
"""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

import polars as pl

from sync import ports
from sync.clients import bluecherry_wire as wire
from sync.clients import bluecherry_words as words
from sync.clients.bluecherry_production import work_order
from sync.clients.bluecherry_stock import inventory_frames
from sync.clients.erp_time import ErpTime
from sync.clients.http import Answer, Call, Door
from sync.clients.records import Unreadable, read, sort_out
from sync.errors import Retriable, Unclear

Item = TypeVar("Item")

_DOCUMENTS_SIZE = 200
_TABLE_SIZE = 500
_OPERATORS = frozenset({"eq", "gt", "ge", "lt", "le"})
_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def filter_of(*conditions: tuple[str, str, str]) -> str:
    """A `$filter` of (field, operator, value), joined by `and`; quotes in values are doubled.

    Raises:
        ValueError: a field or operator is none, or a value has characters no code or id has.

    """
    parts = []
    for name, operator, value in conditions:
        if not _FIELD.fullmatch(name) or operator not in _OPERATORS:
            raise ValueError(f"{name} {operator} is no condition")
        if not value.isprintable():
            raise ValueError(f"the value for {name} cannot stand in a filter")
        doubled = value.replace("'", "''")
        parts.append(f"{name} {operator} '{doubled}'")
    return " and ".join(parts)


class BlueCherry:
    """The ERP that owns stock, products and fulfilment."""

    def __init__(self, door: Door, *, timezone: str, order_type: str = "MKT") -> None:
        self._door = door
        self._time = ErpTime(timezone)
        self._words = words.Words(self._time)
        self._order_type = order_type

    def close(self) -> None:
        """Shut the door."""
        self._door.close()

    def ping(self) -> str:
        """The version, from the pick tickets' answer, which is the known test of a key."""
        answer = self._door.send(Call("pick", "GET", "/api/pick", (("_pgno", "1"), ("_pgsize", "1"))))
        version = answer.data.get("version") if isinstance(answer.data, dict) else None
        if not version:
            raise Retriable(f"pick answered without a version (exchange {answer.snapshot_id})")
        return str(version)

    # -- products and code tables ------------------------------------------------------------

    def skus(self, *, updated_from: datetime | None = None) -> Iterator[ports.Page[ports.SkuRecord]]:
        """Entity style: every SKU of every style changed since."""
        for answer, rows in self._documents("style", self._since(updated_from), is_impersonal=True):
            found, skipped = sort_out(rows, "style", "style", self._words.skus)
            items = tuple(sku for skus in found for sku in skus)
            yield ports.Page(items, answer.snapshot_id, tuple(skipped))

    def locations(self) -> tuple[ports.Code, ...]:
        """Entity Location, or none of it: a place that only cannot be read would look as if it were not listed."""
        return self._codes("Location", words.location, is_whole=True)

    def ship_vias(self) -> tuple[ports.Code, ...]:
        """Entity Shipper."""
        return self._codes("Shipper", words.ship_via)

    def accounts(self) -> tuple[ports.Code, ...]:
        """Entity account."""
        return self._codes("account", words.account)

    # -- stock -------------------------------------------------------------------------------

    def batches(self, *, completed_from: datetime | None = None) -> Iterator[ports.Page[ports.StockBatch]]:
        """Entity inventoryBatch; those still running are among them, so that lateness can be seen."""
        extra = () if completed_from is not None else (("_latest", "1"),)
        sweep = self._documents("inventoryBatch", self._since(completed_from), extra=extra, is_impersonal=True)
        for answer, rows in sweep:
            items, skipped = sort_out(rows, "batch_id", "stock batch", self._words.batch)
            items.sort(key=lambda batch: batch.as_of)
            yield ports.Page(tuple(items), answer.snapshot_id, tuple(skipped))

    def inventory(self, batch_id: str) -> Iterator[tuple[pl.DataFrame, UUID | None]]:
        """Entity inventory. A batch does not change while it is read; its row count proves it whole."""
        query = (("$filter", filter_of(("batch_id", "eq", batch_id))),)
        for answer, rows in self._pages("inventory", query, size=_TABLE_SIZE, is_table=True, is_steady=True):
            for frame in inventory_frames(rows):
                yield frame, answer.snapshot_id

    def work_orders(self, *, updated_from: datetime | None = None) -> Iterator[ports.Page[ports.WorkOrder]]:
        """Entity productionOrderByStage, of every stage: what is still expected stands in its lines."""
        conditions = self._since(updated_from)
        for answer, rows in self._documents("productionOrderByStage", conditions, is_impersonal=True):
            items, skipped = sort_out(rows, "prod_num", "work order", partial(work_order, time=self._time))
            yield ports.Page(tuple(items), answer.snapshot_id, tuple(skipped))

    # -- sales orders ------------------------------------------------------------------------

    def create_order(self, draft: ports.SalesOrderDraft, key: str) -> str:
        """Entity salesOrder: an array of one document."""
        document = [self._words.document(draft, self._order_type)]
        answer = self._write("salesOrder", document, subject=draft.order_id, headers={"Idempotency-Key": key})
        ord_num = self._written(answer, "salesOrder").ord_num
        if not ord_num:
            raise Unclear(
                f"salesOrder answered without an order number (exchange {answer.snapshot_id})",
                snapshot_id=answer.snapshot_id,
            )
        return ord_num

    def sales_orders(
        self, *, updated_from: datetime | None = None, order_id: str = "", ord_num: str = ""
    ) -> Iterator[ports.Page[ports.SalesOrder]]:
        """Entity salesOrder."""
        conditions = list(self._since(updated_from))
        if order_id:
            conditions.append(("po_num", "eq", order_id))
        if ord_num:
            conditions.append(("ord_num", "eq", ord_num))
        yield from self._read("salesOrder", tuple(conditions), ("ord_num", "sales order"), self._words.sales_order)

    def cancel_line(self, ord_num: str, line_number: int, quantity: int, reason: str) -> None:
        """Entity salesOrderCancel: open units of one line, on the customer's behalf."""
        document = [
            {
                "ord_num": ord_num,
                "line_seq": line_number,
                "qty": quantity,
                "reason": reason,
                "cancel_kind": "CUSTOMER",
            }
        ]
        self._written(self._write("salesOrderCancel", document), "salesOrderCancel")

    # -- fulfilment and invoices -------------------------------------------------------------

    def shipments(self, *, updated_from: datetime | None = None) -> Iterator[ports.Page[ports.Shipment]]:
        """Entity shipment."""
        yield from self._read("shipment", self._since(updated_from), ("ship_id", "shipment"), self._words.shipment)

    def invoices(self, *, updated_from: datetime | None = None) -> Iterator[ports.Page[ports.Invoice]]:
        """Entity invoice."""
        yield from self._read("invoice", self._since(updated_from), ("inv_num", "invoice"), self._words.invoice)

    # -- returns -----------------------------------------------------------------------------

    def create_return(self, draft: ports.ReturnDraft, key: str) -> str:
        """Entity returnOrder: an array of one document."""
        answer = self._write(
            "returnOrder", [words.return_document(draft)], subject=draft.order_id, headers={"Idempotency-Key": key}
        )
        ret_num = self._written(answer, "returnOrder").ret_num
        if not ret_num:
            raise Unclear(f"returnOrder answered without a return number (exchange {answer.snapshot_id})")
        return ret_num

    def list_returns(
        self, *, updated_from: datetime | None = None, order_id: str = ""
    ) -> Iterator[ports.Page[ports.ErpReturn]]:
        """Entity returnOrder."""
        conditions = list(self._since(updated_from))
        if order_id:
            conditions.append(("po_num", "eq", order_id))
        yield from self._read("returnOrder", tuple(conditions), ("ret_num", "return"), self._words.erp_return)

    def cancel_return(self, ret_num: str, reason: str) -> None:
        """Entity returnOrderCancel: an authorisation nobody will send goods for."""
        self._written(
            self._write("returnOrderCancel", [{"ret_num": ret_num, "reason": reason}]), "returnOrderCancel"
        )

    def list_credit_memos(self, *, updated_from: datetime | None = None) -> Iterator[ports.Page[ports.CreditMemo]]:
        """Entity creditMemo."""
        names = ("memo_num", "credit memo")
        yield from self._read("creditMemo", self._since(updated_from), names, self._words.credit_memo)

    # -- how it is asked ---------------------------------------------------------------------

    def _since(self, moment: datetime | None) -> tuple[tuple[str, str, str], ...]:
        return () if moment is None else (("last_mod", "gt", self._time.since(moment)),)

    def _read(
        self,
        entity: str,
        conditions: tuple[tuple[str, str, str], ...],
        names: tuple[str, str],
        in_words: Callable[[Any], Item],
    ) -> Iterator[ports.Page[Item]]:
        for answer, rows in self._documents(entity, conditions):
            items, skipped = sort_out(rows, names[0], names[1], in_words)
            yield ports.Page(tuple(items), answer.snapshot_id, tuple(skipped))

    def _codes(
        self, entity: str, in_words: Callable[[Any], ports.Code], *, is_whole: bool = False
    ) -> tuple[ports.Code, ...]:
        codes: list[ports.Code] = []
        for answer, rows in self._pages(entity, (), size=_TABLE_SIZE, is_table=True, is_steady=True):
            items, skipped = sort_out(rows, "pkey", entity, in_words)
            if skipped and (is_whole or not items):
                raise Retriable(f"{entity} cannot be read: {skipped[0]} (exchange {answer.snapshot_id})")
            codes.extend(items)
        return tuple(codes)

    def _documents(
        self,
        entity: str,
        conditions: tuple[tuple[str, str, str], ...],
        *,
        extra: tuple[tuple[str, str], ...] = (),
        is_impersonal: bool = False,
    ) -> Iterator[tuple[Answer, list[Any]]]:
        query = [*extra, ("_include", "all")]
        if conditions:
            query.append(("$filter", filter_of(*conditions)))
        yield from self._pages(entity, tuple(query), size=_DOCUMENTS_SIZE, is_impersonal=is_impersonal)

    def _pages(
        self,
        entity: str,
        query: tuple[tuple[str, str], ...],
        *,
        size: int,
        is_table: bool = False,
        is_steady: bool = False,
        is_impersonal: bool = False,
    ) -> Iterator[tuple[Answer, list[Any]]]:
        """Pages with the rows not seen before; ends on a short page or one without anything new."""
        seen: set[tuple[Any, Any]] = set()
        number = 1
        while True:
            answer, rows = self._page(entity, query, number, size, is_table or is_impersonal, is_table=is_table)
            fresh = _unseen(rows, seen)
            yield answer, fresh
            if len(rows) < size or not fresh:
                break
            number += 1
        if number > 1 and not is_steady:
            # What was changed meanwhile may have moved to a page already read.
            answer, rows = self._page(entity, query, 1, size, is_impersonal, is_table=is_table)
            fresh = _unseen(rows, seen)
            if fresh:
                yield answer, fresh

    def _page(
        self,
        entity: str,
        query: tuple[tuple[str, str], ...],
        number: int,
        size: int,
        is_impersonal: bool,
        *,
        is_table: bool,
    ) -> tuple[Answer, list[Any]]:
        paging = (("_pgno", str(number)), ("_pgsize", str(size)))
        call = Call(entity, "GET", f"/api/{entity}", (*query, *paging), is_impersonal=is_impersonal)
        answer = self._door.send(call)
        data = answer.data.get("data") if isinstance(answer.data, dict) else None
        rows = data if is_table else data.get("header") if isinstance(data, dict) else None
        if not isinstance(rows, list):
            raise Retriable(f"{entity} answered without its rows (exchange {answer.snapshot_id})")
        return answer, rows

    def _write(
        self, entity: str, document: Any, *, subject: str = "", headers: dict[str, str] | None = None
    ) -> Answer:
        return self._door.send(
            Call(
                entity,
                "POST",
                f"/api/{entity}",
                document=document,
                subject=subject,
                headers=headers or {},
                is_write=True,
            )
        )

    def _written(self, answer: Answer, entity: str) -> wire.Written:
        """The answer to a write; one without the ERP's own key does not say that anything was written."""
        try:
            got = read(wire.Written, answer.data)
        except Unreadable as why:
            raise Unclear(f"the answer to {entity} cannot be read: {why}") from why
        if not got.pkey:
            raise Unclear(f"{entity} answered without a key (exchange {answer.snapshot_id})")
        return got


def _unseen(rows: list[Any], seen: set[tuple[Any, Any]]) -> list[Any]:
    """Rows not seen at this moment of change before; a row without a key is always given."""
    fresh = []
    for row in rows:
        key = (row.get("pkey"), row.get("last_mod")) if isinstance(row, dict) else (None, None)
        if isinstance(key[0], str | int) and isinstance(key[1], str | int | None):
            if key in seen:
                continue
            seen.add(key)
        fresh.append(row)
    return fresh
