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
from dashboard.format import humanised, parsed

COLUMNS = ("mapping", "key", "value", "from_on")
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
            edited = _edited(held, kinds)
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
    reader = csv.DictReader(io.StringIO(text, newline=""), restval="")
    missing = [name for name in COLUMNS[:3] if name not in (reader.fieldnames or ())]
    if missing:
        raise NotAList(f"Its first row lacks {', '.join(missing)}: it must name the columns {', '.join(COLUMNS)}.")
    found = []
    for number, row in enumerate(reader, start=1):
        if number > MOST_ROWS:
            raise NotAList(f"It has more than {MOST_ROWS:,} rows.")
        found.append(_row(row, number))
    return found


def _row(row: Mapping[str, Any], number: int) -> send.MappingRow:
    """Codes are text and stay as they are, leading zeros too; blanks around them are not meant."""
    told = {name: str(row[name] or "").strip() for name in COLUMNS if name in row}
    try:
        return send.MappingRow(**{**told, "from_on": told.get("from_on") or None})
    except ValidationError as wrong:
        raise NotAList(
            f"Row {number}: {told.get('from_on')!r} is no day; write it as 2026-11-25, or leave it empty."
        ) from wrong


def _edited(held: list[dict[str, Any]], kinds: Iterable[str]) -> list[send.MappingRow]:
    """The rows of the table that are not as they were. A row taken out is removed from today on."""
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
    return changed(before.to_dicts(), after.to_dicts())


def changed(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[send.MappingRow]:
    """What to set so that the table holds as it was edited. A day that was left as it was means today."""
    known = {(row["mapping"], row["key"], row["from_on"]): row["value"] for row in before}
    kept = {(row["mapping"], row["key"]) for row in after}
    rows = [
        send.MappingRow(
            mapping=row["mapping"], key=str(row["key"]).strip(), value=str(row["value"] or "").strip(),
            from_on=_day(row["from_on"], known, row),
        )
        for row in after
        if row["mapping"] and row["key"] and known.get(_name(row)) != (row["value"] or "")
    ]  # fmt: skip
    gone = {(row["mapping"], row["key"]): None for row in before if (row["mapping"], row["key"]) not in kept}
    return rows + [send.MappingRow(mapping=mapping, key=key, value="") for mapping, key in gone]


def _name(row: Mapping[str, Any]) -> tuple[str, str, date | None]:
    return row["mapping"], row["key"], row["from_on"]


def _day(day: date | None, known: Mapping[Any, Any], row: Mapping[str, Any]) -> date | None:
    """The day a changed row holds from: one that was typed, else today."""
    return None if _name(row) in known else day


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
