"""How a command ends when it is not done: refused, with what would help, or failed, with how."""


class Refusal(Exception):
    """We will not do it; the message says why and what would help."""


class Failure(Exception):
    """It was tried and did not succeed; the message says how."""
