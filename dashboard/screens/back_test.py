"""Back-test: two buffer policies on weeks of our own past, what each would have oversold, missed and cost.

The worker replays; this page asks for it, says how far it is, and shows what came of it and what cannot be known.
"""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
import streamlit as st

from dashboard import cards, charts, data, send
from dashboard.data import Pulse
from dashboard.format import ago, count, london, money, on_london_clock
from dashboard.screens import kept_word, previews
from dashboard.screens.buffers import COMBINE, LEVELS, RISKS

WEEKS_BACK, WEEKS_USUAL = 26, 6
NOW, OTHER = "as it is now", "another policy"
SLOT = "back-test"


@cards.screen("Back-test", "Which of two buffer policies would have done better in our own past weeks?")
def show(pulse: Pulse) -> None:
    rows = data.back_tests(pulse.as_of).to_dicts()
    tests = list(dict.fromkeys(str(row["test_id"]) for row in rows))
    by_test = {test: {row["side"]: row for row in rows if str(row["test_id"]) == test} for test in tests}
    if not tests:
        cards.empty("No back-test yet", "Choose weeks and two policies below, and start one.")
    elif chosen := _chosen(by_test):
        _verdict(by_test[chosen])
        _figures(by_test[chosen])
        _pictures(chosen, by_test[chosen])
        _unknown(by_test[chosen])
    st.subheader("Can the chances we list by be trusted?", anchor=False)
    kept_word.show(pulse)
    st.subheader("Start one", anchor=False)
    _form(pulse)
    if tests:
        st.subheader("Earlier results", anchor=False)
        _earlier(by_test)


def _chosen(by_test: dict[str, dict[str, dict[str, Any]]]) -> str | None:
    """The newest, or the one picked below."""
    names = list(by_test)
    picked = st.session_state.get("back-test-shown")
    return picked if picked in by_test else (names[0] if names else None)


def _verdict(sides: dict[str, dict[str, Any]]) -> None:
    a, b = sides["a"], sides["b"]
    over = f"in {count(a['week_count'], 'week')}, {count(a['window_count'], 'batch', 'batches')}"
    better = next((row for row in (a, b) if row["saved_amount"] > 0), None)
    if better is None:
        st.info(f"**Both would have cost the same** {over}.", icon=":material/balance:")
    else:
        st.info(
            f"**{better['side'].upper()} ({better['policy']}) would have cost "
            f"{money(better['saved_amount'], better['currency'])} less** {over}.",
            icon=":material/balance:",
        )
    cards.numbers(
        [
            (f"{side.upper()}: {words}", value, row["policy"])
            for side, row in sides.items()
            for words, value in (
                ("units oversold", count(row["oversold_units"])),
                ("sales missed", count(row["lost_units"])),
            )
        ]
    )


def _figures(sides: dict[str, dict[str, Any]]) -> None:
    measures: Sequence[tuple[str, Callable[[dict[str, Any]], str]]] = [
        ("Policy", lambda row: row["policy"]),
        ("Offers oversold", lambda row: count(row["oversells"])),
        ("Units oversold", lambda row: count(row["oversold_units"])),
        ("Units missed for what was held back", lambda row: count(row["lost_units"])),
        ("Units sold, of those wanted", lambda row: f"{count(row['sold_units'])} of {count(row['wanted_units'])}"),
        ("Units listed, on average", lambda row: count(row["listed_units"])),
        ("Cost of overselling", lambda row: money(row["oversold_amount"], row["currency"])),
        ("Margin missed", lambda row: money(row["lost_amount"], row["currency"])),
        ("Cost of both", lambda row: money(row["total_amount"], row["currency"])),
        ("Oversells foretold", lambda row: f"{row['predicted_oversells']:,.1f}"),
        ("Brier score of the chances (0 is perfect)", _brier),
    ]
    cards.table(
        [
            {"Over all weeks": words, "A": value(sides["a"]), "B": value(sides["b"])}
            for words, value in measures
        ],
        key="back-test-figures",
        right=("A", "B"),
        height=430,
        wide=("Over all weeks",),
    )  # fmt: skip
    for side, row in sides.items():
        if row["is_beyond"]:
            st.warning(
                f"**More was oversold under {side.upper()} than the chances allow**: "
                f"{count(row['happened_oversells'])} where {row['predicted_oversells']:,.1f} were foretold. That "
                "happens by chance in one of a hundred: sales or stock records are not as measured.",
                icon=":material/warning:",
            )


def _brier(row: dict[str, Any]) -> str:
    return "–" if row["brier_score"] is None else f"{row['brier_score']:.5f}"


def _pictures(test_id: str, sides: dict[str, dict[str, Any]]) -> None:
    left, right = st.columns(2, gap="medium")
    with left:
        st.markdown("**Cost by week**")
        charts.draw(
            charts.back_test_weeks(data.back_test_weeks(test_id)), key="back-test-weeks", alt="Cost of both by week"
        )
    with right:
        st.markdown("**Did the chances keep their word?**")
        found = data.back_test_reliability(test_id)
        if found.is_empty():
            st.caption(":material/inbox: Neither policy listed anything.")
            return
        both = {side.upper(): found.filter(pl.col("side") == side) for side in ("a", "b")}
        charts.draw(charts.reliability(both), key="back-test-reliability", alt="Chance said and what happened")
    with st.expander("The chances in numbers"):
        cards.table(
            [
                {"Policy": f"{row['side'].upper()}: {sides[row['side']]['policy']}", **kept_word.tenth(row)}
                for row in found.to_dicts()
            ],
            key="back-test-tenths",
            right=kept_word.NUMBERS,
        )


def _unknown(sides: dict[str, dict[str, Any]]) -> None:
    row = sides["a"]
    with st.container(border=True):
        st.markdown("**What a back-test cannot know**")
        st.markdown(
            "- What customers wanted while nothing was listed was never ordered, so no figure has it. A policy "
            "that lists more than we did then looks worse than it is: the sales it would have won are missing.\n"
            "- What a policy would have left over stays on its shelf for the next batches, whatever a count would "
            "have said.\n"
            "- The risk is weighed once a batch; the worker weighs it anew as it grows.\n"
            "- Where goods came, nobody can say what the other channels took: "
            f"{count(row['left_out_count'])} times an offer was left out of a batch for that.\n"
            "- Margins, and the cost of an oversell, are those of today."
        )
        st.caption(
            f"Replayed {ago(row['age_seconds'])} by {row['actor']}: {count(row['offer_count'], 'offer')}, batches "
            f"from {london(row['first_at'])} to {london(row['last_at'])}. Each was decided on what was known then."
        )


def _form(pulse: Pulse) -> None:
    with st.container(border=True, key="back-test"):
        today = on_london_clock(pulse.as_of).date()
        monday = today - timedelta(days=today.weekday())
        weeks = [monday - timedelta(days=7 * back) for back in range(WEEKS_BACK + 1)]
        first, last = st.columns(2)
        begins = first.selectbox("From the week of", weeks, WEEKS_USUAL, format_func=_day, key="back-test-from")
        ends = last.selectbox("to the week of", weeks, 1, format_func=_day, key="back-test-until")
        a, b = st.columns(2, gap="medium")
        with a:
            policy_a = _policy("A", 0, pulse)
        with b:
            policy_b = _policy("B", 1, pulse)
        until = min((ends or monday) + timedelta(days=7), today + timedelta(days=1))
        wrong = "The last week lies before the first." if begins and ends and ends < begins else ""
        for name, tried in (("A", policy_a), ("B", policy_b)):
            if tried.level != "global" and not tried.key:
                wrong = wrong or f"Say for which {LEVELS[tried.level]} policy {name} is."
        cards.ask_button(
            "Start the back-test",
            send.BackTest(from_on=begins or monday, until_on=until, a=policy_a, b=policy_b),
            pulse, slot=SLOT, icon=":material/replay:", is_primary=True, no=wrong,
        )  # fmt: skip
        sent = cards.outcome(SLOT)
        if any(found["state"] == "done" for found in sent):
            st.session_state.pop("back-test-shown", None)
        previews.running("back_test", "is having two policies replayed", sent)
        st.caption(
            "Stock batches of those weeks that were never read here are read from BlueCherry first, once; that can "
            "take minutes. Stopped on the way, it goes on from there when started again. Nothing listed changes."
        )


def _day(day: date) -> str:
    return f"{day:%-d %B %Y}"


def _policy(name: str, usual: int, pulse: Pulse) -> send.TriedPolicy:
    kind = st.segmented_control(
        f"Policy {name}", [NOW, OTHER], default=(NOW, OTHER)[usual], key=f"back-test-kind-{name}"
    )
    if kind != OTHER:
        st.caption("The buffer policies in force today, with the settings beneath them.")
        return send.TriedPolicy(as_it_is=True)
    level, key = _meant(name)
    share, units, together = st.columns([2, 2, 3], vertical_alignment="bottom")
    percent = share.number_input("Percent", 0.0, 100.0, 10.0, 0.5, format="%.2f", key=f"back-test-percent-{name}")
    rule, chance = st.columns(2, vertical_alignment="bottom")
    cost, least, most = st.columns([2, 1, 1], vertical_alignment="bottom")
    above = "As in the settings" if level == "global" else "As the level above"
    alpha = chance.number_input(
        "Accepted chance of an oversell, %", 0.01, 99.0, None, 0.1, format="%.2f", key=f"back-test-alpha-{name}",
        placeholder=above,
    )  # fmt: skip
    usual_cost = next(
        (
            row["oversell_cost_amount"]
            for row in data.buffer_policies(pulse.as_of).to_dicts()
            if row["level"] == "settings"
        ),
        None,
    )
    price = cost.number_input(
        "What an oversold unit costs, £", 0.01, None, None, 1.0, key=f"back-test-cost-{name}",
        placeholder=above if usual_cost is None or level != "global" else f"{above}: {usual_cost:,.2f}",
        help="What *margin against cost of an oversell* weighs. The oversells of both policies are counted at the "
        "cost in force today, so that they can be compared.",
    )  # fmt: skip
    return send.TriedPolicy(
        level=level,
        key=key,
        percent=Decimal(f"{percent:.2f}"),
        units=units.number_input("Units", 0, None, None, 1, key=f"back-test-units-{name}", placeholder=above),
        combine=together.selectbox(
            "Which of them", list(COMBINE), 0, format_func=lambda one: COMBINE[one], key=f"back-test-combine-{name}"
        ),
        risk=rule.selectbox(
            "By the risk", list(RISKS), 0, format_func=lambda one: RISKS[one], key=f"back-test-risk-{name}"
        ),
        alpha=None if alpha is None else Decimal(f"{alpha / 100:.4f}"),
        oversell_cost=None if price is None else Decimal(f"{price:.2f}"),
        minimum=least.number_input(
            "List none below", 0, None, None, 1, key=f"back-test-minimum-{name}", placeholder=above
        ),
        maximum=most.number_input(
            "List at most", 0, None, None, 1, key=f"back-test-maximum-{name}", placeholder=above
        ),
    )


def _meant(name: str) -> tuple[str, str]:
    """For what a policy is tried: level and key."""
    where, which = st.columns(2, vertical_alignment="bottom")
    level = str(
        where.selectbox(
            "For", list(LEVELS), 0, format_func=lambda one: LEVELS[one], key=f"back-test-level-{name}",
            help="As if it were set: more specific policies win, what is left empty is as the level above says.",
        )
    )  # fmt: skip
    if level == "global":
        return level, ""
    typed = which.text_input(f"{LEVELS[level]}, as in BlueCherry", key=f"back-test-key-{level}-{name}")
    return level, str(typed or "").strip()


def _earlier(by_test: dict[str, dict[str, dict[str, Any]]]) -> None:
    names = list(by_test)
    picked = cards.table(
        [
            {
                "Replayed": london(sides["a"]["tested_at"]),
                "Weeks": f"{_day(sides['a']['from_on'])}, {count(sides['a']['week_count'], 'week')}",
                "A": sides["a"]["policy"],
                "B": sides["b"]["policy"],
                "Oversold A / B": f"{count(sides['a']['oversold_units'])} / {count(sides['b']['oversold_units'])}",
                "Missed A / B": f"{count(sides['a']['lost_units'])} / {count(sides['b']['lost_units'])}",
                "Cost A": money(sides["a"]["total_amount"], sides["a"]["currency"]),
                "Cost B": money(sides["b"]["total_amount"], sides["b"]["currency"]),
                "Who": sides["a"]["actor"],
            }
            for sides in by_test.values()
        ],
        key="back-test-earlier",
        is_picking=True,
        right=("Oversold A / B", "Missed A / B", "Cost A", "Cost B"),
    )
    if picked is None:
        st.caption("Pick a row to see it above.")
    else:
        st.button(
            "Show this one",
            key="back-test-show",
            on_click=lambda: st.session_state.update({"back-test-shown": names[picked]}),
        )
