"""The one door to the outside systems: every call passes here, is judged here, and leaves its words here.

The law: a read may be tried again; a write that might have happened is never repeated. What an answer means
is decided in one place, `_judge`, and what its absence means in another, `_unanswered`. Every exchange, the
failed ones too, is told to the witness without keys and without personal data.

    never sent (refused, no connection)   any call          tried again, then Retriable
    sent, no answer or half of one        read              tried again, then Retriable
                                          write             Unclear
    401, 403                              any call          Fatal, naming the role
    429 (403 with Retry-After)            any call          tried again within seconds, else Deferred
    404                                   read / write      Skippable / Refused
    400, 409, 422, other 4xx              read / write      Fatal / Refused
    5xx, 408, 2xx that cannot be read     read / write      tried again, then Retriable / Unclear
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache, partial
from typing import Any, NoReturn, Self
from urllib.parse import quote
from uuid import UUID, uuid4

import httpx
import stamina

from store.clock import Clock
from sync.clients.addresses import checked_host, is_loopback
from sync.clients.answers import content_of, read_body, retry_after
from sync.clients.budget import Budget, Pace
from sync.clients.redact import Redaction, render, unreadable
from sync.clients.refusals import read_refusal
from sync.errors import Deferred, Fatal, Refused, Retriable, Skippable, SyncError, Unclear
from sync.ports import Exchange, Witness

_log = logging.getLogger(__name__)

# Servers close an idle connection after about five seconds; a write on one just closed would be unclear.
_IDLE_SECONDS = 3.0
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
OUR_KEY = b"(our key)"


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long to wait, in seconds, for each of the four things one can wait for."""

    connect: float = 5.0
    read: float = 30.0
    write: float = 15.0
    pool: float = 30.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How a call that may be repeated is tried again: pauses in seconds, growing, with jitter."""

    attempts: int = 4
    seconds: float = 10.0
    first_pause: float = 0.2
    longest_pause: float = 2.0
    jitter: float = 0.5
    longest_retry_after: float = 5.0


@dataclass(frozen=True, slots=True)
class Call:
    """One question or order to an outside system. `resource` names the operation."""

    resource: str
    method: str
    path: str
    query: Sequence[tuple[str, str]] = ()
    document: Any = None
    file: tuple[str, bytes, str] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    subject: str = ""  # the order it is about, for the references to its personal data
    expects: str = "json"  # or "text", "nothing"
    is_write: bool = False
    is_repeatable: bool = False  # a write that can be sent twice without harm
    is_impersonal: bool = False  # bulk without people in it: kept as it came, unread
    is_counted: bool = True  # False for the further pages of a sweep: it is one call
    role: str = ""

    @property
    def may_repeat(self) -> bool:
        return self.is_repeatable or not self.is_write


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: `data` for JSON, `text` for a file."""

    snapshot_id: UUID
    status: int
    headers: Mapping[str, str]
    data: Any = None
    text: str = ""


class _Again(Exception):
    """Nothing happened: the call may be sent again, after `pause` seconds where the other side said so."""

    def __init__(self, error: SyncError, pause: float | None = None) -> None:
        super().__init__(str(error))
        self.error = error
        self.pause = pause


class Door:
    """Calls to one outside system. Thread-safe; connections are reused."""

    def __init__(
        self,
        base_url: str,
        headers: Mapping[str, str],
        *,
        source: str,
        clock: Clock,
        witness: Witness,
        budget: Budget,
        pace: Pace | None = None,
        timeouts: Timeouts | None = None,
        patience: Patience | None = None,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] | None = None,
    ) -> None:
        self._source = source
        self._clock = clock
        self._witness = witness
        self.budget = budget
        self._pace = pace
        self._patience = patience or Patience()
        self._sleep = sleep
        # What authenticates us; an answer that echoes it is kept without it.
        self._keys = tuple(value.encode() for value in headers.values() if value)
        host = checked_host(base_url, source)
        given = timeouts or Timeouts()
        self._base_url = base_url.rstrip("/")  # ours to join: httpx takes an address apart and together three times
        self._client = httpx.Client(
            headers={"User-Agent": "cherrylane", "Accept": "application/json", **headers},
            timeout=httpx.Timeout(connect=given.connect, read=given.read, write=given.write, pool=given.pool),
            limits=httpx.Limits(max_connections=32, max_keepalive_connections=32, keepalive_expiry=_IDLE_SECONDS),
            follow_redirects=False,
            transport=transport,
            # A proxy from the environment is for the world outside, never for this machine.
            trust_env=not is_loopback(host),
            # The machine's certificates take a while to read, and are for what is encrypted.
            verify=self._base_url.startswith("https:"),
        )
        patient = self._patience
        self._retrying = stamina.RetryingCaller(
            attempts=patient.attempts,
            timeout=patient.seconds,
            wait_initial=0.0 if sleep else patient.first_pause,
            wait_max=0.0 if sleep else patient.longest_pause,
            wait_jitter=0.0 if sleep else patient.jitter,
        )

    def close(self) -> None:
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, call: Call) -> Answer:
        """The answer to a call.

        Raises:
            Retriable: nothing happened; the next run tries again.
            Deferred: not before `due_at`.
            Skippable: a read asked for something that is not there.
            Fatal: key, role or request are wrong; a person is needed.
            Refused: a definite no to a write.
            Unclear: a write may or may not have happened.

        """
        taken_at = self.budget.take(call.resource) if call.is_counted else None
        try:
            return self._tried(call)
        except _Again as again:
            if taken_at is not None:
                self.budget.give_back(call.resource, taken_at)
            raise again.error from again.__cause__

    def _tried(self, call: Call) -> Answer:
        """Once, and again where it may be: stamina costs a tenth of a call, and is for what failed."""
        try:
            return self._once(call)
        except _Again as again:
            failed = [again]

        def attempt() -> Answer:
            if failed:
                raise failed.pop()
            return self._once(call)

        # Without arguments: stamina writes those into its log line, and they hold people's addresses.
        return self._retrying(self._again_after, attempt)

    def _again_after(self, error: Exception) -> bool | float:
        """Whether, and after how many seconds, to try again: stamina's question."""
        if not isinstance(error, _Again):
            return False
        if self._sleep is not None:
            self._sleep(error.pause if error.pause is not None else self._patience.first_pause)
            return 0.001
        return True if error.pause is None else max(error.pause, 0.001)

    def _once(self, call: Call) -> Answer:
        """Send it once, leave its words with the witness, and judge what came back."""
        snapshot_id = uuid4()
        redaction = Redaction(call.subject)
        content, asked, headers = _encoded(call, redaction)
        request = self._client.build_request(
            call.method,
            _address(f"{self._base_url}{call.path}"),
            params=list(call.query) or None,
            content=content if call.file is None else None,
            files={"file": call.file} if call.file is not None else None,
            headers={**headers, **call.headers, "X-Correlation-Id": str(snapshot_id)},
        )
        place = f"{call.method} {call.path} (exchange {snapshot_id})"
        with self._pace.turn() if self._pace is not None else nullcontext():
            started = time.monotonic()
            begun = partial(
                Exchange,
                snapshot_id=snapshot_id,
                source=self._source,
                resource=call.resource,
                method=call.method,
                path=request.url.raw_path.decode("ascii"),
                seen_at=self._clock.now(),
                request_body=asked,
            )
            try:
                response = self._client.send(request, stream=True)
                content, is_whole = content_of(response)
            except httpx.RequestError as error:
                self._tell(begun(status=0, latency_ms=_since(started), body=b""))
                self._unanswered(call, place, error, snapshot_id)
            latency_ms = _since(started)
        data, kept = _read(call, response, content, redaction) if is_whole else (None, None)
        told = unreadable(content) if kept is None else self._without_keys(kept)
        dated = response.headers.get("Date", "")
        self._tell(begun(status=response.status_code, latency_ms=latency_ms, body=told, dated=dated))
        text = content.decode("utf-8-sig", errors="replace") if call.expects == "text" else ""
        answer = Answer(snapshot_id, response.status_code, response.headers, data, text)
        self._judge(call, answer, place, redaction, is_read=kept is not None)
        return answer

    def _without_keys(self, kept: bytes) -> bytes:
        for key in self._keys:
            kept = kept.replace(key, OUR_KEY)
        return kept

    def _tell(self, exchange: Exchange) -> None:
        """One line in the log and one exchange for the witness."""
        _log.info(
            "Asked an outside system",
            extra={
                "action": "exchange",
                "source": exchange.source,
                "resource": exchange.resource,
                "method": exchange.method,
                "path": exchange.path,
                "status": exchange.status,
                "latency_ms": exchange.latency_ms,
                "snapshot_id": str(exchange.snapshot_id),
            },
        )
        self._witness(exchange)

    def _unanswered(self, call: Call, place: str, error: httpx.RequestError, snapshot_id: UUID) -> NoReturn:
        """What it means that no whole answer came."""
        what = type(error).__name__
        if call.may_repeat or isinstance(error, _NEVER_SENT):
            raise _Again(Retriable(f"{place}: no answer ({what})")) from error
        raise Unclear(f"{place}: no answer ({what}); it may have happened", snapshot_id=snapshot_id) from error

    def _judge(self, call: Call, answer: Answer, place: str, redaction: Redaction, *, is_read: bool) -> None:
        """What an answer means; returns only for a good one. The table is in the head of this module."""
        status = answer.status
        if 200 <= status < 300:
            if not is_read and call.expects != "nothing":
                self._doubt(call, f"{place}: answered {status} with something that cannot be read", answer)
            return
        after = retry_after(answer.headers)
        if status == 429 or (status == 403 and after is not None):
            self._patience_asked(call, place, after)
        code, reason = read_refusal(answer.data)
        reason = self._without_keys(redaction.text(reason).encode(errors="replace")).decode()
        said = f"{place}: {status} {code}".rstrip()
        if status == 401:
            raise Fatal(f"{said}: the {self._source} does not accept our key; set the key it gave us")
        if status == 403:
            role = f"the role {call.role}" if call.role else f"a role for {call.resource}"
            raise Fatal(
                f"{said}: our key lacks {role} at the {self._source}; ask for it, or the settings name a shop or "
                "company that is not its own"
            )
        if status >= 500 or status == 408:
            self._doubt(call, said, answer, code)
        if call.is_write and status >= 400:
            raise Refused(
                f"{said} {reason}".rstrip(), status=status, code=code, reason=reason, snapshot_id=answer.snapshot_id
            )
        if status == 404:
            raise Skippable(f"{said}: it is not there")
        raise Fatal(f"{said} {reason}".rstrip() + ": the request is wrong; this program must change")

    def _doubt(self, call: Call, said: str, answer: Answer, code: str = "") -> NoReturn:
        """An answer that does not say whether anything happened."""
        if call.may_repeat:
            raise _Again(Retriable(said))
        raise Unclear(f"{said}; it may have happened", code=code, snapshot_id=answer.snapshot_id)

    def _patience_asked(self, call: Call, place: str, after: float | None) -> NoReturn:
        """The other side did nothing and asked for time: a short while is waited, a longer one is noted."""
        if after is None:
            raise _Again(Retriable(f"{place}: too many calls, without a word how long to wait"))
        due_at = self._clock.now() + timedelta(seconds=after)
        later = Deferred(f"{place}: too many calls; again at {due_at.isoformat()}", due_at)
        if after > self._patience.longest_retry_after:
            self.budget.hold(call.resource, due_at)
            raise later
        raise _Again(later, pause=after)


@lru_cache(maxsize=64)
def _address(url: str) -> httpx.URL:
    """An address taken apart; most calls go where the last ones went."""
    return httpx.URL(url)


def path_of(template: str, **values: str) -> str:
    """A path with ids in it, each safe as one segment."""
    return template.format(**{name: quote(value, safe="") for name, value in values.items()})


def _encoded(call: Call, redaction: Redaction) -> tuple[bytes | None, bytes, dict[str, str]]:
    """The body as sent, the body as kept, and its headers."""
    if call.file is not None:
        return None, call.file[1], {}
    if call.document is None:
        return None, b"", {}
    kept = call.document if call.is_impersonal else redaction.ours(call.document)
    return render(call.document), render(kept), {"Content-Type": "application/json"}


def _read(call: Call, response: httpx.Response, content: bytes, redaction: Redaction) -> tuple[Any, bytes | None]:
    """The parsed body and what is kept of it: of one that is not what it should be, nothing."""
    if not content:
        return None, content if not response.is_success or call.expects == "nothing" else None
    if response.is_success and call.expects == "text":
        return None, content
    # A 204 needs no body, so a strange one takes nothing away; it is still kept only as its hash.
    return read_body(content, None if call.is_impersonal else redaction)


def _since(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
