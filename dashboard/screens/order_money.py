"""An order's money on the Order page: John Lewis's ledger beside BlueCherry's invoices and credit memos."""

import streamlit as st

from dashboard import cards, data
from dashboard.format import humanised, london, money, state

_PARTS = {"sold": "Sold, with shipping", "given_back": "Given back, with shipping", "together": "Together"}


def ledger(order_id: str) -> None:
    """What each side booked and the difference, then line by line."""
    _side_by_side(order_id)
    _documents(order_id)
    st.markdown("**John Lewis's ledger**")
    cards.table(
        [
            {
                "Booked": london(row["created_at"]),
                "Type": humanised(row["type"].lower()),
                "State": state(row["payment_state"]).text,
                "Payout": row["voucher"] or "–",
                "Line": row["order_line_id"] or "–",
                "Amount": money(row["amount"], row["currency"]),
            }
            for row in data.ledger(order_id=order_id).iter_rows(named=True)
        ],
        key="order-ledger",
        right=("Amount",),
        empty_words="John Lewis has booked nothing for this order yet.",
    )


def _side_by_side(order_id: str) -> None:
    rows = list(data.order_money(order_id).iter_rows(named=True))
    if not rows:
        return
    st.markdown("**What the customer pays, by each side**")
    cards.table(
        [
            {
                "Part": _PARTS[row["part"]],
                "John Lewis booked": money(row["market_amount"], row["currency"]),
                "BlueCherry invoiced": money(row["erp_amount"], row["currency"]),
                "Difference": money(row["difference_amount"], row["currency"]),
            }
            for row in rows
        ],
        key="order-money",
        right=("John Lewis booked", "BlueCherry invoiced", "Difference"),
    )
    if rows[-1]["difference_amount"]:
        st.caption(
            ":material/compare_arrows: The two sides differ: one of them has not booked yet, or they do not agree."
            " Commission and fees stand in no invoice and are left out."
        )


def _documents(order_id: str) -> None:
    st.markdown("**BlueCherry's invoices and credit memos**")
    cards.table(
        [
            {
                "Issued": london(row["issued_at"]),
                "Document": row["document"],
                "What": humanised(row["document_kind"]),
                "About": row["about"] or "–",
                "Of it shipping": money(row["shipping_amount"], row["currency"]),
                "Of it tax": money(row["tax_amount"], row["currency"]),
                "Amount": money(row["total_amount"], row["currency"]),
            }
            for row in data.order_documents(order_id).iter_rows(named=True)
        ],
        key="order-documents",
        right=("Of it shipping", "Of it tax", "Amount"),
        empty_words="BlueCherry has invoiced nothing for this order yet.",
    )
