"""Start: what the two systems say of themselves, before anything is done by assumption.

Reads the account, what the operator switched on, and the code tables of both sides; keeps them in the store and
reads them again daily (the marketplace's own limit), so that a restart needs no call and a 429 at start is no
failure. Refuses to go on only for a wrong tenant, a wrong shop, or a DROPSHIP shop it is not configured for; what
the store remembers is held to the settings too, so that a wrong setting shows at the very next start.

What can go wrong: a code table cannot be read, or our key has not the role for it. The old one is kept, the run
says so (rows that cannot be read are named as exceptions), and only the flows that need the table feel it.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from store.events import MappingSet, MarketplaceDescribed
from sync.errors import Deferred, Misdirected, PartlyUnread, SyncError
from sync.ports import Account, Code, MarketRules, Page
from sync.runs import EVERYTHING, Preview, Run, Scope
from sync.settings import Settings
from sync.unread import BEGINNING, Reading

FRESH_FOR = timedelta(hours=23)
NEEDED = ("account", "rules")
_ROWS = {"warehouses": "location", "ship_vias": "shipper", "accounts": "account"}
MISSING_AGAIN = timedelta(minutes=5)  # what was never read is asked for again after this


def run(run: Run, scope: Scope = EVERYTHING) -> None:
    """Read what is not known or a day old; set the first mappings where none is set."""
    _first_mappings(run)
    settings = run.house.settings
    known = {row["topic"]: row for row in run.rows("select topic, value, happened_at from marketplace_facts")}
    troubles: list[SyncError] = []
    for topic, read in _topics(run).items():
        old = known.get(topic)
        wrong = misdirection(settings, topic, json.loads(old["value"])) if old else ""
        # The settings or the shop may have been put right since: a wrong one is looked at again before we refuse.
        if old and not wrong and not scope.is_full and run.now() - old["happened_at"] < FRESH_FOR:
            continue
        try:
            value = _plain(read())
        except SyncError as trouble:
            if wrong:
                raise Misdirected(wrong) from trouble
            if old is None and topic in NEEDED:
                raise
            run.counts["kept_old" if old else "missing"] += 1
            troubles.append(trouble)
            if isinstance(trouble, PartlyUnread):
                _end(run, topic, Page((), trouble.snapshot_id, trouble.skipped))
            if old is None:
                run.defer(_again_at(run, trouble), str(trouble))
            continue
        if wrong := misdirection(settings, topic, value):
            raise Misdirected(wrong)
        run.record([MarketplaceDescribed(happened_at=run.now(), topic=topic, value=value)])
        _end(run, topic, Page((), None))
        run.counts["read"] += 1
    run.note = "; ".join(str(trouble) for trouble in troubles)


def preview(run: Run, scope: Scope = EVERYTHING) -> Preview:  # noqa: ARG001 - every flow has the same form
    """Reading changes nothing outside."""
    return Preview("Only reads.", (), {"A01": 1, "PC01": 1})


def is_ready(run: Run) -> bool:
    """What every other flow goes by is known."""
    topics = {row["topic"] for row in run.rows("select topic from marketplace_facts")}
    return set(NEEDED) <= topics


def _topics(run: Run) -> dict[str, Any]:
    market, erp = run.house.marketplace, run.house.erp
    return {
        "account": market.account,
        "rules": market.rules,
        "carriers": market.carriers,
        "shipping_types": market.shipping_types,
        "reasons": market.reasons,
        "warehouses": erp.locations,
        "ship_vias": erp.ship_vias,
        "accounts": erp.accounts,
    }


def _end(run: Run, topic: str, page: Page[Code]) -> None:
    """Name the rows of a table of BlueCherry that keep it as it was known, or close what was named."""
    if topic in _ROWS:
        reading = Reading(run, "erp", _ROWS[topic], BEGINNING)
        reading.add(page, ())
        reading.end()


def _again_at(run: Run, trouble: SyncError) -> datetime:
    return trouble.due_at if isinstance(trouble, Deferred) else run.now() + MISSING_AGAIN


def misdirection(settings: Settings, topic: str, value: Mapping[str, Any]) -> str:
    """Why we are at the wrong marketplace, by what it says of itself; empty: we are not."""
    if topic == "account":
        if value["shop_id"] != settings.marketplace_shop_id:
            return (
                f"The marketplace key opens shop {value['shop_id']} ({value['shop_name']}), the settings name "
                f"{settings.marketplace_shop_id}. Correct CHERRYLANE_MARKETPLACE_SHOP_ID or the key."
            )
        if value["model"] != settings.marketplace_model:
            return (
                f"The shop's model is {value['model']}, the settings say {settings.marketplace_model}. In a "
                "DROPSHIP shop `price` means cost: it is not run by assumption. If it is meant, set "
                "CHERRYLANE_MARKETPLACE_MODEL."
            )
    elif topic == "rules" and settings.marketplace_tenant not in {"", value["tenant"]}:
        return (
            f"The marketplace is tenant {value['tenant']}, the settings name {settings.marketplace_tenant}. "
            f"Correct CHERRYLANE_MARKETPLACE_TENANT or CHERRYLANE_MARKETPLACE_URL."
        )
    return ""


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return asdict(value) if isinstance(value, (Account, Code, MarketRules)) else value


def _first_mappings(run: Run) -> None:
    if run.bookmark("mappings.first") is not None:
        return
    run.record(
        [
            MappingSet(
                happened_at=run.now(), actor="settings", mapping=mapping, key=key, value=value, why="first start"
            )
            for mapping, table in run.house.settings.first_mappings.items()
            for key, value in table.items()
        ],
        bookmarks={"mappings.first": run.now().isoformat(), "start_on": run.house.start_on.isoformat()},
    )
