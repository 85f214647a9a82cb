"""What can go wrong with the store, in sentences that say what to do.

StoreError
├── StoreMissing      there is no store at this path yet
├── StoreLocked       another process holds the file
├── StoreNewer        the file was written by a newer version of this program
├── StoreDamaged      a file is not what it claims to be: a backup, a restore, a foreign file
├── StoreUnwritable   the disk does not take what has to be written: it is full, or the folder is closed to us
└── AskError          a question (or a command) was not answered
├── QuestionFailed    the question itself is wrong
├── Refused           the guard does not let this statement in, or the token is wrong
├── TooSlow           the deadline passed
├── WorkerAway        only the worker can do this, and it does not answer
└── Reload            worker and reader are of different versions
"""


class StoreError(Exception):
    """Something is wrong with the store; the message is the sentence to show."""


class StoreMissing(StoreError):
    """There is no store at this path yet."""


class StoreLocked(StoreError):
    """Another process holds the store."""

    def __init__(self, message: str, *, holder: int | None = None) -> None:
        super().__init__(message)
        self.holder = holder


class StoreNewer(StoreError):
    """The store was written by a newer version of this program."""


class StoreDamaged(StoreError):
    """A file is not what it claims to be."""


class StoreUnwritable(StoreError):
    """The disk does not take what has to be written."""


class AskError(StoreError):
    """A question was not answered."""


class QuestionFailed(AskError):
    """The question itself is wrong."""


class Refused(AskError):
    """The store does not allow this statement over the wire."""


class TooSlow(AskError):
    """The answer did not come before its deadline."""


class WorkerAway(AskError):
    """The worker does not answer."""


class Reload(AskError):
    """The worker and this program are of different versions."""
