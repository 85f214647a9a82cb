"""Start: what the two systems say of themselves, before anything is done by assumption.

Reads the account, what the operator switched on, and the code tables of both sides; keeps them in the store and
reads them again daily (the marketplace's own limit), so that a restart needs no call and a 429 at start is no
failure. Refuses to go on only for a wrong tenant, a wrong shop, or a DROPSHIP shop it is not configured for.
"""

from dataclasses import asdict
from datetime import timedelta
from typing import Any

from store.events import MappingSet, MarketplaceDescribed
from sync.errors import Deferred, Fatal, Retriable
from sync.ports import Account, Code, MarketRules
from sync.runs import EVERYTHING, Preview, Run, Scope
from sync.settings import Settings

FRESH_FOR = timedelta(hours=23)
NEEDED = ("account", "rules")


def run(run: Run, scope: Scope = EVERYTHING) -> None:
    """Read what is not known or a day old; set the first mappings where none is set."""
    _first_mappings(run)
    known = {
        row["topic"]: row["happened_at"] for row in run.rows("select topic, happened_at from marketplace_facts")
    }
    for topic, read in _topics(run).items():
        if not scope.is_full and topic in known and run.now() - known[topic] < FRESH_FOR:
            continue
        try:
            value = read()
        except (Deferred, Retriable) as trouble:
            if topic not in known and topic in NEEDED:
                raise
            run.counts["kept_old"] += 1
            run.note = str(trouble)
            continue
        _check(run.house.settings, topic, value)
        run.record([MarketplaceDescribed(happened_at=run.now(), topic=topic, value=_plain(value))])
        run.counts["read"] += 1


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
    }


def _check(settings: Settings, topic: str, value: object) -> None:
    if isinstance(value, Account):
        if value.shop_id != settings.marketplace_shop_id:
            raise Fatal(
                f"The marketplace key opens shop {value.shop_id} ({value.shop_name}), the settings name "
                f"{settings.marketplace_shop_id}. Correct CHERRYLANE_MARKETPLACE_SHOP_ID or the key."
            )
        if value.model != settings.marketplace_model:
            raise Fatal(
                f"The shop's model is {value.model}, the settings say {settings.marketplace_model}. In a DROPSHIP "
                "shop `price` means cost: it is not run by assumption. If it is meant, set "
                "CHERRYLANE_MARKETPLACE_MODEL."
            )
    elif isinstance(value, MarketRules) and settings.marketplace_tenant not in {"", value.tenant}:
        raise Fatal(
            f"The marketplace is tenant {value.tenant}, the settings name {settings.marketplace_tenant}. "
            f"Correct CHERRYLANE_MARKETPLACE_TENANT or CHERRYLANE_MARKETPLACE_URL ({topic})."
        )


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
