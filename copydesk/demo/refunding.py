"""What becomes of a completed order's money, by chance: some of it is asked back, and mostly given."""

from __future__ import annotations

from copydesk.refunds.models import Ground, RefundDestination

from . import texts
from .deeds import DAY, HOUR, Deeds
from .mirror import refunds
from .stage import Life

SHARE = 0.03
BY_CLIENTS = (Ground.QUALITY, Ground.QUALITY, Ground.LATENESS, Ground.NOT_DELIVERED, Ground.WRONG_CHARGE, Ground.OTHER)


def refunded(life: Deeds) -> Life:
    """Of an order that is completed for the first time, and will not be worked on again."""
    stage, order = life.stage, life.case.order
    chance = stage.chance("refund", order.number)
    left = sum(paid.refundable_minor for paid in life.case.charges if paid.charge.purpose != "tip")
    if chance.random() >= SHARE or not left:
        return
    admin, other = (stage.crew.staff[name].actor for name in ("admin", "admin2"))

    def words(kind: str) -> str:
        return chance.choice(texts.REFUND_DECISIONS[kind])

    yield stage.now + chance.uniform(4, 96) * HOUR
    by_client = chance.random() < 0.8
    ground = chance.choice(BY_CLIENTS) if by_client else Ground.GOODWILL
    row = life.act(
        refunds.request_refund,
        amount_minor=left if chance.random() < 0.15 else max(left * chance.randint(1, 6) // 12, 1),
        reason=chance.choice(texts.REFUND_REASONS[ground]),
        by=life.client.actor if by_client else life.crew.desk(chance),
        ground=ground,
        destination=(RefundDestination.WALLET if chance.random() < 0.3 else RefundDestination.ORIGINAL).value,
    )
    yield stage.now + chance.uniform(1, 40) * HOUR
    if row.destination == RefundDestination.WALLET and row.consented_at is None:
        refunds.consent_to_wallet(stage, row, by=life.client.actor)
        yield stage.now + chance.uniform(1, 20) * HOUR
    fate = chance.random()
    if fate < 0.18:
        refunds.reject_refund(stage, row, by=admin, reason=words("reject"))
    elif fate < 0.24:
        by = life.client.actor if by_client else admin
        refunds.cancel_refund(stage, row, by=by, reason=words("cancel"))
    elif fate < 0.6:
        refunds.approve_refund(stage, row, by=admin, reason=words("approve"))
        yield stage.now + chance.uniform(1, 20) * HOUR
        refunds.process_refund(stage, row, by=other)
    else:
        refunds.process_refund(stage, row, by=admin)
    yield stage.now + DAY
