"""Which orders a command is given for, so that each order can show what people asked for about it."""

from store import commands as ask
from sync.desk_exceptions import found
from sync.runs import House


def orders_of(house: House, command: ask.Command) -> tuple[str, ...]:
    """The ids of the orders a command names or is about, as things stand; none: it is about no order."""
    match command:
        case ask.EditOrder() | ask.AnswerDrift() | ask.DecideAcceptance():
            return (command.order_id,)
        case ask.DecideReturn():
            sql = "select order_id from market_return_facts where return_id = $id"
            return tuple(house.ask(sql, {"id": command.return_id})["order_id"])
        case ask.SayAbsent():
            sql = "select order_id from intent_facts where intent_id = $id"
            return tuple(house.ask(sql, {"id": str(command.intent_id)})["order_id"])
        case ask.Resync():
            what, _, key = command.scope.partition(":")
            return (key,) if what == "order" and key else ()
        case ask.OfExceptions():
            return tuple(sorted({row["order_id"] for row in found(house, command)} - {""}))
    return ()
