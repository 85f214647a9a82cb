"""Alerts: whoever is to be called about what is wrong is called, once.

Looks at nothing outside: asks the store which causes there are and what each route was told before; decides what
is news (sync.rules.alerts); writes down that a message is about to go, sends it, and writes down how that went. A
stop in the middle leaves a message that may have arrived: it is not sent again, and an exception says so.

What can go wrong: a route does not take it. Then it is tried again after gaps that grow, the other routes go on,
and an exception names the route.
"""

from datetime import timedelta
from typing import Any
from uuid import uuid4

from store.events import AlertBegun, AlertCleared, AlertEnded, AlertPart, AlertReturned
from sync.errors import SyncError
from sync.rules.alerts import Alert, Decision, Part, Post, Route, Told, decide
from sync.runs import EVERYTHING, Preview, Run, Scope
from sync.settings import AlertRoute

NAME = "alerts"


def run(run: Run, scope: Scope = EVERYTHING) -> None:
    """One run, as the module says. `scope.is_full`: a person does not want to wait for the next try."""
    decision = _decide(run, is_asked=scope.is_full)
    ids = {(row["route"], row["cause_kind"], row["cause"]): row["alert_id"] for row in _told_rows(run)}
    run.record(
        [
            event(
                happened_at=run.now(), route=one.route, told=_part(one.part), told_at=one.told_at,
                alert_id=ids[one.route, one.part.kind, one.part.cause],
            )
            for event, several in ((AlertCleared, decision.cleared), (AlertReturned, decision.returned))
            for one in several
        ]
    )  # fmt: skip
    for alert in decision.alerts:
        run.check()
        run.counts[_send(run, alert)] += 1


def preview(run: Run, scope: Scope = EVERYTHING) -> Preview:
    """Which messages would be sent."""
    decision = _decide(run, is_asked=scope.is_full)
    rows = [{"route": one.route, "does": one.title, "what": len(one.parts)} for one in decision.alerts]
    return Preview(f"{len(rows)} messages would be sent.", tuple(rows))


def _decide(run: Run, *, is_asked: bool) -> Decision:
    settings = run.house.settings
    if not settings.alerts or run.house.messenger is None:
        return Decision()
    return decide(
        run.rows("select * from causes($now)", {"now": run.now()}),
        [route_of(one) for one in settings.alerts],
        [_told(row) for row in _told_rows(run)],
        {
            row["route"]: Post(row["last_at"], row["failure_count"])
            for row in run.rows("select * from alert_routes($now)", {"now": run.now()})
        },
        run.now(),
        site=settings.site_url.rstrip("/"),
        is_asked=is_asked,
    )


def _send(run: Run, alert: Alert) -> str:
    """Send one; `sent` or `failed`."""
    assert run.house.messenger is not None  # noqa: S101 - without one nothing is decided
    alert_id = uuid4()
    about: dict[str, Any] = {"alert_id": alert_id, "route": alert.route}
    parts = tuple(_part(one) for one in alert.parts)
    run.record([AlertBegun(happened_at=run.now(), title=alert.title, text=alert.body, parts=parts, **about)])
    state, message = "sent", ""
    try:
        run.house.messenger.send(alert.route, alert.title, alert.body)
    except SyncError as trouble:
        state, message = "failed", str(trouble)
    run.record([AlertEnded(happened_at=run.now(), state=state, message=message[:500], **about)])
    return state


def route_of(setting: AlertRoute) -> Route:
    """A route as it is configured, without where it goes."""
    return Route(
        setting.name,
        frozenset(setting.kinds),
        setting.severity,
        frozenset(setting.teams),
        timedelta(minutes=setting.batch_minutes),
        setting.quiet_hours,
    )


def _told_rows(run: Run) -> list[dict[str, Any]]:
    return run.rows("select * from alert_told")


def _told(row: dict[str, Any]) -> Told:
    part = Part(
        row["cause_kind"], row["cause"], row["rank"], row["stage"], row["count"], frozenset(row["near"] or ())
    )
    return Told(row["route"], part, row["told_at"], row["cleared_at"])


def _part(part: Part) -> AlertPart:
    return AlertPart(
        cause_kind=part.kind, cause=part.cause, rank=part.rank, stage=part.stage, count=part.count,
        near=tuple(sorted(part.near)),
    )  # fmt: skip
