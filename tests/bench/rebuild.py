"""How fast a million events are folded again, against DuckDB merely reading the same bodies."""

from pathlib import Path

from store.database import open_database
from store.journal import rebuild_facts
from tests.bench.ground import Row, many_events, timed

EVENTS = 1_000_000


def measure(folder: Path) -> list[Row]:
    """One run."""
    took: dict[str, float] = {}
    with open_database(folder / "rebuild.duckdb") as database:
        many_events(database, EVENTS)
        connection = database.connect()
        with timed(took, "read"):
            connection.execute(
                "select count(body ->> 'state'), sum((body ->> 'price_amount')::decimal(18, 6)) from events"
            ).fetchall()
        connection.close()
        with timed(took, "rebuild"):
            rebuild_facts(database)
    return [
        Row(
            f"rebuild of {EVENTS:,} events",
            f"{took['rebuild']:.1f} s, {EVENTS / took['rebuild']:,.0f} a second",
            f"{took['rebuild'] / took['read']:.1f} times reading two members of each body",
        )
    ]
