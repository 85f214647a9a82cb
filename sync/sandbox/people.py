"""Customers of the pretend world: invented, British, varied, and some of them awkward on purpose.

Law: nobody here exists. Names are made of plants and tools, streets and phone numbers of ranges kept for
fiction, mail addresses end in .example. The awkward ones are those an ERP with 40-character address lines,
25-character cities and 10-character post codes stumbles over.
"""

from dataclasses import dataclass, replace
from random import Random
from typing import Any

_FIRST = (
    "Aster", "Bramble", "Clover", "Damson", "Elder", "Fennel", "Gorse", "Hazel", "Iris", "Juniper", "Kale",
    "Linden", "Marjoram", "Nettle", "Oakley", "Poppy", "Quince", "Rowan", "Sorrel", "Tansy",
)  # fmt: skip
_LAST = (
    "Anvil", "Bobbin", "Chisel", "Dibber", "Ewer", "Funnel", "Gimlet", "Hopper", "Jigsaw", "Kettle", "Ladle",
    "Mallet", "Needle", "Plane", "Riddle", "Spindle", "Trowel", "Utensil", "Vise", "Winch",
)  # fmt: skip
_STREETS = ("Example Row", "Sample Lane", "Pretend Street", "Specimen Road", "Madeup Avenue", "Fictive Close")
_TOWNS = (
    ("Leeds", "LS1 0AA"), ("Bristol", "BS1 0AA"), ("Norwich", "NR1 0AA"), ("Cardiff", "CF10 0AA"),
    ("Glasgow", "G1 0AA"), ("Edinburgh", "EH1 0AA"), ("Manchester", "M1 0AA"), ("Exeter", "EX1 0AA"),
    ("London", "EC1A 0AA"), ("York", "YO1 0AA"), ("Aberdeen", "AB10 0AA"), ("Swansea", "SA1 0AA"),
    ("Belfast", "BT1 0AA"), ("Durham", "DH1 0AA"), ("Oxford", "OX1 0AA"), ("Bath", "BA1 0AA"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Customer:
    """One invented customer with where the goods go."""

    customer_id: str
    civility: str | None
    firstname: str
    lastname: str
    company: str | None
    street_1: str
    street_2: str | None
    city: str
    zip_code: str
    phone: str
    email: str
    additional_info: str | None
    gift_message: str | None

    def address(self, *, shipping: bool) -> dict[str, Any]:
        """The address as the marketplace writes it."""
        address: dict[str, Any] = {
            "civility": self.civility,
            "company": self.company,
            "company_2": None,
            "firstname": self.firstname,
            "lastname": self.lastname,
            "street_1": self.street_1,
            "street_2": self.street_2,
            "zip_code": self.zip_code,
            "city": self.city,
            "state": None,
            "country": "United Kingdom",
            "country_iso_code": "GBR",
            "phone": self.phone,
            "phone_secondary": None,
        }
        if shipping:
            address["additional_info"] = self.additional_info
        return address


def unfitting_customer(rng: Random) -> Customer:
    """A customer of a town whose name no ERP column holds."""
    return replace(draw_customer(rng, 49_999), city="Llanfairpretendgwyngyllmadeup")


def draw_customer(rng: Random, number: int) -> Customer:
    """One more customer; about one in nine is awkward."""
    first, last = rng.choice(_FIRST), rng.choice(_LAST)
    city, zip_code = rng.choice(_TOWNS)
    street_1, street_2 = f"{rng.randrange(1, 240)} {rng.choice(_STREETS)}", None
    company = additional = None
    awkward = rng.random()
    if awkward < 0.015:
        street_1 = "Flat 12b, The Old Pretend Corn Exchange Building, 214-216 Specimen Road"  # over 40
    elif awkward < 0.03:
        city = "Llanfairpretendgwyngyllmadeup"  # over 25
    elif awkward < 0.045:
        first, last = "Zoë", "O'Kettle-Bobbin"
    elif awkward < 0.06:
        company, street_2 = 'Fictive & Sons; "Makers"', "Unit 3, Rear Entrance"
    elif awkward < 0.075:
        zip_code = zip_code.lower().replace(" ", "")
    elif awkward < 0.09:
        city, zip_code = "St Helier, Jersey", "JE2 0AA"
    elif awkward < 0.10:
        first, additional = "", "Leave with the neighbour at number 7 (blue door)"
    elif awkward < 0.11:
        street_2 = "   "
    return Customer(
        customer_id=f"c-{50000 + number}",
        civility=rng.choice(("Mrs", "Mr", "Ms", "Mx", None)),
        firstname=first,
        lastname=last,
        company=company,
        street_1=street_1,
        street_2=street_2,
        city=city,
        zip_code=zip_code,
        phone=f"07700900{rng.randrange(1000):03d}",
        email=f"relay-{50000 + number}@customers.example",
        additional_info=additional,
        gift_message="Happy birthday" if rng.random() < 0.04 else None,
    )
