"""A list of mappings leaves as a CSV and comes back as one, codes untouched; what is none says what is wrong."""

from datetime import date, datetime, time
from typing import Any

import pytest

from dashboard import send
from dashboard.screens.mapping_lists import NotAList, as_csv, changed, from_csv
from dashboard.screens.mappings import KINDS
from sync.rules.mappings import STATUSES
from tests.dashboard.looking import senders, show
from tests.told import Told

HELD: list[dict[str, Any]] = [
    {"mapping": "carrier", "key": "007", "value": "dpd-uk", "from_on": None, "why": ""},
    {
        "mapping": "warehouse",
        "key": "NMM|05…",
        "value": "WH2",
        "from_on": date(2026, 11, 1),
        "why": 'the "big" move',
    },
    {"mapping": "division", "key": "sku:NMK-04117-WHT-A--M", "value": "0NMK", "from_on": None, "why": ""},
    {"mapping": "ship_via", "key": "STD, UK", "value": "010", "from_on": None, "why": ""},
    {"mapping": "order_status", "key": "00", "value": "OPEN", "from_on": None, "why": ""},
    {
        "mapping": "attribute",
        "key": "shirts|fit",
        "value": 'text:The "Big" Fit, 5" longer',
        "from_on": None,
        "why": "",
    },
    {
        "mapping": "demand_event",
        "key": 'The "Big" Week, on air sku:NMK-04117-WHT-A--M',
        "value": "2026-11-27 00:00 to 2026-12-01 00:00 x3 others x1.5",
        "from_on": None,
        "why": "",
    },
    {"mapping": "record_error", "key": "WH1", "value": "0.020, 0.005", "from_on": None, "why": ""},
    {"mapping": "account", "key": "COMMISSION_FEE", "value": "006100", "from_on": date(2027, 1, 1), "why": ""},
    {
        "mapping": "demand_event",
        "key": 'The "white" week category:shirts',
        "value": "2026-11-27 00:00 to 2026-12-01 00:00 x3",
        "from_on": None,
        "why": "",
    },
    {"mapping": "record_error", "key": "01", "value": "0.05, 0.01", "from_on": None, "why": ""},
]
TODAY = date(2026, 11, 24)


def test_a_list_of_each_kind_comes_back_as_it_left_with_its_leading_zeros_and_quotes() -> None:
    back = [row.model_dump(exclude={"line"}) for row in from_csv(as_csv(HELD))]

    assert back == [{name: row[name] for name in ("mapping", "key", "value", "from_on")} for row in HELD]
    assert {row["mapping"] for row in back} == set(KINDS)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xfe\x00", "It is not UTF-8 text"),
        (b"", "lacks mapping, key, value"),
        (b"mapping;key;value\ncarrier;DPX;dpd-uk\n", "lacks mapping, key, value"),
        (
            b"mapping,key,value,from_on\ncarrier,DPX,dpd-uk,25/11/2026\n",
            "Line 2: '25/11/2026' is no day; write it as",
        ),
        (b"mapping,key,value\n\ncarrier,DPX\n", "Line 3 ends before its value: fill it in"),
        (b"mapping,key,value\nattribute,colour,text:Red, white\n", "Line 2 has more cells than the first: put"),
        (
            b'mapping,key,value\nattribute,colour,"text:Red\ncarrier,DPX,x\n',
            "Line 2: its double quotes do not pair",
        ),
        (b'mapping,key,value\nattribute,colour,"text:a "big" red"\n', "Line 2: its double quotes do not pair"),
        (b"mapping,key,value\n" + b"carrier,DPX,dpd-uk\n" * 5_001, "more than 5,000 rows"),
    ],
)
def test_a_file_that_is_no_list_says_what_is_wrong(content: bytes, said: str) -> None:
    with pytest.raises(NotAList, match=said):
        from_csv(content)


def test_a_row_knows_its_line_of_the_file() -> None:
    text = b'mapping,key,value\ncarrier,DPX,dpd-uk\n\nattribute,colour,"text:two\nlines"\ncarrier,YDL,yodel\n'

    assert [row.line for row in from_csv(text)] == [2, 5, 6]


def row(key: str, value: str, from_on: date | None = None, mapping: str = "warehouse") -> dict[str, Any]:
    return {"mapping": mapping, "key": key, "value": value, "from_on": from_on}


SINCE, SOON, LATER = date(2026, 11, 1), date(2026, 12, 1), date(2026, 12, 5)
TABLE = [row("NMK", "WH1", SINCE), row("NMK", "WH2", SOON), row("007", "dpd-uk", mapping="carrier")]


@pytest.mark.parametrize(
    ("after", "asked"),
    [
        pytest.param(TABLE, [], id="nothing"),
        pytest.param([*TABLE, row("NMM", "WH1")], [row("NMM", "WH1")], id="one is added"),
        pytest.param([row("NMK", "WH3", SINCE), *TABLE[1:]], [row("NMK", "WH3", SINCE)], id="what is in force"),
        pytest.param(
            [TABLE[0], row("NMK", "WH3", SOON), TABLE[2]], [row("NMK", "WH3", SOON)], id="what is planned, then"
        ),
        pytest.param([TABLE[0], TABLE[2]], [row("NMK", "WH1", SOON)], id="what was planned does not come"),
        pytest.param(
            [TABLE[0], row("NMK", "WH2", LATER), TABLE[2]],
            [row("NMK", "WH2", LATER), row("NMK", "WH1", SOON)],
            id="what is planned comes later",
        ),
        pytest.param(
            [row("NMK", "WH3", LATER), *TABLE[1:]], [row("NMK", "WH3", LATER)], id="what holds, holds until then"
        ),
        pytest.param(
            [TABLE[2]], [row("NMK", "", SINCE), row("NMK", "", SOON)], id="nothing of a code is left, nor to come"
        ),
        pytest.param(TABLE[:2], [row("007", "", mapping="carrier")], id="one since the start is taken out"),
    ],
)  # fmt: skip
def test_only_what_was_edited_is_asked_for(after: list[dict[str, Any]], asked: list[dict[str, Any]]) -> None:
    as_moments = [
        {**one, "from_on": one["from_on"] and datetime.combine(one["from_on"], time())} for one in after
    ]  # as the table gives days back

    assert changed(TABLE, after, TODAY) == [send.MappingRow(**one) for one in asked]
    assert changed(TABLE, as_moments, TODAY) == [send.MappingRow(**one) for one in asked]


def test_a_table_nobody_touched_asks_for_nothing(ordinary: Told) -> None:
    ordinary.mapping("warehouse", "NMM", "WH2", from_on=SINCE)
    ordinary.mapping("warehouse", "NMM", "WH3", from_on=SOON)
    page = show("mappings")

    assert not page.exception
    assert ("Show what would change", True, "Change a row, or add one, first.") in senders(page)


@pytest.mark.usefixtures("ordinary")
def test_nothing_is_set_before_its_change_was_seen() -> None:
    buttons = senders(show("mappings"))

    assert ("Show what would change", True, "Change a row, or add one, first.") in buttons
    assert ("Show what would change", True, "Choose a file first.") in buttons
    assert ("Set them all", True, "First look at what it would change.") in buttons


@pytest.mark.usefixtures("ordinary")
def test_a_status_is_chosen_among_the_words_the_worker_takes() -> None:
    page = show("mappings", person="Ops")
    page.selectbox(key="set-kind").set_value("order_status").run(timeout=60)
    offered = page.selectbox(key="set-value-order_status").options

    assert [option.split()[0] for option in offered] == list(STATUSES)
