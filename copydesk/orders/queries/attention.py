"""Which open orders need somebody, and for what: RULES §0's words, each said here once for every screen.

Conditions are SQL on `orders_order`; `Attention` gives them a website's policy and its orders' own dwell times.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from copydesk.core import clock
from copydesk.tenancy.counts import Tab
from copydesk.tenancy.models import Website
from copydesk.tenancy.sql import holds, select, words

from ..models import OPEN, WRITING, Status
from ..models.order import ENTERED, UNDELIVERED
from ..policies import OrderPolicy
from .turns import WAITING_ON

S = Status
HOUR = dt.timedelta(hours=1)

NEEDS_ASSIGNMENT = f"orders_order.status = '{S.AVAILABLE}'"
IS_WRITTEN = f"orders_order.status IN ({words(WRITING)})"
OVERDUE = f"({IS_WRITTEN} AND orders_order.writer_due_at <= %(at)s)"
"""The due time has excused time in it."""
CLIENT_OVERDUE = f"""(
    orders_order.status IN ({words(UNDELIVERED)}) AND orders_order.delivered_at IS NULL
    AND orders_order.client_deadline <= %(at)s
)"""
"""Paid, never delivered, and the client's deadline has passed: whoever's turn it is."""
LEFT = "(orders_order.writer_due_at - %(at)s) * 10000"
AT_RISK = f"""(
    {IS_WRITTEN} AND orders_order.writer_due_at > %(at)s AND (
        orders_order.writer_due_at < %(risky)s
        OR ({LEFT} < (orders_order.writer_due_at - orders_order.assigned_at) * %(risky_bps)s AND EXISTS (
            SELECT 1 FROM orders_round r
            WHERE r.website_id = orders_order.website_id AND r.order_id = orders_order.id
              AND r.submitted_at IS NULL AND r.closed_at IS NULL
              AND {LEFT} < (orders_order.writer_due_at - r.asked_at) * %(risky_bps)s
        ))
    )
)"""  # noqa: S608 — put together from constants
"""Less than the share of what the round was allotted, or than the hours, is left. A writer had the order before it was
asked for the round, so the order alone leaves few of which the round is to be asked."""

CLOCK_DUE = f"""(
    (orders_order.status = '{S.UNPAID}' AND orders_order.expires_at <= %(at)s)
    OR (orders_order.status = '{S.OFFERED}' AND orders_order.offer_expires_at <= %(at)s)
    OR (orders_order.status = '{S.DELIVERED}' AND orders_order.approve_at <= %(at)s)
)"""
"""The clock was to move it and has not."""
TURN = """CASE WHEN {} THEN 'system' WHEN orders_order.dispute_turn <> '' THEN orders_order.dispute_turn
    ELSE CASE orders_order.status {} END END""".format(
    CLOCK_DUE, " ".join(f"WHEN '{status}' THEN '{whom}'" for status, whom in WAITING_ON.items())
)
"""A disputed order waits for the party that its dispute asks, for staff where it asks none."""


class Turn(StrEnum):
    """Who is to do something about an order. `support` stands for all staff; `payment`: the client, or its provider."""

    CLIENT = "client"
    WRITER = "writer"
    EDITOR = "editor"
    SUPPORT = "support"
    PAYMENT = "payment"
    SYSTEM = "system"


ACTS = {
    Turn.CLIENT: ("client",),
    Turn.WRITER: ("writer",),
    Turn.EDITOR: ("editor",),
    Turn.SUPPORT: ("support", "admin", "superadmin"),
    Turn.PAYMENT: ("client",),
    Turn.SYSTEM: ("system",),
}
"""The roles whose events are progress while it is that party's turn. Views and notifications leave no event; what staff
do where another's turn it is is none, and a note to themselves stands at its ticket."""
ENTERED_AT = "CASE {} ELSE orders_order.assigned_at END".format(
    " ".join(f"WHEN orders_order.status = '{status}' THEN orders_order.{column}" for status, column in ENTERED.items())
)
"""As index `order_entered` has it: never after PROGRESS_AT."""
ACTED = " ".join(f"WHEN '{turn}' THEN e.role IN ({words(roles)})" for turn, roles in ACTS.items())
BEGUN = """(
    e.subject_type = 'order' AND e.after <> '' AND (e.after <> e.before OR e.verb = 'order.reassign')
)"""
"""Of event `e`: a stay in a status begins, also in the same one with another writer."""
PROGRESS_AT = f"""(
    SELECT e.at FROM journal_event e
    WHERE e.website_id = orders_order.website_id AND e.root_type = 'order' AND e.root_id = orders_order.id
      AND (
          {BEGUN}
          OR (e.subject_type = 'dispute' AND e.after <> e.before)
          OR CASE {TURN} {ACTED} END
      )
    ORDER BY e.id DESC LIMIT 1
)"""  # noqa: S608 — put together from constants
"""When its stay in its status began, its dispute came to its stage, or whose turn it is last did anything about it."""
PATIENCE = "greatest(%(patience)s::interval, d.p90)"
"""How long an order may rest in a status: the policy's hours, or the p90 of how long orders stood in it, where that is
longer. Nothing is kept of a status that none has left."""
STUCK = f"""(
    orders_order.status IN ({words(OPEN)}) AND orders_order.id IN (
        SELECT o.id FROM unnest(%(stages)s::text[]) s(stage)
        LEFT JOIN orders_dwell d ON d.website_id = %(website)s AND d.stage = s.stage
        CROSS JOIN LATERAL (SELECT %(at)s - {PATIENCE} AS since OFFSET 0) l
        CROSS JOIN LATERAL (
            SELECT orders_order.id FROM orders_order
            WHERE orders_order.website_id = %(website)s AND orders_order.status = s.stage
              AND orders_order.status NOT IN ('{S.CANCELLED}', '{S.COMPLETED}')
              AND {ENTERED_AT} <= l.since AND {PROGRESS_AT} <= l.since
        ) o
    )
)"""  # noqa: S608 — put together from constants
"""Without progress for as long as its status's patience."""

OVERDUE_BANDS: Mapping[str, tuple[dt.timedelta, dt.timedelta | None]] = {
    "under_1h": (0 * HOUR, HOUR),
    "1h_to_3h": (HOUR, 3 * HOUR),
    "3h_to_24h": (3 * HOUR, 24 * HOUR),
    "over_24h": (24 * HOUR, None),
}
"""From, and to before: hours late, at which lateness grows dearer (RULES §5)."""
OVERDUE_TABS = ("all", *OVERDUE_BANDS, "client_overdue")
STUCK_TABS = ("all", *(f"waiting_on_{turn}" for turn in Turn))
STANDING = f"""
SELECT (SELECT last_order_number FROM tenancy_website WHERE id = %(website)s),
       ARRAY(
           SELECT json_build_array(status, count(*)) FROM orders_order
           WHERE website_id = %(website)s AND status IN ({words(OPEN)}) GROUP BY status
       ),
       (SELECT count(*) FROM orders_order WHERE website_id = %(website)s AND {OVERDUE}),
       (SELECT count(*) FROM orders_order WHERE website_id = %(website)s AND {CLIENT_OVERDUE}),
       (SELECT count(*) FROM orders_order WHERE website_id = %(website)s AND {AT_RISK}),
       (SELECT count(*) FROM orders_order WHERE website_id = %(website)s AND {STUCK}),
       ARRAY(SELECT id FROM orders_order WHERE website_id = %(website)s ORDER BY id DESC LIMIT 10),
       ARRAY(
           SELECT id FROM orders_order WHERE website_id = %(website)s AND {IS_WRITTEN}
           ORDER BY writer_due_at, id LIMIT 10
       )
"""  # noqa: S608 — put together from constants
"""Ever, by status; then the columns of Standing."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Now. `orders` are all that there ever were, as their numbers say; `by_status` of the open ones. `newest` and
    `due_first` are ids, of those being written whose due time comes first."""

    orders: int
    by_status: dict[str, int]
    overdue: int
    client_overdue: int
    at_risk: int
    stuck: int
    newest: list[int]
    due_first: list[int]


@dataclass(frozen=True, slots=True)
class Attention:
    """What the conditions are asked with, for one website at one time."""

    website: Website
    at: dt.datetime
    values: dict[str, Any] = field(repr=False)

    def tab(self, condition: str, **more: Any) -> Tab:
        """Counted by an index of its own, each."""
        return Tab(holds(condition, **self.values, **more), apart=True)

    def overdue_tabs(self) -> Mapping[str, Tab]:
        """`all` are overdue for the writer, and the bands sum to it; `client_overdue` may be anybody's."""
        return {
            "all": self.tab(OVERDUE),
            **{band: self._band(*hours) for band, hours in OVERDUE_BANDS.items()},
            "client_overdue": self.tab(CLIENT_OVERDUE),
        }

    def stuck_tabs(self) -> Mapping[str, Tab]:
        """Of stuck orders; those of the parties sum to `all`."""
        parties = {f"waiting_on_{turn}": Tab(holds(f"{TURN} = '{turn}'", **self.values)) for turn in Turn}
        return {"all": Tab(), **parties}

    def standing(self) -> Standing:
        """One query."""
        ((ever, found, *rest),) = select(STANDING, **self.values)
        return Standing(ever, {**{status.value: 0 for status in OPEN}, **dict(found)}, *rest)

    def _band(self, since: dt.timedelta, until: dt.timedelta | None) -> Tab:
        """From an hour late on it counts as that late."""
        begun = f"{IS_WRITTEN} AND orders_order.writer_due_at <= %(band_until)s"
        if until is None:
            return self.tab(begun, band_until=self.at - since)
        ended = f"{begun} AND orders_order.writer_due_at > %(band_since)s"
        return self.tab(ended, band_until=self.at - since, band_since=self.at - until)


def attention(website: Website) -> Attention:
    """One query: the policy."""
    at, policy = clock.now(), OrderPolicy.of(website)
    values = {
        "website": website.pk,
        "at": at,
        "risky": at + dt.timedelta(hours=policy.at_risk_hours),
        "risky_bps": policy.at_risk_share_bps,
        "stages": sorted(status.value for status in OPEN),
        "patience": dt.timedelta(hours=policy.stuck_hours),
    }
    return Attention(website, at, values)
