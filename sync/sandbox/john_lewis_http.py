"""The marketplace's HTTP face: one handler per published operation.

Law: a handler reads the request, holds the world's lock while it touches the world, and answers in Mirakl's words.
Who may ask is settled first (401, 403), then how often (429 with `Retry-After`), then what (404, 400).
"""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sync.sandbox import john_lewis_lists as lists
from sync.sandbox import john_lewis_returns as returns
from sync.sandbox import john_lewis_settings as settings
from sync.sandbox import john_lewis_wire as wire
from sync.sandbox.john_lewis import API_KEY, KEY_WITHOUT_ACCOUNTANCY, SHOP_ID
from sync.sandbox.john_lewis_limits import Limits
from sync.sandbox.john_lewis_model import Refused
from sync.sandbox.john_lewis_offers import StockImport
from sync.sandbox.john_lewis_query import Asked, Sweeps, amount, asked_by, member, objects, offset_page, optional
from sync.sandbox.john_lewis_shipping import shipment_draft, tracking_of

if TYPE_CHECKING:
    from sync.sandbox.world import World

TAX_MODES = ("TAX_INCLUDED", "TAX_EXCLUDED")

Handler = Callable[[Asked], Response]


def john_lewis_routes(world: "World") -> list[Route]:
    """Every route of the marketplace, over one world."""
    return Marketplace(world).routes()


def _error(status: int, message: str, headers: dict[str, str] | None = None) -> JSONResponse:
    return JSONResponse({"status": status, "message": message}, status_code=status, headers=headers)


class Marketplace:
    """The handlers; each takes what was asked and gives the answer."""

    def __init__(self, world: "World") -> None:
        """Stand in front of a world."""
        self.world = world
        self.limits = Limits()
        self.sweeps = Sweeps()
        self._or11_sweep: tuple[tuple[str, str], ...] | None = None

    def routes(self) -> list[Route]:
        """Path, method and operation of everything that is built."""
        table: tuple[tuple[str, str, str, Handler], ...] = (
            ("GET", "/api/version", "V01", self.version),
            ("GET", "/api/account", "A01", self.account),
            ("GET", "/api/platform/configuration", "PC01", self.configuration),
            ("GET", "/api/shipping/carriers", "SH21", self.carriers),
            ("GET", "/api/shipping/types", "SH12", self.shipping_types),
            ("GET", "/api/reasons", "RE01", self.reasons),
            ("GET", "/api/orders", "OR11", self.list_orders),
            ("PUT", "/api/orders", "OR04", self.update_orders),
            ("PUT", "/api/orders/cancel", "OR30", self.cancel),
            ("PUT", "/api/orders/refund", "OR28", self.refund),
            ("GET", "/api/returns", "RT11", self.list_returns),
            ("PUT", "/api/returns/accept", "RT21", self.answer_returns),
            ("PUT", "/api/returns/receive", "RT25", self.receive_returns),
            ("PUT", "/api/returns/compliance", "RT26", self.check_returns),
            ("PUT", "/api/orders/{order_id}/accept", "OR21", self.accept),
            ("PUT", "/api/orders/{order_id}/tracking", "OR23", self.tracking),
            ("PUT", "/api/orders/{order_id}/ship", "OR24", self.ship),
            ("POST", "/api/shipments", "ST01", self.create_shipments),
            ("GET", "/api/shipments", "ST11", self.list_shipments),
            ("GET", "/api/shipments/items_to_ship", "ST12", self.list_to_ship),
            ("GET", "/api/offers", "OF21", self.list_offers),
            ("POST", "/api/offers/stock/imports", "STO01", self.import_stock),
            ("GET", "/api/offers/stock/imports/{import_id}/status", "STO02", self.import_status),
            ("GET", "/api/offers/stock/imports/{import_id}/error_report", "STO03", self.import_report),
            ("GET", "/api/sellerpayment/transactions_logs", "TL02", self.list_transactions),
            ("GET", "/api/seller-billing-cycles", "SBC11", self.list_cycles),
        )
        return [
            Route(path, self._endpoint(operation, handler), methods=[method], name=operation)
            for method, path, operation, handler in table
        ]

    def _endpoint(self, operation: str, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            refusal = self._who(operation, request)
            if refusal is not None:
                return refusal
            try:
                asked = await asked_by(request)
                with self.world.lock:
                    wait = self._wait(operation, asked)
                    if wait:
                        return _error(429, "Too many requests", {"Retry-After": str(wait)})
                    return handler(asked)
            except Refused as refused:
                return _error(refused.status, refused.message)

        return endpoint

    def _who(self, operation: str, request: Request) -> Response | None:
        """401 without a key, 403 without the role or for another shop."""
        key = request.headers.get("authorization", "")
        if key not in (API_KEY, KEY_WITHOUT_ACCOUNTANCY):
            return _error(401, "Unauthorized")
        if operation == "TL02" and key != API_KEY:
            return _error(403, "Access denied: ROLE_SHOP_ACCOUNTANCY is missing")
        if request.query_params.get("shop_id") not in (None, "", str(SHOP_ID)):
            return _error(403, "Access denied: this shop is not one of the user's")
        return None

    def _wait(self, operation: str, asked: Asked) -> int:
        """Seconds to wait; the later pages of a sweep and the look at named orders are free."""
        switches = self.world.switches
        if switches["relaxed_limits"] or self.sweeps.goes_on(asked):
            return 0
        if operation == "OR11":
            # The published ceiling is for sweeps; looking at one page of known orders is "at each page display".
            if asked.text("order_ids"):
                return 0
            if asked.count("offset", 0) > 0 and asked.signature == self._or11_sweep:
                return 0
        wait = self.limits.wait(operation, self.world.now, strict=switches["strict_limits"])
        if operation == "OR11" and not wait:
            self._or11_sweep = asked.signature
        return wait

    # -- start-up reads ----------------------------------------------------------------------

    def version(self, _asked: Asked) -> Response:
        """V01."""
        return JSONResponse({"version": "3.412.0-sandbox"})

    def account(self, _asked: Asked) -> Response:
        """A01."""
        return JSONResponse(settings.account(self.world))

    def configuration(self, _asked: Asked) -> Response:
        """PC01."""
        return JSONResponse(settings.configuration(self.world))

    def carriers(self, _asked: Asked) -> Response:
        """SH21."""
        return JSONResponse(settings.carriers())

    def shipping_types(self, asked: Asked) -> Response:
        """SH12."""
        asked.check_locale()
        return JSONResponse(settings.shipping_types())

    def reasons(self, asked: Asked) -> Response:
        """RE01."""
        asked.check_locale()
        return JSONResponse(settings.reasons())

    # -- orders ------------------------------------------------------------------------------

    def list_orders(self, asked: Asked) -> Response:
        """OR11."""
        tax_mode = asked.one_of("order_tax_mode", TAX_MODES) or "TAX_INCLUDED"
        orders = lists.orders(asked, self.world)
        return offset_page(asked, "orders", orders, lambda order: wire.order_body(order, self.world, tax_mode))

    def update_orders(self, asked: Asked) -> Response:
        """OR04: the seller's own reference, order by order."""
        answers: list[dict[str, Any]] = []
        for row in asked.rows("orders", 100):
            order_id = member(row, "order_id", str)
            order = self.world.john_lewis.orders.get(order_id)
            references = optional(row, "references", dict) or {}
            reference = optional(references, "order_reference_for_seller", str)
            if reference is not None and not 1 <= len(reference) <= 2000:
                raise Refused(400, "VALIDATION_ERROR: order_reference_for_seller takes 1 to 2000 characters")
            if order is None:
                errors = [{"code": "ORDER_NOT_FOUND", "field": "order_id", "message": "Order not found"}]
                answers.append({"order_id": order_id, "errors": errors, "updated": None})
                continue
            if "order_reference_for_seller" in references:
                order.reference_for_seller = reference  # null clears it
                order.updated_at = self.world.now
            kept = {"order_reference_for_seller": order.reference_for_seller}
            answers.append({"order_id": order_id, "errors": [], "updated": {"references": kept}})
        return JSONResponse({"updated_orders": answers})

    def accept(self, asked: Asked) -> Response:
        """OR21."""
        if isinstance(asked.body, dict) and None in (optional(asked.body, "order_lines", list) or []):
            raise Refused(400, "ORDER_LINE_NULL_ELEMENT: 'order_lines' contains null")
        rows = asked.rows("order_lines", 10_000)
        decisions = [(member(row, "id", str), member(row, "accepted", bool)) for row in rows]
        self.world.john_lewis.order_room.accept(asked.path["order_id"], decisions)
        return Response(status_code=204)

    def tracking(self, asked: Asked) -> Response:
        """OR23."""
        if not isinstance(asked.body, dict):
            raise Refused(400, "VALIDATION_ERROR: the body must be an object")
        tracking = tracking_of(asked.body, "carrier_url")
        self.world.john_lewis.order_room.set_tracking(asked.path["order_id"], tracking)
        return Response(status_code=204)

    def ship(self, asked: Asked) -> Response:
        """OR24."""
        self.world.john_lewis.order_room.ship(asked.path["order_id"])
        return Response(status_code=204)

    def cancel(self, asked: Asked) -> Response:
        """OR30: all of the rows or none."""
        mode = optional(asked.body, "order_tax_mode", str) if isinstance(asked.body, dict) else None
        if mode not in (None, *TAX_MODES):
            raise Refused(400, f"VALIDATION_ERROR: 'order_tax_mode' has an unknown value: {mode}")
        room = self.world.john_lewis.order_room
        usable = {code for code, _, kind, is_ours in settings.REASONS if kind == "CANCELATION" and is_ours}
        wanted: list[tuple[str, Decimal, Decimal, int, str]] = []
        for row in asked.rows("cancelations", 100):
            reason = member(row, "reason_code", str)
            if reason not in usable:
                raise Refused(400, f"Reason {reason} cannot be used by the seller")
            line_id, units = member(row, "order_line_id", str), member(row, "quantity", int)
            wanted.append((line_id, amount(row, "amount"), amount(row, "shipping_amount"), units, reason))
        if len({line_id for line_id, *_ in wanted}) != len(wanted):
            raise Refused(400, "VALIDATION_ERROR: a line may be cancelled once in a call")
        for line_id, money, shipping, units, _ in wanted:
            room.check_cancel(line_id, money, shipping, units)
        answers = []
        for line_id, money, shipping, units, reason in wanted:
            change = room.cancel(line_id, money, shipping, units, reason)
            answers.append({
                "cancelation_id": change.change_id, "order_line_id": line_id, "quantity": units,
                "amount": wire.number(money), "shipping_amount": wire.number(shipping),
                "currency_iso_code": "GBP", "taxes": [], "shipping_taxes": [], "fees": [],
            })  # fmt: skip
        return JSONResponse({"order_tax_mode": mode or "TAX_INCLUDED", "cancelations": answers})

    def refund(self, asked: Asked) -> Response:
        """OR28: all of the rows or none."""
        mode = optional(asked.body, "order_tax_mode", str) if isinstance(asked.body, dict) else None
        if mode not in (None, *TAX_MODES):
            raise Refused(400, f"VALIDATION_ERROR: 'order_tax_mode' has an unknown value: {mode}")
        room = self.world.john_lewis.order_room
        usable = {code for code, _, kind, is_ours in settings.REASONS if kind == "REFUND" and is_ours}
        wanted: list[tuple[str, Decimal, Decimal, int, str]] = []
        for row in asked.rows("refunds", 100):
            reason = member(row, "reason_code", str)
            if reason not in usable:
                raise Refused(400, f"Reason {reason} cannot be used by the seller")
            if optional(row, "currency_iso_code", str) not in (None, "GBP"):
                raise Refused(400, "VALIDATION_ERROR: 'currency_iso_code' is not the order's")
            line_id, units = member(row, "order_line_id", str), optional(row, "quantity", int) or 0
            wanted.append((line_id, amount(row, "amount"), amount(row, "shipping_amount"), units, reason))
        if len({line_id for line_id, *_ in wanted}) != len(wanted):
            raise Refused(400, "VALIDATION_ERROR: a line may be refunded once in a call")
        for line_id, money, shipping, _, _ in wanted:
            room.check_refund(line_id, money, shipping)
        answers = []
        for line_id, money, shipping, units, reason in wanted:
            change = room.refund(line_id, money, shipping, units, reason)
            answers.append({
                "refund_id": change.change_id, "order_refund_id": change.change_id, "order_line_id": line_id,
                "quantity": units, "amount": wire.number(money), "shipping_amount": wire.number(shipping),
                "currency_iso_code": "GBP", "reason_code": reason, "excluded_from_shipment": False, "taxes": [],
                "shipping_taxes": [], "fees": [],
            })  # fmt: skip
        return JSONResponse({"order_tax_mode": mode or "TAX_INCLUDED", "refunds": answers})

    # -- returns -----------------------------------------------------------------------------

    def list_returns(self, asked: Asked) -> Response:
        """RT11."""
        return self.sweeps.page(
            "RT11", asked, 100, lambda: returns.find(asked, self.world), lambda sent: sent.body()
        )

    def receive_returns(self, asked: Asked) -> Response:
        """RT25."""
        return self._of_returns(asked, lambda return_id, _: self.world.john_lewis.returns.receive(return_id))

    def answer_returns(self, asked: Asked) -> Response:
        """RT21."""
        room = self.world.john_lewis.returns
        return self._of_returns(
            asked,
            lambda return_id, row: room.answer(
                return_id,
                is_accepted=bool(member(row, "accepted", bool)),
                reason=optional(row, "rejection_reason_code", str),
            ),
        )

    def check_returns(self, asked: Asked) -> Response:
        """RT26."""
        room = self.world.john_lewis.returns

        def check(return_id: str, row: dict[str, Any]) -> None:
            lines: dict[str, str | None] = {}
            for line in objects(row, "return_lines", 100):
                is_fine = member(line, "compliant", bool)
                reason = None if is_fine else optional(line, "non_compliance_reason_code", str) or "none"
                lines[member(line, "order_line_id", str)] = reason
            room.check(return_id, lines)

        return self._of_returns(asked, check)

    def _of_returns(self, asked: Asked, act: Callable[[str, dict[str, Any]], None]) -> Response:
        """What can be done is done, the rest is told."""
        done: list[dict[str, Any]] = []
        errors: list[dict[str, Any]] = []
        for row in asked.rows("returns", 100):
            return_id = member(row, "id", str)
            try:
                act(return_id, row)
            except Refused as refused:
                errors.append({"id": return_id, "message": refused.message})
            else:
                done.append({"id": return_id})
        return JSONResponse({"return_success": done, "return_errors": errors})

    # -- shipments ---------------------------------------------------------------------------

    def _needs_multi_shipment(self) -> None:
        if not self.world.switches["multi_shipment"]:
            raise Refused(400, "Multi-shipment is not enabled on this platform")

    def create_shipments(self, asked: Asked) -> Response:
        """ST01: what can be done is done, the rest is told."""
        self._needs_multi_shipment()
        room = self.world.john_lewis.order_room
        done: list[dict[str, Any]] = []
        errors: list[dict[str, Any]] = []
        for draft in [shipment_draft(row) for row in asked.rows("shipments", 1000)]:
            try:
                shipment = room.create_shipment(draft)
            except Refused as refused:
                errors.append({"order_id": draft.order_id, "message": refused.message})
            else:
                done.append(wire.shipment_body(shipment, room.get(shipment.order_id)))
        return JSONResponse({"shipment_success": done, "shipment_errors": errors}, status_code=201)

    def list_shipments(self, asked: Asked) -> Response:
        """ST11."""
        self._needs_multi_shipment()
        orders = self.world.john_lewis.orders
        return self.sweeps.page(
            "ST11", asked, 100, lambda: lists.shipments(asked, self.world),
            lambda shipment: wire.shipment_body(shipment, orders[shipment.order_id]),
        )  # fmt: skip

    def list_to_ship(self, asked: Asked) -> Response:
        """ST12."""
        self._needs_multi_shipment()
        return self.sweeps.page("ST12", asked, 100, lambda: lists.to_ship(asked, self.world), wire.to_ship_body)

    # -- offers and stock --------------------------------------------------------------------

    def list_offers(self, asked: Asked) -> Response:
        """OF21."""
        return offset_page(asked, "offers", lists.offers(asked, self.world), wire.offer_body)

    def import_stock(self, asked: Asked) -> Response:
        """STO01."""
        content = asked.files.get("file")
        if content is None:
            raise Refused(400, "The part 'file' is missing")
        import_id = self.world.john_lewis.offer_room.upload(content)
        location = f"{asked.url.replace(query='')}/{import_id}/status"
        return JSONResponse({"import_id": import_id}, status_code=201, headers={"Location": location})

    def import_status(self, asked: Asked) -> Response:
        """STO02."""
        return JSONResponse(wire.import_body(self._import(asked), SHOP_ID))

    def import_report(self, asked: Asked) -> Response:
        """STO03."""
        stock_import = self._import(asked)
        if not stock_import.finished or not stock_import.errors:
            raise Refused(404, "There is no error report for this import")
        report = self.world.john_lewis.offer_room.report(stock_import)
        return Response(report, media_type="text/csv")

    def _import(self, asked: Asked) -> StockImport:
        stock_import = self.world.john_lewis.offer_room.imports.get(asked.path["import_id"])
        if stock_import is None:
            raise Refused(404, f"Import {asked.path['import_id']} not found")
        return stock_import

    # -- money -------------------------------------------------------------------------------

    def list_transactions(self, asked: Asked) -> Response:
        """TL02."""
        return self.sweeps.page(
            "TL02", asked, 2000, lambda: lists.transactions(asked, self.world), wire.transaction_body
        )

    def list_cycles(self, asked: Asked) -> Response:
        """SBC11."""
        return self.sweeps.page("SBC11", asked, 1000, lambda: lists.cycles(asked, self.world), settings.cycle_body)
