"""A website's policies are versions; what it does not say is RULES.md's default."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import ClassVar

import pytest
from django.db import DatabaseError, connection, transaction

from copydesk.tenancy.models import Website
from copydesk.tenancy.policies import PolicyBase, store_policy
from copydesk.tenancy.scope import website_scope
from tests.factories.tenancy import website

pytestmark = pytest.mark.django_db


@dataclass(frozen=True)
class Tea(PolicyBase):
    policy_name: ClassVar[str] = "tea"

    cups: int = 2
    milk: bool = False


@pytest.fixture
def atlas() -> Website:
    return website("atlas")


def test_defaults_are_version_0(atlas: Website) -> None:
    with website_scope(atlas.pk):
        assert Tea.of(atlas) == Tea(version=0, cups=2, milk=False)


def test_the_newest_version_is_in_force_and_old_ones_stay(atlas: Website) -> None:
    with website_scope(atlas.pk):
        store_policy(atlas, "tea", {"cups": 3})
        store_policy(atlas, "tea", {"milk": True, "sugar": 1})
        assert Tea.of(atlas) == Tea(version=2, cups=2, milk=True)
        assert Tea.of(atlas, version=1) == Tea(version=1, cups=3)
        assert Tea.of(atlas, version=0) == Tea()


def test_policies_are_of_one_website_and_one_name(atlas: Website) -> None:
    borealis = website("borealis")
    with website_scope(borealis.pk):
        store_policy(borealis, "tea", {"cups": 9})
    with website_scope(atlas.pk):
        store_policy(atlas, "coffee", {"cups": 7})
        assert Tea.of(atlas).cups == 2


def test_versions_are_never_changed(atlas: Website) -> None:
    with website_scope(atlas.pk):
        row = store_policy(atlas, "tea", {"cups": 3})
        for statement in ("UPDATE tenancy_policy SET version = 9", "DELETE FROM tenancy_policy"):
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"{statement} WHERE id = %s", [row.pk])


def test_a_policy_does_not_change_in_the_hand() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Tea().cups = 5  # type: ignore[misc]
