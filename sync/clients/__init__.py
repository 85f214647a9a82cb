"""The door: the only room that speaks to the outside systems; vendor words stop here."""

from sync.clients.clock import SandboxClock, make_clock
from sync.clients.connect import open_erp, open_marketplace

__all__ = ["SandboxClock", "make_clock", "open_erp", "open_marketplace"]
