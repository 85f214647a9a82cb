"""What the pretend brand sells, where it lies and who carries it.

One law: everything here is drawn from the random stream handed in, so a seed always gives the same catalogue,
with the same few deliberately bad identifiers in it. Nothing here knows of either outside system's wire.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from random import Random

CHANNEL = "JLM"
"""Catalogue destination of what may be sold at John Lewis."""

LEGACY_SHOP_SKU = "NMK-NK1999-ECRU-A-R-M"
"""An offer left over from a style that BlueCherry no longer knows."""


@dataclass(slots=True)
class Sku:
    """One style, colour, label, dimension and size."""

    division: str
    style: str
    style_name: str
    color_code: str
    color_name: str
    label: str
    dimension: str
    size_desc: str
    size_bucket: int
    upc: str
    ean: str
    season: str
    active: bool
    price: Decimal
    cost: Decimal
    vat_rate: Decimal
    commission_rate: Decimal
    category_code: str
    destinations: list[str] = field(default_factory=list)
    multiple: int = 1
    last_mod: datetime = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
    key: str = field(init=False, default="")
    """The ERP's canonical text; its six codes never change once the catalogue is built."""
    shop_sku: str = field(init=False, default="")
    """The name under which the marketplace offers it."""

    def __post_init__(self) -> None:
        """Join the codes once: these two names are asked for all the time."""
        self.rename()

    def rename(self) -> None:
        """Join the codes again after one of them was changed."""
        parts = (self.division, self.style, self.color_code, self.label, self.dimension, self.size_desc)
        self.key, self.shop_sku = "|".join(parts), "-".join(parts)


@dataclass(frozen=True, slots=True)
class Division:
    """One business of the brand."""

    code: str
    name: str
    vat_rate: Decimal
    sizes: tuple[str, ...]
    dimensions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Warehouse:
    """One location of the ERP; only some hold goods for this channel."""

    code: str
    name: str
    loc_type: str
    nation: str
    sells_here: bool


@dataclass(frozen=True, slots=True)
class Shipper:
    """One ship-via of the ERP (code at most three characters, SCAC at most four)."""

    code: str
    name: str
    scac: str


@dataclass(frozen=True, slots=True)
class Carrier:
    """One carrier registered at the marketplace."""

    code: str
    label: str
    standard_code: str
    tracking_url: str


@dataclass(frozen=True, slots=True)
class Category:
    """One category of the marketplace, with the commission it takes."""

    code: str
    label: str
    commission_rate: Decimal


SIZE_BUCKETS = (2, 3, 5, 8, 13, 24)
"""Where the sizes of a range lie, in order: the buckets between them belong to no size."""

VAT = Decimal("0.20")
ZERO = Decimal(0)

DIVISIONS = (
    Division("NMK", "Northmoor Knitwear", VAT, ("XS", "S", "M", "L", "XL", "XXL"), ("R",)),
    Division("NMM", "Northmoor Menswear", VAT, ("S", "M", "L", "XL", "XXL", "3XL"), ("R", "L")),
    Division("NMC", "Northmoor Children", ZERO, ("2-3Y", "3-4Y", "5-6Y", "7-8Y", "9-10Y"), ("R",)),
    Division("NMH", "Northmoor Home", VAT, ("OS",), ("R",)),
)

WAREHOUSES = (
    Warehouse("WH1", "Main distribution centre, Daventry", "W", "england-and-wales", sells_here=True),
    Warehouse("WH2", "Second distribution centre, Livingston", "W", "scotland", sells_here=True),
    Warehouse("WH9", "Flagship store stock room", "W", "england-and-wales", sells_here=False),
    Warehouse("QA", "Quality hold", "Q", "england-and-wales", sells_here=False),
    Warehouse("RET", "Returns bench", "R", "england-and-wales", sells_here=False),
    Warehouse("POE", "Port of entry", "P", "england-and-wales", sells_here=False),
    Warehouse("FOB", "Still at origin", "P", "england-and-wales", sells_here=False),
)

SHIPPERS = (
    Shipper("RML", "Royal Mail Tracked 48", "RMGB"),
    Shipper("DPD", "DPD Next Day", "DPDU"),
    Shipper("EVR", "Evri Standard", "EVRI"),
    Shipper("YDL", "Yodel Direct", "YODL"),
    # Known to the ERP and to nobody at the marketplace: there must be no fallback carrier.
    Shipper("DPX", "DPX Local Courier", "DPXL"),
)

JL_CARRIERS = (
    Carrier("dhl-uk", "DHL UK", "dhl-uk", "https://track.dhl-uk.example/{trackingId}"),
    Carrier("dpd-uk", "DPD UK", "dpd-uk", "https://track.dpd-uk.example/parcels/{trackingId}"),
    Carrier("evri", "Evri", "evri", "https://track.evri.example/{trackingId}"),
    Carrier("parcelforce", "Parcelforce", "parcelforce", "https://track.parcelforce.example/{trackingId}"),
    Carrier("royal-mail", "Royal Mail", "royal-mail", "https://track.royal-mail.example/{trackingId}"),
    Carrier("yodel", "Yodel", "yodel", "https://track.yodel.example/{trackingId}"),
)

CATEGORIES = {
    "WOM-KNIT": Category("WOM-KNIT", "Women's knitwear", Decimal("0.22")),
    "WOM-ACC": Category("WOM-ACC", "Women's accessories", Decimal("0.25")),
    "MEN-KNIT": Category("MEN-KNIT", "Men's knitwear", Decimal("0.22")),
    "MEN-SHIRT": Category("MEN-SHIRT", "Men's shirts", Decimal("0.24")),
    "KID-KNIT": Category("KID-KNIT", "Children's knitwear", Decimal("0.20")),
    "HOM-THROW": Category("HOM-THROW", "Throws and blankets", Decimal("0.18")),
}

_COLOURS = (
    ("OAT", "Oat"), ("NAVY", "Navy"), ("MOSS", "Moss"), ("RUST", "Rust"), ("SLATE", "Slate"), ("ECRU", "Ecru"),
    ("BLACK", "Black"), ("PLUM", "Plum"), ("SKY", "Sky"), ("ROSE", "Rose"),
)  # fmt: skip
_FIBRES = ("Lambswool", "Merino", "Cotton", "Linen", "Alpaca", "Cashmere blend", "Donegal", "Recycled wool")
_GARMENTS = {
    "NMK": (("crew jumper", "WOM-KNIT"), ("roll neck", "WOM-KNIT"), ("cardigan", "WOM-KNIT"),
            ("scarf", "WOM-ACC")),
    "NMM": (("crew jumper", "MEN-KNIT"), ("half-zip", "MEN-KNIT"), ("overshirt", "MEN-SHIRT"),
            ("shirt", "MEN-SHIRT")),
    "NMC": (("cardigan", "KID-KNIT"), ("jumper", "KID-KNIT")),
    "NMH": (("throw", "HOM-THROW"), ("cushion", "HOM-THROW")),
}  # fmt: skip
_SEASONS = ("AW26", "SS26", "CORE")
_PRICES = {
    "NMK": ("39.00", "45.00", "59.00", "79.00", "98.00", "129.00"),
    "NMM": ("35.00", "49.00", "65.00", "85.00", "110.00"),
    "NMC": ("18.00", "22.00", "28.00", "32.50"),
    "NMH": ("55.00", "89.00"),
}


def check_digit(body: str) -> str:
    """The GTIN check digit of a number without one."""
    total = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(body)))
    return str(-total % 10)


def build_catalogue(rng: Random, count: int) -> list[Sku]:
    """`count` SKUs, a few of them with identifiers nobody should trust."""
    skus: list[Sku] = []
    for sku in _all_skus(rng):
        skus.append(sku)
        if len(skus) >= count:
            break
    _spoil(skus)
    return skus


def _all_skus(rng: Random) -> Iterator[Sku]:
    """Styles without end, one size after another."""
    number = 0
    turn = 0
    order = ("NMK", "NMM", "NMK", "NMC", "NMM", "NMK", "NMC", "NMM", "NMK", "NMH")
    divisions = {division.code: division for division in DIVISIONS}
    while True:
        division = divisions[order[turn % len(order)]]
        garment, category = rng.choice(_GARMENTS[division.code])
        style = _style_code(division.code, turn)
        name = f"{rng.choice(_FIBRES)} {garment}"
        price = Decimal(rng.choice(_PRICES[division.code]))
        cost = (price * Decimal(rng.randrange(24, 36)) / 100).quantize(Decimal("0.01"))
        season = rng.choice(_SEASONS)
        colours = rng.sample(_COLOURS, k=rng.choice((1, 2, 2, 3)))
        sizes = ("OS",) if category == "WOM-ACC" else division.sizes
        dimensions = division.dimensions if turn % 3 == 1 else division.dimensions[:1]
        for color_code, color_name in colours:
            for dimension in dimensions:
                for bucket, size in zip(SIZE_BUCKETS, sizes, strict=False):
                    number += 1
                    upc, ean = f"84011{number:06d}", f"505123{number:06d}"
                    yield Sku(
                        division=division.code, style=style, style_name=name,
                        color_code=color_code, color_name=color_name, label="A", dimension=dimension,
                        size_desc=size, size_bucket=bucket,
                        upc=upc + check_digit(upc), ean=ean + check_digit(ean),
                        season=season, active=True, price=price, cost=cost,
                        vat_rate=division.vat_rate, commission_rate=CATEGORIES[category].commission_rate,
                        category_code=category,
                        # Home is not sold at John Lewis at all.
                        destinations=["WEB"] if division.code == "NMH" else [CHANNEL, "WEB"],
                    )  # fmt: skip
        turn += 1


def _style_code(division: str, turn: int) -> str:
    """Some menswear styles keep a leading zero, and those lie in the second warehouse."""
    if division == "NMM" and turn % 4 == 1:
        return f"05{turn:03d}"
    prefix = {"NMK": "NK", "NMM": "MM", "NMC": "KC", "NMH": "HM"}[division]
    return f"{prefix}{2400 + turn}"


def _spoil(skus: list[Sku]) -> None:
    """Bad identifiers, never more than a few in a hundred, always on the same SKUs."""
    if len(skus) < 40:
        return
    sold = [sku for sku in skus if CHANNEL in sku.destinations]
    step = len(sold) // 10
    sold[step].upc = sold[step].ean = ""
    sold[2 * step].ean = ""
    sold[3 * step].upc = sold[3 * step + 1].upc
    sold[4 * step].upc += " "
    bad_digit = sold[5 * step]
    bad_digit.ean = bad_digit.ean[:-1] + str((int(bad_digit.ean[-1]) + 1) % 10)
    # A whole colour keyed in lower case by somebody: right byte for byte, and easily missed.
    model = sold[6 * step]
    style, colour = model.style, model.color_code
    for sku in sold:
        if (sku.style, sku.color_code) == (style, colour):
            sku.color_code = colour.lower()
            sku.rename()
