"""Where a few units more held back would spare the most oversells: advice, set as buffer policies."""

import streamlit as st

from dashboard import cards, data
from dashboard.format import count, expected, money, sku_words

MOST = 1000


def show(currency: str) -> None:
    """So many units, and the SKUs they are best held back of."""
    st.subheader("Where more held back helps most", anchor=False)
    units = int(st.number_input("Units to hold back more", 0, MOST, 0, key="spend", bind="query-params"))
    if not units:
        st.caption("Type how many units may be held back more: they are given one by one to where they spare most.")
        return
    rows = data.buffer_spending(units).to_dicts()
    given, spared = sum(row["more_units"] for row in rows), sum(row["spared_units"] for row in rows)
    withheld = sum(row["margin_amount"] for row in rows)
    st.markdown(
        f"**{count(given, 'unit')} of {count(len(rows), 'SKU')} spare {expected(spared)} oversold units until the "
        f"next batch** and keep {money(withheld, currency)} of margin off the shop."
    )
    cards.table(
        [
            {
                "SKU": row["sku"],
                "What": sku_words(row),
                "Held back now": count(row["held_units"]),
                "And then": count(row["held_units"] + row["more_units"]),
                "Units over, fewer": expected(row["spared_units"]),
                "Margin held back": money(row["margin_amount"], currency),
                "Set it": cards.way(
                    "stock",
                    view="Buffers",
                    policy_of=f"sku:{row['sku']}",
                    policy_units=str(row["held_units"] + row["more_units"]),
                ),
            }
            for row in rows
        ],
        key="spending",
        ways={"Set it": "Preview and set"},
        right=("Held back now", "And then", "Units over, fewer", "Margin held back"),
        height=320 if len(rows) > 8 else None,
        empty_words="No SKU would be oversold less often.",
    )
    st.caption(
        "Each unit goes where the expected oversells fall most per pound of margin held back, of the SKUs whose "
        "choices were worked out. It is set as a buffer policy of the SKU, after its preview."
    )
