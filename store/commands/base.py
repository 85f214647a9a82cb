"""What every command is: a frozen model that says who may ask it."""

from typing import Any, ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict

Role = Literal["viewer", "ops", "finance", "admin"]
ROLES: tuple[Role, ...] = ("viewer", "ops", "finance", "admin")
WORKERS: frozenset[Role] = frozenset({"ops", "finance", "admin"})


class Command(BaseModel):
    """Something a person asks for; `roles` may ask it, some only with the right to approve."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: ClassVar[str]
    roles: ClassVar[frozenset[Role]]
    needs_approver: ClassVar[bool] = False

    def rights(self) -> tuple[frozenset[Role], bool]:
        """Who may ask this, and whether only with the right to approve."""
        return self.roles, self.needs_approver

    def discreet(self) -> dict[str, Any]:
        """The arguments as they may be kept: without a customer's text."""
        return self.model_dump(mode="json")


class OfExceptions(Command):
    """About one exception, several, or all of a cause (`exception_kind` and `cause`) that are open."""

    exception_id: UUID | None = None
    exception_ids: tuple[UUID, ...] = ()
    exception_kind: str = ""
    cause: str = ""
