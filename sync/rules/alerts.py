"""Whom to call about what: which causes are news to which route, and how that is said.

Laws: a cause is told to a route once; again only when it got worse (more urgent, its deadline nearer, twice as
many), when the deadline of one more of it is near (each is told once, several together), when what was accepted or
put off since is open again because it changed, or when it comes back after it was gone for an hour; what stands
beneath a larger trouble that is told, was put off or accepted is not told at all; within four hours of a deadline
nothing stands beneath another.
Several are told in one message. In a route's quiet hours only what has a deadline soon is told; the rest waits
until they end. Pure: reads no clock, sends nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from sync.rules.retrying import gap

LONDON = ZoneInfo("Europe/London")
RANKS = {"urgent": 1, "high": 2, "normal": 3, "low": 4}
SOON, NEAR = timedelta(hours=4), timedelta(hours=1)
BACK_AFTER = timedelta(hours=1)  # what comes back sooner was never gone
MORE = 10  # twice as many counts as worse from so many more on
LINES = 20  # of a message; the rest is counted
_SIGNS = {"GBP": "£", "EUR": "€", "USD": "$"}


@dataclass(frozen=True, slots=True)
class Route:
    """Somebody to call, and about what: of these kinds (none: all), at least so bad, of these teams (none: all)."""

    name: str
    kinds: frozenset[str] = frozenset()
    severity: str = "high"
    teams: frozenset[str] = frozenset()
    batch: timedelta = timedelta(minutes=10)  # between two messages, but for a deadline within the hour
    quiet: tuple[time, time] | None = None  # London's time of day: from, until

    def wants(self, cause: Mapping[str, Any]) -> bool:
        """Whether a cause is this route's business."""
        return (
            cause["rank"] <= RANKS[self.severity]
            and (not self.kinds or cause["exception_kind"] in self.kinds)
            and (not self.teams or cause["team"] in self.teams)
        )

    def is_quiet(self, now: datetime) -> bool:
        """Whether it is asleep; hours may run over midnight."""
        if self.quiet is None:
            return False
        begin, end = self.quiet
        at = now.astimezone(LONDON).time()
        return begin <= at < end if begin <= end else at >= begin or at < end


@dataclass(frozen=True, slots=True)
class Part:
    """One cause as it is told: how bad, how near its deadline, how many, and which of them are near theirs."""

    kind: str
    cause: str
    rank: int
    stage: int
    count: int
    near: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Told:
    """What a route was last told of a cause."""

    route: str
    part: Part
    told_at: datetime
    cleared_at: datetime | None = None  # since when it is not wrong any more; none if it came back within the hour


News = Sequence[tuple[Mapping[str, Any], Told | None]]  # causes, and what was told of each before


@dataclass(frozen=True, slots=True)
class Post:
    """How a route's last messages went."""

    last_at: datetime | None = None
    failures: int = 0  # in a row


@dataclass(frozen=True, slots=True)
class Alert:
    """A message to a route."""

    route: str
    title: str
    body: str
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be sent, and what of that told is not wrong any more, or again within the hour."""

    alerts: tuple[Alert, ...] = ()
    cleared: tuple[Told, ...] = ()
    returned: tuple[Told, ...] = ()


def decide(
    causes: Sequence[Mapping[str, Any]],
    routes: Iterable[Route],
    told: Iterable[Told],
    posts: Mapping[str, Post],
    now: datetime,
    *,
    site: str,
    is_asked: bool = False,
) -> Decision:
    """The messages due now. `causes`: rows of the read model.

    `is_asked`: a person does not want to wait until what failed is tried again by itself.
    """
    known = {(one.route, one.part.kind, one.part.cause): one for one in told}
    wrong = {(row["exception_kind"], row["cause"]) for row in causes}
    alerts = []
    for route in routes:
        post = posts.get(route.name, Post())
        about = [(row, _before(row, route, known, now)) for row in causes]
        news = [(row, before) for row, before in about if _is_news(row, before, route, now)]
        if news and _may_send(route, post, news, now, is_asked=is_asked):
            alerts.append(_written(route, news, now, site))
    cleared, returned = [], []
    for (_, kind, cause), one in sorted(known.items()):
        if one.cleared_at is None and (kind, cause) not in wrong:
            cleared.append(one)
        elif one.cleared_at is not None and (kind, cause) in wrong and now - one.cleared_at < BACK_AFTER:
            returned.append(one)
    return Decision(tuple(alerts), tuple(cleared), tuple(returned))


def stage_of(deadline_at: datetime | None, now: datetime) -> int:
    """How near a deadline is: 0 far or none, 1 within four hours, 2 within one, 3 past."""
    if deadline_at is None or deadline_at - now > SOON:
        return 0
    return 1 if deadline_at - now > NEAR else 2 if deadline_at > now else 3


def _is_news(row: Mapping[str, Any], before: Told | None, route: Route, now: datetime) -> bool:
    if row["is_hidden"] or row["is_quiet"] or not route.wants(row):
        return False
    stage = stage_of(row["deadline_at"], now)
    if route.is_quiet(now) and stage == 0:
        return False
    if before is None or _come_near(row, before):
        return True
    disturbed_since_at = row["disturbed_since_at"]
    if disturbed_since_at is not None and disturbed_since_at > before.told_at:
        return True
    count, was = row["open_count"], before.part
    return row["rank"] < was.rank or stage > was.stage or count >= max(2 * was.count, was.count + MORE)


def _before(row: Mapping[str, Any], route: Route, known: Mapping[Any, Told], now: datetime) -> Told | None:
    """What a route was told of a cause that was not gone since."""
    before: Told | None = known.get((route.name, row["exception_kind"], row["cause"]))
    is_gone = before is not None and before.cleared_at is not None and now - before.cleared_at >= BACK_AFTER
    return None if is_gone else before


def _come_near(row: Mapping[str, Any], before: Told) -> list[datetime]:
    """The deadlines that are near or past and were not told."""
    return [one["deadline_at"] for one in row["near"] if one["subject"] not in before.part.near]


def _is_pressing(row: Mapping[str, Any], before: Told | None, now: datetime) -> bool:
    """Whether a deadline of it is within the hour, or its first one past, and that is news."""
    stage = stage_of(row["deadline_at"], now)
    if stage >= 2 and (before is None or stage > before.part.stage):
        return True
    return before is not None and any(stage_of(at, now) == 2 for at in _come_near(row, before))


def _may_send(route: Route, post: Post, news: News, now: datetime, *, is_asked: bool) -> bool:
    if post.last_at is None:
        return True
    if post.failures:
        return is_asked or now >= post.last_at + gap(post.failures, route.name)
    is_pressing = any(_is_pressing(row, before, now) for row, before in news)
    return is_pressing or now >= post.last_at + route.batch


def _written(route: Route, news: News, now: datetime, site: str) -> Alert:
    never = datetime.max.replace(tzinfo=now.tzinfo)
    rows = sorted(news, key=lambda one: (one[0]["rank"], one[0]["deadline_at"] or never))
    dues = [row["deadline_at"] for row, _ in rows if row["deadline_at"] is not None]
    due = f", first deadline {_london(min(dues))}" if dues else ""
    count = len(rows)
    what = rows[0][0]["sentence"] if count == 1 else f"{count} things need somebody{due}"
    lines = [_line(row, before, site) for row, before in rows[:LINES]]
    if count > LINES:
        lines.append(f"and {count - LINES} more: {site}/exceptions")
    parts = tuple(
        Part(
            row["exception_kind"],
            row["cause"],
            row["rank"],
            stage_of(row["deadline_at"], now),
            row["open_count"],
            frozenset(one["subject"] for one in row["near"]),
        )
        for row, _ in rows
    )
    return Alert(route.name, f"Cherrylane: {what}", "\n\n".join(lines), parts)


def _line(row: Mapping[str, Any], before: Told | None, site: str) -> str:
    """What, how many, deadline, money, where it is mended, link."""
    facts = [f"{row['open_count']:,} waiting"]
    if row["deadline_at"] is not None:
        facts.append(f"first deadline {_london(row['deadline_at'])}")
    if before is not None and (come := _come_near(row, before)):
        facts.append(f"{len(come):,} more near their deadline, the first {_london(min(come))}")
    if row["amount"]:
        facts.append(_money(row["amount"], row["currency"] or ""))
    if row["fix_where"]:
        place = {"mapping": "Mappings here", "network": "the network"}.get(row["fix_where"], row["fix_where"])
        facts.append(f"mended in {place}")
    query = urlencode({"kind": row["exception_kind"], "cause": row["cause"]})
    return f"{row['severity'].upper()}: {row['sentence']} ({'; '.join(facts)})\n{site}/exceptions?{query}"


def _money(amount: Decimal, currency: str) -> str:
    return f"{_SIGNS.get(currency, f'{currency} ')}{amount:,.2f}"


def _london(moment: datetime) -> str:
    return f"{moment.astimezone(LONDON):%-d %b %H:%M}"
