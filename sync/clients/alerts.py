"""Messages to people: mail, Slack, Teams, a webhook, by the apprise library's addresses.

Laws: an address is a secret (it may hold a password): it never leaves this module, not in an error, not in a log; a
message that was not taken is Retriable, whatever the reason.
"""

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from sync.errors import Retriable

if TYPE_CHECKING:
    import apprise

# What these log may name the address, or what the other side said to it. Nobody else here speaks through them.
for _name in ("apprise", "urllib3", "requests", "requests_oauthlib", "oauthlib"):
    logging.getLogger(_name).setLevel(logging.CRITICAL + 1)


class AppriseMessenger:
    """Sends along named routes. `addresses`: by route, an apprise address (`mailto://…`, `slack://…`, `json://…`)."""

    def __init__(self, addresses: Mapping[str, str]) -> None:
        self._addresses = dict(addresses)

    def send(self, route: str, title: str, body: str) -> None:
        """Send a message.

        Raises:
            Retriable: the route does not take it, or its address cannot be read.

        """
        channel = _channel(self._addresses.get(route, ""))
        if channel is None:
            raise Retriable(
                f"the address of the route {route!r} is none that apprise knows; `cherrylane doctor` helps"
            )
        try:
            is_taken = bool(channel.notify(title=title, body=body, body_format="text"))
        except (OSError, RuntimeError, TypeError, ValueError) as trouble:  # most it swallows, not all
            raise Retriable(
                f"{scheme_of(self._addresses[route])} did not take it: {type(trouble).__name__}"
            ) from None
        if not is_taken:
            raise Retriable(f"{scheme_of(self._addresses[route])} did not take it")


def is_known(address: str) -> bool:
    """Whether an address is one that messages can be sent to; nothing is sent."""
    return _channel(address) is not None


def scheme_of(address: str) -> str:
    """What kind of address it is: `mailto`; all of it that may be said aloud."""
    scheme, separator, _ = address.partition("://")
    return scheme if separator and scheme.isalnum() else "the address"


def _channel(address: str) -> "apprise.Apprise | None":
    import apprise  # half a second and many modules: for those alone who send

    channel = apprise.Apprise()
    return channel if channel.add(address) else None
