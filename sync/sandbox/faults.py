"""Faults on a switch: what the network and a tired server do to honest requests.

The law: a fault never changes what is true in the world beyond what its name says. ``timeout_before``,
``rate_429`` and ``burst_429`` (which turns several calls in a row away) happen instead of the effect;
``timeout_after``, ``cut``, ``malformed`` and ``hole`` happen after it; ``rate_500`` is either, as in life, so that
a 5xx after a write proves nothing.
"""

import asyncio
import json
import random
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

SYSTEMS = ("john_lewis", "bluecherry")
_PROBABILITIES = (
    "rate_429",
    "rate_500",
    "timeout_before",
    "timeout_after",
    "cut",
    "malformed",
    "hole",
    "burst_429",
)
BURST = (3, 6)  # calls in a row that a burst turns away, at least and at most
_STATUS = {"down": 503, "rate_429": 429, "burst_429": 429, "rate_500": 500}  # answered instead of what was asked
_LONGEST_WAIT_SECONDS = 60.0
_REQUESTS_KEPT = 50_000


class BadFaultsError(ValueError):
    """The posted fault settings cannot be read; the message says which member."""


@dataclass(frozen=True)
class FaultSettings:
    """How one system misbehaves: probabilities per request, and the waits in real seconds."""

    rate_429: float = 0.0
    rate_500: float = 0.0
    timeout_before: float = 0.0
    timeout_after: float = 0.0
    cut: float = 0.0
    malformed: float = 0.0
    hole: float = 0.0
    burst_429: float = 0.0  # that one begins
    slow_ms: float = 0.0
    timeout_seconds: float = 30.0
    down: bool = False
    paths: str = ""  # a regular expression that must match from the path's beginning
    methods: str = ""  # such as "POST,PUT"; empty: all

    def touches(self, method: str, path: str) -> bool:
        """Whether a request may meet a fault at all."""
        return (not self.methods or method in self.methods.split(",")) and re.match(self.paths, path) is not None

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in FaultSettings.__dataclass_fields__}


@dataclass
class Faults:
    """The switchboard of both systems; a system not named keeps its settings."""

    seed: int
    settings: dict[str, FaultSettings] = field(
        default_factory=lambda: {system: FaultSettings() for system in SYSTEMS}
    )

    def post(self, body: Any) -> None:
        """Replace the settings of the system named by ``only``, or of both; members left out are off."""
        if not isinstance(body, dict):
            raise BadFaultsError("the body must be an object")
        members = dict(body)
        only = members.pop("only", None)
        if only is not None and only not in SYSTEMS:
            raise BadFaultsError(f"only: must be one of {', '.join(SYSTEMS)}")
        settings = _read_settings(members)
        for system in SYSTEMS if only is None else (only,):
            self.settings[system] = settings

    def as_json(self) -> dict[str, Any]:
        return {system: settings.as_json() for system, settings in self.settings.items()}


def _read_settings(members: dict[str, Any]) -> FaultSettings:
    values: dict[str, Any] = {}
    for name, value in members.items():
        if name in _PROBABILITIES:
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
                raise BadFaultsError(f"{name}: must be a probability from 0 to 1")
            values[name] = float(value)
        elif name in {"slow_ms", "timeout_seconds"}:
            if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
                raise BadFaultsError(f"{name}: must be zero or more")
            values[name] = min(float(value), _LONGEST_WAIT_SECONDS * (1000 if name == "slow_ms" else 1))
        elif name == "down":
            values[name] = bool(value)
        elif name == "methods":
            values[name] = str(value).upper()
        elif name == "paths":
            values[name] = _pattern(value)
        else:
            raise BadFaultsError(f"{name}: no such fault")
    return FaultSettings(**values)


def _pattern(value: object) -> str:
    try:
        return re.compile(str(value)).pattern
    except re.error as why:
        raise BadFaultsError(f"paths: no regular expression: {why}") from why


_BODILESS = (204, 304)


@dataclass(frozen=True)
class LoggedRequest:
    """One request as it was asked; ``status`` is None where no whole answer left the house."""

    n: int
    method: str
    path: str
    query: str
    status: int | None
    at: datetime
    fault: str | None

    def as_json(self) -> dict[str, Any]:
        return {
            "n": self.n,
            "method": self.method,
            "path": self.path,
            "query": self.query,
            "status": self.status,
            "at": self.at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
            "fault": self.fault,
        }


class FaultyDoor:
    """The outermost layer of one system: logs each request, and lets a fault happen to it now and then."""

    def __init__(self, app: ASGIApp, *, system: str, faults: Faults, now: Callable[[], datetime]) -> None:
        self.app = app
        self.system = system
        self.faults = faults
        self.now = now
        self.requests: deque[LoggedRequest] = deque(maxlen=_REQUESTS_KEPT)
        self.count = 0
        self._rng = random.Random(f"{faults.seed}:faults:{system}")
        self._burst_left = 0  # calls still to be turned away

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/_sandbox"):
            await self.app(scope, receive, send)
            return
        settings = self.faults.settings[self.system]
        is_touched = settings.touches(scope["method"], scope["path"])
        fault = self._draw(settings) if is_touched else None
        status: int | None = None

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            if settings.slow_ms and is_touched:
                await asyncio.sleep(self._rng.uniform(0.5, 1.5) * settings.slow_ms / 1000)
            whole = await self._let_happen(
                fault, settings.timeout_seconds, scope, receive, send=send, noting=noting
            )
            status = status if whole else None
        finally:
            self.count += 1
            self.requests.append(
                LoggedRequest(
                    self.count,
                    scope["method"],
                    scope["path"],
                    scope["query_string"].decode("latin-1"),
                    status,
                    self.now(),
                    fault,
                )
            )
        if not whole:  # listed by then, so that whoever is cut off finds it there
            await _hang_up(send)

    def _draw(self, settings: FaultSettings) -> str | None:
        """One draw per request, so that the same requests in the same order meet the same faults."""
        if settings.down:
            return "down"
        if settings.burst_429 and self._burst_left:
            self._burst_left -= 1
            return "burst_429"
        chance = self._rng.random()
        for name in _PROBABILITIES:
            chance -= getattr(settings, name)
            if chance < 0:
                if name == "burst_429":
                    self._burst_left = self._rng.randint(*BURST) - 1
                return name
        return None

    async def _let_happen(
        self, fault: str | None, wait: float, scope: Scope, receive: Receive, *, send: Send, noting: Send
    ) -> bool:
        """True where a whole answer was sent, however wrong; False where the connection is to die."""
        if fault is None:
            await self.app(scope, receive, noting)
            return True
        if fault in _STATUS:
            if fault == "rate_500" and self._rng.random() < 0.5:
                await self._answer_of(scope, receive)
            await _refuse(noting, fault, retry_after=self._rng.randint(1, 3))
            return True
        if fault == "timeout_before":
            await _wait_for_disconnect(receive, wait)
            return False
        start, body = await self._answer_of(scope, receive)
        if fault == "timeout_after":
            await _wait_for_disconnect(receive, wait)
            return False
        if fault == "cut":
            await send(_with_length(start, max(len(body), 1)))
            await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
            return False
        body = self._garble(body) if fault == "malformed" else self._make_hole(body)
        start = _with_length(start, len(body))
        if body and start["status"] in _BODILESS:  # a server sends no such body, and says so in its log
            start = {**start, "status": 200}
        await noting(start)
        await noting({"type": "http.response.body", "body": body})
        return True

    async def _answer_of(self, scope: Scope, receive: Receive) -> tuple[Message, bytes]:
        """Let the effect happen and keep the answer back."""
        start: Message = {"type": "http.response.start", "status": 500, "headers": []}
        parts: list[bytes] = []

        async def keep(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
            else:
                parts.append(message.get("body", b""))

        await self.app(scope, receive, keep)
        return start, b"".join(parts)

    def _garble(self, body: bytes) -> bytes:
        if len(body) < 2:
            return b"{"
        cut_at = self._rng.randrange(1, len(body))
        if self._rng.random() < 0.5:
            return body[:cut_at]
        return body[:cut_at] + b'\x00<html>"' + body[cut_at:]

    def _make_hole(self, body: bytes) -> bytes:
        try:
            document = json.loads(body)
        except ValueError:
            return body
        records = [record for record in _records(document) if record]
        if not records:
            return body
        record = self._rng.choice(records)
        del record[self._rng.choice(sorted(record))]
        return json.dumps(document).encode()


def _records(document: Any) -> list[dict[str, Any]]:
    """Every object that is an item of a list; the document itself where there is none."""
    found: list[dict[str, Any]] = []
    waiting = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, list):
            found.extend(item for item in value if isinstance(item, dict))
            waiting.extend(value)
    return found or ([document] if isinstance(document, dict) else [])


def _with_length(start: Message, length: int) -> Message:
    headers = [(name, value) for name, value in start.get("headers", []) if name.lower() != b"content-length"]
    return {**start, "headers": [*headers, (b"content-length", str(length).encode())]}


async def _refuse(send: Send, fault: str, *, retry_after: int) -> None:
    status = _STATUS[fault]
    sentence = {503: "Service unavailable", 429: "Rate limit is exceeded", 500: "Internal server error"}[status]
    headers = [(b"content-type", b"application/json")]
    if status == 429:
        headers.append((b"retry-after", str(retry_after).encode()))
    body = json.dumps({"status": status, "message": sentence}).encode()
    headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _wait_for_disconnect(receive: Receive, seconds: float) -> None:
    """Hold the connection until the caller gives up or the wait is over."""

    async def gone() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    try:
        await asyncio.wait_for(gone(), timeout=seconds)
    except TimeoutError:
        return


async def _hang_up(send: Send) -> None:
    """Close the connection under the answer.

    ASGI has no word for it; uvicorn's send is a method of the object that holds the transport.
    """
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is None:
        return
    transport.close()
    for _ in range(100):
        if getattr(getattr(send, "__self__", None), "disconnected", True):
            return
        await asyncio.sleep(0.01)
