"""How a command ends when it is not done: refused, with what would help, or failed, with how."""

CHANGED = "It changed since; look again."  # what was shown is not what is there by now


class Refusal(Exception):
    """We will not do it; the message says why and what would help."""


class Failure(Exception):
    """It was tried and did not succeed; the message says how."""
