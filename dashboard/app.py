"""The picture frame: which windows there are, who is looking, and how the worker is.

Started by `streamlit run dashboard/app.py`. Reads the store named by CHERRYLANE_STORE, writes nothing but commands.
"""

import sys
from pathlib import Path

# Streamlit puts this file's folder first on the path; the house is one above it.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import streamlit as st

from dashboard import access, cards, data
from dashboard.format import ago
from dashboard.screens import (
    back_test,
    dispatch,
    exceptions,
    handover,
    inventory,
    mappings,
    order,
    orders,
    runs,
    settlement,
    sku,
    today,
)
from store.errors import StoreError


def main() -> None:
    """Draw the frame and the chosen window."""
    st.set_page_config(page_title="Cherrylane", page_icon="🍒", layout="wide")
    pages = {
        "today": st.Page(today.show, title="Today", icon=":material/wb_sunny:", url_path="now", default=True),
        # the first window stands at `/`; who types its name finds it as well
        "today by name": st.Page(today.show, title="Today", url_path="today", visibility="hidden"),
        "exceptions": st.Page(exceptions.show, title="Exceptions", icon=":material/error:", url_path="exceptions"),
        "orders": st.Page(orders.show, title="Orders", icon=":material/shopping_bag:", url_path="orders"),
        "order": st.Page(order.show, title="One order", icon=":material/receipt_long:", url_path="order"),
        "inventory": st.Page(inventory.show, title="Stock", icon=":material/inventory_2:", url_path="stock"),
        "sku": st.Page(sku.show, title="One SKU", icon=":material/sell:", url_path="sku"),
        "back_test": st.Page(back_test.show, title="Back-test", icon=":material/replay:", url_path="back-test"),
        "dispatch": st.Page(dispatch.show, title="Dispatch", icon=":material/local_shipping:", url_path="dispatch"),
        "settlement": st.Page(settlement.show, title="Money", icon=":material/payments:", url_path="money"),
        "runs": st.Page(runs.show, title="Runs", icon=":material/sync:", url_path="runs"),
        "mappings": st.Page(mappings.show, title="Mappings", icon=":material/alt_route:", url_path="mappings"),
        "handover": st.Page(handover.show, title="Handover", icon=":material/menu_book:", url_path="handover"),
    }
    st.session_state["pages"] = pages
    chosen = st.navigation(
        {
            "Now": [pages[name] for name in ("today", "today by name", "exceptions")],
            "Flows": [
                pages[name]
                for name in ("orders", "order", "inventory", "sku", "back_test", "dispatch", "settlement")
            ],
            "House": [pages[name] for name in ("runs", "mappings", "handover")],
        }
    )
    with st.sidebar:
        worker()
        access.choose()
    chosen.run()


@st.fragment(run_every=cards.REFRESH_SECONDS)
def worker() -> None:
    """How the worker is, on every page."""
    try:
        pulse = data.pulse()
    except StoreError as trouble:
        st.badge("Store cannot be read", icon=":material/cloud_off:", color="red", help=str(trouble))
        return
    cards.worker_badge(pulse)
    if pulse.beat is not None:
        st.caption(f"Last report {ago(pulse.age_seconds)}")


main()
