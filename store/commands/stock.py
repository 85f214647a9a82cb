"""What a person asks about stock: buffer policies, back-tests, batches and files that are held."""

from datetime import date
from decimal import Decimal
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from store.commands.base import WORKERS, Command, Role


class PolicyMembers(BaseModel):
    """What a buffer policy may say; None: left open."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    percent: Decimal | None = None
    units: int | None = None
    combine: str | None = None  # max or sum
    risk: str | None = None  # none, service_level, worst_case or newsvendor
    alpha: Decimal | None = None
    oversell_cost: Decimal | None = None
    minimum: int | None = None
    maximum: int | None = None


class SetBufferPolicy(Command, PolicyMembers):
    """From a day on hold back so much for a level and key; what is left open is as the level above says."""

    name: ClassVar[str] = "set_buffer_policy"
    roles: ClassVar[frozenset[Role]] = frozenset({"ops", "admin"})
    level: str  # global, division, category or sku
    key: str = ""
    from_on: date
    why: str


class RemoveBufferPolicy(Command):
    """From a day on a level says nothing for a key any more: the level above speaks."""

    name: ClassVar[str] = "remove_buffer_policy"
    roles: ClassVar[frozenset[Role]] = frozenset({"ops", "admin"})
    level: str
    key: str = ""
    from_on: date
    why: str


class PreviewPolicy(Command, PolicyMembers):
    """What a buffer policy of these members (or its removal) would change on today's stock and demand."""

    name: ClassVar[str] = "preview_policy"
    roles: ClassVar[frozenset[Role]] = WORKERS
    level: str
    key: str = ""
    from_on: date
    is_removal: bool = False


class TriedPolicy(PolicyMembers):
    """One policy of a back-test: as things stand, or as if this were set today for a level and key.

    As with one that is set, what it leaves open is as the level above says, and more specific policies win.
    """

    as_it_is: bool = False
    level: str = "global"  # or division, category, sku
    key: str = ""


class BackTest(Command):
    """Replay two policies on the weeks of our own history that begin in a half-open span of days."""

    name: ClassVar[str] = "back_test"
    roles: ClassVar[frozenset[Role]] = WORKERS
    from_on: date
    until_on: date
    a: TriedPolicy
    b: TriedPolicy


class AcceptBatch(Command):
    """Use a held stock batch after all."""

    name: ClassVar[str] = "accept_batch"
    roles: ClassVar[frozenset[Role]] = frozenset({"ops", "admin"})
    batch_id: str
    why: str


class RejectBatch(Command):
    """Never use a held stock batch; the one before stands."""

    name: ClassVar[str] = "reject_batch"
    roles: ClassVar[frozenset[Role]] = frozenset({"ops", "admin"})
    batch_id: str
    why: str


class ReleaseOrphans(Command):
    """Let so many offers without a SKU go to zero at once."""

    name: ClassVar[str] = "release_orphans"
    roles: ClassVar[frozenset[Role]] = frozenset({"ops", "admin"})
    offer_count: int
    why: str


class GiveUpImport(Command):
    """No longer wait for a stock file that does not end at John Lewis: the next may go."""

    name: ClassVar[str] = "give_up_import"
    roles: ClassVar[frozenset[Role]] = frozenset({"ops", "admin"})
    import_id: str
    why: str
