"""What is still to be said of orders that are in BlueCherry: cancelled in part there, given their number here.

Pure; a subject with an unclear intent gets no second one, as in `sync.rules.orders`.
"""

from datetime import timedelta

from sync.intents import Intent
from sync.rules.order_known import Known
from sync.rules.order_past import Past

SEEN_AGAIN_WITHIN = timedelta(hours=1)  # a confirmed write shows at the marketplace by then


def cancelations(known: Known, past: Past) -> tuple[Intent, ...]:
    """Units customers cancelled that are still open in BlueCherry."""
    intents = []
    for row in known.cancelled:
        subject = f"{row['order_line_id']}/{row['before_quantity']}"
        refusal = past.refusal("cancel_sales_line", subject)
        # picked then, and put back on the shelf since: the units are open again
        is_locked = (
            refusal is not None
            and not (refusal["code"] == "ORDER_LOCKED" and row["read_at"] > refusal["happened_at"])
            and not past.is_freed(known.holds.get(row["order_id"]), refusal)
        )
        if (
            past.is_free_again("cancel_sales_line", subject, known.holds.get(row["order_id"]), known.now)
            and not is_locked
        ):
            payload = {name: row[name] for name in ("ord_num", "line_number", "quantity", "before_quantity")}
            intents.append(Intent("cancel_sales_line", subject, payload, row["order_id"]))
    return tuple(intents)


def references(known: Known, past: Past) -> tuple[Intent, ...]:
    """BlueCherry's numbers that John Lewis does not show."""
    return tuple(
        Intent("write_reference", row["order_id"], {"reference": row["reference"]}, row["order_id"])
        for row in known.unreferenced
        if past.is_free(
            "write_reference", row["order_id"], at=known.now, again_before=known.now - SEEN_AGAIN_WITHIN
        )
        and not past.is_refused_for_good("write_reference", row["order_id"], known.holds.get(row["order_id"]))
    )
