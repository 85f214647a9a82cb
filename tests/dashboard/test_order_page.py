"""The Order page of an order whose address does not fit: what would be cut, to those who may see it."""

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.screens import order
from store.events import (
    CancelationAsked,
    CommandFinished,
    CommandTaken,
    CreationMissed,
    DriftAnswered,
    MisfitPart,
    OrderHeld,
    ReturnedLinePart,
    ReturnSeen,
)
from store.evidence import Snapshot, packed
from store.journal import Personal
from sync.ports import Address
from sync.rules.addresses import fitted
from tests.dashboard.asking import press, sent
from tests.dashboard.looking import cells, senders, show, words
from tests.told import HOUR, NOW, SHIRT, Told, key_of, thing

PERSON = (
    '{"ship_to": {"name": "Zoë Kettle", "line_1": "1 Pretend Row", "city": "Llanfairpretendgwyngyllmadeup"},'
    ' "bill_to": null, "email": ""}'
)


def held(told: Told) -> None:
    told.order("JL9-A")
    told.tell(
        OrderHeld(
            happened_at=NOW - HOUR, order_id="JL9-A", reason="address_too_long", cause="delivery town",
            detail="Delivery town: 29 characters, 25 fit. Nothing is cut.",
            misfits=(MisfitPart(part="ship_to", field="city", length=29, fits=25),),
        ),
        personal=[Personal("JL9-A", NOW - HOUR, PERSON)],
    )  # fmt: skip
    told.runs_of_all()
    told.beat()


def test_what_would_be_cut_is_shown_to_ops_and_only_its_length_to_viewers(told: Told) -> None:
    held(told)
    ops = show("order", query={"order_id": "JL9-A"}, person="Ops")
    viewer = show("order", query={"order_id": "JL9-A"}, person="Manager")

    assert "Llanfairpretendgwyngyllma ✂ deup" in cells(ops)
    assert "29" in cells(viewer)
    assert "Llanfair" not in cells(viewer) + words(viewer)


@pytest.mark.parametrize(
    ("line_1", "line_2"),
    [
        ("Flat 12, Pretend Quarter, Marvellousembankments", "Impossiblylengthened Terrace"),
        ("Flat 12b, The Old Pretend Corn Exchange Building, 214 Specimen Road", ""),
        ("1 Pretend Row " + "L" * 41, ""), ("L" * 41, "1 Pretend Row"), ("word " * 20, ""), ("L" * 40, "R" * 41),
    ],
)  # fmt: skip
def test_a_street_is_shown_as_it_breaks_and_marked_only_where_bluecherry_would_cut_it(
    line_1: str, line_2: str
) -> None:
    address = Address("Zoë Kettle", line_1, line_2, "Leeds", "", "LS1 0AA", "GBR")
    shown = order.broken(", ".join(line for line in (line_1, line_2) if line), 40)
    kept, mark, _ = shown.partition("✂")
    made = fitted(address)

    assert shown.replace(" ⏎", "").replace("✂ ", "").split() == ", ".join(filter(None, (line_1, line_2))).split()
    assert all(len(line.strip()) <= 40 for line in kept.split("⏎"))
    assert (mark == "") == (made is not None)
    if made is not None:
        assert shown == f"{made.line_1} ⏎ {made.line_2}"


def test_a_street_too_long_shows_what_would_be_left_over_and_its_fields_by_the_words_of_the_exception(
    told: Told,
) -> None:
    told.order("JL9-A")
    street = MisfitPart(part="ship_to", field="street", length=77, fits=80)
    town = MisfitPart(part="ship_to", field="city", length=29, fits=25)
    told.tell(
        OrderHeld(
            happened_at=NOW - HOUR, order_id="JL9-A", reason="address_too_long", cause="delivery street",
            detail="Nothing is cut.", misfits=(street, town),
        ),
        personal=[
            Personal("JL9-A", NOW - HOUR, PERSON.replace(
                '"1 Pretend Row"',
                '"Flat 12, Pretend Quarter, Marvellousembankments", "line_2": "Impossiblylengthened Terrace"',
            ))
        ],
    )  # fmt: skip
    told.runs_of_all()
    told.beat()
    page = show("order", query={"order_id": "JL9-A"}, person="Ops")

    assert "Flat 12, Pretend Quarter, ⏎ Marvellousembankments, ✂ Impossiblylengthened Terrace" in cells(page)
    assert "2 lines of 40" in cells(page)
    assert ("Town" in cells(page), "City" in cells(page)) == (True, False)
    assert {"Town :red[(29 characters, 25 fit)]", "Street :red[(77 characters, no two lines of 40)]"} <= {
        field.label for field in page.text_input
    }


def test_of_a_long_story_the_page_says_how_much_it_does_not_show(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(order, "MOMENTS", 1)
    held(told)

    assert "The latest 1 of 2 moments" in words(show("order", query={"order_id": "JL9-A"}))


def drifted(told: Told) -> None:
    """BlueCherry's house cancelled one of the two shirts of JL9-A, and nobody has answered yet."""
    told.order("JL9-A", quantity=2)
    told.intent(
        "create_sales_order", "JL9-A/NMK/WH1", "confirmed", order_id="JL9-A", reference="SO-9",
        payload={
            "warehouse": "WH1", "ship_via": "RML", "shipping_amount": "3.50",
            "lines": [
                {"order_line_id": "JL9-A-1", "sku_key": key_of(SHIRT), "quantity": 2, "unit_price": "39.00"}
            ],
        },
    )  # fmt: skip
    told.sales_order("SO-9", "JL9-A", quantity=1)
    told.described(
        "reasons",
        [{"code": "CNL-SHORT-PICK", "label": "Short pick", "detail": {"type": "CANCELATION", "is_ours": True}}],
    )
    told.runs_of_all()
    told.beat()


def test_a_difference_is_shown_side_by_side_with_its_consequence_and_its_answers(told: Told) -> None:
    drifted(told)
    page = show("order", query={"order_id": "JL9-A"}, person="Olu (ops)")
    labels = {label for label, _, _ in senders(page)}

    assert "BlueCherry differs from what we sent:** quantity" in words(page)
    assert "2 units" in cells(page)
    assert "1 unit" in cells(page)
    assert "the missing ones are cancelled at John Lewis" in words(page)
    next(one for one in page.text_input if str(one.key).startswith("why-drift-")).set_value("agreed").run(
        timeout=60
    )
    allowed = {label: not disabled for label, disabled, _ in senders(page)}

    assert labels >= {"Cancel the line there", "Confirm the rest", "Revert in BlueCherry", "Accept"}
    assert (allowed["Revert in BlueCherry"], allowed["Accept"]) == (True, False)


def test_a_difference_stands_as_was_said_last_of_it_though_units_were_to_be_cancelled_before(told: Told) -> None:
    drifted(told)
    about = {"actor": "Olu (ops)", "order_id": "JL9-A"}
    of_line = {"drift_class": "quantity", "drift_subject": "JL9-A-1", "shown": "1 unit"}
    told.tell(
        DriftAnswered(happened_at=NOW - HOUR, answer="confirm_rest", why="it is gone", **about, **of_line),
        CancelationAsked(
            happened_at=NOW - HOUR, ask_id=thing("ask"), order_line_id="JL9-A-1", quantity=1, before_quantity=0,
            reason_code="CNL-SHORT-PICK", why="it is gone", **about,
        ),
        DriftAnswered(happened_at=NOW - HOUR / 2, answer="revert", why="it was found", **about, **of_line),
    )  # fmt: skip
    page = show("order", query={"order_id": "JL9-A"}, person="Olu (ops)")

    assert "to be put back in BlueCherry (Olu (ops): it was found)" in cells(page)
    assert "asked for, not sent yet" not in cells(page)


def test_an_order_that_waits_for_our_word_may_be_accepted_without_some_of_its_lines(told: Told) -> None:
    told.order("JL9-A", state="WAITING_ACCEPTANCE", skus=(SHIRT, "NMC-05220-NVY-A--8"))
    told.runs_of_all()
    told.beat()
    page = show("order", query={"order_id": "JL9-A"}, person="Olu (ops)")
    whole = {label for label, _, _ in senders(page)}
    page.multiselect(key="lines-acceptance-JL9-A").select("JL9-A-2").run()
    page.text_input(key="why-acceptance-JL9-A").set_value("lost in the fire").run()
    buttons = {label: (disabled, help_) for label, disabled, help_ in senders(page)}

    assert whole >= {"Accept it as it is", "Refuse it"}
    assert not buttons["Accept it without 1 line"][0]
    assert buttons["Refuse it"][0]


def test_a_return_that_waits_for_our_word_is_accepted_or_refused_with_one_of_john_lewiss_reasons(
    told: Told,
) -> None:
    told.order("JL9-A", state="RECEIVED")
    told.tell(
        ReturnSeen(
            happened_at=NOW - HOUR, return_id="R1", order_id="JL9-A", state="WAITING_ACCEPTANCE",
            reason_code="SIZE", rma="RMA1", tracking="", opened_at=NOW - HOUR, changed_at=NOW - HOUR,
            is_before_start=False,
            lines=(ReturnedLinePart(order_line_id="JL9-A-1", quantity=1, reason_code="SIZE"),),
        )
    )  # fmt: skip
    told.runs_of_all()
    told.beat()
    page = show("order", query={"order_id": "JL9-A"}, person="Olu (ops)")

    assert {label for label, _, _ in senders(page)} >= {"Accept it", "Refuse it"}
    assert "Not eligible" in page.selectbox(key="reason-return-R1").options
    assert "A person accepts or refuses it" in words(page)


def test_what_is_wrong_with_an_order_stands_on_its_page_with_its_buttons_for_this_order_alone(told: Told) -> None:
    for order_id in ("JL9-A", "JL9-B"):
        told.order(order_id)
        told.wrong("refused_by_erp", order_id, order_id=order_id, cause="CREDIT_HOLD", detail="On hold.")
    ours = told.wrong("dispatch_due", "JL9-A", order_id="JL9-A", deadline=NOW + HOUR)
    told.handle(ours, "note", order_id="JL9-A", exception_kind="dispatch_due", note="asked the warehouse")
    told.runs_of_all()
    told.beat()
    page = show("order", query={"order_id": "JL9-A"}, person="Olu (ops)")
    said = words(page)
    press(page, "Take it")
    (_, body), *_ = sent(told)

    assert "Our house account is on credit hold in BlueCherry" in said
    assert "On hold." in said
    assert "asked the warehouse (Ops)" in said
    assert "Noted: dispatch due. asked the warehouse" in said
    assert [label for label, _, _ in senders(page)].count("Process again") == 2
    assert body["arguments"]["exception_ids"] == [str(ours)]


def test_what_people_asked_for_about_an_order_is_told_with_who_why_and_what_came_of_it(told: Told) -> None:
    told.order("JL9-A")
    command_id = thing("command")
    told.tell(
        CommandTaken(
            happened_at=NOW, actor="Olu", command_id=command_id, command="accept", role="finance",
            role_from="settings", arguments={"reason": "sold by telephone"}, order_ids=("JL8-A", "JL9-A"),
        ),
        CommandFinished(
            happened_at=NOW, command_id=command_id, state="done", message="2 exceptions accepted.", answer={}
        ),
    )  # fmt: skip
    told.runs_of_all()
    told.beat()
    ours = cells(show("order", query={"order_id": "JL9-A"}, person="Manager"))

    assert "Olu (finance)" in ours
    assert "sold by telephone" in ours
    assert "2 exceptions accepted." in ours


def unclear(told: Told) -> None:
    """The answer to JL9-A's sales order never came; BlueCherry was asked for it by its number, once."""
    told.order("JL9-A")
    told.intent(
        "create_sales_order", "JL9-A/NMK/WH1", "unclear", order_id="JL9-A", at=NOW - 2 * HOUR,
        payload={"lines": [{"order_line_id": "JL9-A-1"}]},
    )  # fmt: skip
    path = "/api/salesOrder?%24filter=po_num%20eq%20%27JL9-A%27"
    shot = Snapshot(
        snapshot_id=thing("look"), source="erp", resource="salesOrder", method="GET", path=path, status=200,
        latency_ms=90, seen_at=NOW - HOUR, said=packed(b"[]"),
    )  # fmt: skip
    told.journal.append(snapshots=[shot])
    told.wrong("order_unclear", "create_sales_order/JL9-A/NMK/WH1", cause="create_sales_order", order_id="JL9-A")
    told.runs_of_all()
    told.beat()


def absent(page: AppTest) -> tuple[bool, str]:
    return next((disabled, why) for label, disabled, why in senders(page) if label == "Surely absent: send again")


def test_what_was_looked_up_for_a_lost_answer_is_shown_and_who_may_approve_says_it_is_absent(told: Told) -> None:
    unclear(told)
    pages = [
        ("order", {"order_id": "JL9-A"}, "JL9-A-order_unclear-create_sales_order"),
        (
            "exceptions",
            {"kind": "order_unclear", "cause": "create_sales_order"},
            "order_unclear-create_sales_order",
        ),
    ]
    for screen, query, slot in pages:
        plain = absent(show(screen, query=query, person="Ops"))
        page = show(screen, query=query, person="Admin")
        mute = absent(page)
        page.text_input(key=f"why-{slot}").set_value("searched, twice").run(timeout=60)
        press(page, "Surely absent: send again")
        body = sent(told)[-1][1]

        assert "po_num JL9-A" in cells(page)
        assert "24 Nov 08:00" in cells(page)
        assert plain[0]
        assert mute == (True, "Write first how you know it.")
        assert (body["command"], body["arguments"]["why"]) == ("say_absent", "searched, twice")


def test_what_bluecherry_took_and_never_showed_can_be_said_absent_once_it_was_missed_twice(told: Told) -> None:
    told.order("JL9-A")
    told.intent(
        "create_sales_order", "JL9-A/NMK/WH1", "confirmed", order_id="JL9-A", reference="400001",
        intent_id=thing("lost"), at=NOW - 2 * HOUR, payload={"lines": [{"order_line_id": "JL9-A-1"}]},
    )  # fmt: skip
    told.wrong("sent_not_visible", "JL9-A/NMK/WH1", order_id="JL9-A")
    told.runs_of_all()
    told.beat()
    soon = absent(show("order", query={"order_id": "JL9-A"}, person="Admin"))
    for at in (NOW - HOUR, NOW - 0.5 * HOUR):
        told.tell(
            CreationMissed(
                happened_at=at, intent_id=thing("lost"), intent_kind="create_sales_order",
                intent_subject="JL9-A/NMK/WH1", order_id="JL9-A", reference="400001",
            )
        )  # fmt: skip
    page = show("order", query={"order_id": "JL9-A"}, person="Admin")
    press(page, "Show what would be sent")
    looks = sent(told)[-1][1]
    page.text_input(key="why-JL9-A-sent_not_visible-").set_value("not in its error queue").run(timeout=60)
    press(page, "Surely absent: send again")
    body = sent(told)[-1][1]

    assert soon[0]
    assert soon[1].startswith("BlueCherry was not asked twice for 400001")
    assert "ord_num 400001 and po_num JL9-A" in cells(page)
    assert (looks["command"], looks["arguments"]["dry_run"]) == ("say_absent", True)
    assert body["arguments"]["intent_id"] == str(thing("lost"))
    assert (body["arguments"]["why"], body["arguments"]["dry_run"]) == ("not in its error queue", False)


def test_what_bluecherry_shows_cannot_be_said_to_be_absent(told: Told) -> None:
    unclear(told)
    told.sales_order("SO-1", "JL9-A")

    assert absent(show("order", query={"order_id": "JL9-A"}, person="Admin")) == (
        True, "BlueCherry shows it: SO-1.",
    )  # fmt: skip
