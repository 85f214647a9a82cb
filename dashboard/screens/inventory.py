"""Stock: what may be oversold before the next batch, and whether John Lewis shows what we published.

The verdict in one sentence, and four ways to look: what is at risk, the three-way audit, BlueCherry's batches, and
every SKU. Law: never green on a batch that is late or a risk that was not assessed of late.
"""

from typing import Any

import streamlit as st

from dashboard import cards, charts, data
from dashboard.data import Pulse
from dashboard.format import (
    ago,
    chance,
    count,
    expected,
    humanised,
    london,
    london_short,
    money,
    rule,
    sku_words,
    span,
    state,
    times,
)

LIMIT = 300
NEAREST = 10
VIEWS = ("At risk", "Audit", "Batches", "All SKUs")  # as they stand in the address
FILTERS = ("", "at_risk", "mismatch", "problem", "never_published", "sold_out", "fine", "not_offered")
CHOICES = {"division": "Division", "warehouse": "Warehouse", "category": "Category", "style": "Style"}


@cards.screen("Stock", "What may be oversold before the next batch, and does John Lewis show what we published?")
def show(pulse: Pulse) -> None:
    total = data.stock_totals(pulse.as_of)
    if not total["sku_count"]:
        cards.empty(
            "No stock yet", "SKUs appear once the catalogue was read, quantities with BlueCherry's first batch."
        )
        return
    window = data.stock_window(pulse.as_of)
    _verdict(total, window, pulse)
    _numbers(total, window)
    view = st.segmented_control(
        "View",
        VIEWS,
        default=VIEWS[0],
        required=True,
        key="view",
        bind="query-params",
        label_visibility="collapsed",
    )
    {"Audit": _audit, "Batches": _batches, "All SKUs": _everything}.get(view or "", _risk)(total, pulse)


# -- how things are --------------------------------------------------------------------------------


def _verdict(total: dict[str, Any], window: dict[str, Any] | None, pulse: Pulse) -> None:
    """One plain sentence; the worst comes first."""
    risk = total["at_risk_count"]
    skus = count(risk, "SKU")
    if window is None:
        told = f" {skus} {'shows' if risk == 1 else 'show'} more than there is." if risk else ""
        st.warning(
            f"**Not assessed yet:** nobody can say what may be oversold until BlueCherry's first stock batch was "
            f"read and weighed.{told}",
            icon=":material/help:",
        )
        return
    cost = money(window["cost_amount"], window["currency"])
    likely = (
        f"Expected until then: {expected(window['oversold_units'])} units oversold, {cost}; the chance of at least "
        f"one is {chance(window['oversell_chance'])}."
    )
    if not pulse.is_fresh:
        st.info(
            f"**Nobody can say what may be oversold now:** the last report is {ago(pulse.age_seconds)}. Then "
            f"{skus} {'was' if risk == 1 else 'were'} at risk before the next batch. {likely}",
            icon=":material/help:",
        )
        return
    batch = f"The batch is {span(window['batch_age_seconds'])} old"
    if window["is_batch_late"]:
        over = (
            f", the next was expected at {london_short(window['next_at'])}" if window["next_in_seconds"] < 0 else ""
        )
        st.error(
            "**BlueCherry's next stock batch is late, and the risk grows until it comes:** "
            f"{skus} at risk. {likely} {batch}{over}.",
            icon=":material/schedule:",
        )
    if window["is_out_of_date"]:
        st.warning(
            f"**The risk was last assessed {ago(window['assessed_age_seconds'])}** and says little of now: look "
            "in Runs why stock does not run.",
            icon=":material/history:",
        )
    if window["is_batch_late"] or window["is_out_of_date"]:
        return
    comes = f"{batch}, the next is expected at {london_short(window['next_at'])}"
    if risk:
        st.warning(
            f"**{skus} may be oversold before the next batch takes effect.** {likely} {comes}.",
            icon=":material/warning:",
        )
    else:
        st.success(
            f"**Nothing is likelier to be oversold than its policy accepts.** {likely} {comes}.",
            icon=":material/check_circle:",
        )


def _numbers(total: dict[str, Any], window: dict[str, Any] | None) -> None:
    told = window or {}
    cards.numbers(
        [
            (
                "At risk",
                count(total["at_risk_count"]),
                "Likelier to be oversold until the next batch than its policy accepts, or more shown than there is",
            ),
            (
                "Expected cost",
                money(told.get("cost_amount"), told.get("currency")),
                "Expected units oversold before the next batch takes effect, times what an oversell costs",
            ),
            ("Batch age", span(total["batch_age_seconds"]), "Since BlueCherry counted"),
            (
                "Next batch",
                _next(told),
                _next_words(told),
            ),
            ("Units on sale", count(total["shown_quantity"]), "As John Lewis shows them"),
        ]
    )
    if total["held_batch_count"]:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(
                f":red[:material/front_hand:] **{count(total['held_batch_count'], 'stock batch', 'stock batches')} "
                "waits for a person.** Until then the one before stands."
            )
            cards.link("exceptions", "Accept or reject it", kind="batch_held")
    if total["degraded"]:
        thin = f", SKUs with fewer than {count(total['thin_units'], 'unit')} are not listed"
        words = [
            f"The batch is old, so buffers are {times(float(total['buffer_factor']))} as large",
            thin if total["thin_units"] else "",
            ", and nothing rises" if total["is_frozen"] else "",
        ]
        st.caption(f":material/shield: {''.join(words)}.")


# Who says when the next batch is due.
SAYS = {"erp": "BlueCherry", "timetable": "the timetable", "measured": "the measured rhythm"}


def _next_words(told: dict[str, Any]) -> str:
    if not told:
        return "Nobody has said when"
    says = SAYS.get(told["next_from"], told["next_from"])
    return f"{london(told['next_at'])}, as {says} says; in effect about {london_short(told['lands_at'])}"


def _next(told: dict[str, Any]) -> str:
    left = told.get("next_in_seconds")
    if left is None:
        return "–"
    return f"in {span(left)}" if left >= 0 else f"▲ {span(left)} late"


# -- what is at risk -------------------------------------------------------------------------------


def _risk(total: dict[str, Any], pulse: Pulse) -> None:
    chosen = _filters(pulse)
    rows = data.stock_risk(pulse.as_of, only_at_risk=True, limit=LIMIT, **chosen).to_dicts()
    title = "At risk, the costliest first"
    if not rows:
        words = "of these SKUs " if any(chosen.values()) else ""
        cards.empty(
            f"None {words}is at risk" if pulse.is_fresh else f"None {words}was at risk then",
            "Every chance of an oversell is below the one its policy accepts. What comes nearest stands beneath.",
        )
        rows = data.stock_risk(pulse.as_of, only_at_risk=False, limit=NEAREST, **chosen).to_dicts()
        title = "What comes nearest"
    st.subheader(title, anchor=False)
    above = st.container()
    picked = cards.table(
        [
            {
                "SKU": row["sku"],
                "What": sku_words(row),
                "Cost": money(row["cost_amount"], row["currency"]),
                "Chance": chance(row["own_chance"]),
                "Units over": expected(row["oversold_units"]),
                "Listed": count(row["quantity"]),
                "There are": count(row["base"]),
                "Cover": times(row["window_cover"]),
                "Held back": f"{row['buffer']} ({rule(row['buffer_rule'])})",
                "Advised": f"{row['advised_buffer']} ({rule(row['advised_rule'])})",
                "Batch age": span(row["batch_age_seconds"]),
                "Next batch": london_short(row["next_at"]),
                "Warehouses": row["warehouses"],
            }
            for row in rows
        ],
        key="stock-risk",
        is_picking=True,
        height=420 if len(rows) > 10 else None,
        right=("Cost", "Chance", "Units over", "Listed", "There are", "Cover"),
        empty_words="No offer was assessed yet." if not any(chosen.values()) else "No SKU fits these filters.",
    )
    cards.cut(len(rows), LIMIT)
    if rows:
        with above:
            cards.link_to_sku(picked, rows)
        st.caption(
            "*Cost* and *units over* are expected ones. *Chance*: that more is sold than there is before the next "
            "batch takes effect, because of what we list. *Cover*: what there is, over what all channels are "
            "expected to draw until then. *Held back*: the buffer and what set it; it can be set in Mappings."
        )
    if total["overshown_count"]:
        with st.container(horizontal=True, vertical_alignment="center"):
            are = "shows" if total["overshown_count"] == 1 else "show"
            st.markdown(
                f":red[:material/error:] {count(total['overshown_count'], 'more SKU')} {are} more than there is "
                "at this moment."
            )
            cards.link("inventory", "See them in the audit", view="Audit")


def _filters(pulse: Pulse) -> dict[str, Any]:
    """What the list is narrowed to; it stands in the address, so that it can be kept and sent to somebody."""
    known: dict[str, dict[str, str]] = {name: {} for name in CHOICES}
    for row in data.stock_choices(pulse.as_of).iter_rows(named=True):
        known[row["kind"]][f"{row['value']} {row['words']}".strip()] = row["value"]
    chosen: dict[str, str] = {}
    with st.container(horizontal=True):
        for name, label in CHOICES.items():
            picked = st.selectbox(
                label, list(known[name]), index=None, placeholder="All", key=name, bind="query-params"
            )
            chosen[name] = known[name].get(picked or "", "")
    return chosen


# -- the audit -------------------------------------------------------------------------------------


def _audit(total: dict[str, Any], pulse: Pulse) -> None:
    del total
    found = data.stock_audit_states(pulse.as_of).to_dicts()
    wrong = {row["audit_state"]: row["sku_count"] for row in found if row["is_different"]}
    offers = sum(row["sku_count"] for row in found)
    search, toggle = st.columns([2, 3], vertical_alignment="bottom")
    words = search.text_input("Find", placeholder="SKU, style or colour", key="find", bind="query-params")
    shows_all = toggle.toggle(
        f"Show all {count(offers)} offers, not only the {count(sum(wrong.values()))} that differ",
        key="all_offers",
        bind="query-params",
    )
    if wrong:
        st.markdown(" · ".join(f"{state(code).text}: **{count(number)}**" for code, number in wrong.items()))
    rows = list(
        data.stock_audit(pulse.as_of, only_different=not shows_all, search=words or "", limit=LIMIT).iter_rows(
            named=True
        )
    )
    above = st.container()
    picked = cards.table(
        [
            {
                "SKU": row["sku"],
                "State": state(row["audit_state"]).text,
                "BlueCherry has": count(row["base"]),
                "counted": london_short(row["batch_at"]),
                "Published": count(row["published_quantity"]),
                "sent": london_short(row["published_at"]),
                "Should show": _between(row["least_quantity"], row["most_quantity"]),
                "John Lewis shows": count(row["shown_quantity"]),
                "read": london_short(row["shown_at"]),
                "Off by": f"{row['gap_quantity']:+}" if row["gap_quantity"] else "–",
                "What": sku_words(row),
            }
            for row in rows
        ],
        key="stock-audit",
        is_picking=True,
        height=460 if len(rows) > 11 else None,
        right=("BlueCherry has", "Published", "Should show", "John Lewis shows", "Off by"),
        empty_words=_no_difference(pulse, words or ""),
    )
    cards.cut(len(rows), LIMIT)
    if rows:
        with above:
            cards.link_to_sku(picked, rows)
        st.caption(
            "*BlueCherry has*: supply of the batch less what was sold since, before the buffer. *Should show*: "
            "what took effect, less what was ordered since, plus what cancelled sales gave back, when it was last "
            "compared; a sale near that moment may be in or out. A difference seen twice is an exception. What "
            "waits to rise is sent with fresh orders and a new batch."
        )


def _between(least: int | None, most: int | None) -> str:
    return count(least) if least == most else f"{count(least)} to {count(most)}"


def _no_difference(pulse: Pulse, words: str) -> str:
    if words:
        return "No offer that differs fits. Clear the search, or show all."
    return "No offer differs." if pulse.is_fresh else "No offer differed then."


# -- the batches -----------------------------------------------------------------------------------


def _batches(total: dict[str, Any], pulse: Pulse) -> None:
    del total
    rows = list(data.batches(pulse.as_of).iter_rows(named=True))
    for row in rows:
        if row["is_waiting"]:
            with st.container(border=True, horizontal=True, vertical_alignment="center"):
                st.markdown(
                    f":red[:material/front_hand:] **Batch {row['batch_id']} waits for a person: "
                    f"{humanised(row['reason']).lower()}.** {row['detail']}"
                )
                cards.link("exceptions", "Accept or reject it", kind="batch_held", cause=row["reason"])
    cards.table(
        [
            {
                "Counted": london(row["batch_at"]),
                "Batch": row["batch_id"],
                "Mode": row["batch_kind"],
                "State": humanised(row["state"].lower()),
                "Rows": count(row["row_count"]),
                "Changed": count(row["changed_count"]),
                "Verdict": state(row["standing"]).text,
                "Why": _why(row),
                "Complete": london(row["completed_at"]),
                "Read": london(row["read_at"]),
                "Next expected": london(row["next_expected_at"]),
            }
            for row in rows
        ],
        key="stock-batches",
        right=("Rows", "Changed"),
        height=460 if len(rows) > 11 else None,
        empty_words="BlueCherry has shown no stock batch yet.",
    )


def _why(row: dict[str, Any]) -> str:
    if row["verdict"]:
        return f"{row['verdict']}ed by {row['verdict_actor']}, {london(row['judged_at'])}: {row['verdict_why']}"
    return f"{humanised(row['reason'])}. {row['detail']}" if row["reason"] else ""


# -- every SKU -------------------------------------------------------------------------------------


def _everything(total: dict[str, Any], pulse: Pulse) -> None:
    del total
    standing = data.inventory_states(pulse.as_of)
    states = {row["state"]: row["sku_count"] for row in standing.iter_rows(named=True)}
    search, pick = st.columns([2, 4], vertical_alignment="bottom")
    words = search.text_input("Find", placeholder="SKU, style or colour", key="find", bind="query-params")
    chosen = pick.segmented_control(
        "State",
        [code for code in FILTERS if not code or code in states],
        default="",
        key="stock-state",
        format_func=lambda code: f"{state(code).words} {count(states[code])}" if code else "All",
    )
    found = data.inventory(pulse.as_of, search=words or "", state=chosen or "", limit=LIMIT)
    rows = list(found.iter_rows(named=True))
    above = st.container()
    picked = cards.table(
        [
            {
                "SKU": row["sku"],
                "What": sku_words(row),
                "State": state(row["state"]).text,
                "On hand": count(row["on_hand"]),
                "Supply": count(row["supply"]),
                "In flight": count(row["inflight"]),
                "Sellable": count(row["base"]),
                "Published": count(row["published_quantity"]),
                "John Lewis shows": count(row["shown_quantity"]),
                "Sold, 30 days": count(row["sold_30d"]),
                "Why not": row["problem"],
            }
            for row in rows
        ],
        key="stock-table",
        height=400,
        is_picking=True,
        empty_words="No SKU fits. Clear the search or pick another state.",
        right=("On hand", "Supply", "In flight", "Sellable", "Published", "John Lewis shows", "Sold, 30 days"),
    )
    cards.cut(len(rows), LIMIT)
    if rows:
        with above:
            cards.link_to_sku(picked, rows)
    charts.draw(charts.states(standing, "state", "sku_count"), key="stock-chart", alt="SKUs by state")
