"""What of a return a person means who tries an exception of it again: that step, and nothing else of its order.

Pure. Each is named by its kind and what it is about: a refund by the order line, shipping alone by the order,
everything else by the return. A refund that was refused or is in doubt goes again for its own exception only: the
customer may have the money.
"""

from collections.abc import Collection

_TRIED = {
    "return_not_authorised": ("create_return",),
    "cancelled_return": ("cancel_return",),
    "return_undecided": ("answer_return",),
    "return_answer_refused": ("answer_return", "report_return"),
    "receipt_refused": ("receive_return",),
}


def freed_by(exception_kind: str, cause: str, subject: str) -> tuple[str, ...]:
    """The names of what is tried again with an exception, as `Scope.frees`."""
    return_id, _, line_id = subject.partition("/")
    if exception_kind == "refund_refused":
        return (f"refund_line/{line_id}",)
    if exception_kind == "received_not_refunded" and cause == "shipping":
        return (shipping_of(return_id),)  # it is about the order
    return tuple(f"{kind}/{return_id}" for kind in _TRIED.get(exception_kind, ()))


def shipping_of(order_id: str) -> str:
    """The name of an order's shipping, refunded alone."""
    return f"refund_line/{order_id}/shipping"


def is_freed(frees: Collection[str], kind: str, subject: str, order_id: str) -> bool:
    """Whether a step of this kind and subject is among those named."""
    about, *rest = subject.split("/")
    if kind != "refund_line":
        return f"{kind}/{about}" in frees
    return (shipping_of(order_id) if rest[-1] == "shipping" else f"refund_line/{rest[0]}") in frees
