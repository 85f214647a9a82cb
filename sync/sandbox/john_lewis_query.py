"""Reading what a caller asks of the marketplace: parameters, bodies, pages.

Law: a parameter that cannot be read is a 400 that names it. Offset pages are cut from the list as it is now and
carry a `Link` header; seek pages are cut from the list as it was when the sweep began, behind opaque tokens.
"""

from base64 import urlsafe_b64encode
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, TypeVar

from starlette.datastructures import URL, QueryParams
from starlette.requests import Request
from starlette.responses import JSONResponse

from sync.sandbox.bodies import read_json
from sync.sandbox.john_lewis_model import Refused

MOST_IDS = 100
LOCALES = ("en_GB",)
_KEPT_SWEEPS = 200
_MOST_FILE_BYTES = 100_000_000
_T = TypeVar("_T")


@dataclass(slots=True)
class Asked:
    """One request, already read."""

    url: URL
    query: QueryParams
    path: Mapping[str, Any]
    body: Any = None
    files: dict[str, bytes] = field(default_factory=dict)

    def text(self, name: str) -> str | None:
        """A parameter as text; an empty one counts as absent."""
        return self.query.get(name) or None

    def moment(self, name: str) -> datetime | None:
        """A parameter as an aware moment."""
        value = self.text(name)
        if value is None:
            return None
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise Refused(400, f"Parameter '{name}' is not a date-time: {value}") from None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

    def flag(self, name: str) -> bool | None:
        """A parameter as a boolean."""
        value = self.text(name)
        if value is not None and value.lower() not in ("true", "false"):
            raise Refused(400, f"Parameter '{name}' is not a boolean: {value}")
        return None if value is None else value.lower() == "true"

    def count(self, name: str, default: int, most: int | None = None) -> int:
        """A parameter as a whole number; over the most allowed is refused, not clamped."""
        value = self.text(name)
        if value is None:
            return default
        if not value.isascii() or not value.isdigit():
            raise Refused(400, f"Parameter '{name}' is not a positive integer: {value}")
        if most is not None and int(value) > most:
            raise Refused(400, f"Parameter '{name}' must be at most {most}")
        return int(value)

    def comma_list(self, name: str) -> set[str] | None:
        """Values in one comma-separated parameter."""
        value = self.text(name)
        return None if value is None else _limited(name, [part.strip() for part in value.split(",")])

    def repeated(self, name: str) -> set[str] | None:
        """Values of a parameter given several times."""
        values = [value for value in self.query.getlist(name) if value]
        return _limited(name, values) if values else None

    def listed(self, name: str) -> set[str] | None:
        """Values of a parameter given several times, or in one with commas: the ledger's filters take both."""
        values = [part.strip() for value in self.query.getlist(name) for part in value.split(",") if part.strip()]
        return _limited(name, values) if values else None

    def one_of(self, name: str, known: Collection[str]) -> str | None:
        """A parameter whose values the description names."""
        value = self.text(name)
        if value is not None and value not in known:
            raise Refused(400, f"Parameter '{name}' has an unknown value: {value}")
        return value

    def check_locale(self) -> None:
        """Labels come in the languages the operator has switched on, and no other."""
        self.one_of("locale", LOCALES)

    def rows(self, name: str, most: int) -> list[dict[str, Any]]:
        """A list of objects in the body, of one to so many."""
        return objects(self.body, name, most)

    @property
    def signature(self) -> tuple[tuple[str, str], ...]:
        """What makes two calls parts of one sweep: everything but the place in it."""
        return tuple(sorted((k, v) for k, v in self.query.multi_items() if k not in ("offset", "page_token")))


def _limited(name: str, values: Sequence[str]) -> set[str]:
    if len(values) > MOST_IDS:
        raise Refused(400, f"Parameter '{name}' must have at most {MOST_IDS} values")
    return set(values)


def objects(body: Any, name: str, most: int) -> list[dict[str, Any]]:
    """A required list of one to so many objects."""
    rows = body.get(name) if isinstance(body, dict) else None
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise Refused(400, f"VALIDATION_ERROR: '{name}' must be a list of objects")
    if len(rows) > most:
        raise Refused(400, f"VALIDATION_ERROR: '{name}' must have at most {most} elements")
    return rows


def member(row: Mapping[str, Any], name: str, kind: type[_T]) -> _T:
    """A required member of a body, of that type."""
    value = optional(row, name, kind)
    if value is None:
        raise Refused(400, f"VALIDATION_ERROR: '{name}' is missing")
    return value


def optional(row: Mapping[str, Any], name: str, kind: type[_T]) -> _T | None:
    """A member of a body that may be absent or null, but is of that type where it is given."""
    value = row.get(name)
    if value is None:
        return None
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise Refused(400, f"VALIDATION_ERROR: '{name}' is not of its type")
    return value


def amount(row: Mapping[str, Any], name: str) -> Decimal:
    """A required amount of a body, exactly as its digits say."""
    value = row.get(name)
    found = value if isinstance(value, int | float | Decimal) and not isinstance(value, bool) else "NaN"
    number = Decimal(str(found))
    if not number.is_finite():
        raise Refused(400, f"VALIDATION_ERROR: '{name}' is missing or not a number")
    return number


def offset_page(asked: Asked, name: str, rows: Sequence[_T], body: Callable[[_T], dict[str, Any]]) -> JSONResponse:
    """One page of a list as it is now, with the links to its neighbours."""
    most, offset = max(asked.count("max", 10, 100), 1), asked.count("offset", 0)
    links = []
    if offset + most < len(rows):
        links.append((offset + most, "next"))
    if offset > 0:
        links.append((max(0, offset - most), "previous"))
    header = ", ".join(
        f'<{asked.url.include_query_params(max=most, offset=place)}>; rel="{rel}"' for place, rel in links
    )
    page = [body(row) for row in rows[offset : offset + most]]
    return JSONResponse({name: page, "total_count": len(rows)}, headers={"Link": header} if header else None)


@dataclass(slots=True)
class _Place:
    operation: str
    rows: Sequence[Any]
    offset: int
    limit: int


class Sweeps:
    """Seek sweeps under way, each behind tokens that mean nothing to the caller."""

    def __init__(self) -> None:
        """No sweep begun."""
        self._places: OrderedDict[str, _Place] = OrderedDict()
        self._count = 0

    def goes_on(self, asked: Asked) -> bool:
        """Whether the call continues a sweep rather than beginning one."""
        return asked.text("page_token") is not None

    def page(
        self,
        operation: str,
        asked: Asked,
        most: int,
        find: Callable[[], Sequence[_T]],
        body: Callable[[_T], dict[str, Any]],
    ) -> JSONResponse:
        """A page; with a token every other parameter is ignored."""
        token = asked.text("page_token")
        if token is None:
            place = _Place(operation, find(), 0, max(asked.count("limit", 10, most), 1))
        else:
            known = self._places.get(token)
            if known is None or known.operation != operation:
                raise Refused(400, "Parameter 'page_token' is not valid")
            place = known
        end = place.offset + place.limit
        before = _Place(operation, place.rows, max(0, place.offset - place.limit), place.limit)
        after = _Place(operation, place.rows, end, place.limit)
        return JSONResponse({
            "data": [body(row) for row in place.rows[place.offset : end]],
            "next_page_token": self._token(after) if end < len(place.rows) else None,
            "previous_page_token": self._token(before) if place.offset > 0 else None,
        })  # fmt: skip

    def _token(self, place: _Place) -> str:
        self._count += 1
        token = urlsafe_b64encode(f"{place.operation}:{self._count}".encode()).decode().rstrip("=")
        self._places[token] = place
        if len(self._places) > _KEPT_SWEEPS:
            self._places.popitem(last=False)
        return token


async def asked_by(request: Request) -> Asked:
    """The request with its body, as JSON or as parts of a form."""
    asked = Asked(request.url, request.query_params, request.path_params)
    kind = request.headers.get("content-type", "")
    if request.method == "GET":
        return asked
    if kind.startswith("multipart/form-data"):
        async with request.form() as form:
            for name, part in form.multi_items():
                asked.files[name] = part.encode() if isinstance(part, str) else await part.read(_MOST_FILE_BYTES)
        return asked
    raw = await request.body()
    if raw:
        try:
            asked.body = read_json(raw)
        except ValueError:
            raise Refused(400, "The body is not valid JSON") from None
    return asked
