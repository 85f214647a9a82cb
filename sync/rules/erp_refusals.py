"""Why BlueCherry refuses a sales order: each of its codes in plain words, with whose it is and where it is mended.

The codes are those of bluecherry.md §2.11 that the entity salesOrder can answer with. One that is not here is shown
as it came, under the kind of all refusals.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class ErpRefusal:
    """A code of BlueCherry's, as people meet it."""

    code: str
    sentence: str
    owner: Literal["ops", "finance", "it"] = "ops"
    fix_where: Literal["BlueCherry", "mapping", "network", "Cherrylane"] = "BlueCherry"
    remedy: Literal["technical", "data"] = "data"
    passes: bool = False  # by itself: it is tried again after growing gaps
    is_of_all: bool = False  # it says that BlueCherry takes no sales orders at all, whatever stands in them


REFUSALS: tuple[ErpRefusal, ...] = (
    ErpRefusal("UNKNOWN_SKU", "BlueCherry does not know a SKU of a sales order"),
    ErpRefusal("INACTIVE_SKU", "BlueCherry does not sell a SKU of a sales order any more"),
    ErpRefusal("SKU_NOT_IN_DIVISION", "A SKU is not in the division its sales order names"),
    ErpRefusal("UPC_AMBIGUOUS", "A UPC stands on several SKUs of BlueCherry"),
    ErpRefusal("MISSING_DIVISION", "BlueCherry missed the division of a sales order", fix_where="mapping"),
    ErpRefusal("UNKNOWN_DIVISION", "BlueCherry does not know the division of a sales order", fix_where="mapping"),
    ErpRefusal("MISSING_WAREHOUSE", "BlueCherry missed the warehouse of a sales order", fix_where="mapping"),
    ErpRefusal("UNKNOWN_WAREHOUSE", "BlueCherry does not know the warehouse of a sales order", fix_where="mapping"),
    ErpRefusal("NOT_A_WAREHOUSE", "The warehouse of a sales order is a location of another type",
               fix_where="mapping"),
    ErpRefusal("UNKNOWN_CUSTOMER", "BlueCherry does not know our house account", "finance"),
    ErpRefusal("UNKNOWN_STORE", "BlueCherry does not know the store of our house account", "finance"),
    ErpRefusal("CREDIT_HOLD", "Our house account is on credit hold in BlueCherry", "finance"),
    ErpRefusal("UNKNOWN_SHIP_VIA", "BlueCherry does not know the ship-via of a sales order", fix_where="mapping"),
    ErpRefusal("INVALID_QTY", "BlueCherry does not take a quantity of a sales order"),
    ErpRefusal("PACK_MULTIPLE", "A quantity is no whole number of packs in BlueCherry"),
    ErpRefusal("PRICE_MISSING", "BlueCherry misses a price on a sales order"),
    ErpRefusal("CURRENCY_MISMATCH", "The currency of a sales order is not that of our house account"),
    ErpRefusal("FIELD_TOO_LONG", "A text of a sales order is too long for BlueCherry"),
    ErpRefusal("INVALID_DATE", "BlueCherry does not take a date of a sales order", "it", "Cherrylane", "technical"),
    ErpRefusal("CANCEL_BEFORE_START", "A sales order would be cancelled before it starts", "it", "Cherrylane",
               "technical"),
    ErpRefusal("INVALID_ADDRESS", "BlueCherry does not take the address of a sales order"),
    ErpRefusal("BATCH_RUNNING", "BlueCherry is posting a batch and takes no sales orders", "it", "BlueCherry",
               "technical", passes=True, is_of_all=True),
    ErpRefusal("LOCK_TIMEOUT", "BlueCherry was busy with the same records", "it", "BlueCherry", "technical",
               passes=True),
    ErpRefusal("UPSTREAM_TIMEOUT", "BlueCherry's own server did not answer its gateway", "it", "BlueCherry",
               "technical", passes=True),
    ErpRefusal("INTERNAL", "BlueCherry's own server failed on a sales order", "it", "BlueCherry", "technical",
               passes=True),
    ErpRefusal("NO_ANSWER", "BlueCherry's answer to a sales order never comes, and the order is never there", "it",
               "network", "technical", passes=True),
)  # fmt: skip
