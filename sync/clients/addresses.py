"""Where calls may go: the outside systems over TLS, and this machine.

The law: our key is in every call, so it never travels in the clear to another machine.
"""

from ipaddress import ip_address

import httpx

from sync.errors import Fatal


def checked_host(base_url: str, what: str) -> str:
    """The host of an address we may call.

    Raises:
        Fatal: the address cannot be read, or would carry our key in the clear.

    """
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL as error:
        raise Fatal(f"the address of the {what} cannot be read: {error}") from error
    if url.scheme not in {"http", "https"} or not url.host:
        raise Fatal(f"the address of the {what} must begin with https://")
    if url.scheme == "http" and not is_loopback(url.host):
        raise Fatal(f"the address of the {what} must begin with https://: our key is in every call")
    return url.host


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
