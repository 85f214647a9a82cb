"""What is wrong with an order, and what people asked for about it, on the Order page."""

import itertools
from typing import Any

from dashboard import cards, data
from dashboard.data import Pulse
from dashboard.format import humanised, london_exact, state
from dashboard.screens import cause


def wrong(order_id: str, pulse: Pulse) -> None:
    """Its open exceptions, a card a cause, with the buttons they have on Exceptions."""
    rows = sorted(data.exceptions(pulse.as_of, order_id=order_id).to_dicts(), key=_cause)
    if not rows:
        return
    causes = {_cause(row): row for row in data.causes(pulse.as_of).iter_rows(named=True)}
    for named, members in itertools.groupby(rows, key=_cause):
        if named in causes:  # closed between the two readings
            cause.show_on_order(list(members), causes[named], pulse)


def _cause(row: dict[str, Any]) -> tuple[str, str]:
    return row["exception_kind"], row["cause"]


def asked(order_id: str) -> None:
    """Who asked for what, why, and what came of it."""
    cards.table(
        [
            {
                "Asked": london_exact(row["taken_at"]),
                "By": f"{row['actor']} ({row['role']})",
                "For": humanised(row["command"]) + (" (to be shown only)" if row["is_dry_run"] else ""),
                "Why": row["why"] or "–",
                "How": state(row["state"]).text,
                "What came of it": row["message"] or "–",
            }
            for row in data.order_commands(order_id).iter_rows(named=True)
        ],
        key="order-commands",
        wide=("Why", "What came of it"),
        empty_words="Nobody has asked for anything about this order.",
    )
