"""Alerts on a real mail server and a real webhook: told once, not again after a restart, never with an address."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from uuid import UUID

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from store.commands import Retry
from store.events import AlertBegun, AlertPart, ExceptionHandled, MisfitPart, OrderHeld, OrderReleased
from sync.runs import Scope
from tests.flows.desk import Counter

SECRET = "s3cret-Word"


class Letters:
    """A mail server's other end."""

    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - its name
        content = envelope.content
        assert isinstance(content, bytes)
        self.letters.append(message_from_bytes(content, policy=default))
        return "250 taken"


@pytest.fixture
def post() -> Iterator[tuple[Letters, str]]:
    """A mail server on a free port, and the address that sends there."""
    letters = Letters()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    office = Controller(letters, hostname="127.0.0.1", port=port)
    office.start()
    yield letters, f"mailto://127.0.0.1:{port}?from=cherrylane@brand.test&to=ops@brand.test"
    office.stop()


class Hook:
    """A webhook on a free port that says what it is told to."""

    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []
        self.status = 200
        hook = self

        class Ear(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["Content-Length"])
                hook.calls.append(json.loads(self.rfile.read(length)))
                self.send_response(hook.status)
                self.end_headers()

            def log_message(self, format: str, *arguments: Any) -> None:  # noqa: A002 - its name
                """Says nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Ear)
        self.address = f"json://user:{SECRET}@127.0.0.1:{self.server.server_port}/{SECRET}"
        self._thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()


@pytest.fixture
def hook() -> Iterator[Hook]:
    ear = Hook()
    yield ear
    ear.close()


def route(to: str, name: str = "duty", **more: Any) -> dict[str, Any]:
    return {"name": name, "to": to, "severity": "normal", "kinds": ["missing_division"], "batch_minutes": 0, **more}


def house_with(bench: Callable[..., Any], *routes: dict[str, Any]) -> tuple[Any, str]:
    """A house with these routes, in which one order waits for a SKU without a division."""
    house = bench(days=0.1, orders_per_day=40, skus=40, settings={"alerts": list(routes)})
    for name in ("no_orders", "no_hand_edits", "relaxed_limits"):
        house.sandbox.scenario(name)
    house.run("orders")
    order_id = house.value("select min(order_id) as id from order_facts where state = 'SHIPPING'")
    held(house, order_id)
    return house, order_id


def held(house: Any, order_id: str, **more: Any) -> None:
    house.house.journal.append(
        [OrderHeld(happened_at=house.house.clock.now(), order_id=order_id, reason="missing_division", cause="GHOST",
                   detail="No division.", **more)]
    )  # fmt: skip
    house.run("watch")


def test_a_mail_says_what_how_many_deadline_money_and_link(
    bench: Callable[..., Any], post: tuple[Letters, str]
) -> None:
    letters, address = post
    house, _ = house_with(bench, route(address))
    run = house.run("alerts")
    house.run("alerts")
    (letter,) = letters.letters
    part = letter.get_body(preferencelist=("plain", "html"))
    assert part is not None
    body = part.get_content()

    assert (run.state, run.counts["sent"]) == ("succeeded", 1)
    assert letter["Subject"] == "Cherrylane: SKU GHOST has no division"
    assert "ops@brand.test" in letter["To"]
    for words in ("1 waiting", "first deadline", "£", "mended in BlueCherry", "exceptions?kind=missing_division"):
        assert words in body.replace("&amp;", "&")
    assert house.rebuild_differences() == {}


def test_a_restart_does_not_send_twice(bench: Callable[..., Any], hook: Hook) -> None:
    from sync.assembly import assemble

    house, _ = house_with(bench, route(hook.address))
    house.run("alerts")
    settings = house.house.settings
    house.assembled.close()
    house.assembled = assemble(settings)
    house.house = house.assembled.house
    house.run("alerts")

    assert [call["title"] for call in hook.calls] == ["Cherrylane: SKU GHOST has no division"]


def test_a_message_cut_off_in_the_middle_is_not_sent_again_and_an_exception_says_so(
    bench: Callable[..., Any], hook: Hook
) -> None:
    from uuid import uuid4

    house, _ = house_with(bench, route(hook.address))
    part = AlertPart(cause_kind="missing_division", cause="GHOST", rank=2, stage=0, count=1)
    house.house.journal.append(
        [AlertBegun(happened_at=house.house.clock.now(), alert_id=uuid4(), route="duty", title="One", text="x",
                    parts=(part,))]
    )  # fmt: skip
    house.run("alerts")
    house.advance(6)
    house.run("alerts")
    house.run("watch")
    wrong = house.rows(
        "select cause, detail from exception_facts where is_open and exception_kind = 'alert_failed'"
    )

    assert hook.calls == []
    assert wrong == [
        {
            "cause": "duty",
            "detail": 'We were stopped while sending "One": it may have arrived, and is not sent again.',
        }
    ]


def test_what_is_not_taken_is_tried_again_ever_more_rarely_and_the_other_routes_go_on(
    bench: Callable[..., Any], hook: Hook, post: tuple[Letters, str]
) -> None:
    letters, address = post
    house, _ = house_with(bench, route(hook.address), route(address, "mail"))
    hook.status = 500
    house.run("alerts")
    house.run("alerts")
    soon = len(hook.calls)
    for _ in range(30):
        house.advance(1)
        house.run("alerts")
    later = len(hook.calls)
    house.run("watch")
    (wrong,) = house.rows(
        "select exception_id, detail from exception_facts where is_open and exception_kind = 'alert_failed'"
    )
    hook.status = 200
    counter = Counter(house)
    done = counter.ask(Retry(exception_id=wrong["exception_id"]))
    counter.close()

    assert soon == 1
    assert 3 <= later <= 6
    assert len(letters.letters) == 1
    assert wrong["detail"].endswith("tries: json did not take it")
    assert done["message"].endswith("1 of 1 mended.")
    assert len(hook.calls) == later + 1


def test_the_address_stands_in_no_event_no_log_and_no_snapshot(
    bench: Callable[..., Any], hook: Hook, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    house, _ = house_with(bench, route(hook.address))
    hook.status = 500
    house.run("alerts")

    assert len(hook.calls) == 1
    assert SECRET not in house.value("select string_agg(body, '') as words from events")
    assert SECRET not in caplog.text
    assert SECRET not in repr(house.house.settings)


def test_what_is_mended_and_comes_back_soon_is_not_told_twice(bench: Callable[..., Any], hook: Hook) -> None:
    house, order_id = house_with(bench, route(hook.address))
    house.run("alerts")
    for minutes in (1, 20, 20):
        house.advance(minutes)
        house.house.journal.append([OrderReleased(happened_at=house.house.clock.now(), order_id=order_id)])
        house.run("watch")
        house.run("alerts")
        house.advance(1)
        held(house, order_id)
        house.run("alerts")
    soon = len(hook.calls)
    house.advance(1)
    house.house.journal.append([OrderReleased(happened_at=house.house.clock.now(), order_id=order_id)])
    house.run("watch")
    house.run("alerts")
    house.advance(61)
    held(house, order_id)
    house.run("alerts")

    assert soon == 1
    assert len(hook.calls) == 2


def test_what_was_gone_for_minutes_and_stays_wrong_ever_since_is_not_told_again(
    bench: Callable[..., Any], hook: Hook
) -> None:
    house, order_id = house_with(bench, route(hook.address))
    house.run("alerts")
    house.advance(5)
    house.house.journal.append([OrderReleased(happened_at=house.house.clock.now(), order_id=order_id)])
    house.run("watch")
    house.run("alerts")
    gone = house.rows("select cause from alert_told where cleared_at is not null")
    house.advance(5)
    held(house, order_id)
    house.run("alerts")
    house.advance(65)
    house.run("watch")
    house.run("alerts")

    assert gone == [{"cause": "GHOST"}]
    assert house.rows("select cause from alert_told where cleared_at is null") == gone
    assert len(hook.calls) == 1
    assert house.rebuild_differences() == {}


@pytest.mark.parametrize(
    "rests",
    [
        {"action": "accept", "note": "sold by telephone"},
        {"action": "snooze", "until_event": "change"},
    ],
    ids=lambda rests: rests["action"],
)
def test_what_was_accepted_or_put_off_and_changes_is_told_again_once(
    bench: Callable[..., Any], hook: Hook, post: tuple[Letters, str], rests: dict[str, Any]
) -> None:
    letters, address = post
    house, order_id = house_with(bench, route(hook.address), route(address, "mail"))
    house.run("alerts")
    (wrong,) = house.rows("select exception_id, grounds from exception_facts where is_open and cause = 'GHOST'")
    house.advance(1)
    house.house.journal.append(
        [
            ExceptionHandled(
                happened_at=house.house.clock.now(), actor="Ada", exception_id=UUID(str(wrong["exception_id"])),
                order_id=order_id, exception_kind="missing_division", grounds=wrong["grounds"], **rests,
            )
        ]
    )  # fmt: skip
    house.run("alerts")
    at_rest = (len(hook.calls), len(letters.letters))
    house.advance(1)
    held(house, order_id, misfits=(MisfitPart(part="ship_to", field="city", length=40, fits=30),))
    house.run("alerts")
    changed = (len(hook.calls), len(letters.letters))
    house.advance(20)
    house.run("watch")
    house.run("alerts")

    assert (at_rest, changed) == ((1, 1), (2, 2))
    assert (len(hook.calls), len(letters.letters)) == (2, 2)
    assert house.rebuild_differences() == {}


def test_where_nobody_is_to_be_called_a_run_does_nothing(bench: Callable[..., Any]) -> None:
    house = bench(days=0.05, orders_per_day=20, skus=40)
    run = house.run("alerts", Scope())

    assert run.state == "succeeded"
    assert house.value("select count(*) as n from alert_facts") == 0
