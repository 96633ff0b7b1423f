"""People: an account (one e-mail), its memberships in websites, its tokens."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower

from copydesk.core import clock
from copydesk.tenancy.models import TenantModel, TenantQuerySet

from .permissions import MEMBER_ROLES, STAFF, Role


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **values: object) -> User:
        user = self.model(email=email.strip().lower(), **values)
        user.set_password(password)
        user.save()
        return user


class User(AbstractBaseUser):
    """One account for all websites. Knows no role but superadmin, which stands above websites."""

    email = models.EmailField(max_length=254, unique=True)
    full_name = models.CharField(max_length=150, blank=True)
    is_active = models.BooleanField(default=True)
    is_superadmin = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(email=Lower("email")), name="user_email_lowercase")]

    def __str__(self) -> str:
        return f"user {self.pk}"


class MembershipStatus(models.TextChoices):
    ACTIVE = "active"
    SUSPENDED = "suspended"


class MembershipQuerySet(TenantQuerySet["Membership"]):
    def clients(self) -> MembershipQuerySet:
        return self.filter(role=Role.CLIENT)

    def writers(self) -> MembershipQuerySet:
        return self.filter(role=Role.WRITER)


class Membership(TenantModel):
    """A person inside a website, with one role there. Every tenant foreign key to a person is one of these.

    `number` counts the members of a website: "client 1042" is how others know a client. Until it is `admitted`, a
    membership (a writer's, who has applied) gives the own account and profile only.
    """

    user = models.ForeignKey(User, models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=10, choices=[(role.value, role.value) for role in MEMBER_ROLES])
    status = models.CharField(max_length=10, choices=MembershipStatus.choices, default=MembershipStatus.ACTIVE)
    admitted = models.BooleanField(default=True)
    number = models.PositiveIntegerField()
    created_at = models.DateTimeField(default=clock.now)

    objects: ClassVar[MembershipQuerySet] = MembershipQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["website", "user"], name="membership_user_unique"),
            models.UniqueConstraint(fields=["website", "number"], name="membership_number_unique"),
        ]
        indexes = [models.Index(fields=["website", "role", "status"], name="membership_by_role")]

    noun: ClassVar[str] = "member"
    """What its events are called; it is no Journaled row, for the journal stands above."""

    @property
    def root(self) -> tuple[str, int]:
        return self.noun, self.pk

    @property
    def parties(self) -> tuple[int | None, int | None]:
        """(client, writer): whom an event about this member concerns."""
        return self.pk if self.role == Role.CLIENT else None, self.pk if self.role == Role.WRITER else None

    @property
    def is_staff(self) -> bool:
        return self.role in STAFF


class TokenKind(models.TextChoices):
    ACCESS = "access"
    REFRESH = "refresh"
    STREAM = "stream"


class Token(models.Model):
    """An opaque secret, kept as its SHA-256. `family` joins what one login gave: logout ends the family."""

    user = models.ForeignKey(User, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=8, choices=TokenKind.choices)
    digest = models.BinaryField(max_length=32)
    family = models.UUIDField()
    website_id = models.BigIntegerField(null=True, db_column="for_website_id")
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["digest"], name="token_digest_unique")]
        indexes = [
            models.Index(fields=["family"], name="token_family"),
            models.Index(fields=["expires_at"], name="token_expiry"),
        ]


class Attempts(models.Model):
    """How often something was tried until `until`; the key is a hash, so that no address is kept."""

    key = models.CharField(max_length=64, primary_key=True)
    count = models.PositiveIntegerField()
    until = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["until"], name="attempts_until")]
