"""The wire of the pretend BlueCherry: envelopes, ``$filter``, paging, and three shapes of error.

The law: only what BlueCherry's reference knows or proposes is answered; what an order is and whether it can
be seen yet is decided in the parts below, never here. Each entity keeps to its own shape of error.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sync.sandbox.bluecherry import API_KEY
from sync.sandbox.bluecherry_documents import ErpRefusalError, SalesOrder
from sync.sandbox.bluecherry_money import CHART
from sync.sandbox.bluecherry_styles import style_documents
from sync.sandbox.bodies import read_json
from sync.sandbox.catalogue import SHIPPERS, WAREHOUSES

if TYPE_CHECKING:
    from sync.sandbox.world import World

VERSION = "7.4.118"
_CONDITION = re.compile(r"\s*(\w+)\s+(eq|ne|gt|ge|lt|le)\s+'((?:[^']|'')*)'\s*(?:and\b|$)", re.IGNORECASE)
_COMPARE: dict[str, Callable[[str, str], bool]] = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
}
_MOST_DOCUMENTS = 200
_MOST_ROWS = 500
_ERRORS_LIST = ("salesOrder", "salesOrderCancel", "returnOrder", "returnOrderCancel")
_MESSAGE_LIST = ("journal", "inventory", "inventoryBatch", "account", "period")

Condition = tuple[str, str, str]
Document = Mapping[str, Any]


class _BadRequestError(ErpRefusalError):
    """The question itself cannot be read."""

    def __init__(self, text: str) -> None:
        super().__init__("INVALID_REQUEST", text, status=400)


def bluecherry_routes(world: "World") -> list[Route]:
    """Every entity of the ERP on one world."""
    wire = _Wire(world)
    reads: dict[str, Callable[[Request], Response]] = {
        "style": wire.styles,
        "Location": wire.locations,
        "Shipper": wire.shippers,
        "pick": wire.picks,
        "inventoryBatch": wire.batches,
        "inventory": wire.inventory,
        "productionOrderByStage": wire.production_orders,
        "salesOrder": wire.sales_orders,
        "shipment": wire.shipments,
        "invoice": wire.invoices,
        "returnOrder": wire.returns,
        "creditMemo": wire.credit_memos,
        "journal": wire.journals,
        "account": wire.accounts,
        "period": wire.periods,
    }
    writes: dict[str, Callable[[Document], dict[str, Any]]] = {
        "salesOrder": world.bluecherry.create_order,
        "salesOrderCancel": world.bluecherry.book.cancel,
        "journal": world.bluecherry.books.post,
        "returnOrder": world.bluecherry.returns.create,
        "returnOrderCancel": world.bluecherry.returns.cancel,
    }
    routes = [Route(f"/api/{entity}", wire.reader(entity, act), methods=["GET"]) for entity, act in reads.items()]
    routes += [
        Route(f"/api/{entity}", wire.writer(entity, act), methods=["POST"]) for entity, act in writes.items()
    ]
    return routes


class _Wire:
    """Turns requests into questions to the world, and its answers into documents."""

    def __init__(self, world: "World") -> None:
        self.world = world
        self.erp = world.bluecherry
        self._styles = style_documents(world.skus)

    # -- one door for all --------------------------------------------------------------------

    def reader(self, entity: str, act: Callable[[Request], Response]) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            if not _has_key(request):
                return _no_key()
            try:
                with self.world.lock:
                    return act(request)
            except ErpRefusalError as refusal:
                return _refused(entity, refusal)

        return endpoint

    def writer(self, entity: str, act: Callable[[Document], dict[str, Any]]) -> Callable[[Request], Any]:
        async def endpoint(request: Request) -> Response:
            if not _has_key(request):
                return _no_key()
            try:
                documents = read_json(await request.body(), number=str)
            except ValueError:
                return _refused(entity, _BadRequestError("the body is not JSON"))
            is_list = isinstance(documents, list) and all(isinstance(each, dict) for each in documents)
            if not is_list or not documents:
                return _refused(entity, _BadRequestError("the body must be an array of documents"))
            with self.world.lock:
                return self._write(entity, act, documents)

        return endpoint

    def _write(
        self, entity: str, act: Callable[[Document], dict[str, Any]], documents: list[dict[str, Any]]
    ) -> Response:
        if len(documents) == 1:
            try:
                return JSONResponse({"version": VERSION, **act(documents[0])})
            except ErpRefusalError as refusal:
                return _refused(entity, refusal)
        results: list[dict[str, Any]] = []
        for index, document in enumerate(documents):
            try:
                results.append({"index": index, **act(document)})
            except ErpRefusalError as refusal:
                results.append({"index": index, "errors": [refusal.as_error()]})
        return JSONResponse({"version": VERSION, "data": results})

    # -- code tables -------------------------------------------------------------------------

    def locations(self, request: Request) -> Response:
        rows = [
            {
                "pkey": number,
                "location": warehouse.code,
                "loc_name": warehouse.name,
                "loc_type": warehouse.loc_type,
                "resv_wh": "N",
                "nation": warehouse.nation,
            }
            for number, warehouse in enumerate(WAREHOUSES, start=1)
        ]
        return _table(request, rows)

    def shippers(self, request: Request) -> Response:
        rows = [
            {
                "pkey": number,
                "shipper": shipper.code,
                "ship_name": shipper.name,
                "scac": shipper.scac,
                "active": "Y",
            }
            for number, shipper in enumerate(SHIPPERS, start=1)
        ]
        return _table(request, rows)

    def accounts(self, request: Request) -> Response:
        rows = [
            {"pkey": number, "account": code, "description": name, "active": "Y"}
            for number, (code, name) in enumerate(CHART.items(), start=1)
        ]
        return _table(request, rows)

    def periods(self, request: Request) -> Response:
        return _table(request, self.erp.books.periods())

    def inventory(self, request: Request) -> Response:
        conditions = _conditions(request)
        batch_id = _wanted(conditions, "batch_id")
        if batch_id is None:
            raise _BadRequestError("$filter must name one batch_id")
        if batch_id not in self.erp.batches.by_batch_id:
            raise ErpRefusalError("BATCH_NOT_FOUND", batch_id, status=404, where="batch_id")
        if any(operator != "eq" or name not in {"batch_id", "location"} for name, operator, _ in conditions):
            return _table(request, self.erp.batches.wire_rows(batch_id))
        # The usual question: only the page asked for is built.
        first, end = _page(request, _MOST_ROWS)
        location = _wanted(conditions, "location")
        rows = self.erp.batches.wire_rows(batch_id, location=location, first=first, end=end)
        return JSONResponse({"version": VERSION, "data": list(rows)})

    # -- documents ---------------------------------------------------------------------------

    def styles(self, request: Request) -> Response:
        return _documents(request, ((header, partial(dict, children)) for header, children in self._styles))

    def picks(self, request: Request) -> Response:
        room = self.erp.fulfilment
        return _documents(
            request,
            ((ticket.header(), ticket.children) for ticket in room.picks),
        )

    def batches(self, request: Request) -> Response:
        batches = self.erp.batches.batches
        if request.query_params.get("_latest") == "1":
            batches = batches[-1:]
        return _documents(request, ((batch.as_wire(), dict) for batch in batches))

    def production_orders(self, request: Request) -> Response:
        return _documents(request, ((order.header(), order.children) for order in self.erp.stock.production))

    def shipments(self, request: Request) -> Response:
        return _documents(request, ((shipment.header(), shipment.children) for shipment in self.erp.shipments))

    def invoices(self, request: Request) -> Response:
        return _documents(request, ((invoice.header(), invoice.children) for invoice in self.erp.books.invoices))

    def returns(self, request: Request) -> Response:
        return _documents(request, ((kept.header(), kept.children) for kept in self.erp.returns.visible()))

    def credit_memos(self, request: Request) -> Response:
        return _documents(request, ((memo.header(), memo.children) for memo in self.erp.returns.memos))

    def journals(self, request: Request) -> Response:
        now = self.world.now
        journals = self.erp.books.visible_journals()
        return _documents(request, ((journal.as_wire(now), journal.children) for journal in journals))

    def sales_orders(self, request: Request) -> Response:
        """Sales orders; the two usual questions are answered without building every header."""
        conditions = _conditions(request)
        po_num = _wanted(conditions, "po_num")
        feed = [(operator, value) for name, operator, value in conditions if name == "last_mod"]

        def candidates() -> Iterator[SalesOrder]:
            for order in self.erp.book.visible(po_num):
                if all(_COMPARE[operator](order.last_mod_text, value) for operator, value in feed):
                    yield order

        return _documents(request, ((order.header(), order.children) for order in candidates()))


def _has_key(request: Request) -> bool:
    return request.headers.get("Ocp-Apim-Subscription-Key") == API_KEY


def _no_key() -> Response:
    return JSONResponse(
        {"statusCode": 401, "message": "Access denied due to invalid subscription key."}, status_code=401
    )


def _refused(entity: str, refusal: ErpRefusalError) -> Response:
    """The refusal in the shape this entity uses."""
    body: dict[str, Any] = {"version": VERSION}
    sentence = f"{refusal.code}: {refusal.text}"
    if entity in _ERRORS_LIST:
        body["errors"] = [refusal.as_error()]
    elif entity in _MESSAGE_LIST:
        body["message"] = [{"message": sentence}]
    else:
        body["message"] = sentence
    return JSONResponse(body, status_code=refusal.status)


def _conditions(request: Request) -> list[Condition]:
    """The filter as (field, operator, value), `pkey=` included; quotes inside values are doubled."""
    found: list[Condition] = []
    if "pkey" in request.query_params:
        found.append(("pkey", "eq", request.query_params["pkey"]))
    expression = request.query_params.get("$filter", "").strip()
    place = 0
    while place < len(expression):
        match = _CONDITION.match(expression, place)
        if match is None:
            raise _BadRequestError(f"$filter cannot be read at {expression[place : place + 40]!r}")
        found.append((match[1], match[2].lower(), match[3].replace("''", "'")))
        place = match.end()
    return found


def _wanted(conditions: list[Condition], field: str) -> str | None:
    """The value the filter demands of a field."""
    return next((value for name, operator, value in conditions if (name, operator) == (field, "eq")), None)


def _matches(record: Document, conditions: list[Condition]) -> bool:
    for name, operator, value in conditions:
        if name not in record:
            raise _BadRequestError(f"$filter names {name}, which this entity does not have")
        known = record[name]
        if known is None:
            return False
        if isinstance(known, int) and re.fullmatch(r"-?\d+", value):
            width = 20
            if not _COMPARE[operator](f"{known:0{width}d}", f"{int(value):0{width}d}"):
                return False
        elif not _COMPARE[operator](str(known).rstrip(" "), value.rstrip(" ")):
            return False
    return True


def _page(request: Request, most: int) -> tuple[int, int]:
    """The slice asked for; sizes beyond the limit are cut to it without a word, as gateways do."""
    given = []
    for name, usual in (("_pgno", 1), ("_pgsize", min(100, most))):
        value = request.query_params.get(name, str(usual))
        if not (value.isascii() and value.isdigit()) or int(value) < 1:
            raise _BadRequestError(f"{name} must be a whole number from 1")
        given.append(int(value))
    number, size = given[0], min(given[1], most)
    return (number - 1) * size, number * size


def _table(request: Request, rows: Iterable[dict[str, Any]]) -> Response:
    conditions = _conditions(request)
    first, end = _page(request, _MOST_ROWS)
    found = [row for row in rows if _matches(row, conditions)]
    return JSONResponse({"version": VERSION, "data": found[first:end]})


def _documents(
    request: Request, documents: Iterable[tuple[dict[str, Any], Callable[[], dict[str, Any]]]]
) -> Response:
    """A page of headers; children only where asked for, and built only for the page."""
    conditions = _conditions(request)
    first, end = _page(request, _MOST_DOCUMENTS)
    with_children = request.query_params.get("_include") == "all"
    page: list[dict[str, Any]] = []
    place = 0
    for header, children in documents:
        if not _matches(header, conditions):
            continue
        if first <= place < end:
            page.append({**header, **children()} if with_children else header)
        place += 1
        if place >= end:
            break
    return JSONResponse({"version": VERSION, "data": {"header": page}})
