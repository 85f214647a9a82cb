"""An address is written into BlueCherry in full, or held with the field that does not fit."""

from dataclasses import replace
from typing import Any

import pytest

from sync.ports import Address, Person
from sync.rules.addresses import Misfit, fitted, misfits

HOME = Address("Zoë Kettle", "1 Pretend Row", "", "Leeds", "", "LS1 0AA", "GBR", "07700900123")
# fewer than twice forty characters, and yet three lines
STREET = {"line_1": "Flat 12, Pretend Quarter, Marvellousembankments", "line_2": "Impossiblylengthened Terrace"}


def wrong(**changes: Any) -> list[str]:
    return [one.words for one in misfits(Person(ship_to=replace(HOME, **changes), bill_to=None))]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, []),
        ({"city": "Llanfairpretendgwyngyllmadeup"}, ["delivery town: 29 characters, 25 fit"]),
        ({"name": "K" * 41}, ["delivery name: 41 characters, 40 fit"]),
        ({"phone": "0" * 41}, ["delivery phone: 41 characters, 40 fit"]),
        ({"state": "S" * 26}, ["delivery county: 26 characters, 25 fit"]),
        ({"postcode": "LS1 0AA or near"}, ["delivery postcode: 15 characters, 10 fit"]),
        ({"postcode": "LS1 OAA"}, ["delivery postcode: not of the form of a postcode"]),
        ({"postcode": "ls10aa"}, []),
        ({"postcode": "GIR 0AA"}, []),
        ({"postcode": "75001", "country": "FRA"}, []),
        ({"postcode": "D02 XY45", "country": "IRL"}, []),
        ({"postcode": "", "country": "IRL"}, ["delivery postcode: missing"]),
        ({"postcode": "", "city": " "}, ["delivery town: missing", "delivery postcode: missing"]),
        ({"line_1": "word " * 20}, ["delivery street: 100 characters, which do not break into two lines of 40"]),
        (STREET, ["delivery street: 77 characters, which do not break into two lines of 40"]),
        ({"phone": "", "state": ""}, []),
    ],
)
def test_every_field_that_would_be_cut_is_named_with_its_lengths(changes: dict[str, str], words: list[str]) -> None:
    assert wrong(**changes) == words


def test_a_long_street_is_broken_between_words_and_loses_nothing() -> None:
    long = replace(HOME, line_1="Flat 12b, The Old Pretend Corn Exchange Building, 214 Specimen Road")
    made = fitted(long)

    assert made is not None
    assert f"{made.line_1} {made.line_2}" == long.line_1
    assert max(len(made.line_1), len(made.line_2)) <= 40
    assert misfits(Person(long, None)) == ()


def test_a_word_longer_than_a_line_is_never_broken() -> None:
    assert fitted(replace(HOME, line_1="L" * 41)) is None
    assert misfits(Person(replace(HOME, line_1="L" * 41), None)) == (Misfit("ship_to", "street", 41, 80),)


def test_a_billing_address_that_does_not_fit_is_named_and_not_replaced() -> None:
    away = replace(HOME, city="Llanfairpretendgwyngyllmadeup")

    assert [one.words for one in misfits(Person(HOME, away))] == ["billing town: 29 characters, 25 fit"]
    assert [one.words for one in misfits(Person(away, away))] == ["delivery town: 29 characters, 25 fit"]
