"""Mappings: what a code of one side means on the other, and what waits for one that is missing.

The only master data Cherrylane holds. No default is guessed: what is not mapped waits, and says so here.
"""

from typing import Any

import streamlit as st

from dashboard import cards, data, send
from dashboard.data import Pulse
from dashboard.format import count, humanised, left, london, money, on_london_clock
from dashboard.screens import mapping_lists, mapping_uses

KINDS = {
    "carrier": ("Carrier", "BlueCherry ship-via", "John Lewis carrier", "carriers"),
    "warehouse": ("Warehouse", "Rule", "BlueCherry warehouse", "warehouses"),
    "division": ("Division", "Rule", "BlueCherry division", ""),
    "ship_via": ("Ship-via", "John Lewis shipping type", "BlueCherry ship-via", "ship_vias"),
    "order_status": ("Order status", "BlueCherry status code", "Our word", ""),
    "attribute": ("Attribute", "John Lewis attribute", "BlueCherry field", ""),
    "account": ("Account", "John Lewis ledger type", "BlueCherry account", "accounts"),
    "demand_event": ("Demand event", "Name, and of which goods", "When, and how many times the usual demand", ""),
    "record_error": ("Record error", "BlueCherry warehouse", "Chances of 1, 2, … units too many", ""),
}
STATUSES = {  # our words for a sales order, as the worker takes them
    "ENTERED": "taken, not released yet",
    "HELD": "stopped by somebody",
    "OPEN": "to be picked",
    "PICKED": "in the warehouse's hands",
    "PART_SHIPPED": "some of it sent",
    "SHIPPED": "all of it sent",
    "INVOICED": "sent and invoiced",
    "CANCELLED": "not to be sent",
}
ORDER = ("in_force", "planned", "removed", "past")
RULES = (
    "A rule names goods (`NMK` a division, `NMM|05…` the styles of it that begin so, `sku:NMK-04117-WHT-A--M` one"
    " SKU), a place (`country:IRL`, `zone:HIGHLANDS`), or both. Of those that fit, one SKU goes before a zone, a"
    " zone before a country, a place before goods alone, a longer style before a shorter."
)
ATTRIBUTES = (
    "An attribute is mapped for every category (`colour`) or for one (`shirts|colour`). It means what BlueCherry"
    " says of the SKU (`color_name`, `style_name`, `size`, `ean`, `season` …), or always the same (`text:Women`)."
)
HELD_BY = ("carrier", "warehouse", "division", "ship_via", "order_status")  # orders wait for what is missing
RECORD_ERRORS = (
    "How likely a stock record of a warehouse shows 1, 2, … units more than a count finds: `0.02, 0.005`. Of a SKU"
    " in several warehouses the errors add up. A warehouse without is as `RECORD_ERROR` says. `cherrylane counts"
    " FILE` takes them from a CSV file of cycle counts (`warehouse,sku,recorded,counted`)."
)
DEMAND_EVENTS = (
    "A demand event is something known to lift or lower demand: a promotion, a broadcast. It is named, and is about"
    " everything (`Black Friday`) or the goods it names (`Linen week category:shirts`, `division:NMK`,"
    " `style:NMK|04117`, `sku:…`). It means London's time and a factor: `2026-11-27 00:00 to 2026-12-01 00:00 x3`,"
    " or `… x3 others x1.5` where the other channels sell more, too. Where events overlap, their factors multiply."
    " Leave it when it is over: what was sold in it is weighed by it, so that rates stay what they were."
)


@cards.screen("Mappings", "What does a code of one side mean on the other, and what waits for one that is missing?")
def show(pulse: Pulse) -> None:
    rows = data.mappings(pulse.as_of).to_dicts()
    waiting = data.unmapped(pulse.as_of).to_dicts()
    missing = [row for row in waiting if row["mapping"]]
    cards.numbers(
        [
            (
                "In force",
                count(sum(row["state"] == "in_force" for row in rows)),
                f"Mappings that hold today; {count(sum(row['state'] == 'planned' for row in rows))} planned",
            ),
            ("Missing", count(len(missing)), "Codes that something waits for"),
            ("Held by them", count(sum(row["held_count"] for row in missing)), "Orders and shipments"),
        ]
    )
    with st.container():  # there also where nothing is missing: what stands beneath keeps its place
        if missing:
            st.subheader("Missing", anchor=False)
        for row in missing:
            _missing(row, pulse)
    # beneath the rows, for the one that was set has left them
    cards.outcome("map-missing")
    st.subheader("Set one", anchor=False)
    _form(pulse)
    st.subheader("In force", anchor=False)
    _in_force(rows, data.mapping_uses(pulse.as_of).to_dicts(), pulse)
    mapping_lists.part(pulse, rows, KINDS)
    cards.link("inventory", "How much is held back from sale stands in Stock", view="Buffers")


def _in_force(rows: list[dict[str, Any]], uses: list[dict[str, Any]], pulse: Pulse) -> None:
    if not rows:
        cards.empty("No mapping is set", "Orders and shipments wait until their codes are mapped.")
        return
    used = {(use["mapping"], use["key"]): use for use in uses}
    for kind, (title, key_words, value_words, _) in KINDS.items():
        of_kind = sorted((row for row in rows if row["mapping"] == kind), key=lambda row: ORDER.index(row["state"]))
        held = sum(row["state"] == "in_force" for row in of_kind)
        with st.expander(f"{title} ({held})", expanded=kind == "carrier"):
            picked = cards.table(
                [
                    {
                        key_words: row["key"],
                        value_words: row["value"] or "removed",
                        "Standing": humanised(row["state"]),
                        "Used in 30 days": mapping_uses.words(used.get((kind, row["key"]))),
                        "From": f"{row['from_on']:%-d %b %Y}" if row["from_on"] else "the start",
                        "Until": f"{row['until_on']:%-d %b %Y}" if row["until_on"] else "",
                        "Why": row["why"],
                        "Who": row["actor"],
                        "Set": london(row["set_at"]),
                    }
                    for row in of_kind
                ],
                key=f"mappings-{kind}",
                empty_words="None set.",
                is_picking=True,
            )
            if of_kind:
                chosen = of_kind[picked] if picked is not None else None
                use = used.get((kind, chosen["key"])) if chosen else None
                mapping_uses.things(kind, chosen, use["use_count"] if use else 0, pulse)


def _missing(row: dict[str, Any], pulse: Pulse) -> None:
    kind = row["mapping"]
    key = row["cause"].removeprefix(f"{kind}/")
    key = f"sku:{key}" if kind == "division" else key  # it is the SKU that has none
    with st.container(border=True, key=f"missing-mapping-{kind}-{key}"):
        words, value, act = st.columns([3, 2, 1], vertical_alignment="bottom")
        words.markdown(f":material/warning: **{KINDS[kind][0]} `{key}` is not mapped**")
        does = "tells the state of" if kind == "order_status" else "releases"
        words.caption(f"Setting it {does} {waiting_words(row)}")
        chosen = _value(value, kind, f"missing-{kind}-{key}")
        with act:
            cards.ask_button(
                "Set",
                send.SetMapping(mapping=kind, key=key, value=chosen, why="was missing"),
                pulse,
                slot="map-missing",
                key=f"map-{kind}-{key}",
                is_primary=True,
                is_disabled=not chosen,
            )


def waiting_words(row: dict[str, Any]) -> str:
    """What waits for a mapping: `37 orders, £3,912.00, first deadline 25 Nov 14:10 (2 h 10 min)`."""
    told = [count(row["order_count"], "order", "orders")]
    if row["amount"]:
        told.append(money(row["amount"], row["currency"]))
    if row["deadline_at"] is not None:
        told.append(f"first deadline {london(row['deadline_at'])} ({left(row['left_seconds'])})")
    return ", ".join(told)


def _value(place: Any, kind: str, key: str) -> str:
    codes = STATUSES if kind == "order_status" else _codes(KINDS[kind][3])
    if codes:
        chosen = place.selectbox(
            KINDS[kind][2],
            list(codes),
            index=None,
            placeholder="Choose",
            key=key,
            format_func=lambda code: f"{code}  {codes[code]}",
        )
        return str(chosen or "")
    return str(place.text_input(KINDS[kind][2], key=key) or "").strip()


def _codes(topic: str) -> dict[str, str]:
    described = data.described(topic) if topic else None
    if not isinstance(described, list):
        return {}
    return {
        str(one["code"]): str(one.get("label") or "")
        for one in described
        if isinstance(one, dict)
        and "code" in one
        # an order stands on a warehouse, never on a returns bench or a port
        and (topic != "warehouses" or (one.get("detail") or {}).get("type") in (None, "W"))
    }


def _form(pulse: Pulse) -> None:
    with st.container(border=True, key="set-mapping"):
        what, code, means, begins, why = st.columns(5, vertical_alignment="bottom")
        kind = str(what.selectbox("Mapping", list(KINDS), format_func=lambda name: KINDS[name][0], key="set-kind"))
        key = str(code.text_input(KINDS[kind][1], key=f"set-key-{kind}") or "").strip()
        value = _value(means, kind, f"set-value-{kind}")
        today = on_london_clock(pulse.as_of).date()
        day = begins.date_input("From", today, min_value=today, key="set-from", format="DD/MM/YYYY")
        reason = str(why.text_input("Why", key="set-why") or "").strip()
        about: dict[str, Any] = {"mapping": kind, "key": key or "-", "why": reason, "from_on": day}
        with st.container(horizontal=True):
            cards.ask_button(
                "Set it",
                send.SetMapping(value=value, **about),
                pulse,
                slot="set-mapping",
                is_primary=True,
                is_disabled=not (key and value),
            )
            cards.ask_button(
                "Remove it",
                send.SetMapping(value="", **about),
                pulse,
                slot="remove-mapping",
                is_disabled=not key,
            )
        cards.outcome("set-mapping")
        cards.outcome("remove-mapping")
        if kind in ("warehouse", "division"):
            st.caption(RULES)
        if kind == "attribute":
            st.caption(ATTRIBUTES)
        if kind == "demand_event":
            st.caption(DEMAND_EVENTS)
        if kind == "record_error":
            st.caption(RECORD_ERRORS)
        if kind in HELD_BY:
            st.caption(f"{humanised(kind)}: what waits for it goes on within a second of its day having come.")
