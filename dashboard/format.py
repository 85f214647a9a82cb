"""How things are written: money, moments in London time, spans, and one word with one colour per state.

Law: this is the only module that knows London, and the only one that turns values into text for people.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
SIGNS = {"GBP": "£", "EUR": "€", "USD": "$"}
NOTHING = "–"
Colour = Literal["red", "orange", "blue", "green", "violet", "gray"]


@dataclass(frozen=True, slots=True)
class State:
    """How a state is shown: words, a sign that is read without colour, and a colour."""

    words: str
    sign: str
    icon: str
    colour: Colour

    @property
    def text(self) -> str:
        """For tables: the sign and the words."""
        return f"{self.sign} {self.words}"


def _good(words: str) -> State:
    return State(words, "✓", ":material/check_circle:", "green")


def _waits(words: str) -> State:
    return State(words, "◷", ":material/schedule:", "blue")


def _quiet(words: str) -> State:
    return State(words, "·", ":material/remove:", "gray")


def _warns(words: str) -> State:
    return State(words, "▲", ":material/warning:", "orange")


def _bad(words: str) -> State:
    return State(words, "✕", ":material/error:", "red")


# The one status map. A word means the same wherever it is shown.
STATES: dict[str, State] = {
    # orders, on the way into BlueCherry
    "waiting": _waits("Waiting"), "sent": _waits("Sent, not yet seen"),
    "accepted": _waits("Accepted, not yet shown"), "unclear": _warns("Unclear"),
    "held": _bad("Held"), "in_erp": _good("In BlueCherry"), "adopted": _quiet("From before"),
    "not_needed": _quiet("Not needed"), "missing": _bad("Not in BlueCherry"),
    # orders, at the marketplace
    "STAGING": _waits("Being checked by John Lewis"), "WAITING_ACCEPTANCE": _waits("Waiting for acceptance"),
    "WAITING_DEBIT": _waits("Waiting for payment"), "WAITING_DEBIT_PAYMENT": _waits("Waiting for payment"),
    "SHIPPING": _waits("To be shipped"), "SHIPPED": _good("Shipped"), "TO_COLLECT": _good("To be collected"),
    "RECEIVED": _good("Received"), "CLOSED": _quiet("Closed"), "REFUSED": _quiet("Refused"),
    "CANCELED": _quiet("Cancelled"), "REFUNDED": _quiet("Refunded"), "INCIDENT_OPEN": _warns("In dispute"),
    # dispatch
    "order_held": _bad("Order held"), "not_in_erp": _waits("Not in BlueCherry yet"),
    "to_pick": _waits("To be picked"), "picked": _waits("Picked"), "part_shipped": _waits("Part shipped"),
    "shipped_not_confirmed": _warns("Shipped, John Lewis not told"), "confirmed": _good("Confirmed"),
    "refused": _bad("Refused"), "cancelled": _quiet("Cancelled"),
    # stock
    "fine": _good("Fine"), "at_risk": _bad("Shows more than there is"), "mismatch": _warns("Not as published"),
    "problem": _warns("Unfit to sell"), "never_published": _waits("Never published"),
    "sold_out": _quiet("Sold out"),
    "not_offered": _quiet("Not offered"),
    # stock, audited
    "same": _good("As it should be"), "shows_too_much": _bad("Shows more than there is"),
    "differs_once": _warns("Differs, seen once"), "on_its_way": _waits("On its way"),
    "may_be_sold": _waits("Perhaps sold in an order nobody can read"), "waits_to_rise": _waits("Waits to rise"),
    # stock batches
    "in_use": _good("In use"), "was_used": _quiet("Used"), "accepted_by_person": _waits("Accepted, being read"),
    "waits_for_person": _bad("Held, waits for a person"), "refused_by_person": _quiet("Rejected by a person"),
    "failed_checks": _bad("Failed its checks"), "overtaken": _quiet("Held, then overtaken"),
    "not_read": _quiet("Not read"),
    # sales that are held back
    "entered_twice": _warns("In BlueCherry twice"), "inside": _quiet("Inside the batch"),
    "entered_after": _waits("In BlueCherry, after the batch"), "released": _quiet("Cancelled"),
    "shipped_by_hand": _warns("Shipped without a sales order"),
    # flows, runs and commands
    "succeeded": _good("Succeeded"), "failed": _bad("Failed"), "late": _warns("Late"),
    "never": _waits("Not run yet"),
    "deferred": _waits("Later"), "stopped": _quiet("Stopped"), "running": _waits("Running"), "done": _good("Done"),
    # money
    "PENDING": _waits("Pending"), "PAYABLE": _waits("Payable"), "PAID": _good("Paid"),
    "TO_PAY": _waits("To be paid"),
    "NOT_APPLICABLE": _quiet("Not applicable"), "RESERVE": _waits("Held in reserve"),
    "explained": _good("Explained"), "unexplained": _bad("Not explained"),
    "order_line": _good("Order line"), "order": _good("Order"), "account": _good("Account"),
    "payout": _good("Payout"), "unmatched": _bad("Unmatched"),
    # severity
    "urgent": _bad("Urgent"), "high": _warns("High"), "normal": _waits("Normal"), "low": _quiet("Low"),
}  # fmt: skip


# A flow's name in code, and the word the people who work with it use.
FLOWS = {"inventory": "Stock", "settlement": "Money"}
# Where a cause is mended, as the table of kinds names it.
PLACES = {"mapping": "Mappings", "network": "the network"}


def flow(name: str) -> str:
    """A flow, by the name of the screen that shows it."""
    return FLOWS.get(name, humanised(name))


def place(fix_where: str) -> str:
    """Where something is mended."""
    return PLACES.get(fix_where, fix_where)


def listed(words: Sequence[str]) -> str:
    """Words as one would say them: `orders, dispatch and money`."""
    return " and ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)


def state(code: str | None) -> State:
    """How a state is shown; one we do not know is shown as it came."""
    return STATES.get(code or "", _quiet(humanised(code or NOTHING)))


def humanised(code: str) -> str:
    """A code as words: `missing_warehouse` → `Missing warehouse`."""
    words = code.replace("_", " ").replace(".", " ").strip()
    return words[:1].upper() + words[1:]


def money(amount: Decimal | None, currency: str | None = "GBP") -> str:
    """An amount with its currency and two places: £1,234.50."""
    if amount is None:
        return NOTHING
    shown = amount.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)
    sign = SIGNS.get(currency or "", f"{currency or ''} ")
    return f"{'−' if shown < 0 else ''}{sign}{abs(shown):,.2f}"


def money_whole(amount: Decimal | None, currency: str | None = "GBP") -> str:
    """An amount for a tile, without the pence: £15,525. Only where the exact one stands beside it."""
    if amount is None:
        return NOTHING
    return money(amount.quantize(Decimal(1), rounding=ROUND_HALF_UP), currency).removesuffix(".00")


def count(number: int | Decimal | None, one: str = "", many: str = "") -> str:
    """A number with thousands apart, and its noun if given: `1 order`, `2,300 orders`."""
    if number is None:
        return NOTHING
    noun = one if int(number) == 1 else (many or f"{one}s")
    return f"{int(number):,} {noun}" if one else f"{int(number):,}"


def chance(share: float | None) -> str:
    """A probability: 12 %, 0.4 %; what is smaller than a tenth of a percent is said to be."""
    if share is None:
        return NOTHING
    if share < 0.001:
        return "under 0.1 %" if share > 0 else "0 %"
    if share > 0.999:
        return "over 99.9 %"
    return f"{share:.0%}".replace("%", " %") if share >= 0.1 else f"{share:.1%}".replace("%", " %")


def expected(units: float | None) -> str:
    """An expected number of units, which need not be whole: 2.1; what is hardly any is said to be."""
    if units is None:
        return NOTHING
    return "under 0.01" if 0 < units < 0.01 else f"{units:,.2f}" if units < 1 else f"{units:,.1f}"


def times(factor: float | None) -> str:
    """How many times something goes into something: 1.4 ×."""
    return NOTHING if factor is None else f"{factor:,.1f} ×" if factor < 100 else f"{factor:,.0f} ×"


# What a buffer comes from, as a person would say it.
RULES = {
    "absolute": "units", "percent": "percent", "risk": "risk", "none": "no buffer", "service_level": "chance",
    "worst_case": "worst case", "newsvendor": "margin",
}  # fmt: skip


def rule(code: str) -> str:
    """What set a buffer; several that were added up stay side by side."""
    return " and ".join(RULES.get(part, part) for part in code.split(" and "))


def sku_words(row: Mapping[str, Any]) -> str:
    """What a SKU is: its style, colour and size."""
    return " ".join(part for part in (row["style_name"], row["color_name"], row["size"]) if part)


def london(moment: datetime | None) -> str:
    """A moment on a London clock: 24 Nov 09:12."""
    return f"{moment.astimezone(LONDON):%-d %b %H:%M}" if moment else NOTHING


def london_short(moment: datetime | None) -> str:
    """A near moment on a London clock: Tue 23:59."""
    return f"{moment.astimezone(LONDON):%a %H:%M}" if moment else NOTHING


def london_exact(moment: datetime | None) -> str:
    """A moment on a London clock, to the second."""
    return f"{moment.astimezone(LONDON):%-d %b %Y %H:%M:%S}" if moment else NOTHING


def london_clock(moment: datetime | None) -> str:
    """The time of a London day, to the second: 09:12:44."""
    return f"{moment.astimezone(LONDON):%H:%M:%S}" if moment else NOTHING


def london_day(moment: datetime | None) -> str:
    """A London day: Tuesday 24 November."""
    return f"{moment.astimezone(LONDON):%A %-d %B}" if moment else NOTHING


def london_midnight(day: date) -> datetime:
    """The moment a London day begins."""
    return datetime(day.year, day.month, day.day, tzinfo=LONDON)


def on_london_clock(moment: datetime) -> datetime:
    """The same moment, for an axis that shows London time."""
    return moment.astimezone(LONDON)


def from_london(face: datetime) -> datetime | None:
    """The moment a London clock shows this (the first where it shows it twice); None: it is put forward over it."""
    moment = face.replace(tzinfo=LONDON).astimezone(UTC)
    return moment if moment.astimezone(LONDON).replace(tzinfo=None) == face else None


def span(seconds: float | None) -> str:
    """A length of time in its two largest units: 2 h 10 min."""
    if seconds is None:
        return NOTHING
    left = int(abs(seconds))
    if left < 60:
        return f"{left} s"
    days, hours, minutes = left // 86400, left % 86400 // 3600, left % 3600 // 60
    if days:
        return f"{days} d {hours} h" if hours else f"{days} d"
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min"


def countdown(seconds: float | None) -> str:
    """A length of time that ticks: 1 d 04:12:09; what is past its end: ✕ late 00:03:10."""
    if seconds is None:
        return NOTHING
    whole = int(abs(seconds))
    days, hours, minutes, rest = whole // 86400, whole % 86400 // 3600, whole % 3600 // 60, whole % 60
    clock = f"{f'{days} d ' if days else ''}{hours:02}:{minutes:02}:{rest:02}"
    return f"✕ late {clock}" if seconds < 0 else clock


def span_exact(seconds: float | None) -> str:
    """A length of time with a tenth of a second where it is short: 0.4 s."""
    return f"{seconds:.1f} s" if seconds is not None and 0 <= seconds < 10 else span(seconds)


def ago(seconds: float | None) -> str:
    """How long ago."""
    return NOTHING if seconds is None else f"{span(seconds)} ago"


def left(seconds: float | None) -> str:
    """How long there is to a deadline, or by how much it is missed."""
    if seconds is None:
        return NOTHING
    return f"✕ late by {span(seconds)}" if seconds < 0 else f"{'▲ ' if seconds < 14400 else ''}{span(seconds)}"


def parsed(body: str | None) -> Any:
    """JSON from the store; what is not JSON stays text."""
    try:
        return json.loads(body or "{}")
    except ValueError:
        return body


def counts(body: str | None) -> str:
    """A JSON object of counts as words: `created 12, held 1`."""
    told = parsed(body)
    if not isinstance(told, Mapping):
        return str(told)
    return ", ".join(f"{humanised(str(name)).lower()} {number}" for name, number in told.items() if number)
