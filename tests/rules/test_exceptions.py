"""The table of exception kinds is one table, on every floor."""

from store.database import SQL
from sync.rules.exceptions import BY_CODE, KINDS, as_sql, kind_of, sentence


def test_the_screens_read_the_same_words() -> None:
    assert (SQL / "exception_kinds.sql").read_text() == as_sql()


def test_every_kind_is_there_once_and_its_parent_too() -> None:
    assert len(BY_CODE) == len(KINDS)
    assert {kind.parent for kind in KINDS} <= {"", *BY_CODE}


def test_a_sentence_names_what_is_to_be_mended() -> None:
    assert sentence("unmapped_carrier", "DPX") == "Ship-via DPX has no carrier at John Lewis"


def test_a_kind_nobody_wrote_down_is_shown_plainly() -> None:
    assert kind_of("moon_too_bright").sentence == "Moon too bright: {cause}"
    assert sentence("moon_too_bright", "full") == "Moon too bright: full"
