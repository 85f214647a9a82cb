"""Handover: who owns what, the day's routines, and what to do when something goes wrong.

Pages of the handbook, readable without a store. One runbook for each kind of exception.
"""

from pathlib import Path

import streamlit as st

HANDBOOK = Path(__file__).parent.parent / "handbook"
OWNERS, DAY = "ownership", "daily-work"
HOUSE = ("worker-down", "buffer-policies")  # how the house itself is run


def show() -> None:
    """The handbook."""
    st.title("Handover", anchor=False)
    st.caption("Who owns what, what is done each day, and what do we do when something goes wrong?")
    pages = {file.stem: file.read_text() for file in sorted(HANDBOOK.glob("*.md"))}
    owners, day, runbooks, house = st.tabs(["Who owns what", "The day", "Runbooks", "The house"])
    with owners:
        _page(pages[OWNERS])
    with day:
        _page(pages[DAY])
    with house:
        for name in HOUSE:
            _page(pages[name])
    with runbooks:
        words = (
            st.text_input("Find", key="runbook-find", placeholder="carrier, late batch, payout …") or ""
        ).lower()
        aside = {OWNERS, DAY, *HOUSE}
        found = {name: text for name, text in pages.items() if name not in aside and words in text.lower()}
        st.caption(
            f"{len(found)} runbooks: how it shows, the technical fix or the adjustment of data, what is mended in "
            "BlueCherry and what at John Lewis, who does it, and how one knows that it is done."
        )
        for name, text in found.items():
            title, _, body = text.partition("\n")
            with st.expander(f"{title.lstrip('# ')} · `{name.replace('-', '_')}`", expanded=len(found) == 1):
                st.markdown(body)
        if not found:
            st.caption(":material/inbox: No runbook speaks of this. Try another word.")


def _page(text: str) -> None:
    title, _, body = text.partition("\n")
    with st.container(border=True):
        st.subheader(title.lstrip("# "), anchor=False)
        st.markdown(body)
