"""Walks the marketplace's lists to their end, in its two ways of paging.

The law: a sweep ends where the list says so, and never goes round in circles: a page address met before with
rows on it means the list cannot be trusted, and the sweep says so instead of ending early. The pages after the
first do not count against the published frequencies: a sweep is one call.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from sync.clients.http import Answer, Call, Door
from sync.errors import Retriable

_LINK = re.compile(r'<([^>]*)>\s*;[^,]*\brel="?next"?')

# No list of one seller is longer (a hundred rows each); a server that makes up new addresses for ever is stopped.
MOST_PAGES = 20_000

Query = Sequence[tuple[str, str]]
Rows = list[Any]


def by_offset(door: Door, call: Call, member: str, *, size: int) -> Iterator[tuple[Answer, Rows, int | None]]:
    """Every page of an offset-paged list: the answer, its rows, and how many there are in all."""
    asked: set[tuple[tuple[str, str], ...]] = set()
    query: Query | None = (*call.query, ("max", str(size)), ("offset", "0"))
    done = 0
    while query is not None:
        _once_only(asked, query, call)
        answer = door.send(replace(call, query=query, is_counted=call.is_counted and len(asked) == 1))
        rows = rows_of(answer, member, call)
        total = answer.data.get("total_count")
        total = total if isinstance(total, int) and not isinstance(total, bool) else None
        yield answer, rows, total
        done += len(rows)
        is_short = total is not None and done < total
        if not rows:
            if is_short:
                raise Retriable(f"{call.method} {call.path}: {total} rows are there, {done} were shown")
            return
        query = _next_query(answer, call)
        if query is None and is_short:
            # No Link, but more rows than were shown: the count is believed.
            query = (*call.query, ("max", str(size)), ("offset", str(done)))


def by_token(door: Door, call: Call, *, size: int) -> Iterator[tuple[Answer, Rows]]:
    """Every page of a seek-paged list: the answer and its rows."""
    asked: set[tuple[tuple[str, str], ...]] = set()
    query: Query | None = (*call.query, ("limit", str(size)))
    while query is not None:
        _once_only(asked, query, call)
        answer = door.send(replace(call, query=query, is_counted=call.is_counted and len(asked) == 1))
        rows = rows_of(answer, "data", call)
        yield answer, rows
        token = answer.data.get("next_page_token")
        if token is not None and not (isinstance(token, str) and token.isprintable()):
            raise Retriable(f"{call.method} {call.path}: the next page's token cannot be read")
        query = (("page_token", token), ("limit", str(size)), *_shop(call)) if token and rows else None


def rows_of(answer: Answer, member: str, call: Call) -> Rows:
    """The list an answer is about; an answer without it says nothing, which is not the same as an empty one."""
    rows = answer.data.get(member) if isinstance(answer.data, dict) else None
    if not isinstance(rows, list):
        raise Retriable(f"{call.method} {call.path}: the answer has no {member} (exchange {answer.snapshot_id})")
    return rows


def _once_only(asked: set[tuple[tuple[str, str], ...]], query: Query, call: Call) -> None:
    key = tuple(query)
    if key in asked or len(asked) >= MOST_PAGES:
        raise Retriable(f"{call.method} {call.path}: the pages go round in circles; the sweep is not complete")
    asked.add(key)


def _next_query(answer: Answer, call: Call) -> Query | None:
    """The query of the Link header's next page; only the query, so that our key goes nowhere else."""
    found = _LINK.search(answer.headers.get("Link", ""))
    if found is None or not found[1].isprintable():
        return None
    try:
        query = parse_qsl(urlsplit(found[1]).query, keep_blank_values=True)
    except ValueError:
        return None  # no address; the count says whether there is more
    names = {name for name, _ in query}
    return (*query, *(pair for pair in _shop(call) if pair[0] not in names)) or None


def _shop(call: Call) -> Query:
    return [pair for pair in call.query if pair[0] == "shop_id"]
