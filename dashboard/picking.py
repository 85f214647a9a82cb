"""Which rows of a table are picked, by name: between two drawings rows come, go and change their order.

Streamlit (1.67) keeps a selection by place. A place that is selected is named by the rows that were shown then.
Where the rows that are picked have moved, the table is drawn as another one with these rows selected, so that what
the browser still says of places in the one before is for nothing.
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
    number: int = 0  # of the table: how often it was drawn as another one
    first: tuple[int, ...] = ()  # the places that are selected as this one is first drawn
    is_drawn: bool = False


def settle(key: str, names: Sequence[Hashable]) -> list[int]:
    """Before the table is drawn of rows with these names: the places of those that are picked.

    If one of them is not there any more, a press in this drawing was for it too: nothing is sent.
    """
    kept: _Kept = st.session_state.setdefault(_name(key), _Kept(tuple(names)))
    places = _selected(key, kept)
    if places != kept.places:
        kept.names = tuple(kept.shown[place] for place in places if place < len(kept.shown))
        kept.gone = []
    at = {name: place for place, name in enumerate(names)}
    if gone := [name for name in kept.names if name not in at]:
        kept.gone += gone
        pressing.drop("What you had picked is not there any more")
    kept.names = tuple(name for name in kept.names if name in at)
    kept.places = tuple(sorted(at[name] for name in kept.names))
    if kept.places != places:
        kept.number, kept.first, kept.is_drawn = kept.number + 1, kept.places, False
    return list(kept.places)


def _selected(key: str, kept: _Kept) -> tuple[int, ...]:
    """The places that are selected; none in a table that was not on the page for a while."""
    table = table_key(key)
    if table in st.session_state:
        return tuple(sorted(st.session_state[table]["selection"]["rows"]))
    return () if kept.is_drawn else kept.places


def table_key(key: str) -> str:
    """The key of the table as it is drawn now."""
    number = st.session_state[_name(key)].number
    return f"{key}-{number}" if number else key


def selected_first(key: str) -> list[int]:
    """The places that are selected as this table is first drawn."""
    return list(st.session_state[_name(key)].first)


def drawn(key: str, names: Sequence[Hashable]) -> None:
    """The table was drawn of rows with these names: what is picked from now on is one of them."""
    kept: _Kept = st.session_state[_name(key)]
    kept.shown, kept.is_drawn = tuple(names), bool(names)


def gone(key: str) -> list[Hashable]:
    """The names of those that were picked and are not there any more, until something is picked anew."""
    kept: _Kept | None = st.session_state.get(_name(key))
    return kept.gone if kept else []


def forget(key: str) -> None:
    """What is gone need not be told any more."""
    gone(key).clear()


def _name(key: str) -> str:
    return f"kept-{key}"
