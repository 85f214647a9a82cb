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
                with st.container(border=True):
                    st.markdown(pages[name])
    with runbooks:
        words = (
            st.text_input("Find", key="runbook-find", placeholder="carrier, late batch, payout …") or ""
        ).lower()
        for name, text in pages.items():
            if name not in FRONT and words in text.lower():
                title, _, body = text.partition("\n")
                with st.expander(title.lstrip("# ")):
                    st.markdown(body)
