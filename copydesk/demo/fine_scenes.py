"""What admins and writers find when they log in: fines that wait for the clock, for a person, for an answer."""

from __future__ import annotations

from collections.abc import Callable

from copydesk.accounts.actor import Actor
from copydesk.fines.policies import FineKind
from copydesk.orders.models import Cause

from . import texts
from .copy import Row
from .deeds import HOUR
from .mirror import delivery, fines
from .scenes import Scene
from .stage import Life, Stage


class FineScene(Scene):
    """One order of a named client, delivered by a named writer, who is fined for it."""

    row: Row
    appeal: Row

    @property
    def admin(self) -> Actor:
        return self.crew.staff["admin"].actor

    @property
    def other_admin(self) -> Actor:
        return self.crew.staff["admin2"].actor

    def handed_in(self) -> Life:
        yield from self.delivered(150, done_hours=120)

    def fined(self, kind: FineKind, amount_minor: int, by: Actor | None = None) -> None:
        reason = texts.FINE_REASONS[kind]
        self.row = self.act(
            fines.propose_fine, kind=kind, amount_minor=amount_minor, reason=reason, by=by or self.admin
        )

    def proposed(self) -> Life:
        yield from self.handed_in()
        yield from self.before_end(6)
        self.fined(FineKind.QUALITY, 300, self.crew.staff["support"].actor)

    def above_cap(self) -> Life:
        yield from self.handed_in()
        yield from self.before_end(10)
        self.fined(FineKind.PRIVACY, 50_000)

    def issued(self) -> Life:
        yield from self.handed_in()
        yield from self.before_end(30)
        self.fined(FineKind.COMMUNICATION, 250)
        yield from self.before_end(28)
        fines.issue_fine(self.stage, self.row, by=self.admin)

    def appealed(self) -> Life:
        yield from self.issued()
        yield from self.before_end(20)
        writer = self.named_writer.actor
        self.appeal = fines.appeal_fine(self.stage, self.row, by=writer, text=texts.FINE_APPEALS[0])

    def appealed_long_ago(self) -> Life:
        """Granted by itself within a day."""
        yield from self.delivered(260, done_hours=230)
        yield from self.before_end(220)
        self.act(delivery.approve, by=self.client.actor)
        yield from self.before_end(200)
        self.fined(FineKind.WRONG_FILES, 400)
        yield from self.before_end(190)
        fines.issue_fine(self.stage, self.row, by=self.admin)
        yield from self.before_end(150)
        fines.appeal_fine(self.stage, self.row, by=self.named_writer.actor, text=texts.FINE_APPEALS[1])

    def reduced(self) -> Life:
        yield from self.appealed()
        yield from self.before_end(3)
        reason = texts.FINE_DECISIONS["approve"][1]
        fines.approve_appeal(self.stage, self.appeal, by=self.other_admin, reason=reason, amount_minor=100)

    def upheld(self) -> Life:
        yield from self.appealed()
        yield from self.before_end(5)
        fines.reject_appeal(self.stage, self.appeal, by=self.other_admin, reason=texts.FINE_DECISIONS["reject"][0])

    def waived(self) -> Life:
        yield from self.issued()
        yield from self.before_end(8)
        fines.waive_fine(self.stage, self.row, by=self.admin, reason=texts.FINE_DECISIONS["waive"][0])

    def voided(self) -> Life:
        yield from self.issued()
        yield from self.before_end(4)
        fines.void_fine(self.stage, self.row, by=self.other_admin, reason=texts.FINE_DECISIONS["void"][0])

    def never_handed_in(self) -> Life:
        """Due 60 hours before the end; fined because it was cancelled."""
        yield from self.started(100, lead_hours=50)
        yield from self.before_end(30)
        self.cancelled(Cause.WRITER)


FINES: tuple[tuple[Callable[[FineScene], Life], str, str], ...] = (
    (FineScene.proposed, "client", "writer"),
    (FineScene.above_cap, "client2", "writer2"),
    (FineScene.issued, "client", "writer"),
    (FineScene.appealed, "client2", "writer"),
    (FineScene.appealed, "client", "writer2"),
    (FineScene.appealed_long_ago, "client2", "writer3"),
    (FineScene.reduced, "client", "writer"),
    (FineScene.upheld, "client2", "writer"),
    (FineScene.waived, "client", "writer2"),
    (FineScene.voided, "client2", "writer"),
    (FineScene.never_handed_in, "client", "writer3"),
)
FINES_OF_SCENES = len(FINES)
"""Each with its order."""


def fine_scenes(stage: Stage) -> Life:
    yield stage.end - 262 * HOUR
    for index, (scene, client, writer) in enumerate(FINES):
        stage.begin(scene(FineScene(stage, f"fine {index}", client, writer)))
