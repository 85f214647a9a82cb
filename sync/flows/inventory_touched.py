"""The sparing part of the inventory: which offers must be decided again, where not all must.

A quantity follows from what is written down, and everything written down has a position. So a run decides the
offers that something touched after the position of the last decision: a row of a batch, a sale, a policy, a
reading, a file that arrived. Beside them those left unsettled then, which wait for a batch, a person or a file.

All are decided where that would not hold: in a shop of few offers (nothing is saved), after ten minutes (the risk
and the window move with time alone), in the nightly file, when a setting, a warehouse or the batch's age asks for
something else, when a policy for everything begins, and when very many are touched.
"""

import json
from collections.abc import Collection
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sync.flows.inventory_basis import Basis, entries_since, fallback, policy_day
from sync.rules.policies import Entry
from sync.rules.pushes import Decision, Terms
from sync.runs import Run

DECIDED = "inventory.decided"
WHOLE_EVERY = timedelta(minutes=10)
MOST_TOUCHED = 20_000  # more than these, and deciding all is as quick

# What a newer batch may contain, or leave out, that the one before did not.
_MOVED = """
select distinct sku
from inflight_lines($batch_at, skew_seconds := $skew, deducts_open_orders := $open)
where inflight_quantity > 0 or (released_quantity > 0 and changed_at > $changed_since)
"""
_RELEASES_SINCE = timedelta(days=7)

_BY_LEVEL = {
    "division": "select sku from sku_facts where division in (select unnest($keys))",
    "category": "select sku from sku_facts where category in (select unnest($keys))",
}


@dataclass(frozen=True, slots=True)
class Mark:
    """How far everything was decided, and what was left open."""

    position: int  # in the journal
    decided_at: datetime
    whole_at: datetime  # when all were decided last
    batch_at: datetime
    under: str  # a mark of what all are decided under
    unsettled: tuple[str, ...]
    typical_margin: float | None  # of all offers when they were decided last

    @classmethod
    def read(cls, words: str) -> "Mark":
        told = json.loads(words)
        moments = {name: datetime.fromisoformat(told[name]) for name in ("decided_at", "whole_at", "batch_at")}
        return cls(**(told | moments | {"unsettled": tuple(told["unsettled"])}))

    def written(self) -> str:
        return json.dumps(asdict(self), default=datetime.isoformat)


@dataclass(frozen=True, slots=True)
class Touched:
    """The offers to decide, by name; and what is known of the rest."""

    names: tuple[str, ...]
    offer_count: int
    mark: Mark


def position(run: Run) -> int:
    """Where the journal stands: what is read after this knows everything up to it."""
    return int(run.rows("select coalesce(max(seq), 0) as seq from events")[0]["seq"])


def touched(run: Run, found: Basis, terms: Terms) -> Touched | None:
    """The offers that may have to be decided otherwise than they were; None: decide all."""
    words = run.bookmark(DECIDED)
    offer_count = int(run.rows("select count(*) as n from offer_facts where not is_gone")[0]["n"])
    if not words or terms.sends_all or offer_count <= run.house.settings.decide_all_up_to:
        return None
    mark, now = Mark.read(words), run.now()
    if mark.under != under(run, found) or not timedelta(0) <= now - mark.whole_at < WHOLE_EVERY:
        return None
    begun = _begun(run, mark)
    if any(entry.level == "global" for entry in begun):
        return None
    settings = run.house.settings
    rows = run.rows(
        "select sku from touched_skus($since, $since_at, skew_seconds := $skew) limit $most",
        {"since": mark.position, "since_at": mark.decided_at, "skew": settings.clock_skew_seconds,
         "most": MOST_TOUCHED + 1},
    )  # fmt: skip
    names = {row["sku"] for row in rows} | terms.sends | set(mark.unsettled)
    names |= _under_policies(run, begun) | _moved(run, found, mark)
    return Touched(tuple(sorted(names)), offer_count, mark) if len(names) <= MOST_TOUCHED else None


def mark_decided(
    run: Run, found: Basis, decision: Decision, at: int, *, was: Touched | None, is_sent: bool, margin: float | None
) -> None:
    """Remember that everything up to a position is decided; after too much was left open, that it is not."""
    unsettled = decision.unsettled(is_sent=is_sent)
    if len(unsettled) > MOST_TOUCHED:
        run.record(bookmarks={DECIDED: ""})
        return
    now = run.now()
    mark = Mark(
        position=at,
        decided_at=now,
        whole_at=was.mark.whole_at if was else now,
        batch_at=found.batch.as_of,
        under=under(run, found),
        unsettled=tuple(unsettled),
        typical_margin=was.mark.typical_margin if was else margin,
    )
    run.record(bookmarks={DECIDED: mark.written()})


def under(run: Run, found: Basis) -> str:
    """A mark of everything that counts for every offer and is no fact of its own."""
    settings = run.house.settings
    said = (
        fallback(settings), found.caution.factor, found.caution.thin_units, sorted(found.warehouses),
        settings.clamp_warehouses, settings.clock_skew_seconds, found.has_open_orders,
        settings.marketplace_deducts_sales, sorted(found.record_errors.items()), found.events,
    )  # fmt: skip
    return sha256(repr(said).encode()).hexdigest()[:16]


def _begun(run: Run, mark: Mark) -> list[Entry]:
    """The policies that were set since, or whose day has come since."""
    before, today = policy_day(mark.decided_at), policy_day(run.now())
    return entries_since(run, mark.position, before, today)


def _under_policies(run: Run, begun: Collection[Entry]) -> set[str]:
    names = {entry.key for entry in begun if entry.level == "sku"}
    for level, sql in _BY_LEVEL.items():
        keys = sorted({entry.key for entry in begun if entry.level == level})
        if keys:
            names |= {row["sku"] for row in run.rows(sql, {"keys": keys})}
    return names


def _moved(run: Run, found: Basis, mark: Mark) -> set[str]:
    """With another batch: the SKUs of sales that were in flight, or are."""
    if found.batch.as_of == mark.batch_at:
        return set()
    settings = run.house.settings
    moments = sorted((mark.batch_at, found.batch.as_of))
    values = {
        "skew": settings.clock_skew_seconds,
        "open": found.has_open_orders,
        "changed_since": moments[0] - _RELEASES_SINCE,
    }
    return {row["sku"] for moment in moments for row in run.rows(_MOVED, values | {"batch_at": moment})}
