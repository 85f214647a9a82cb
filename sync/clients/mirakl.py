"""The John Lewis Marketplace behind the `Marketplace` port: Mirakl's operations, in our words.

The law: vendor words stop here. A record that cannot be read is named in its page's `skipped`, beside the good
ones, and never stops them. A write says Refused only for a definite no, and Unclear whenever it may have happened.
"""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sync import ports
from sync.clients import mirakl_returns as returns
from sync.clients import mirakl_wire as wire
from sync.clients import mirakl_words as words
from sync.clients.budget import Allowance
from sync.clients.http import Answer, Call, Door, path_of
from sync.clients.mirakl_answers import believed, listed, written
from sync.clients.mirakl_documents import (
    draft_of,
    moment_text,
    shipment_document,
    stock_errors,
    stock_file,
    tracking_document,
)
from sync.clients.mirakl_paging import by_offset, by_token, rows_of
from sync.clients.records import Unreadable, read, sort_out
from sync.errors import Retriable, Unclear

Item = TypeVar("Item")

_MOST_IDS = 100
_MOST_REFERENCES = 100
_MOST_SHIPMENTS = 1000
_MOST_RETURNS = 100
_OFFSET_SIZE = 100
_SEEK_SIZE = 100
_LEDGER_SIZE = 2000
_CYCLES_SIZE = 1000
_ACCOUNTANCY = "ROLE_SHOP_ACCOUNTANCY (accountancy)"


class Mirakl:
    """The marketplace we sell on."""

    def __init__(self, door: Door, *, shop_id: str = "") -> None:
        self._door = door
        self._shop: tuple[tuple[str, str], ...] = (("shop_id", shop_id),) if shop_id else ()

    def close(self) -> None:
        """Shut the door."""
        self._door.close()

    def allowances(self) -> tuple[Allowance, ...]:
        """What is left of the published frequencies, for the page of runs."""
        return self._door.budget.allowances()

    def ping(self) -> str:
        """V01."""
        return self._one("V01", "/api/version", lambda raw: read(wire.Version, raw).version or "")

    def account(self) -> ports.Account:
        """A01."""
        return self._one("A01", "/api/account", words.account)

    def rules(self) -> ports.MarketRules:
        """PC01."""
        return self._one("PC01", "/api/platform/configuration", words.rules)

    def carriers(self) -> tuple[ports.Code, ...]:
        """SH21."""
        return self._codes("SH21", "/api/shipping/carriers", "carriers", words.carrier)

    def shipping_types(self) -> tuple[ports.Code, ...]:
        """SH12."""
        return self._codes("SH12", "/api/shipping/types", "shipping_types", words.shipping_type)

    def reasons(self) -> tuple[ports.Code, ...]:
        """RE01."""
        return self._codes("RE01", "/api/reasons", "reasons", words.reason)

    # -- orders ------------------------------------------------------------------------------

    def orders(
        self,
        *,
        updated_from: datetime | None = None,
        created_from: datetime | None = None,
        created_to: datetime | None = None,
        order_ids: Sequence[str] = (),
    ) -> Iterator[ports.Page[ports.MarketOrder]]:
        """OR11. An order seen twice at the same moment of change is given once."""
        query = [*self._shop, ("sort", "dateCreated"), ("order", "asc")]
        for name, moment in (
            ("start_update_date", updated_from),
            ("start_date", created_from),
            ("end_date", created_to),
        ):
            if moment is not None:
                query.append((name, moment_text(moment)))
        chunks: list[list[tuple[str, str]]] = [[]]
        if order_ids:
            unique = list(dict.fromkeys(order_ids))
            chunks = [
                [("order_ids", ",".join(unique[start : start + _MOST_IDS]))]
                for start in range(0, len(unique), _MOST_IDS)
            ]
        seen: set[tuple[str, datetime]] = set()
        for chunk in chunks:
            # The published ceiling is for sweeps; looking at orders by name is "at each page display".
            call = Call("OR11", "GET", "/api/orders", (*query, *chunk), is_counted=not order_ids)
            for answer, rows, total in by_offset(self._door, call, "orders", size=_OFFSET_SIZE):
                items, skipped = sort_out(rows, "order_id", "order", words.order)
                fresh = [item for item in items if (item.order_id, item.updated_at) not in seen]
                seen.update((item.order_id, item.updated_at) for item in fresh)
                yield ports.Page(tuple(fresh), answer.snapshot_id, tuple(skipped), total)

    def accept(self, order_id: str, line_ids: Sequence[str], refused_ids: Sequence[str] = ()) -> UUID | None:
        """OR21, a decision for every line."""
        return self._decide(order_id, {**dict.fromkeys(line_ids, True), **dict.fromkeys(refused_ids, False)})

    def refuse(self, order_id: str, line_ids: Sequence[str]) -> UUID | None:
        """OR21, every line refused."""
        return self._decide(order_id, dict.fromkeys(line_ids, False))

    def _decide(self, order_id: str, decisions: Mapping[str, bool]) -> UUID | None:
        lines = [{"id": line_id, "accepted": is_accepted} for line_id, is_accepted in decisions.items()]
        document = {"order_lines": lines}
        path = path_of("/api/orders/{order_id}/accept", order_id=order_id)
        return self._write("OR21", "PUT", path, document, subject=order_id).snapshot_id

    def write_references(self, references: Mapping[str, str]) -> tuple[ports.Outcome, ...]:
        """OR04. An order the answer does not mention has no outcome: nobody knows."""
        if not 0 < len(references) <= _MOST_REFERENCES:
            raise ValueError(f"between 1 and {_MOST_REFERENCES} references at a time, not {len(references)}")
        document = {
            "orders": [
                {"order_id": order_id, "references": {"order_reference_for_seller": number}}
                for order_id, number in references.items()
            ]
        }
        answer = self._write("OR04", "PUT", "/api/orders", document, expects="json")
        updated = {}
        for raw in written(answer, "updated_orders", "OR04"):
            got = believed(wire.UpdatedOrder, raw, "OR04")
            updated[got.order_id or ""] = got
        outcomes = []
        for order_id, number in references.items():
            if order_id not in updated:
                continue
            errors = updated[order_id].errors
            sentence = "; ".join(f"{error.code or ''} {error.message or ''}".strip() for error in errors)
            outcomes.append(ports.Outcome(order_id, is_ok=not errors, reference=number, message=sentence))
        return tuple(outcomes)

    def cancel_lines(self, cancelations: Sequence[ports.LineCancelation]) -> UUID | None:
        """OR30."""
        document = {
            "cancelations": [
                {
                    "order_line_id": each.order_line_id,
                    "quantity": each.quantity,
                    "amount": each.amount,
                    "shipping_amount": each.shipping_amount,
                    "reason_code": each.reason_code,
                }
                for each in cancelations
            ]
        }
        answer = self._write("OR30", "PUT", "/api/orders/cancel", document, expects="json")
        made = {
            believed(wire.Canceled, raw, "OR30").order_line_id for raw in written(answer, "cancelations", "OR30")
        }
        missing = [each.order_line_id for each in cancelations if each.order_line_id not in made]
        if missing:
            raise Unclear(f"OR30 answered without {', '.join(missing)} (exchange {answer.snapshot_id})")
        return answer.snapshot_id

    def refund_line(self, refund: ports.LineRefund) -> str:
        """OR28, one line at a time: what is unclear is then unclear about one sum."""
        document = {"refunds": [returns.refund_row(refund)]}
        answer = self._write("OR28", "PUT", "/api/orders/refund", document, expects="json")
        for raw in written(answer, "refunds", "OR28"):
            made = believed(returns.Refunded, raw, "OR28")
            if made.order_line_id == refund.order_line_id and made.refund_id:
                return made.refund_id
        raise Unclear(f"OR28 answered without {refund.order_line_id} (exchange {answer.snapshot_id})")

    # -- returns -----------------------------------------------------------------------------

    def list_returns(self, *, updated_from: datetime) -> Iterator[ports.Page[ports.MarketReturn]]:
        """RT11, by last change."""
        query = [*self._shop, ("return_last_updated_from", moment_text(updated_from))]
        call = Call("RT11", "GET", "/api/returns", query)
        yield from self._seek(call, "return", returns.market_return, lambda i: (i.return_id, i.updated_at))

    def answer_returns(self, answers: Sequence[ports.ReturnAnswer]) -> tuple[ports.Outcome, ...]:
        """RT21. A return the answer does not mention has no outcome: nobody knows."""
        return self._say_of_returns("RT21", "accept", {one.return_id: returns.answer_row(one) for one in answers})

    def report_returns(self, reports: Sequence[ports.ReturnReport]) -> tuple[ports.Outcome, ...]:
        """RT26. A return the answer does not mention has no outcome: nobody knows."""
        rows = {one.return_id: returns.report_row(one) for one in reports}
        return self._say_of_returns("RT26", "compliance", rows)

    def receive_returns(self, return_ids: Sequence[str]) -> tuple[ports.Outcome, ...]:
        """RT25. A return the answer does not mention has no outcome: nobody knows."""
        return self._say_of_returns("RT25", "receive", {return_id: {"id": return_id} for return_id in return_ids})

    def _say_of_returns(
        self, operation: str, what: str, rows: Mapping[str, Mapping[str, Any]]
    ) -> tuple[ports.Outcome, ...]:
        if not 0 < len(rows) <= _MOST_RETURNS:
            raise ValueError(f"between 1 and {_MOST_RETURNS} returns at a time, not {len(rows)}")
        document = {"returns": list(rows.values())}
        answer = self._write(operation, "PUT", f"/api/returns/{what}", document, expects="json")
        try:
            outcomes = returns.receipts(answer.data if isinstance(answer.data, dict) else {}, rows)
        except Unreadable as why:
            raise Unclear(f"the answer to {operation} cannot be read: {why}") from why
        if not outcomes:
            raise Unclear(f"{operation} does not say what became of its returns (exchange {answer.snapshot_id})")
        return tuple(outcomes.values())

    # -- dispatch ----------------------------------------------------------------------------

    def ship_whole(self, order_id: str, tracking: ports.Tracking | None) -> UUID | None:
        """OR23 where there is tracking, then OR24."""
        if tracking is not None:
            path = path_of("/api/orders/{order_id}/tracking", order_id=order_id)
            # The same tracking set twice is set once: this half may be repeated.
            self._write("OR23", "PUT", path, tracking_document(tracking), subject=order_id, is_repeatable=True)
        path = path_of("/api/orders/{order_id}/ship", order_id=order_id)
        return self._write("OR24", "PUT", path, None, subject=order_id).snapshot_id

    def create_shipments(self, drafts: Sequence[ports.ShipmentDraft]) -> tuple[ports.Outcome, ...]:
        """ST01, created and confirmed in one call. What the answer does not mention has no outcome."""
        if not 0 < len(drafts) <= _MOST_SHIPMENTS:
            raise ValueError(f"between 1 and {_MOST_SHIPMENTS} shipments at a time, not {len(drafts)}")
        document = {"shipments": [shipment_document(draft) for draft in drafts]}
        answer = self._write("ST01", "POST", "/api/shipments", document, expects="json")
        data = answer.data if isinstance(answer.data, dict) else {}
        left = list(drafts)
        outcomes: dict[str, ports.Outcome] = {}
        for raw in listed(data, "shipment_success"):
            made = believed(wire.Shipment, raw, "ST01")
            draft = draft_of(made, left)
            if draft is not None:
                left.remove(draft)
                outcomes[draft.reference] = ports.Outcome(draft.reference, is_ok=True, reference=made.id or "")
        for raw in listed(data, "shipment_errors"):
            error = believed(wire.WireError, raw, "ST01")
            draft = next((each for each in left if each.order_id == error.order_id), None)
            if draft is not None:
                left.remove(draft)
                outcomes[draft.reference] = ports.Outcome(
                    draft.reference, is_ok=False, message=error.message or "refused without a reason"
                )
        if not outcomes:
            raise Unclear(f"ST01 does not say what became of its shipments (exchange {answer.snapshot_id})")
        return tuple(outcomes[draft.reference] for draft in drafts if draft.reference in outcomes)

    def shipments(self, order_ids: Sequence[str]) -> Iterator[ports.Page[ports.MarketShipment]]:
        """ST11."""
        unique = list(dict.fromkeys(order_ids))
        for start in range(0, len(unique), _MOST_IDS):
            query = [*self._shop, *(("order_id", each) for each in unique[start : start + _MOST_IDS])]
            call = Call("ST11", "GET", "/api/shipments", query)
            yield from self._seek(call, "shipment", words.shipment, lambda item: item.shipment_id)

    # -- offers and stock --------------------------------------------------------------------

    def offers(self) -> Iterator[ports.Page[ports.Offer]]:
        """OF21."""
        seen: set[str] = set()
        call = Call("OF21", "GET", "/api/offers", self._shop, is_impersonal=True)
        for answer, rows, total in by_offset(self._door, call, "offers", size=_OFFSET_SIZE):
            items, skipped = sort_out(rows, "shop_sku", "offer", words.offer)
            fresh = [item for item in items if item.sku not in seen]
            seen.update(item.sku for item in fresh)
            yield ports.Page(tuple(fresh), answer.snapshot_id, tuple(skipped), total)

    def import_stock(self, quantities: Mapping[str, int]) -> str:
        """STO01, global quantities: the warehouse column stays empty."""
        if not quantities:
            raise ValueError("a stock import without a single quantity says nothing")
        call = Call(
            "STO01",
            "POST",
            "/api/offers/stock/imports",
            self._shop,
            file=("stock.csv", stock_file(quantities), "text/csv"),
            is_write=True,
            is_impersonal=True,
        )
        answer = self._door.send(call)
        import_id = believed(wire.ImportCreated, answer.data, "STO01").import_id
        if not import_id:
            raise Unclear(f"STO01 answered without an import id (exchange {answer.snapshot_id})")
        return import_id

    def import_status(self, import_id: str) -> ports.ImportStatus:
        """STO02."""
        path = path_of("/api/offers/stock/imports/{import_id}/status", import_id=import_id)
        return self._one("STO02", path, lambda raw: words.import_status(raw, import_id))

    def import_errors(self, import_id: str) -> Mapping[str, str]:
        """STO03: line number, reason, then the columns as submitted."""
        path = path_of("/api/offers/stock/imports/{import_id}/error_report", import_id=import_id)
        answer = self._door.send(
            Call("STO03", "GET", path, self._shop, expects="text", headers={"Accept": "text/csv, */*"})
        )
        try:
            return stock_errors(answer.text)
        except csv.Error as error:
            raise Retriable(f"STO03 cannot be read: {error} (exchange {answer.snapshot_id})") from error

    # -- money -------------------------------------------------------------------------------

    def transactions(self, *, updated_from: datetime) -> Iterator[ports.Page[ports.TransactionLine]]:
        """TL02, by last change, oldest first."""
        query = [*self._shop, ("last_updated_from", moment_text(updated_from)), ("sort", "lastUpdated,ASC")]
        call = Call("TL02", "GET", "/api/sellerpayment/transactions_logs", query, role=_ACCOUNTANCY)
        yield from self._seek(
            call, "transaction", words.transaction, lambda i: (i.transaction_id, i.updated_at), size=_LEDGER_SIZE
        )

    def billing_cycles(self, *, created_from: datetime) -> Iterator[ports.Page[ports.BillingCycle]]:
        """SBC11."""
        query = [*self._shop, ("start_date", moment_text(created_from))]
        call = Call("SBC11", "GET", "/api/seller-billing-cycles", query, role=_ACCOUNTANCY)
        yield from self._seek(
            call, "billing cycle", words.billing_cycle, lambda item: item.cycle_id, size=_CYCLES_SIZE
        )

    # -- how it is asked ---------------------------------------------------------------------

    def _one(self, resource: str, path: str, in_words: Callable[[Any], Item]) -> Item:
        """One record; one that cannot be read is asked for again by the next run."""
        answer = self._door.send(Call(resource, "GET", path, self._shop, subject="shop"))
        try:
            return in_words(answer.data)
        except Unreadable as why:
            raise Retriable(f"{resource} cannot be read: {why} (exchange {answer.snapshot_id})") from why

    def _codes(
        self, resource: str, path: str, member: str, in_words: Callable[[Any], ports.Code]
    ) -> tuple[ports.Code, ...]:
        call = Call(resource, "GET", path, self._shop)
        answer = self._door.send(call)
        items, skipped = sort_out(rows_of(answer, member, call), "code", member, in_words)
        if skipped and not items:
            raise Retriable(f"{resource} cannot be read: {skipped[0]} (exchange {answer.snapshot_id})")
        return tuple(items)

    def _seek(
        self,
        call: Call,
        what: str,
        in_words: Callable[[Any], Item],
        key: Callable[[Item], Any],
        *,
        size: int = _SEEK_SIZE,
    ) -> Iterator[ports.Page[Item]]:
        seen: set[Any] = set()
        for answer, rows in by_token(self._door, call, size=size):
            items, skipped = sort_out(rows, "id", what, in_words)
            fresh = [item for item in items if key(item) not in seen]
            seen.update(key(item) for item in fresh)
            yield ports.Page(tuple(fresh), answer.snapshot_id, tuple(skipped))

    def _write(
        self,
        resource: str,
        method: str,
        path: str,
        document: Any,
        *,
        subject: str = "",
        expects: str = "nothing",
        is_repeatable: bool = False,
    ) -> Answer:
        return self._door.send(
            Call(
                resource,
                method,
                path,
                self._shop,
                document,
                subject=subject,
                expects=expects,
                is_write=True,
                is_repeatable=is_repeatable,
            )
        )
