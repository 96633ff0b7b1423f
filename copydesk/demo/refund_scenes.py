"""What admins find when they log in: a refund in every state, some that wait for another person or for the client."""

from __future__ import annotations

from collections.abc import Callable

from copydesk.accounts.actor import Actor
from copydesk.payments.gateway.sandbox import OK, UNSETTLED
from copydesk.refunds.models import Ground, RefundDestination

from . import texts
from .copy import Row
from .deeds import HOUR
from .mirror import delivery, refunds, staffing
from .scenes import Scene
from .stage import Life, Stage

ORIGINAL, WALLET = RefundDestination.ORIGINAL, RefundDestination.WALLET


class RefundScene(Scene):
    """One order of a named client, completed by a named writer, of which money is asked back."""

    row: Row

    @property
    def admin(self) -> Actor:
        return self.crew.staff["admin"].actor

    @property
    def other_admin(self) -> Actor:
        return self.crew.staff["admin2"].actor

    def completed(self, *, pages: int = 5, token: str = OK) -> Life:
        yield from self.placed(76, requires_editing=False, pages=pages)
        yield self.now + 0.2 * HOUR
        self.pay(token)
        yield self.now + 0.3 * HOUR
        desk, reason = self.crew.staff["support"].actor, "The client knows this writer."
        self.act(staffing.assign, self.named_writer, by=desk, reason=reason)
        yield from self.before_end(70)
        self.hand_in()
        yield from self.before_end(60)
        self.act(delivery.approve, by=self.client.actor)

    def asked(
        self,
        share: float = 0.5,
        ground: Ground = Ground.QUALITY,
        destination: RefundDestination = ORIGINAL,
        by: Actor | None = None,
    ) -> None:
        self.row = self.act(
            refunds.request_refund,
            amount_minor=round(self.case.order.price_minor * share),
            reason=texts.REFUND_REASONS[ground][0],
            by=by or self.client.actor,
            ground=ground,
            destination=destination.value,
        )

    def requested(self) -> Life:
        yield from self.completed()
        yield from self.before_end(7)
        self.asked(0.4)

    def requested_long_ago(self) -> Life:
        yield from self.completed()
        yield from self.before_end(55)
        self.asked(0.25, Ground.LATENESS)

    def above_cap(self) -> Life:
        """Asked for by an admin, so that the other one decides."""
        yield from self.completed(pages=40)
        yield from self.before_end(20)
        self.asked(1, Ground.NOT_DELIVERED, by=self.admin)

    def without_consent(self) -> Life:
        yield from self.completed()
        yield from self.before_end(12)
        self.asked(0.3, Ground.GOODWILL, WALLET, by=self.crew.staff["support"].actor)

    def approved(self) -> Life:
        yield from self.completed()
        yield from self.before_end(30)
        self.asked(0.5, Ground.WRONG_CHARGE)
        yield from self.before_end(9)
        refunds.approve_refund(self.stage, self.row, by=self.admin, reason=texts.REFUND_DECISIONS["approve"][0])

    def to_the_wallet(self) -> Life:
        yield from self.completed()
        yield from self.before_end(40)
        self.asked(0.6, Ground.OTHER, WALLET)
        yield from self.before_end(15)
        refunds.process_refund(self.stage, self.row, by=self.admin)

    def failed(self) -> Life:
        """The payment has settled by now: it can be tried again."""
        yield from self.completed(token=UNSETTLED)
        yield from self.before_end(56)
        self.asked(0.5, Ground.LATENESS)
        yield from self.before_end(54)
        refunds.process_refund(self.stage, self.row, by=self.admin)

    def tried_again(self) -> Life:
        yield from self.failed()
        yield from self.before_end(20)
        refunds.retry_refund(self.stage, self.row, by=self.other_admin, reason=texts.REFUND_DECISIONS["retry"][0])

    def rejected(self) -> Life:
        yield from self.requested_long_ago()
        yield from self.before_end(25)
        refunds.reject_refund(self.stage, self.row, by=self.admin, reason=texts.REFUND_DECISIONS["reject"][0])

    def taken_back(self) -> Life:
        yield from self.requested_long_ago()
        yield from self.before_end(35)
        by = self.client.actor
        refunds.cancel_refund(self.stage, self.row, by=by, reason=texts.REFUND_DECISIONS["cancel"][0])


REFUNDS: tuple[tuple[Callable[[RefundScene], Life], str, str], ...] = (
    (RefundScene.requested, "client", "writer"),
    (RefundScene.requested, "client2", "writer2"),
    (RefundScene.requested_long_ago, "client2", "writer"),
    (RefundScene.above_cap, "client", "writer3"),
    (RefundScene.without_consent, "client", "writer2"),
    (RefundScene.approved, "client2", "writer"),
    (RefundScene.to_the_wallet, "client", "writer"),
    (RefundScene.failed, "client2", "writer2"),
    (RefundScene.tried_again, "client", "writer"),
    (RefundScene.rejected, "client", "writer2"),
    (RefundScene.taken_back, "client2", "writer3"),
)
REFUNDS_OF_SCENES = len(REFUNDS)
"""Each with its order."""


def refund_scenes(stage: Stage) -> Life:
    yield stage.end - 78 * HOUR
    for index, (scene, client, writer) in enumerate(REFUNDS):
        stage.begin(scene(RefundScene(stage, f"refund {index}", client, writer)))
