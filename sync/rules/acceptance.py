"""Whether an order that waits for our acceptance can be fulfilled, and what a policy may say of it by itself.

Pure. Judged before buffers and without the order's own reservation, against the batch in use less what ships on
scheduled orders before the next one lands; before the first batch nobody knows, and nothing is said. Stale
stock proves nothing. Of an order with a SKU that BlueCherry does not have, or not active, nothing is said
either: that is an exception of its own, whatever stands beside it. Refusing is a person's word, or the policy's
where it is configured and a fresh batch shows not one unit of the lines that cannot be sent: these are refused,
and the others, if there are any, accepted. One line with too few units is for a person.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

KIND = "refuse_order"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the stock says of an order: stale, or short of a SKU."""

    is_stale: bool
    sku: str
    words: str
    zero_lines: tuple[str, ...] = ()  # lines of which a fresh batch shows not one unit
    is_proven_zero: bool = False  # and no other line is short
    is_partly_there: bool = False  # others can be sent


def judged(rows: Iterable[Mapping[str, Any]]) -> dict[str, Verdict]:
    """The orders that stock does not let be accepted, by id; rows are those of `orders_acceptance`."""
    orders: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        orders[row["order_id"]].append(row)
    found = {}
    for order_id, lines in orders.items():
        verdict = _verdict(sorted(lines, key=lambda one: one["order_line_id"]))
        if verdict is not None:
            found[order_id] = verdict
    return found


def _verdict(lines: Sequence[Mapping[str, Any]]) -> Verdict | None:
    if not all(line["is_known"] for line in lines):
        return None
    if any(line["is_stale"] for line in lines):
        batch = lines[0]["batch_id"]
        return Verdict(is_stale=True, sku="", words=f"Batch {batch} is too old to say whether it can be sent.")
    wanted: dict[str, int] = defaultdict(int)
    for line in lines:  # the same SKU may stand on two lines
        wanted[line["sku"]] += line["quantity"]
    short = [line for line in lines if wanted[line["sku"]] > line["fulfilable"]]
    if not short:
        return None
    words = "; ".join(
        f"`{line['sku']}`: {wanted[line['sku']]} ordered, {line['fulfilable']} left before buffers "
        f"({line['supply']} in batch {line['batch_id']}, {_promised(line)}{line['earlier']} of them sold before)"
        for line in {line["sku"]: line for line in short}.values()
    )
    # what only a scheduled order takes is still there, and whose it is a person says
    zero = tuple(line["order_line_id"] for line in short if line["supply"] <= 0)
    return Verdict(
        is_stale=False,
        sku=short[0]["sku"],
        words=f"{words}.",
        zero_lines=zero,
        is_proven_zero=len(zero) == len(short),
        is_partly_there=len(short) < len(lines),
    )


def _promised(line: Mapping[str, Any]) -> str:
    return f"{line['scheduled']} of them ship on scheduled orders, " if line["scheduled"] else ""
