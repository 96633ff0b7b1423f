"""Editors: what they know, how much they have, and which of them is to have a task."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import IntegerField, QuerySet
from django.db.models.expressions import RawSQL

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Role
from copydesk.core import clock
from copydesk.core.errors import Refusal
from copydesk.core.numbers import Rate, rate
from copydesk.orders.models import Order
from copydesk.tenancy.models import Website
from copydesk.tenancy.sql import select

from .. import errors
from ..conditions import HELD_AT, PAPER_TYPES, SUBJECTS, TASK, WRITERS
from ..policies import EditingPolicy

EDITORS = f"""
FROM accounts_membership m
LEFT JOIN editing_editorprofile p ON p.website_id = m.website_id AND p.id = m.id
CROSS JOIN LATERAL (
    SELECT count(*) AS tasks FROM {TASK}
    WHERE {TASK}.website_id = m.website_id AND {TASK}.editor_id = m.id AND {HELD_AT}
) held
WHERE m.website_id = %(website)s AND m.role = 'editor'
"""  # noqa: S608 — put together from constants
VERSION = """coalesce((
    SELECT p.version FROM editing_editorprofile p
    WHERE p.website_id = accounts_membership.website_id AND p.id = accounts_membership.id
), 1)"""
KNOWS = "FROM editing_expertise e WHERE e.website_id = m.website_id AND e.editor_id = m.id AND e.kind"
SHOWN = f"""
SELECT m.id, (SELECT u.full_name FROM accounts_user u WHERE u.id = m.user_id),
       ARRAY(SELECT e.code {KNOWS} = 'subject' ORDER BY 1), ARRAY(SELECT e.code {KNOWS} = 'paper_type' ORDER BY 1),
       coalesce(p.available, true), coalesce(p.task_limit, %(limit)s), held.tasks
{EDITORS} AND m.id = ANY(%(ids)s)
"""  # noqa: S608 — put together from constants
STANDING = f"""
SELECT m.status = 'active' AND coalesce(p.available, true), held.tasks, coalesce(p.task_limit, %(limit)s), ARRAY(
    SELECT a.order_id FROM orders_assignment a
    JOIN accounts_membership w ON w.website_id = a.website_id AND w.id = a.writer_id
    WHERE a.website_id = m.website_id AND a.order_id = ANY(%(orders)s) AND w.user_id = m.user_id
)
{EDITORS} AND m.id = %(editor)s
"""  # noqa: S608 — put together from constants
CLAIMANT = f"""
SELECT ARRAY({WRITERS}), {SUBJECTS}, {PAPER_TYPES}, (
    SELECT json_build_array(m.status = 'active' AND coalesce(p.available, true), held.tasks,
                            coalesce(p.task_limit, %(limit)s))
    {EDITORS} AND m.id = %(member)s
)
"""
LEAST_LOADED = f"""
SELECT m.id
{EDITORS} AND m.status = 'active' AND coalesce(p.available, true)
  AND held.tasks < coalesce(p.task_limit, %(limit)s) AND m.id <> ALL(%(given_back_by)s)
  AND NOT EXISTS (
      SELECT 1 FROM orders_assignment a JOIN accounts_membership w ON w.website_id = a.website_id AND w.id = a.writer_id
      WHERE a.website_id = m.website_id AND a.order_id = %(order)s AND w.user_id = m.user_id
  )
  AND NOT EXISTS (
      SELECT 1 FROM (VALUES ('subject', %(subject)s), ('paper_type', %(paper_type)s)) asked (kind, code)
      WHERE EXISTS (
          SELECT 1 FROM editing_expertise e
          WHERE e.website_id = m.website_id AND e.editor_id = m.id AND e.kind = asked.kind
      ) AND NOT EXISTS (
          SELECT 1 FROM editing_expertise e
          WHERE e.website_id = m.website_id AND e.editor_id = m.id AND e.kind = asked.kind AND e.code = asked.code
      )
  )
ORDER BY held.tasks::float8 / coalesce(p.task_limit, %(limit)s), held.tasks, m.id
LIMIT 1
"""  # noqa: S608 — put together from constants


@dataclass(frozen=True, slots=True)
class Standing:
    """What decides whether an editor may have one task more. `written`: orders that the same account has written."""

    takes_tasks: bool
    held: int
    limit: int
    written: frozenset[int]

    def refusal(self, order_id: int) -> Refusal | None:
        """Why it may not have this order's task. The limit is asked last, because staff may exceed it."""
        if not self.takes_tasks:
            return errors.EditorUnavailable()
        if order_id in self.written:
            return errors.OwnWriting()
        return None if self.held < self.limit else errors.EditorAtLimit(limit=self.limit)


@dataclass(frozen=True, slots=True)
class Claimant:
    """Who looks for a task to claim. `writers`: the account's memberships that have had orders to write, whose tasks
    are not offered; of the others `standing` decides, null of who is no editor. Without `subjects`, or without
    `paper_types`, an editor takes all of them."""

    standing: Standing | None
    writers: list[int]
    subjects: list[str]
    paper_types: list[str]


@dataclass(frozen=True, slots=True)
class EditorRow:
    """`label` is "Editor 12"; `name` is null but for staff and the editor itself. Without subjects, or without paper
    types, an editor takes all of them. `load`: tasks that it has ÷ how many it may have."""

    id: int
    label: str
    name: str | None
    subjects: list[str]
    paper_types: list[str]
    available: bool
    task_limit: int
    active: int
    load: Rate


def editors(actor: Actor) -> QuerySet[Membership]:
    """Of the website, with the `version` of the profile, 1 where there is none."""
    rows = Membership.objects.visible_to(actor).filter(role=Role.EDITOR)
    return rows.annotate(version=RawSQL(VERSION, (), IntegerField()))  # noqa: S611 — constants


def editor_rows(actor: Actor, members: Sequence[Membership]) -> list[EditorRow]:
    """Of members from `editors`. Two queries."""
    given = _given(actor.website, EditingPolicy.of(actor.website)) | {"ids": [member.pk for member in members]}
    known = {pk: found for pk, *found in select(SHOWN, **given)}
    return [_row(actor, member, *known[member.pk]) for member in members]


def _row(
    actor: Actor,
    member: Membership,
    full_name: str,
    subjects: list[str],
    paper_types: list[str],
    available: bool,  # noqa: FBT001
    limit: int,
    active: int,
) -> EditorRow:
    return EditorRow(
        id=member.pk,
        label=f"Editor {member.number}",
        name=full_name if actor.is_staff or member.pk == actor.membership_id else None,
        subjects=subjects,
        paper_types=paper_types,
        available=available,
        task_limit=limit,
        active=active,
        load=rate(active, limit),
    )


def standing(website: Website | int, editor_id: int, order_ids: Sequence[int], policy: EditingPolicy) -> Standing:
    """Of an editor of the website, to the tasks of these orders. One query."""
    given = _given(website, policy) | {"editor": editor_id, "orders": list(order_ids)}
    ((takes_tasks, held, limit, written),) = select(STANDING, **given)
    return Standing(takes_tasks, held, limit, frozenset(written))


def claimant(actor: Actor, policy: EditingPolicy) -> Claimant:
    """One query."""
    given = _given(actor.website, policy) | {"member": actor.membership_id, "user": actor.user_id}
    ((writers, subjects, paper_types, own),) = select(CLAIMANT, **given)
    return Claimant(Standing(own[0], own[1], own[2], frozenset()) if own else None, writers, subjects, paper_types)


def least_loaded(order: Order, given_back_by: Sequence[int], policy: EditingPolicy) -> int | None:
    """The editor with the least load among those who know the order's subject and paper type and may have the task;
    of equals the one who came first. None: there is none. One query."""
    given = _given(order.website_id, policy) | {
        "order": order.pk,
        "subject": order.subject,
        "paper_type": order.paper_type,
        "given_back_by": list(given_back_by),
    }
    best = select(LEAST_LOADED, **given)
    return best[0][0] if best else None


def _given(website: Website | int, policy: EditingPolicy) -> dict[str, Any]:
    return {
        "website": website if isinstance(website, int) else website.pk,
        "limit": policy.task_limit,
        "at": clock.now(),
    }
