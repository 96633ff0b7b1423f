"""Who asks, for which website, in which role: settled before the transaction, passed to every write as `by=`."""

from __future__ import annotations

from dataclasses import dataclass

from copydesk.tenancy.models import Website

from .permissions import APPLICANT, GRANTS, STAFF, Can, Role


@dataclass(frozen=True, slots=True)
class Actor:
    """`membership_id` is null for a superadmin (who is no member) and for the system."""

    website: Website
    role: Role
    user_id: int | None = None
    membership_id: int | None = None
    token_id: int | None = None
    request_id: str = ""
    address: str | None = None
    impersonator_id: int | None = None
    admitted: bool = True

    @classmethod
    def system(cls, website: Website) -> Actor:
        return cls(website, Role.SYSTEM)

    def as_system(self) -> Actor:
        """For what follows from a person's act without being it: same request, nobody's permission."""
        return Actor(self.website, Role.SYSTEM, request_id=self.request_id)

    def can(self, permission: Can | str) -> bool:
        return permission in GRANTS[self.role] and (self.admitted or permission in APPLICANT)

    @property
    def is_staff(self) -> bool:
        return self.role in STAFF

    @property
    def is_system(self) -> bool:
        return self.role is Role.SYSTEM
