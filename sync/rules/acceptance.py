"""Whether an order that waits for our acceptance can be fulfilled, and what a policy may say of it by itself.

Pure. Judged before buffers and without the order's own reservation, against the batch in use; before the first
batch nobody knows, and nothing is said. Stale stock proves nothing. Refusing is a person's word, or the policy's
where it is configured and a fresh batch shows not one unit of any line.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

KIND = "refuse_order"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the stock says of an order: stale, or short of a SKU; `is_proven_zero` where nothing of it is there."""

    is_stale: bool
    sku: str
    words: str
    is_proven_zero: bool = False


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
    if any(line["is_stale"] for line in lines):
        batch = lines[0]["batch_id"]
        return Verdict(is_stale=True, sku="", words=f"Batch {batch} is too old to say whether it can be sent.")
    wanted: dict[str, int] = defaultdict(int)
    for line in lines:  # the same SKU may stand on two lines
        wanted[line["sku"]] += line["quantity"]
    short = [line for line in lines if wanted[line["sku"]] > line["fulfilable"]]
    if not short:
        return None
    first = short[0]
    words = (
        f"`{first['sku']}`: {wanted[first['sku']]} ordered, {first['fulfilable']} left before buffers "
        f"({first['supply']} in batch {first['batch_id']}, {first['earlier']} of them sold before)."
    )
    return Verdict(
        is_stale=False,
        sku=first["sku"],
        words=words,
        is_proven_zero=all(line["supply"] <= 0 for line in lines),
    )
