"""A button about other things is another button: a click is for what was seen, however late it comes."""

import pytest
from streamlit.testing.v1 import AppTest


def page() -> None:
    """One button that is about what the address names, and what a press of it was for."""
    import streamlit as st

    from dashboard import pressing

    number = pressing.number("it", [st.query_params["about"]])
    st.button("Send", key=f"it-{number}", on_click=pressing.remember, args=("it", number))
    st.text(f"For {pressing.taken('it')}")


def drawn(opened: AppTest, about: str) -> str:
    """The page as it is drawn about this; the button's id in the browser."""
    opened.query_params["about"] = about
    opened.run(timeout=60)
    return str(opened.button[0].id)


def click(opened: AppTest, button_id: str) -> tuple[str, list[str]]:
    """What a click on what the browser shows under that id was for, and what is said."""
    opened.button[0].id = button_id
    opened.button[0].click().run(timeout=60)
    return str(opened.text[0].value), [str(one.value) for one in opened.toast]


def test_what_is_drawn_anew_about_the_same_is_the_same_button() -> None:
    opened = AppTest.from_function(page)
    first, again, other = (drawn(opened, about) for about in ("S1", "S1", "S2"))

    assert first == again != other


@pytest.mark.parametrize("changes", [0, 1, 7])
def test_a_click_behind_some_drawings_is_for_what_was_seen(changes: int) -> None:
    opened = AppTest.from_function(page)
    seen = drawn(opened, "S1")
    for number in range(changes):
        drawn(opened, f"S{number + 2}")

    assert click(opened, seen) == ("For ['S1']", [])


def test_a_click_behind_so_many_that_nobody_knows_what_was_seen_is_for_nothing_and_that_is_said() -> None:
    opened = AppTest.from_function(page)
    seen = drawn(opened, "S1")
    for number in range(8):
        drawn(opened, f"S{number + 2}")

    assert click(opened, seen) == (
        "For None", ["**Nothing was sent.** What you pressed is not there any more: look again."]
    )  # fmt: skip
