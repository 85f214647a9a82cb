"""Handover: who owns what, and what to do when something goes wrong.

Pages of the handbook, readable without a store.
"""

from pathlib import Path

import streamlit as st

HANDBOOK = Path(__file__).parent.parent / "handbook"
FRONT = ("ownership", "daily-work", "worker-down")


def show() -> None:
    """The handbook."""
    st.title("Handover", anchor=False)
    st.caption("Who owns what, and what do we do when something goes wrong?")
    pages = {file.stem: file.read_text() for file in sorted(HANDBOOK.glob("*.md"))}
    front, runbooks = st.tabs(["How it works", "Runbooks"])
    with front:
        for name in FRONT:
            if name in pages:
                title, _, body = pages[name].partition("\n")
                with st.container(border=True):
                    st.subheader(title.lstrip("# "), anchor=False)
                    st.markdown(body)
    with runbooks:
        words = (
            st.text_input("Find", key="runbook-find", placeholder="carrier, late batch, payout …") or ""
        ).lower()
        found = {name: text for name, text in pages.items() if name not in FRONT and words in text.lower()}
        for text in found.values():
            title, _, body = text.partition("\n")
            with st.expander(title.lstrip("# "), expanded=len(found) == 1):
                st.markdown(body)
        if not found:
            st.caption(":material/inbox: No runbook speaks of this. Try another word.")
