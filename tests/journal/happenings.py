"""Events without a domain: a subject that is only what record() asks of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import pytest

from copydesk.accounts.actor import Actor
from copydesk.accounts.permissions import Role
from copydesk.journal import verbs
from copydesk.journal.actions import record
from copydesk.journal.models import Event, Journaled
from copydesk.journal.verbs import ALL, CLIENT, INSIDE, Verb

VERBS = {
    "thing.happen": Verb("Something happened", ALL, {Role.WRITER: frozenset({"price_minor"})}),
    "thing.pay": Verb("The client paid", CLIENT, reason_shown=True),
    "thing.note": Verb("Staff noted", INSIDE),
}


@dataclass
class Thing:
    website_id: int
    pk: int = 1
    parties: tuple[int | None, int | None] = (None, None)
    noun: str = "thing"

    @property
    def root(self) -> tuple[str, int]:
        return self.noun, self.pk


@pytest.fixture
def known_verbs(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, verb in VERBS.items():
        monkeypatch.setitem(verbs.VERBS, name, verb)


def happen(
    by: Actor,
    verb: str = "thing.happen",
    *,
    parties: tuple[int | None, int | None] = (None, None),
    number: int = 1,
    **values: Any,
) -> Event:
    """Inside the scope of the actor's website."""
    return record(verb, cast(Journaled, Thing(by.website.pk, number, parties)), by=by, **values)
