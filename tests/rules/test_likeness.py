"""What may have been meant is said in words, for a person; it is never used."""

import pytest

from sync.rules.likeness import described, difference, spelt_as

SHIRT = "LS-100-WHT-M"


@pytest.mark.parametrize(
    ("ordered", "words"),
    [
        ("LS-100-WHT-m", "the case differs"),
        ("LS-100-WHT-M ", "the order's has a blank at its end"),
        (" LS-100-WHT-M", "the order's has a blank at its beginning"),
        ("LS-100 -WHT-M", "the blanks differ"),
        ("ls-100 -WHT-M", "the case and the blanks differ"),
        ("LS-0100-WHT-M", "leading zeros differ"),
        ("LS_100_WHT_M", "the separators differ"),
        ("LS-100-WHT-L", "'L' stands for 'M'"),
        ("LS-10-WHT-M", "'0' is missing"),
        ("LS-100-WHTE-M", "'E' is too many"),
    ],
)
def test_what_differs_is_said_in_words(ordered: str, words: str) -> None:
    assert difference(ordered, SHIRT) == words


def test_the_nearest_are_named_with_what_differs() -> None:
    assert described("LS-100-WHT-m", [SHIRT]) == "BlueCherry has `LS-100-WHT-M`; the case differs"
    assert described("GHOST", []) == "BlueCherry has nothing like it"


def test_only_case_and_blanks_are_spelling() -> None:
    assert spelt_as("ls-100-wht-m ", ["LS-100-WHT-L", SHIRT]) == SHIRT
    assert spelt_as("LS-0100-WHT-M", [SHIRT]) == ""
