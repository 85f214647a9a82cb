"""The tables of Stock: the three-way audit, BlueCherry's batches, and every SKU."""

from collections.abc import Sequence
from typing import Any

import streamlit as st

from dashboard import cards, charts, data
from dashboard.data import ALL_GOODS, Goods, Pulse
from dashboard.format import count, humanised, london, london_short, sku_words, state

LIMIT = 300
FILTERS = ("", "at_risk", "mismatch", "problem", "never_published", "sold_out", "fine", "not_offered")
DIFFERENCES = (
    "shows_too_much", "mismatch", "differs_once", "may_be_sold", "never_published", "refused", "on_its_way",
    "waits_to_rise",
)  # fmt: skip


def of_skus(
    cells: Sequence[dict[str, Any]],
    rows: Sequence[dict[str, Any]],
    *,
    key: str,
    right: Sequence[str],
    empty_words: str,
    limit: int = LIMIT,
) -> None:
    """A table of SKUs with the ways to the page of each: by picking its row, and by its cell *Why*."""
    above = st.container()
    picked = cards.table(
        cells, key=key, ways={"Why": "Why?"}, is_picking=True, height=420 if len(rows) > 10 else None,
        right=right, empty_words=empty_words,
    )  # fmt: skip
    cards.cut(len(rows), limit)
    if rows:
        with above:
            cards.link_to_sku(picked, rows)


# -- the audit -------------------------------------------------------------------------------------


def audit(pulse: Pulse, goods: Goods) -> None:
    """BlueCherry, published, shown: both numbers of each difference, and when each was seen."""
    found = data.stock_audit_totals(pulse.as_of, goods)
    search, toggle = st.columns([2, 3], vertical_alignment="bottom")
    words = search.text_input("Find", placeholder="SKU, style or colour", key="find", bind="query-params")
    shows_all = toggle.toggle(
        "Show all offers, not only those that differ",
        key="all_offers",
        bind="query-params",
    )
    at = data.stock_totals(pulse.as_of)["compared_at"]
    compared = f"compared last {london_short(at)}" if at else "never compared yet"
    differ = f"{count(found['different_count'])} of {count(found['offer_count'], 'offer')} differ"
    st.caption(f"{differ}; {compared}.")
    wrong = [(state(code).text, found[f"{code}_count"]) for code in DIFFERENCES if found[f"{code}_count"]]
    if wrong:
        st.markdown(" · ".join(f"{said}: **{count(number)}**" for said, number in wrong))
    rows = list(
        data.stock_audit(
            pulse.as_of, only_different=not shows_all, search=words or "", goods=goods, limit=LIMIT
        ).iter_rows(named=True)
    )
    of_skus(
        [
            {
                "SKU": row["sku"],
                "State": state(row["audit_state"]).text,
                "BlueCherry has": count(row["base"]),
                "Published": _published(row),
                "Why": cards.way("sku", sku=row["sku"]),
                "Should show": _between(row["least_quantity"], row["most_quantity"]),
                "John Lewis shows": count(row["shown_quantity"]),
                "Off by": f"{row['gap_quantity']:+}".replace("-", "−") if row["gap_quantity"] else "–",
                "Counted": london_short(row["batch_at"]),
                "Sent": london_short(row["published_at"]),
                "Read": london_short(row["shown_at"]),
                "What": sku_words(row),
            }
            for row in rows
        ],
        rows,
        key="stock-audit",
        right=("BlueCherry has", "Published", "Should show", "John Lewis shows", "Off by"),
        empty_words=_no_difference(pulse, words or "", goods),
    )
    if rows:
        st.caption(
            "*BlueCherry has*: supply of the batch less what was sold since, before the buffer. *Should show*: "
            "what took effect, less what was ordered since, plus what cancelled sales gave back, when it was last "
            "compared; a sale near that moment may be in or out. A difference seen twice is an exception. What "
            "waits to rise is sent with fresh orders and a new batch."
        )


def _between(least: int | None, most: int | None) -> str:
    return count(least) if least == most else f"{count(least)} to {count(most)}"


def _no_difference(pulse: Pulse, words: str, goods: Goods) -> str:
    if words or goods != ALL_GOODS:
        return "No offer that differs fits. Clear the search and the filters, or show all."
    return "No offer differs." if pulse.is_fresh else "No offer differed then."


# -- the batches -----------------------------------------------------------------------------------


def batches(pulse: Pulse) -> None:
    """What BlueCherry posted, and what became of it."""
    rows = list(data.batches(pulse.as_of).iter_rows(named=True))
    cards.table(
        [
            {
                "Counted": london(row["batch_at"]),
                "Batch": row["batch_id"],
                "Mode": row["batch_kind"],
                "State": humanised(row["state"].lower()),
                "Rows": count(row["row_count"]),
                "Changed": count(row["changed_count"]),
                "Verdict": state(row["standing"]).text,
                "Why": _why(row),
                "Complete": london(row["completed_at"]),
                "Read": london(row["read_at"]),
                "Next expected": london(row["next_expected_at"]),
            }
            for row in rows
        ],
        key="stock-batches",
        right=("Rows", "Changed"),
        height=460 if len(rows) > 11 else None,
        empty_words="BlueCherry has shown no stock batch yet.",
    )


def _why(row: dict[str, Any]) -> str:
    if row["verdict"]:
        return f"{row['verdict']}ed by {row['verdict_actor']}, {london(row['judged_at'])}: {row['verdict_why']}"
    return f"{humanised(row['reason'])}. {row['detail']}" if row["reason"] else ""


# -- every SKU -------------------------------------------------------------------------------------


def everything(pulse: Pulse, goods: Goods) -> None:
    """Every SKU, by how it stands."""
    standing = data.inventory_states(pulse.as_of, goods=goods)
    states = {row["state"]: row["sku_count"] for row in standing.iter_rows(named=True)}
    search, pick = st.columns([2, 4], vertical_alignment="bottom")
    words = search.text_input("Find", placeholder="SKU, style or colour", key="find", bind="query-params")
    chosen = pick.segmented_control(
        "State",
        [code for code in FILTERS if not code or code in states],
        default="",
        key="stock-state",
        format_func=lambda code: f"{state(code).words} {count(states[code])}" if code else "All",
    )
    found = data.inventory(pulse.as_of, search=words or "", state=chosen or "", goods=goods, limit=LIMIT)
    rows = list(found.iter_rows(named=True))
    of_skus(
        [
            {
                "SKU": row["sku"],
                "What": sku_words(row),
                "State": state(row["state"]).text,
                "On hand": count(row["on_hand"]),
                "Supply": count(row["supply"]),
                "In flight": count(row["inflight"]),
                "Sellable": count(row["base"]),
                "Published": _published(row),
                "Why": cards.way("sku", sku=row["sku"]),
                "John Lewis shows": count(row["shown_quantity"]),
                "Sold, 30 days": count(row["sold_30d"]),
                "Why not": row["problem"],
            }
            for row in rows
        ],
        rows,
        key="stock-table",
        empty_words="No SKU fits. Clear the search and the filters, or pick another state.",
        right=("On hand", "Supply", "In flight", "Sellable", "Published", "John Lewis shows", "Sold, 30 days"),
    )
    charts.draw(charts.states(standing, "state", "sku_count"), key="stock-chart", alt="SKUs by state")


def _published(row: dict[str, Any]) -> str:
    """What was sent last, and whether John Lewis refused it."""
    return count(row["published_quantity"]) + (" (refused)" if row["is_refused"] else "")
