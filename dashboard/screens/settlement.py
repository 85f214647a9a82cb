"""Money: whether every payout is explained to the penny, and what each order brought in."""

from typing import Any

import streamlit as st

from dashboard import cards, charts, data
from dashboard.data import Pulse
from dashboard.format import ago, count, humanised, london, money, state

LIMIT = 300


@cards.screen("Money", "Is every payout explained to the penny, and what did each order bring in?", every=15)
def show(pulse: Pulse) -> None:
    total = data.money_totals(pulse.as_of)
    if not total["line_count"] and not total["payout_count"]:
        cards.empty(
            "No money has moved yet", "John Lewis books lines when an order is paid, and pays out by cycle."
        )
        return
    currency = total["currency"]
    cards.numbers(
        [
            (
                "Pending",
                money(total["pending_amount"], currency),
                "Booked; the customer does not have the goods yet",
            ),
            ("Payable", money(total["payable_amount"], currency), "In the next payout"),
            ("Last payout", money(total["last_payout_amount"], currency), london(total["last_payout_at"])),
            ("Not explained", money(total["unexplained_amount"], currency), "Payouts less the sum of their lines"),
            (
                "Lines matched",
                f"{count(total['matched_count'])} of {count(total['line_count'])}",
                "To an order or payout",
            ),
        ]
    )
    if total["unexplained_count"]:
        st.error(
            f"**{count(total['unexplained_count'], 'payout')} not fully explained.** "
            "Open it below to see its lines.",
            icon=":material/error:",
        )
    elif total["payout_count"]:
        st.success(
            "**Every payout is explained to the penny.**", icon=":material/check_circle:"
        ) if pulse.is_fresh else (
            st.info("Every payout was explained to the penny then.", icon=":material/history:")
        )
    payouts, lines, profit = st.tabs(["Payouts", "Ledger lines", "Profit per order"])
    with payouts:
        _payouts(pulse)
    with lines:
        _lines()
    with profit:
        _profit()


def _payouts(pulse: Pulse) -> None:
    found = data.settlement(pulse.as_of)
    if found.is_empty():
        cards.empty("No payout yet", "The first billing cycle has not closed.")
        return
    charts.draw(
        charts.payouts(found.sort("closed_at").tail(12)), key="payouts-chart", alt="What payouts are made of"
    )
    rows = list(found.iter_rows(named=True))
    picked = cards.table(
        [
            {
                "Payout": row["voucher"],
                "State": state(row["state"]).text,
                "Closed": london(row["closed_at"]),
                "Lines": count(row["line_count"]),
                "Orders": count(row["order_count"]),
                "Paid": money(row["amount"], row["currency"]),
                "Lines come to": money(row["explained_amount"], row["currency"]),
                "Not explained": money(row["unexplained_amount"], row["currency"]),
                "Verdict": state("explained" if row["is_explained"] else "unexplained").text,
                "Age": ago(row["age_seconds"]),
            }
            for row in rows
        ],
        key="payouts-table",
        right=("Lines", "Orders", "Paid", "Lines come to", "Not explained"),
        is_picking=True,
    )
    if picked is not None:
        row = rows[picked]
        st.subheader(f"What {row['voucher']} is made of", anchor=False)
        parts = ("sales", "shipping", "commission", "refund", "other", "explained")
        names = ("Sales", "Shipping", "Commission and its VAT", "Refunds", "Other", "Together")
        st.table(
            {"Part": list(names), "Amount": [money(row[f"{part}_amount"], row["currency"]) for part in parts]},
            hide_index=True,
        )
        _ledger(data.ledger(cycle_id=row["cycle_id"], limit=LIMIT).to_dicts(), "payout-lines")


def _lines() -> None:
    only = st.toggle("Only those that match nothing", key="only-unmatched")
    rows = data.ledger(matched_to="unmatched" if only else "", limit=LIMIT).to_dicts()
    _ledger(rows, "ledger-lines")
    cards.cut(len(rows), LIMIT)


def _ledger(rows: list[dict[str, Any]], key: str) -> None:
    cards.table(
        [
            {
                "Booked": london(row["created_at"]),
                "Type": humanised(row["type"].lower()),
                "State": state(row["payment_state"]).text,
                "Belongs to": state(row["matched_to"]).text,
                "Order": row["order_id"] or "–",
                "SKU": row["sku"] or "–",
                "Payout": row["voucher"] or "–",
                "Amount": money(row["amount"], row["currency"]),
            }
            for row in rows
        ],
        key=key,
        right=("Amount",),
        height=380 if len(rows) > 10 else None,
        empty_words="No such line.",
    )


def _profit() -> None:
    words = st.text_input("Find an order", key="profit-find")
    rows = data.profit(search=words or "", limit=LIMIT).to_dicts()
    above = st.container()
    picked = cards.table(
        [
            {
                "Order": row["order_id"],
                "At John Lewis": state(row["state"]).text,
                "Goods": money(row["price_amount"], row["currency"]),
                "Shipping": money(row["shipping_amount"], row["currency"]),
                "Commission": money(row["commission_amount"], row["currency"]),
                "Refunds": money(row["refund_amount"], row["currency"]),
                "Other": money(row["other_amount"], row["currency"]),
                "Comes to": money(row["net_amount"], row["currency"]),
                "Cost of goods": money(row["cost_amount"], row["currency"]),
                "Left over": money(row["profit_amount"], row["currency"])
                + (" ?" if row["is_cost_unknown"] else ""),
                "Paid": "✓" if row["is_paid"] else "◷",
            }
            for row in rows
        ],
        key="profit-table",
        height=420,
        is_picking=True,
        empty_words="No order has money in the ledger yet.",
        right=("Goods", "Shipping", "Commission", "Refunds", "Other", "Comes to", "Cost of goods", "Left over"),
    )
    st.caption(
        "Amounts as John Lewis books them, VAT included where it is; cost is BlueCherry's of today. ? cost unknown."
    )
    cards.cut(len(rows), LIMIT)
    with above:
        cards.link_to_order(picked, rows)
