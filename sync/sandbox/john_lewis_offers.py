"""Offers of the shop at John Lewis and the stock imports that set their quantities.

Law: a customer's order takes stock at once; an import takes effect only when it completes, and then overwrites
whatever was there, sales since its upload included. A file with bad lines completes with a report.
"""

import csv
import hashlib
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from sync.sandbox.catalogue import CATEGORIES, CHANNEL, LEGACY_SHOP_SKU, Sku

if TYPE_CHECKING:
    from sync.sandbox.john_lewis_money import Ledger
    from sync.sandbox.world import World

DUPLICATE_WINDOW = timedelta(minutes=10)
_KEPT_IMPORTS = 500
_KNOWN_COLUMNS = ("offer-sku", "quantity", "warehouse-code", "update-delete")


@dataclass(slots=True)
class Offer:
    """One SKU offered, under the name the shop gave it."""

    offer_id: int
    shop_sku: str
    product_sku: str
    ean: str
    title: str
    description: str
    category_code: str
    category_label: str
    price: Decimal
    quantity: int
    sku_key: str | None
    """The ERP's SKU behind it, where there is an exact one."""


@dataclass(slots=True)
class StockImport:
    """One uploaded stock file on its way."""

    import_id: str
    digest: str
    created_at: datetime
    status: str
    lines: list[tuple[str, int]] = field(default_factory=list)
    errors: list[tuple[int, str, dict[str, str]]] = field(default_factory=list)

    @property
    def finished(self) -> bool:
        """Whether it will change no more."""
        return self.status in ("COMPLETE", "FAILED")


class Offers:
    """Every offer, and every stock import made of them."""

    def __init__(self, world: "World", ledger: "Ledger") -> None:
        """Offer what may be sold on this channel, nothing of it in stock yet."""
        self.world = world
        self.ledger = ledger
        self.offers: dict[str, Offer] = {}
        self.imports: dict[str, StockImport] = {}
        self._newest: StockImport | None = None
        for sku in world.skus:
            if CHANNEL in sku.destinations:
                self._offer(sku.shop_sku, sku, sku.key)
        self._spoil(world.skus)

    def _offer(self, shop_sku: str, sku: Sku, sku_key: str | None) -> Offer:
        number = len(self.offers) + 1
        offer = Offer(
            88000 + number, shop_sku, str(700100000 + number * 7), sku.ean,
            f"{sku.style_name}, {sku.color_name}, {sku.size_desc}",
            f"{sku.style_name} in {sku.color_name.lower()}",
            sku.category_code, CATEGORIES[sku.category_code].label, sku.price, 0, sku_key,
        )  # fmt: skip
        self.offers[shop_sku] = offer
        return offer

    def _spoil(self, skus: list[Sku]) -> None:
        """A few offers whose name is not, byte for byte, that of a sellable SKU (under two in a hundred)."""
        sold = [sku for sku in skus if CHANNEL in sku.destinations]
        zeros = [sku for sku in sold if sku.style.startswith("0")] or sold
        budget = int(len(sold) * 0.015)
        model = sold[-1]
        bad = (
            (LEGACY_SHOP_SKU, model),
            (sold[len(sold) // 3].shop_sku + " ", sold[len(sold) // 3]),
            (sold[len(sold) // 2].shop_sku.lower(), sold[len(sold) // 2]),
            (zeros[0].shop_sku.replace("-0", "-", 1), zeros[0]),
        )
        for shop_sku, sku in bad[:budget]:
            if shop_sku not in self.offers:
                self._offer(shop_sku, sku, None).quantity = 3
        # Exact names, and yet not to be sold: one is discontinued, one was taken off this channel.
        for place, index in enumerate((len(sold) // 4, len(sold) // 5)):
            if budget > len(bad) + place:
                sku = sold[index]
                self.offers[sku.shop_sku].sku_key = None
                self.offers[sku.shop_sku].quantity = 2
                if place == 0:
                    sku.active = False
                else:
                    sku.destinations.remove(CHANNEL)

    def legacy(self) -> Offer:
        """The offer left over from a style the ERP forgot; a small catalogue has it only once it is asked for."""
        found = self.offers.get(LEGACY_SHOP_SKU)
        if found is None:
            model = next(sku for sku in reversed(self.world.skus) if CHANNEL in sku.destinations)
            found = self._offer(LEGACY_SHOP_SKU, model, None)
            found.quantity = 3
        return found

    def sell(self, shop_sku: str, units: int) -> None:
        """An order takes what it orders off the shelf."""
        offer = self.offers[shop_sku]
        offer.quantity = max(0, offer.quantity - units)

    def import_stock(self, rows: Iterable[tuple[str, int]]) -> str:
        """What a file of these quantities would do, delay and all, without the writing and reading of it."""
        stock_import = self._take_in("")
        stock_import.lines = [(shop_sku, units) for shop_sku, units in rows if shop_sku in self.offers]
        self._set_going(stock_import, None)
        return stock_import.import_id

    def upload(self, content: bytes) -> str:
        """STO01: take the file in; the same file again at once is the same import."""
        digest = hashlib.sha256(content).hexdigest()
        newest, now = self._newest, self.world.now
        if newest is not None and newest.digest == digest and now - newest.created_at < DUPLICATE_WINDOW:
            return newest.import_id
        stock_import = self._take_in(digest)
        self._set_going(stock_import, content)
        return stock_import.import_id

    def _take_in(self, digest: str) -> StockImport:
        stock_import = StockImport(self.ledger.new_id(), digest, self.world.now, "WAITING")
        self.imports[stock_import.import_id] = self._newest = stock_import
        if len(self.imports) > _KEPT_IMPORTS:
            del self.imports[next(iter(self.imports))]
        return stock_import

    def _set_going(self, stock_import: StockImport, content: bytes | None) -> None:
        """It waits a little, is read, and takes effect one to three minutes after it was sent."""
        rng = self.world.rng("imports")
        starts = rng.uniform(0.2, 0.8)
        self.world.after(starts, lambda: self._start(stock_import, content))
        self.world.after(starts + rng.uniform(0.8, 2.2), lambda: self._finish(stock_import))

    def _start(self, stock_import: StockImport, content: bytes | None) -> None:
        """Read the file, if there is one to read."""
        if content is None:
            stock_import.status = "RUNNING"
            return
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            stock_import.status = "FAILED"
            return
        first = text.partition("\n")[0]
        reader = csv.DictReader(io.StringIO(text), delimiter=";" if ";" in first else ",")
        try:
            names, rows = reader.fieldnames, list(reader)
        except csv.Error:
            stock_import.status = "FAILED"
            return
        if not {"offer-sku", "quantity"} <= set(names or ()):
            stock_import.status = "FAILED"
            return
        stock_import.status = "RUNNING"
        for number, row in enumerate(rows, start=2):
            cells = {name: row.get(name) or "" for name in _KNOWN_COLUMNS}
            reason = self._fault(cells)
            if reason is None:
                stock_import.lines.append((cells["offer-sku"], int(cells["quantity"])))
            else:
                stock_import.errors.append((number, reason, cells))

    def _fault(self, cells: dict[str, str]) -> str | None:
        """Why a line is not taken."""
        if cells["offer-sku"] not in self.offers:
            return "The offer does not exist"
        if not re.fullmatch("[0-9]{1,9}", cells["quantity"]):
            return "The quantity must be a positive integer or zero"
        if cells["warehouse-code"]:
            return "The warehouse does not exist"
        return None

    def _finish(self, stock_import: StockImport) -> None:
        """Only now do the quantities change, over whatever was sold meanwhile."""
        if stock_import.status != "RUNNING":
            return
        for shop_sku, quantity in stock_import.lines:
            self.offers[shop_sku].quantity = quantity
        stock_import.status = "COMPLETE"

    def report(self, stock_import: StockImport) -> str:
        """STO03: line number, reason, then the columns as submitted."""
        out = io.StringIO()
        writer = csv.writer(out, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\n")
        writer.writerow(("error-line", "error-message", *_KNOWN_COLUMNS))
        for number, reason, cells in stock_import.errors:
            writer.writerow((number, reason, *(cells[name] for name in _KNOWN_COLUMNS)))
        return out.getvalue()
