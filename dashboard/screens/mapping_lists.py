"""Mappings as a list, a part of Mappings: edited in a table or brought in as a CSV, and taken out as one.

Nothing is set before it was shown what of it differs from what holds; one wrong row keeps the whole list out.
"""

import csv
import io
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import polars as pl
import streamlit as st
from pydantic import ValidationError

from dashboard import cards, send
from dashboard.data import Pulse
from dashboard.format import humanised, on_london_clock, parsed

COLUMNS = ("mapping", "key", "value", "from_on")
_Name = tuple[str, str, date | None]  # mapping, key and day: one row of the table
MOST_ROWS = 5_000
HELP = {
    "mapping": "carrier, warehouse, division, ship_via, order_status, attribute, account, demand_event or "
    "record_error",
    "key": "The code it comes from, or a rule",
    "value": "What it means on the other side; empty removes it",
    "from_on": "London's day it holds from; empty: today",
}


class NotAList(ValueError):
    """The file is no list of mappings; the message says what is wrong with it."""


def part(pulse: Pulse, rows: list[dict[str, Any]], kinds: Iterable[str]) -> None:
    """Edit many at once, bring a file in, take a file out; `kinds` of mapping there are."""
    st.subheader("Many at once", anchor=False)
    held = [row for row in rows if row["state"] in ("in_force", "planned")]
    with st.container(border=True, key="many-mappings"):
        edit, bring, take = st.tabs(["Edit in a table", "From a CSV file", "To a CSV file"])
        with edit:
            edited = _edited(held, kinds, on_london_clock(pulse.as_of).date())
            _ask(pulse, edited, slot="table", nothing="Change a row, or add one, first.")
        with bring:
            _ask(pulse, _brought(), slot="file", nothing="Choose a file first.")
        with take:
            st.download_button(
                f"Download {len(held)} mappings",
                as_csv(held),
                file_name=f"mappings-{pulse.as_of:%Y-%m-%d}.csv",
                mime="text/csv",
                icon=":material/download:",
                disabled=not held,
            )
            st.caption("What is in force or planned. The same file, changed, can be brought in again.")


def as_csv(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """A CSV that spreadsheet programs read as UTF-8, with a header; days as 2026-11-25, empty: from the start."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [*COLUMNS, "why"], extrasaction="ignore", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def from_csv(content: bytes) -> list[send.MappingRow]:
    """The mappings of a file; the day may be left out, other columns are not read.

    Raises:
        NotAList: it is none; the message says what to do.

    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise NotAList("It is not UTF-8 text: save it as “CSV UTF-8”.") from wrong
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)  # else an open quote swallows what follows
    found: list[send.MappingRow] = []
    line = 0  # that was read
    try:
        missing = [name for name in COLUMNS[:3] if name not in (reader.fieldnames or ())]
        if missing:
            raise NotAList(
                f"Its first row lacks {', '.join(missing)}: it must name the columns {', '.join(COLUMNS)}."
            )
        line = reader.line_num
        for row in reader:
            line = reader.line_num
            if len(found) == MOST_ROWS:
                raise NotAList(f"It has more than {MOST_ROWS:,} rows.")
            found.append(_row(row, line))
    except csv.Error as wrong:
        raise NotAList(
            f"Line {line + 1}: its double quotes do not pair ({wrong}); write a quote inside a quoted text twice."
        ) from wrong
    return found


def _row(row: Mapping[str | None, Any], line: int) -> send.MappingRow:
    """Codes are text and stay as they are, leading zeros too; blanks around them are not meant."""
    if None in row:
        raise NotAList(f"Line {line} has more cells than the first: put a text with a comma in double quotes.")
    short = [name for name in COLUMNS[:3] if row[name] is None]
    if short:
        raise NotAList(
            f"Line {line} ends before its {short[0]}: fill it in; a value left empty removes the mapping."
        )
    told = {name: (row[name] or "").strip() for name in COLUMNS if name in row}
    try:
        return send.MappingRow(**{**told, "from_on": told.get("from_on") or None, "line": line})
    except ValidationError as wrong:
        raise NotAList(
            f"Line {line}: {told.get('from_on')!r} is no day; write it as 2026-11-25, or leave it empty."
        ) from wrong


def _edited(held: list[dict[str, Any]], kinds: Iterable[str], today: date) -> list[send.MappingRow]:
    """The rows of the table that are not as they were. A row taken out is removed from its day, or today, on."""
    before = pl.DataFrame(
        {name: [row[name] for row in held] for name in COLUMNS},
        schema={"mapping": pl.String, "key": pl.String, "value": pl.String, "from_on": pl.Date},
    )
    columns: dict[str, Any] = {
        "mapping": st.column_config.SelectboxColumn(
            "Mapping", options=list(kinds), required=True, help=HELP["mapping"]
        ),
        "key": st.column_config.TextColumn("Code or rule", required=True, help=HELP["key"]),
        "value": st.column_config.TextColumn("Means", default="", help=HELP["value"]),
        "from_on": st.column_config.DateColumn("From", help=HELP["from_on"], format="D MMM YYYY"),
    }
    after = st.data_editor(
        before,
        num_rows="dynamic",
        width="stretch",
        hide_index=True,
        key="mapping-table",
        column_config=columns,
    )
    return changed(before.to_dicts(), after.to_dicts(), today)


def changed(before: list[dict[str, Any]], after: list[dict[str, Any]], today: date) -> list[send.MappingRow]:
    """What to set so that the table holds as it was edited; a day that is past means today.

    What is in force ends only with all rows of its code: another day typed for it means that it holds until then.
    """
    known = {_name(row): row["value"] for row in before}
    kept = {_name(row): str(row["value"] or "").strip() for row in after if row["mapping"] and row["key"]}
    rows = [
        send.MappingRow(mapping=mapping, key=key, value=value, from_on=day)
        for (mapping, key, day), value in kept.items()
        if known.get((mapping, key, day)) != value
    ]
    codes = {name[:2] for name in kept}
    for name, value in known.items():
        mapping, key, day = name
        if (mapping, key) in codes and (day or today) <= today:
            kept.setdefault(name, value)
    gone = [name for name in known if name not in kept]
    return rows + [
        send.MappingRow(mapping=mapping, key=key, value=_before(kept, mapping, key, day), from_on=day)
        for mapping, key, day in gone
    ]


def _before(kept: Mapping[_Name, str], mapping: str, key: str, day: date | None) -> str:
    """What holds of a code where what began on a day is taken out; empty: nothing."""
    first = date.min
    earlier = {
        began or first: value
        for (of, code, began), value in kept.items()
        if (of, code) == (mapping, key) and (began or first) < (day or first)
    }
    return earlier[max(earlier)] if earlier else ""


def _name(row: Mapping[str, Any]) -> _Name:
    return row["mapping"], str(row["key"]).strip(), row["from_on"]


def _brought() -> list[send.MappingRow]:
    file = st.file_uploader("A CSV with the columns mapping, key, value and, if not today, from_on", type="csv")
    if file is None:
        return []
    try:
        return from_csv(file.getvalue())
    except NotAList as wrong:
        st.error(f"**{file.name} is no list of mappings.** {wrong}", icon=":material/error:")
        return []


def _ask(pulse: Pulse, rows: list[send.MappingRow], *, slot: str, nothing: str) -> None:
    """First what it would change, then the button that sets it."""
    why = st.text_input("Why", key=f"mappings-why-{slot}")
    command = send.SetMappings(rows=tuple(rows), why=(why or "").strip())
    dry = f"dry-mappings-{slot}-{hash(command)}"
    with st.container(horizontal=True):
        cards.ask_button(
            "Show what would change",
            command.model_copy(update={"dry_run": True}),
            pulse,
            slot=dry,
            icon=":material/preview:",
            no="" if rows else nothing,
        )
        seen = [parsed(found["answer"]) for found in cards.results(dry) if found["state"] == "done"]
        is_good = bool(seen) and bool(seen[-1].get("changes")) and not seen[-1].get("problems")
        cards.ask_button(
            "Set them all",
            command,
            pulse,
            slot=f"set-mappings-{slot}",
            is_primary=True,
            no="" if is_good else "First look at what it would change.",
        )
    cards.outcome(dry)
    for found in seen[-1:]:
        _differences(found, slot)
    cards.outcome(f"set-mappings-{slot}")


def _differences(found: Mapping[str, Any], slot: str) -> None:
    for problem in found.get("problems", [])[:20]:
        st.markdown(f":material/error: {problem}")
    changes = found.get("changes", [])
    if changes:
        cards.table(
            [
                {
                    "Mapping": humanised(change["mapping"]),
                    "Code or rule": change["key"],
                    "Means now": change["before"] or "nothing",
                    "Would mean": change["after"] or "removed",
                    "From": change["from_on"],
                }
                for change in changes
            ],
            key=f"mapping-changes-{slot}",
        )
