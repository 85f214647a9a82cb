"""One cause of exceptions: its subjects, what to do, the evidence, what happened to it, and the buttons.

For the subjects picked, or for all of the cause when none is. Drawn by Exceptions, and for one order by Order; no
page of its own.
"""

import functools
from collections.abc import Sequence
from typing import Any

import streamlit as st

from dashboard import access, cards, data, picking, pressing, send
from dashboard.data import Pulse
from dashboard.format import ago, count, humanised, left, london, money, parsed, place, state
from dashboard.screens import absence, acts, cause_story, edit_order, held_batch, mappings

SHOWN = 100
OF_A_SKU = frozenset({"stock_mismatch", "oversell", "offer_without_sku", "import_errors"})  # its subject
MAPPINGS = {"unmapped_carrier": "carrier", "unknown_ship_via": "ship_via", "missing_warehouse": "warehouse",
            "missing_division": "division", "unmapped_status": "order_status"}  # fmt: skip
CODES = {"carrier": "carriers", "ship_via": "ship_vias", "warehouse": "warehouses"}
EDITABLE = frozenset({"address_too_long", "address_incomplete", "refused_by_erp", "unknown_ship_via"})


def show(row: dict[str, Any], pulse: Pulse) -> None:
    """The cause, opened."""
    slot = f"{row['exception_kind']}-{row['cause']}"
    told = state(row["severity"])
    with st.container(border=True, key=f"cause-{slot}"):
        st.markdown(f"#### :{told.colour}-badge[{told.icon} {told.words}] {row['sentence']}")
        st.markdown(_facts(row))
        _badges(row)
        wrong = list(
            data.exceptions(pulse.as_of, kind=row["exception_kind"], cause=row["cause"], limit=SHOWN).iter_rows(
                named=True
            )
        )
        if row["exception_kind"] in MAPPINGS:
            _mapping(row, pulse, slot)
        picked = _subjects(wrong, slot)
        if wrong:
            _act([wrong[number] for number in picked], wrong, row, pulse, slot)
            cards.cut(len(wrong), SHOWN)
        chosen = wrong[picked[0]] if picked else wrong[0] if wrong else None
        cause_story.tell(row, chosen, slot, pulse)


def show_on_order(wrong: Sequence[dict[str, Any]], row: dict[str, Any], pulse: Pulse) -> None:
    """What of the cause is wrong with one order, with the buttons for that alone."""
    slot = f"{wrong[0]['order_id']}-{row['exception_kind']}-{row['cause']}"
    told = state(row["severity"])
    with st.container(border=True, key=f"cause-{slot}"):
        st.markdown(f"**:{told.colour}-badge[{told.icon} {told.words}] {row['sentence']}**")
        for one in wrong:
            facts = [f"since {ago(one['age_seconds'])}", _standing(one), one["owner"] or "nobody has it"]
            if one["left_seconds"] is not None:
                facts.insert(0, f"deadline {left(one['left_seconds'])}")
            if one["note"]:
                facts.append(f"{one['note']} ({one['noted_by']})")
            st.markdown(f"{one['detail']} ({' · '.join(facts)})".strip())
        _badges(row)
        if row["exception_kind"] in MAPPINGS:
            _mapping(row, pulse, slot)
        _buttons(wrong, acts.these(wrong), row, pulse, slot)
        cause_story.tell(row, wrong[0], slot, pulse, first=None)


def _facts(row: dict[str, Any]) -> str:
    facts = [f"**{count(row['open_count'])} waiting**"]
    if row["left_seconds"] is not None:
        facts.append(f"first deadline **{left(row['left_seconds'])}**")
    if row["amount"]:
        facts.append(money(row["amount"], row["currency"]))
    if row["owners"]:
        facts.append(f"taken by {row['owners']}")
    if row["quiet_count"]:
        facts.append(f"{count(row['quiet_count'])} put off or accepted")
    if row["is_hidden"]:
        facts.append("beneath a larger trouble")
    return " · ".join(facts)


def _badges(row: dict[str, Any]) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if row["fix_where"]:
            st.badge(f"Mended in {place(row['fix_where'])}", icon=":material/build:", color="gray")
        if row["remedy"]:
            words = "A technical fix" if row["remedy"] == "technical" else "An adjustment of data"
            st.badge(words, icon=":material/handyman:", color="gray")
        if row["team"]:
            st.badge(f"Team: {row['team']}", icon=":material/group:", color="gray")
        st.badge(f"Since {london(row['since_at'])}", icon=":material/schedule:", color="gray")


# -- subjects --------------------------------------------------------------------------------------


def _subjects(wrong: list[dict[str, Any]], slot: str) -> list[int]:
    return cards.picks(
        [
            {
                "Subject": one["exception_subject"],
                "Order": one["order_id"] or "–",
                "What": one["detail"],
                "Since": ago(one["age_seconds"]),
                "Deadline": left(one["left_seconds"]),
                "Amount": money(one["amount"], one["currency"]),
                "Owner": one["owner"] or "nobody",
                "Note": f"{one['note']} ({one['noted_by']})" if one["note"] else "",
                "Standing": _standing(one),
            }
            for one in wrong
        ],
        key=f"subjects-{slot}",
        names=[str(one["exception_id"]) for one in wrong],
        right=("Amount",),
        height=280 if len(wrong) > 6 else None,
        empty_words="It has just been mended.",
    )


def _standing(one: dict[str, Any]) -> str:
    if one["is_accepted"]:
        return f"accepted by {one['accepted_by']}: {one['accepted_reason']}"
    if not one["is_snoozed"]:
        before = f"; as it was before, {one['accepted_by']} accepted it: {one['accepted_reason']}"
        return "open" + (before if one["accepted_reason"] else "")
    until = [london(one["wakes_at"])] if one["wakes_at"] is not None else []
    events = {"change": "it changes", "batch": "the next stock batch", "payout": "the next payout"}
    until += [events[one["snoozed_until_event"]]] if one["snoozed_until_event"] in events else []
    return f"put off until {' or '.join(until)}"


# -- buttons ---------------------------------------------------------------------------------------


def _act(
    picked: Sequence[dict[str, Any]],
    wrong: Sequence[dict[str, Any]],
    row: dict[str, Any],
    pulse: Pulse,
    slot: str,
) -> None:
    key = f"subjects-{slot}"
    about = acts.these(picked) if picked else acts.of_cause(row, wrong)
    number = len(about)
    if gone := len(picking.gone(key)):
        st.warning(f"Not wrong any more: {count(gone)} of those you had picked.", icon=":material/task_alt:")
        if not picked:  # what was for them is not for all of the others at once
            st.button(f"Choose all {count(number)}", key=f"all-{slot}", on_click=picking.forget, args=(key,))
            return
    chosen = picked or wrong
    subject = chosen[0]["exception_subject"]
    of_them = f"**For {subject}**" if number == 1 else f"**For {'these' if picked else 'all'} {count(number)}**"
    st.markdown(f"{of_them} (pick rows above to choose others)" if row["subject_count"] > 1 else of_them)
    _buttons(chosen, about, row, pulse, slot, has_keys=True)
    if number == 1:
        if order_id := chosen[0]["order_id"]:
            cards.link("order", "Open the order", order_id=order_id)
            if row["exception_kind"] in EDITABLE:
                edit_order.form(order_id, pulse)
        if row["exception_kind"] in OF_A_SKU and not subject.startswith("import/"):
            cards.link("sku", "Open the SKU", sku=subject)


def _buttons(
    chosen: Sequence[dict[str, Any]],
    about: acts.Wrong,
    row: dict[str, Any],
    pulse: Pulse,
    slot: str,
    *,
    has_keys: bool = False,
) -> None:
    """All that may be done about these of a cause; `has_keys`: also by the keyboard, once on a page."""
    _decide(chosen, row, pulse, slot)
    no = "" if row["has_retry"] else row["retry"]
    of = functools.partial(acts.about, [about])
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"act-{slot}"):
        looks = of(send.Retry, dry_run=True)
        acts.button("look", "Show what it would do", looks, pulse, slot, no=no, has_keys=has_keys)
        acts.button("retry", "Process again", of(send.Retry), pulse, slot, no=no, has_keys=has_keys)
        acts.button("fetch", "Fetch again", of(send.FetchAgain), pulse, slot, has_keys=has_keys)
        owner = acts.owner(f"owner-{slot}")
        label = "Take it" if owner == access.person().name else "Give it"
        acts.button("give", label, of(send.Assign, owner=owner), pulse, slot, has_keys=has_keys)
        until, why = acts.until(pulse, f"later-{slot}")
        acts.button("off", "Put it off", of(send.Snooze, **until), pulse, slot, no=why, has_keys=has_keys)
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"word-{slot}"):
        words = (st.text_input("A note, or the reason to accept it as it is", key=f"words-{slot}") or "").strip()
        notes, accepts = of(send.Note, text=words), of(send.Accept, reason=words)
        no_note, no_reason = ("", "") if words else ("Write the note first.", "Write the reason first.")
        acts.button("note", "Note it", notes, pulse, slot, no=no_note, has_keys=has_keys)
        acts.button("accept", "Accept it", accepts, pulse, slot, no=no_reason, has_keys=has_keys)
    if row["retry"]:
        words = "Process again decides anew on what is stored: " if row["has_retry"] else ""
        st.caption(f":material/refresh: {words}{row['retry']} Fetch again reads both systems first.")
    if looked := acts.outcomes(slot)["look"]:
        _foreseen(looked[0], slot)


def _foreseen(found: dict[str, Any], slot: str) -> None:
    answer = parsed(found["answer"]) if found.get("answer") else {}
    rows = answer.get("differences", []) if isinstance(answer, dict) else []
    if rows:
        cards.table(
            [{humanised(str(name)): text for name, text in one.items()} for one in rows], key=f"seen-{slot}"
        )


def _decide(chosen: Sequence[dict[str, Any]], row: dict[str, Any], pulse: Pulse, slot: str) -> None:
    """What waits for a person's word, and the words that can be given."""
    kind = row["exception_kind"]
    if absence.is_about(row):
        absence.word(chosen, pulse, slot)
    if kind not in {"batch_held", "orphans_held", "import_stuck"}:
        return
    with st.container(border=True, horizontal=True, vertical_alignment="bottom", key=f"decision-{slot}"):
        if kind == "batch_held":
            asked = "Why (kept with the decision; empty: what was found)"
            why = (st.text_input(asked, key=f"why-{slot}") or "").strip()
            found = {one["exception_subject"]: one["detail"] for one in chosen}
            held_batch.buttons(found, pulse, f"decide-{slot}", why)
        else:
            why = (st.text_input("Why (kept with the decision)", key=f"why-{slot}") or "").strip()
            about: dict[str, Any] = {"slot": f"decide-{slot}", "no": "" if why else "Write the reason first."}
            if kind == "import_stuck":
                files = [one["exception_subject"] for one in chosen]
                cards.ask_button(
                    f"Give up {' and '.join(files)}",
                    pressing.About(files, lambda name: send.GiveUpImport(import_id=name, why=why)),
                    pulse,
                    key=f"give-up-{slot}",
                    icon=":material/link_off:",
                    **about,
                )
            else:
                number = int(row["cause"])
                cards.ask_button(
                    f"Let these {count(number)} go to zero",
                    send.ReleaseOrphans(offer_count=number, why=why),
                    pulse,
                    key=f"release-decide-{slot}",
                    icon=":material/exposure_zero:",
                    **about,
                )
    cards.outcome(f"decide-{slot}")


def _mapping(row: dict[str, Any], pulse: Pulse, slot: str) -> None:
    """Set the missing mapping here: what waits for it is named, and released by one confirmation."""
    kind = MAPPINGS[row["exception_kind"]]
    key = f"sku:{row['cause']}" if kind == "division" else row["cause"]
    told = data.described(CODES[kind]) if kind in CODES else None
    codes = sorted(str(one["code"]) for one in told) if isinstance(told, list) else []
    if kind == "order_status":
        codes = list(mappings.STATUSES)
    with st.container(border=True, horizontal=True, vertical_alignment="bottom", key=f"mapping-{slot}"):
        if codes:
            value = st.selectbox(f"{humanised(kind)} {key} means", codes, index=None, key=f"map-{slot}", width=260)
        else:
            value = st.text_input(f"{humanised(kind)} {key} means", key=f"map-{slot}", width=260)
        meant = (value or "").strip()
        no = "" if meant else "Choose what it means first."
        mapping = send.SetMapping(mapping=kind, key=key, value=meant, why="was missing")
        cards.ask_button(
            "Show what waits for it",
            mapping.model_copy(update={"dry_run": True}),
            pulse,
            slot=f"{slot}-waits",
            icon=":material/visibility:",
            no=no,
        )
        waits = count(row["order_count"] or row["subject_count"], "order")
        due = f", first deadline {left(row['left_seconds'])}" if row["left_seconds"] is not None else ""
        worth = f", {money(row['amount'], row['currency'])}" if row["amount"] else ""
        cards.ask_button(
            "Set and release",
            mapping,
            pulse,
            slot=f"{slot}-map",
            icon=":material/alt_route:",
            is_primary=True,
            no=no,
        )
        st.caption(f"{waits}{worth}{due} waiting for it.")
        cards.link("mappings", "All mappings", cause=row["cause"])
    cards.outcome(f"{slot}-waits")
    cards.outcome(f"{slot}-map")
