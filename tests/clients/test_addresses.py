"""Our key travels over TLS, or on this machine."""

import pytest

from sync.clients.addresses import checked_host, is_loopback
from sync.errors import Fatal


@pytest.mark.parametrize(
    "address",
    ["http://market.example", "ftp://market.example", "market.example", "", "https://", "http://10.0.0.7:8701"],
)
def test_an_address_that_would_carry_our_key_in_the_clear_is_refused(address: str) -> None:
    with pytest.raises(Fatal, match="https://"):
        checked_host(address, "marketplace")


def test_an_address_that_is_none_is_refused() -> None:
    with pytest.raises(Fatal, match="cannot be read"):
        checked_host("https://market.example:port", "marketplace")


@pytest.mark.parametrize("address", ["https://market.example", "http://127.0.0.1:8701", "http://localhost:1"])
def test_tls_and_this_machine_are_fine(address: str) -> None:
    assert checked_host(address, "marketplace") in address


@pytest.mark.parametrize(("host", "ours"), [("::1", True), ("127.8.8.8", True), ("127.0.0.1.example", False)])
def test_only_this_machine_is_loopback(host: str, *, ours: bool) -> None:
    assert is_loopback(host) is ours
