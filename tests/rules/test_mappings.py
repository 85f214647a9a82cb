"""Which rule counts: the most specific that fits; nothing is guessed."""

import pytest

from sync.rules.mappings import STATUSES, Goods, Place, check_attribute, check_key, check_value, load, parsed

TROUSERS = Goods("NMM", "05220", "NMM-05220-NVY-A--8")
SHIRT = Goods("NMK", "04117", "NMK-04117-WHT-A--M")
HOME, DUBLIN, SKYE = Place("GBR", "UK"), Place("IRL", "EU"), Place("GBR", "HIGHLANDS")

RULES = load(
    {"mapping": "warehouse", "key": key, "value": value}
    for key, value in {
        "NMM": "WH1",
        "NMM|05…": "WH2",
        "NMM|052…": "WH3",
        "country:irl": "WH-DUB",
        "NMM country:IRL": "WH-DUB2",
        "zone:HIGHLANDS": "WH-N",
        "zone:HIGHLANDS country:GBR": "WH-N2",
        "sku:NMM-05220-NVY-A--8 zone:HIGHLANDS": "WH-ONE",
    }.items()
)


@pytest.mark.parametrize(
    ("goods", "place", "warehouse"),
    [
        (TROUSERS, HOME, "WH3"),
        (Goods("NMM", "05999"), HOME, "WH2"),
        (Goods("NMM", "04000"), HOME, "WH1"),
        (TROUSERS, DUBLIN, "WH-DUB2"),
        (SHIRT, DUBLIN, "WH-DUB"),
        (SHIRT, SKYE, "WH-N2"),
        (SHIRT, Place("IRL", "HIGHLANDS"), "WH-N"),
        (TROUSERS, SKYE, "WH-ONE"),
        (SHIRT, HOME, None),
    ],
)
def test_the_most_specific_rule_wins_and_without_one_nothing_is_guessed(
    goods: Goods, place: Place, warehouse: str | None
) -> None:
    assert RULES.warehouse(goods, place) == warehouse


def test_the_rule_that_decides_is_known_by_its_key() -> None:
    assert RULES.rule("warehouse", SHIRT, SKYE) == "zone:HIGHLANDS country:GBR"
    assert RULES.rule("warehouse", SHIRT, HOME) == ""


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("country:", "country: names nothing; write country:IRL"),
        ("zone:A zone:B", "zone is named twice"),
        ("sku:", "sku: names nothing"),
        ("NMM|052", "end it with …"),
        ("", "a rule names a division"),
    ],
)
def test_a_key_that_is_no_rule_says_what_to_write(key: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parsed(key)


@pytest.mark.parametrize(
    ("kind", "key", "why"),
    [
        ("warehouse", "country:", "country: names nothing"),
        ("attribute", "shirts|", "its category, a bar and the attribute"),
        ("attribute", "shirts|colour|x", "its category, a bar and the attribute"),
        ("attribute", " colour", "its category, a bar and the attribute"),
        ("account", "Commission fee", "the type of ledger line as John Lewis does"),
    ],
)
def test_a_key_of_each_kind_that_cannot_be_read_says_what_to_write(kind: str, key: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        check_key(kind, key)


def test_an_attribute_means_a_field_of_bluecherrys_or_a_text() -> None:
    for kind, key in (("attribute", "shirts|colour"), ("attribute", "colour"), ("account", "COMMISSION_FEE")):
        check_key(kind, key)
    for value in ("color_name", "text:Women"):
        check_attribute(value)
    for value, why in (("colour", "none of the fields"), ("text: ", "says nothing")):
        with pytest.raises(ValueError, match=why):
            check_attribute(value)


def test_a_status_means_one_of_our_words_and_the_refusal_lists_them() -> None:
    for word in STATUSES:
        check_value("order_status", word)

    for value in ("open", "OPN", "Picked"):
        with pytest.raises(ValueError, match=", ".join(STATUSES)):
            check_value("order_status", value)


def test_a_rule_nobody_could_read_maps_nothing_and_stops_nothing() -> None:
    rows = [
        {"mapping": "warehouse", "key": "NMM|05", "value": "WH9"},
        {"mapping": "warehouse", "key": "NMM", "value": "WH1"},
    ]

    assert load(rows).warehouse(TROUSERS) == "WH1"


def test_the_division_is_the_skus_own_where_no_rule_says_otherwise() -> None:
    rows = [{"mapping": "division", "key": "country:IRL", "value": "NMI"}]

    assert load(rows).division(SHIRT, HOME) is None
    assert load(rows).division(SHIRT, DUBLIN) == "NMI"
