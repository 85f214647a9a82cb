"""A store with orders that may be sent to a BlueCherry of the test's own making."""

import json
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

from store.journal import Personal
from tests.flows.shop import Shop, settings_of
from tests.told import DAY, HOUR, NOW, SHIRT

MINUTE = timedelta(minutes=1)
VISIBLE = 15  # minutes
HOME = {
    "name": "Ada Invented", "line_1": "1 Invented Row", "line_2": "", "city": "Leeds", "state": "",
    "postcode": "LS1 0AA", "country": "GBR",
}  # fmt: skip


def opened(path: Path, erp: object, order_ids: Iterable[str], *, quantity: int = 1, **settings: Any) -> Shop:
    """Orders of so many shirts each, all placed at one moment and with their addresses."""
    shop = Shop(path, settings_of(ERP_CUSTOMER="JLM", ERP_VISIBILITY_MINUTES=VISIBLE, **settings))
    shop.run.house.start_on = NOW - 30 * DAY
    shop.run.house.erp = cast("Any", erp)
    told = shop.told
    told.skus(SHIRT)
    told.mapping("warehouse", "NMK", "WH1")
    told.mapping("ship_via", "STD-UK", "RML")
    body = json.dumps({"ship_to": HOME, "bill_to": HOME, "email": ""})
    with told.in_one_go():
        for order_id in order_ids:
            told.order(
                order_id, quantity=quantity, placed=NOW - 5 * HOUR, changed=NOW - 4 * HOUR, deadline=NOW + 3 * DAY
            )
            told.journal.append(personal=[Personal(order_id, NOW - HOUR, body)])
    return shop
