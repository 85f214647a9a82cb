"""Stock: what may be oversold before the next batch, and whether John Lewis shows what we published.

The verdict in one sentence, and five ways to look: what is at risk, the three-way audit, how much is held back,
BlueCherry's batches, and every SKU. Law: never green on a batch that is late or a risk that was not assessed of
late.
"""

from datetime import datetime
from typing import Any

import streamlit as st

from dashboard import cards, data
from dashboard.data import ALL_GOODS, Goods, Pulse
from dashboard.format import (
    ago,
    chance,
    count,
    expected,
    london,
    london_short,
    money,
    rule,
    sku_words,
    span,
    times,
)
from dashboard.screens import buffers, held_batch, spending, stock_tables

LIMIT = 300
NEAREST = 10
VIEWS = ("At risk", "Audit", "Buffers", "Batches", "All SKUs")  # as they stand in the address
CHOICES = {"division": "Division", "warehouse": "Warehouse", "category": "Category"}
MOST_STYLES = 50  # to pick from; a brand has tens of thousands


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
    goods = _filters(pulse)
    share = None if goods == ALL_GOODS else data.stock_share(pulse.as_of, goods)
    _numbers(total, window, share)
    if total["held_batch_count"]:
        held_batch.notices(pulse)
    view = st.segmented_control(
        "View",
        VIEWS,
        default=VIEWS[0],
        required=True,
        key="view",
        bind="query-params",
        label_visibility="collapsed",
    )
    if view == "Batches":
        if share:
            st.caption("A batch is of the whole stock: nothing is left out here.")
        stock_tables.batches(pulse)
    elif view == "Buffers":
        if share:
            st.caption("A policy is of all its goods: the filters above do not narrow it.")
        buffers.part(pulse)
    elif view == "Audit":
        stock_tables.audit(pulse, goods)
    elif view == "All SKUs":
        stock_tables.everything(pulse, goods)
    else:
        _risk((share or total)["overshown_count"], goods, pulse)
        if window is not None:
            spending.show(window["currency"])


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
    batch, careful = f"The batch is {span(window['batch_age_seconds'])} old", _careful(total)
    if window["is_batch_late"]:
        over = (
            f", the next was expected by {london_short(window['next_at'])}" if window["next_in_seconds"] < 0 else ""
        )
        st.error(
            "**BlueCherry's next stock batch is late, and the risk grows until it comes:** "
            f"{skus} at risk. {likely} {batch}{over}.{careful}",
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
    comes = f"{batch}, the next is expected by {london_short(window['next_at'])}"
    if total["is_batch_late"]:  # by what was said; by its habit it is not
        comes += f"; BlueCherry had said {london_short(total['next_expected_at'])}"
    if risk:
        st.warning(f"**{_doubt(total)}.** {likely} {comes}.{careful}", icon=":material/warning:")
    else:
        is_old = total["is_batch_late"] or careful
        face, icon = (st.warning, "schedule") if is_old else (st.success, "check_circle")
        face(
            f"**Nothing is likelier to be oversold than its policy accepts.** {likely} {comes}.{careful}",
            icon=f":material/{icon}:",
        )


def _careful(total: dict[str, Any]) -> str:
    """What is done about a batch past the configured age; empty: nothing, it is not."""
    if not total["degraded"]:
        return ""
    few = total["thin_units"]
    thin = f", SKUs with fewer than {count(few, 'unit')} are not listed" if few else ""
    frozen = ", and nothing rises" if total["is_frozen"] else ""
    return f" **For its age buffers are {times(float(total['buffer_factor']))} as large{thin}{frozen}.**"


def _doubt(total: dict[str, Any]) -> str:
    """What is at risk: by what may be sold before the next batch, and by what stands at John Lewis this moment."""
    overshown = total["overshown_count"]
    foreseen = total["at_risk_count"] - overshown
    shows = (
        f"{'shows' if overshown == 1 else 'show'} more at John Lewis than there is now, until the next stock file"
    )
    if not foreseen:
        return f"{count(overshown, 'SKU')} {shows}"
    words = f"{count(foreseen, 'SKU')} may be oversold before the next batch takes effect"
    return f"{words}, and {count(overshown)} more {shows}" if overshown else words


def _numbers(total: dict[str, Any], window: dict[str, Any] | None, share: dict[str, Any] | None) -> None:
    """Of the whole shop, or of the goods chosen; the batch is the same for all."""
    told = window or {}
    cost = (share or told).get("cost_amount") if told else None
    if share:
        st.caption(f"At risk, cost and units are of {count(share['sku_count'], 'SKU')} chosen.")
    cards.numbers(
        [
            (
                "At risk",
                count((share or total)["at_risk_count"]),
                "Likelier to be oversold until the next batch than its policy accepts, or more shown than there is",
            ),
            (
                "Expected cost",
                money(cost, told.get("currency")),
                "Expected units oversold before the next batch takes effect, times what an oversell costs",
            ),
            ("Batch age", span(total["batch_age_seconds"]), "Since BlueCherry counted"),
            (
                "Next batch",
                _next(told),
                _next_words(told, total["next_expected_at"]),
            ),
            ("Units on sale", count((share or total)["shown_quantity"]), "As John Lewis shows them"),
        ]
    )


# Who says when the next batch is due.
SAYS = {"erp": "BlueCherry", "timetable": "the timetable", "measured": "the measured rhythm"}


def _next_words(told: dict[str, Any], said_at: datetime | None) -> str:
    if not told:
        return "Nobody has said when"
    says = SAYS.get(told["next_from"], told["next_from"])
    due = f" {london(said_at)}" if said_at else ""
    return (
        f"By {london(told['next_at'])}, in effect about {london_short(told['lands_at'])}: as {says} says{due}, and "
        "as late as nine in ten were not"
    )


def _next(told: dict[str, Any]) -> str:
    left = told.get("next_in_seconds")
    if left is None:
        return "–"
    return f"in {span(left)}" if left >= 0 else f"▲ {span(left)} late"


# -- what is at risk -------------------------------------------------------------------------------


def _risk(overshown: int, goods: Goods, pulse: Pulse) -> None:
    is_narrowed = goods != ALL_GOODS
    if overshown:
        with st.container(horizontal=True, vertical_alignment="center"):
            are = "shows" if overshown == 1 else "show"
            st.markdown(
                f":red[:material/error:] {count(overshown, 'SKU')} {are} more than there is at this moment."
            )
            cards.link("inventory", "See them in the audit", view="Audit")
    rows = data.stock_risk(pulse.as_of, only_at_risk=True, goods=goods, limit=LIMIT).to_dicts()
    title = "At risk, the costliest first"
    if not rows:
        none = "No other" if overshown else "None"
        words = f"{none} of these SKUs" if is_narrowed else none
        cards.empty(
            f"{words} {'is' if pulse.is_fresh else 'was then'} likelier to be oversold than its policy accepts",
            "What comes nearest stands beneath.",
        )
        rows = data.stock_risk(pulse.as_of, only_at_risk=False, goods=goods, limit=NEAREST).to_dicts()
        title = "What comes nearest"
    st.subheader(title, anchor=False)
    stock_tables.of_skus(
        [
            {
                "SKU": row["sku"],
                "Cost": money(row["cost_amount"], row["currency"]),
                "Chance": chance(row["own_chance"]),
                "Units over": expected(row["oversold_units"]),
                "Listed": count(row["quantity"]),
                "Why": cards.way("sku", sku=row["sku"]),
                "There are": count(row["base"]),
                "Cover": times(row["window_cover"]),
                "Held back": f"{row['buffer']} ({rule(row['buffer_rule'])})",
                "Advised": f"{row['advised_buffer']} ({rule(row['advised_rule'])})",
                "What": sku_words(row),
                "Batch age": span(row["batch_age_seconds"]),
                "Next batch": london_short(row["next_at"]),
                "Warehouses": row["warehouses"],
            }
            for row in rows
        ],
        rows,
        key="stock-risk",
        right=("Cost", "Chance", "Units over", "Listed", "There are", "Cover"),
        empty_words="No offer was assessed yet." if not is_narrowed else "No SKU fits these filters.",
    )
    if rows:
        st.caption(
            "*Cost* and *units over* are expected ones. *Chance*: that more is sold than there is before the next "
            "batch takes effect, because of what we list. *Cover*: what there is, over what all channels are "
            "expected to draw until then. *Held back*: the buffer and what set it; it is decided under *Buffers*."
        )
    _kept_word(pulse)


def _kept_word(pulse: Pulse) -> None:
    """Whether the chances that were said in the last week came as often as they should."""
    proof = data.risk_proof(pulse.as_of)
    if proof is None:
        return
    words = (
        f"In the {count(proof['window_count'], 'batch', 'batches')} of the week until "
        f"{london_short(proof['until_at'])} the chances foretold {expected(proof['predicted'])} oversells; "
        f"{count(proof['happened'])} came."
    )
    if not proof["is_beyond"]:
        st.caption(f"{words} Up to {count(proof['most_expected'])} are no reason to doubt them.")
        cards.link("back_test", "See chance by chance")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(
            f":red[:material/error:] **The chances did not keep their word.** {words} More than "
            f"{count(proof['most_expected'])} come in one such week of a hundred."
        )
        cards.link("exceptions", "See what to do", kind="oversells_beyond")


def _filters(pulse: Pulse) -> Goods:
    """The goods the page is narrowed to; they stand in the address, so that it can be kept and sent to somebody."""
    known: dict[str, dict[str, str]] = {name: {} for name in CHOICES}
    for row in data.stock_choices(pulse.as_of):
        known[row["kind"]][f"{row['value']} {row['words']}".strip()] = row["value"]
    chosen: dict[str, str] = {}
    with st.container(horizontal=True):
        for name, label in CHOICES.items():
            picked = st.selectbox(
                label, list(known[name]), index=None, placeholder="All", key=name, bind="query-params"
            )
            chosen[name] = known[name].get(picked or "", "")
        typed = st.text_input("Style", placeholder="Number or name", key="style", bind="query-params")
    return Goods(**chosen, style=_style((typed or "").strip(), pulse))


def _style(typed: str, pulse: Pulse) -> str:
    """The one style that is meant; of several a person picks one."""
    if not typed:
        return ""
    found = data.style_choices(pulse.as_of, typed, MOST_STYLES + 1)
    if len(found) == 1 or (found and found[0]["is_exact"]):
        return str(found[0]["value"])
    if not found:
        return typed  # fits none, and so does what is shown
    names = {f"{row['value']} {row['words']}".strip(): str(row["value"]) for row in found[:MOST_STYLES]}
    fits = f"more than {MOST_STYLES}" if len(found) > MOST_STYLES else f"{len(found)}"
    picked = st.selectbox(
        f"{fits} styles fit “{typed}”; nothing is narrowed until one is picked", list(names), index=None,
        placeholder="Which style", key="which-style",
    )  # fmt: skip
    return names.get(picked or "", "")
