"""Style documents of the pretend ERP: header, one detail row per division and season, one row per size.

The law: codes are written as the ERP's fixed-width columns hold them, padded with blanks; identifiers, the
bad ones too, are written exactly as they were keyed.
"""

from collections.abc import Iterable
from typing import Any

from sync.sandbox.bluecherry_time import local_text
from sync.sandbox.catalogue import Sku

_STYLE_WIDTH = 12
_COLOUR_WIDTH = 5

StyleDocument = tuple[dict[str, Any], dict[str, Any]]


def style_documents(skus: Iterable[Sku]) -> list[StyleDocument]:
    """Each style as (header, children)."""
    styles: dict[str, list[Sku]] = {}
    for sku in skus:
        styles.setdefault(sku.style, []).append(sku)
    return [_document(10_000 + 10 * number, own) for number, own in enumerate(styles.values(), start=1)]


def _document(pkey: int, skus: list[Sku]) -> StyleDocument:
    details: dict[tuple[str, str], list[Sku]] = {}
    for sku in skus:
        details.setdefault((sku.division, sku.season), []).append(sku)
    first = skus[0]
    header = {
        "pkey": pkey,
        "style": first.style.ljust(_STYLE_WIDTH),
        "style_name": first.style_name,
        "style_desc": first.style_name,
        "group_code1": first.category_code,
        "group_code2": "ZERO" if first.vat_rate == 0 else "STD",
        "last_mod": local_text(max(sku.last_mod for sku in skus)),
    }
    rows = []
    sizes: dict[str, list[dict[str, Any]]] = {}
    for place, own in enumerate(details.values()):
        rows.append(_detail(pkey + 1 + place, own))
        sizes[f"rows-{place}"] = [_size(pkey + 1 + place, sku) for sku in own]
    return header, {"styledetail": {"rows": rows}, "stylecolorsizes": sizes}


def _detail(pkey: int, skus: list[Sku]) -> dict[str, Any]:
    first = skus[0]
    destinations = [*first.destinations, "", ""]
    return {
        "pkey": pkey,
        "division": first.division,
        "season": first.season,
        "std_cost": str(first.cost),
        "third_party_item": "",
        "gar_wgt": "0.42",
        "catg_dest1": destinations[0],
        "catg_dest2": destinations[1],
        "active": "Y" if any(sku.active for sku in skus) else "N",
    }


def _size(fkey: int, sku: Sku) -> dict[str, Any]:
    return {
        "fkey": fkey,
        "upc": sku.upc,
        "ean": sku.ean,
        "color_code": sku.color_code.ljust(_COLOUR_WIDTH),
        "color_name": sku.color_name,
        "lbl_code": sku.label,
        "dimension": sku.dimension,
        "size_desc": sku.size_desc,
        "size_bk": sku.size_bucket,
        "price": str(sku.price),
        "min_multiple": sku.multiple,
        "active": "Y" if sku.active else "N",
        "last_mod": local_text(sku.last_mod),
    }
