"""What to do about a cause, the evidence behind one exception of it, and what happened to it."""

from datetime import datetime
from pathlib import Path
from typing import Any

import streamlit as st

from dashboard import cards, data
from dashboard.data import Pulse
from dashboard.format import humanised, london_exact, parsed

HANDBOOK = Path(__file__).parent.parent / "handbook"
RUNBOOK, EVIDENCE, HISTORY = "What to do", "Evidence", "History"


def tell(
    row: dict[str, Any], chosen: dict[str, Any] | None, slot: str, pulse: Pulse, *, first: str | None = RUNBOOK
) -> None:
    """One part at a time, the one picked; `first`: what is shown before anything is."""
    part = st.segmented_control(
        "More", [RUNBOOK, EVIDENCE, HISTORY], default=first, key=f"part-{slot}", label_visibility="collapsed"
    )
    if part == RUNBOOK:
        _runbook(row)
    elif chosen is not None and part == EVIDENCE:
        _evidence(chosen, pulse)
    elif chosen is not None and part == HISTORY:
        _history(chosen)


def _runbook(row: dict[str, Any]) -> None:
    page = HANDBOOK / f"{row['runbook']}.md"
    if row["runbook"] and page.exists():
        _, _, body = page.read_text().partition("\n")
        st.markdown(body)
    else:
        st.caption(":material/inbox: There is no runbook for this yet.")


def _evidence(one: dict[str, Any], pulse: Pulse) -> None:
    noted = list(data.exception_records(pulse.as_of, str(one["exception_id"])).iter_rows(named=True))
    if noted:
        cards.table(
            [
                {
                    "When": london_exact(row["seen_at"]),
                    "What": humanised(row["kind"]),
                    "Of": row["subject"],
                    "Says": row["words"],
                }
                for row in noted
            ],
            key=f"records-{one['exception_id']}",
            wide=("Says",),
        )
    rows = list(data.exception_evidence(str(one["exception_id"])).iter_rows(named=True))
    picked = cards.table(
        [
            {
                "Asked": london_exact(row["seen_at"]),
                "System": "BlueCherry" if row["source"] == "erp" else "John Lewis",
                "What": row["resource"],
                "Answer": str(row["status"]) if row["status"] else "none came",
                "Took": f"{row['latency_ms']} ms",
                "Said": row["kind"],
                "About": row["subject"],
            }
            for row in rows
        ],
        key=f"evidence-{one['exception_id']}",
        empty_words="No answer of either system is kept for it; it follows from what was stored.",
        is_picking=True,
    )
    if not rows:
        return
    cards.exchange(rows[picked or 0]["snapshot_id"])


def _history(one: dict[str, Any]) -> None:
    rows = list(data.exception_history(str(one["exception_id"])).iter_rows(named=True))
    cards.table(
        [{"When": london_exact(row["happened_at"]), "Who": row["actor"], "What": _happened(row)} for row in rows],
        key=f"history-{one['exception_id']}",
        wide=("What",),
    )


def _happened(row: dict[str, Any]) -> str:
    body = parsed(row["body"])
    if not isinstance(body, dict):
        return str(row["kind"])
    if row["kind"] != "exception.handled":
        return f"{humanised(row['kind'].removeprefix('exception.'))}: {body.get('detail', '')}"
    action = str(body.get("action"))
    at = body.get("until_at")
    until = body.get("until_event") or (london_exact(datetime.fromisoformat(at)) if at else "")
    told = {"assign": body.get("owner"), "snooze": f"until {until}" if until else "shown again"}.get(
        action, body.get("note")
    )
    return f"{humanised(action)}: {told or ''}"
