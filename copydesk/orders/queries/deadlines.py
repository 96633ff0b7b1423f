"""The two clocks, rounds and forfeiture: pure functions of times and the website's policy."""

from __future__ import annotations

import datetime as dt

from ..policies import OrderPolicy

WHOLE = 10_000


def writer_due(policy: OrderPolicy, start: dt.datetime, client_deadline: dt.datetime) -> dt.datetime:
    """start + 80 % of what the client has left, at least 2 h before the client's deadline.

    Where less than those hours are left the margin cannot be kept, and the share alone decides.
    """
    left = client_deadline - start
    by_share = start + left * policy.writer_share_bps / WHOLE
    by_margin = client_deadline - dt.timedelta(hours=policy.least_margin_hours)
    return min(by_share, by_margin) if by_margin > start else by_share


def revision_due(
    policy: OrderPolicy, asked_at: dt.datetime, first_round: dt.timedelta, agreed: dt.datetime | None
) -> dt.datetime:
    """The agreed deadline, else after 25 % of the first round's time, at least 4 h."""
    if agreed is not None:
        return agreed
    by_share = first_round * policy.revision_share_bps / WHOLE
    return asked_at + max(by_share, dt.timedelta(hours=policy.least_revision_hours))


def forfeited_share_bps(policy: OrderPolicy, left: dt.timedelta) -> int:
    """Of the price, by the time left to the client's deadline when a started order is cancelled."""
    for hours, share_bps in policy.forfeiture:
        if left > dt.timedelta(hours=hours):
            return share_bps
    return policy.forfeiture[-1][1]
