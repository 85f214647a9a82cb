"""Stories nobody has thought of: any event of the vocabulary, with members from small pools so that things collide.

Everything is read off the models and the SQL, so that an event or a fact added later is told of as well.
"""

import re
import types
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Union, get_args, get_origin
from uuid import UUID

import polars as pl
from hypothesis import strategies as st
from pydantic import BaseModel

from store import events
from store.database import Database, sections
from store.folding import FOLDED_KINDS
from store.journal import Journal
from tests.told import HOUR, NOW, thing

WORDS = ("", "JLM1-A", "O'Neill & Töchter ☕", "push_stock")
IDS = (thing("one"), thing("two"))
MOMENTS = tuple(NOW - hour * HOUR for hour in range(4))  # none later than it is written down
# Kinds no fold reads: there is nothing to compare.
UNFOLDED = {"personal.purged", "store.restored"}


def kinds_of_events() -> dict[str, type[events.Event]]:
    """Every event of the vocabulary, by its kind."""
    found: dict[str, type[events.Event]] = {}
    waiting = [events.Event]
    while waiting:
        model = waiting.pop()
        waiting += model.__subclasses__()
        if "kind" in vars(model):
            found[model.kind] = model
    return found


def anything(annotation: Any) -> st.SearchStrategy[Any]:
    """Values for a member of this type."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        return st.one_of(*(st.none() if one is type(None) else anything(one) for one in inner))
    if origin is tuple:
        return st.lists(anything(inner[0]), max_size=2).map(tuple)
    if origin is dict:
        return st.dictionaries(st.sampled_from(WORDS[1:]), anything(inner[1]), max_size=2)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return st.builds(annotation, **members_of(annotation))
    return st.sampled_from(POOLS[annotation])


POOLS: dict[Any, tuple[Any, ...]] = {
    str: WORDS,
    int: (0, 1, 2),
    float: (0.0, 0.5, 2.0),
    bool: (True, False),
    Decimal: (Decimal(0), Decimal("-19.99"), Decimal("0.000001")),
    datetime: MOMENTS,
    date: tuple(moment.date() for moment in MOMENTS),
    UUID: IDS,
    Any: (None, 1, "it's", {"rate": "0.10"}, ["RML"]),
}


def members_of(model: type[BaseModel]) -> dict[str, st.SearchStrategy[Any]]:
    given = {name: anything(field.annotation) for name, field in model.model_fields.items()}
    if issubclass(model, events.Event):
        given["snapshot_id"] = st.none()
    return given


def any_event() -> st.SearchStrategy[events.Event]:
    """Any event that a fold reads."""
    return st.one_of(
        *(
            st.builds(model, **members_of(model))
            for kind, model in sorted(kinds_of_events().items())
            if kind not in UNFOLDED
        )
    )


def series_of(fact: str) -> str | None:
    """The series a fact takes its rows from; none: from the events themselves."""
    found = re.search(r"join (\w+_rows) as", sections(fact)["fold"])
    return found[1] if found else None


def say_everything(database: Database, journal: Journal) -> None:
    """Rows of both reads in every series, each read with a moment of its own. Nobody has named them yet."""
    with database.connect() as connection:
        for series in sorted({name for fact in FOLDED_KINDS if (name := series_of(fact))}):
            columns = connection.execute(
                "select column_name, data_type from duckdb_columns() where table_name = ?", [series]
            ).fetchall()
            rows = [
                _row(columns, read_id, NOW + number * HOUR, word)
                for number, read_id in enumerate(IDS)
                for word in WORDS[1:]
            ]
            journal.append_series(series, pl.DataFrame(rows, infer_schema_length=None))


def _row(columns: list[tuple[str, str]], read_id: UUID, moment: datetime, word: str) -> Mapping[str, Any]:
    """One row of a series: its words are `word`, its numbers tell which read it is of."""
    number = IDS.index(read_id)
    values: dict[str, Any] = {
        "UUID": str(read_id), "VARCHAR": word, "BOOLEAN": bool(number), "INTEGER": number, "BIGINT": number,
        "DECIMAL(18,6)": Decimal(number), "TIMESTAMP WITH TIME ZONE": moment, "DATE": moment.date(),
        "DOUBLE": float(number),
    }  # fmt: skip
    return {name: [values[kind[:-2]]] if kind.endswith("[]") else values[kind] for name, kind in columns}


def at_moments_of_their_own(story: list[events.Event]) -> list[events.Event]:
    """The same story with no two things at one moment, and nothing in it that the journal would take only once."""
    apart = [
        event.model_copy(update={"happened_at": NOW - timedelta(minutes=len(story) - number)})
        for number, event in enumerate(story)
    ]
    return list({event.event_id("4107"): event for event in apart}.values())
