"""What a person asks of the worker itself: look again, run, and take care of the store."""

from datetime import datetime
from typing import ClassVar

from store.commands.base import WORKERS, Command, Role


class Resync(Command):
    """Look again: `stock`, `stock:SKU`, `order:ID`, `orders`, `shipments`, `settlement` or `catalogue`."""

    name: ClassVar[str] = "resync"
    roles: ClassVar[frozenset[Role]] = WORKERS
    scope: str
    since: datetime | None = None
    dry_run: bool = False


class RunOnce(Command):
    """Run each named flow (all, when none is named) once, now."""

    name: ClassVar[str] = "once"
    roles: ClassVar[frozenset[Role]] = frozenset({"ops", "admin"})
    flows: tuple[str, ...] = ()


class PurgePersonal(Command):
    """Delete personal data of orders placed before a moment."""

    name: ClassVar[str] = "purge_personal"
    roles: ClassVar[frozenset[Role]] = frozenset({"admin"})
    before_at: datetime


class Rebuild(Command):
    """Fold the journal again; `check` compares only and touches nothing."""

    name: ClassVar[str] = "rebuild"
    roles: ClassVar[frozenset[Role]] = frozenset({"admin"})
    check: bool = True


class Backup(Command):
    """Make a consistent copy in `folder` while the worker runs."""

    name: ClassVar[str] = "backup"
    roles: ClassVar[frozenset[Role]] = frozenset({"admin"})
    folder: str
