"""Which fields of an address somebody changed: what the ERP writes differently by itself is no change."""

from dataclasses import replace

import pytest

from sync.ports import Address
from sync.rules.drift import changed_fields

HOME = Address("Zoë Kettle", "1 Pretend Row", "Flat 2", "Leeds", "", "LS1 0AA", "GBR", "01130000000")


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, ()),
        ({"name": "ZOË  KETTLE ", "postcode": "ls10aa", "country": "GB", "phone": ""}, ()),
        ({"line_1": "1 Pretend Row, Flat 2", "line_2": ""}, ()),
        ({"line_2": "Leave with concierge"}, ("street",)),
        ({"name": "Zoe Kettle"}, ("name",)),
        ({"city": "York", "postcode": "YO1 7HH"}, ("town", "postcode")),
        ({"country": "IRL", "state": "Cork"}, ("county", "country")),
    ],
)
def test_a_changed_field_is_named_and_case_blanks_and_line_breaks_are_not(
    changed: dict[str, str], expected: tuple[str, ...]
) -> None:
    assert changed_fields(HOME, replace(HOME, **changed)) == expected
