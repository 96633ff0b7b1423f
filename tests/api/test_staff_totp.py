"""A website may ask its staff for a second factor."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator

from copydesk.accounts.permissions import Role
from tests.api.client import as_, as_user
from tests.factories import accounts, tenancy

ORDERS = "/api/v1/orders/"


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.ADMIN])
def test_staff_without_a_second_factor_are_kept_out_until_they_have_one(db: None, role: Role) -> None:
    member = accounts.membership(tenancy.website(requires_staff_totp=True), role)
    assert as_(member).get(ORDERS, 403)["code"] == "mfa_enrolment_required"
    assert as_(member).get("/api/v1/auth/me/", 200)["user"]["id"] == member.user_id
    Authenticator.objects.create(user=member.user, type=Authenticator.Type.TOTP, data={})
    assert as_(member).get(ORDERS, 200)["count"] == 0


def test_a_superadmin_is_asked_too(db: None) -> None:
    website = tenancy.website(requires_staff_totp=True)
    assert as_user(accounts.superadmin(), website).get(ORDERS, 403)["code"] == "mfa_enrolment_required"


def test_a_recovery_code_alone_is_no_second_factor(db: None) -> None:
    member = accounts.membership(tenancy.website(requires_staff_totp=True), Role.ADMIN)
    Authenticator.objects.create(user=member.user, type=Authenticator.Type.RECOVERY_CODES, data={})
    as_(member).get(ORDERS, 403)


@pytest.mark.parametrize("role", [Role.CLIENT, Role.EDITOR])
def test_others_are_not_asked_and_another_website_asks_nobody(db: None, role: Role) -> None:
    as_(accounts.membership(tenancy.website(requires_staff_totp=True), role)).get(ORDERS, 200)
    as_(accounts.membership(tenancy.website("borealis"), Role.ADMIN)).get(ORDERS, 200)
