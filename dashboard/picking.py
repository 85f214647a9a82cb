"""Which rows of a table are picked, by name: between two drawings rows come, go and change their order.

Streamlit (1.67) keeps a selection by place. A place that is selected is named by the rows that were shown then; as
the table is drawn anew, the names are selected where they are by now.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

import streamlit as st

from dashboard import pressing


@dataclass
class _Kept:
    shown: tuple[Hashable, ...]  # the names of the rows, as they were drawn last
    places: tuple[int, ...] = ()
    names: tuple[Hashable, ...] = ()  # of what is at these places
    gone: list[Hashable] = field(default_factory=list)  # picked, and not there any more


def settle(key: str, names: Sequence[Hashable]) -> list[int]:
    """Before the table is drawn of rows with these names: the places of those that are picked.

    If one of them is not there any more, a press in this drawing was for it too: nothing is sent.
    """
    kept: _Kept = st.session_state.setdefault(_name(key), _Kept(tuple(names)))
    places = tuple(sorted(st.session_state[key]["selection"]["rows"])) if key in st.session_state else ()
    if places != kept.places:
        kept.names = tuple(kept.shown[place] for place in places if place < len(kept.shown))
        kept.gone = []
    at = {name: place for place, name in enumerate(names)}
    if gone := [name for name in kept.names if name not in at]:
        kept.gone += gone
        pressing.drop("What you had picked is not there any more")
    kept.names = tuple(name for name in kept.names if name in at)
    kept.places = tuple(sorted(at[name] for name in kept.names))
    if kept.places != places and names:
        st.session_state[key] = {"selection": {"rows": list(kept.places), "columns": [], "cells": []}}
    return list(kept.places)


def drawn(key: str, names: Sequence[Hashable]) -> None:
    """The table was drawn of rows with these names: what is picked from now on is one of them."""
    st.session_state[_name(key)].shown = tuple(names)


def gone(key: str) -> list[Hashable]:
    """The names of those that were picked and are not there any more, until something is picked anew."""
    kept: _Kept | None = st.session_state.get(_name(key))
    return kept.gone if kept else []


def forget(key: str) -> None:
    """What is gone need not be told any more."""
    gone(key).clear()


def _name(key: str) -> str:
    return f"kept-{key}"
