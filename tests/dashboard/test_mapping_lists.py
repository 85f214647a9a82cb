"""A list of mappings leaves as a CSV and comes back as one, codes untouched; what is none says what is wrong."""

from datetime import date
from typing import Any

import pytest

from dashboard import send
from dashboard.screens.mapping_lists import NotAList, as_csv, changed, from_csv
from tests.dashboard.looking import senders, show

HELD: list[dict[str, Any]] = [
    {"mapping": "carrier", "key": "007", "value": "dpd-uk", "from_on": None, "why": ""},
    {
        "mapping": "warehouse",
        "key": "NMM|05…",
        "value": "WH2",
        "from_on": date(2026, 11, 1),
        "why": 'the "big" move',
    },
]


def test_a_list_comes_back_as_it_left_with_its_leading_zeros() -> None:
    assert from_csv(as_csv(HELD)) == [
        send.MappingRow(mapping="carrier", key="007", value="dpd-uk"),
        send.MappingRow(mapping="warehouse", key="NMM|05…", value="WH2", from_on=date(2026, 11, 1)),
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xfe\x00", "It is not UTF-8 text"),
        (b"", "lacks mapping, key, value"),
        (b"mapping;key;value\ncarrier;DPX;dpd-uk\n", "lacks mapping, key, value"),
        (b"mapping,key,value,from_on\ncarrier,DPX,dpd-uk,25/11/2026\n", "Row 1: '25/11/2026' is no day"),
        (b"mapping,key,value\n" + b"carrier,DPX,dpd-uk\n" * 5_001, "more than 5,000 rows"),
    ],
)
def test_a_file_that_is_no_list_says_what_is_wrong(content: bytes, said: str) -> None:
    with pytest.raises(NotAList, match=said):
        from_csv(content)


def test_only_what_was_edited_is_sent_and_what_was_taken_out_is_removed() -> None:
    before = [{name: row[name] for name in ("mapping", "key", "value", "from_on")} for row in HELD]
    other = {"mapping": "carrier", "key": "DPX", "value": "dpd-uk", "from_on": date(2026, 12, 1)}
    edited = [{**before[1], "value": "WH1"}, other]

    assert changed(before, before) == []
    assert changed(before, edited) == [
        send.MappingRow(mapping="warehouse", key="NMM|05…", value="WH1"),
        send.MappingRow(mapping="carrier", key="DPX", value="dpd-uk", from_on=date(2026, 12, 1)),
        send.MappingRow(mapping="carrier", key="007", value=""),
    ]


@pytest.mark.usefixtures("ordinary")
def test_nothing_is_set_before_its_change_was_seen() -> None:
    buttons = senders(show("mappings"))

    assert ("Show what would change", True, "Change a row, or add one, first.") in buttons
    assert ("Show what would change", True, "Choose a file first.") in buttons
    assert ("Set them all", True, "First look at what it would change.") in buttons
