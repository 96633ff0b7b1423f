"""What admins find when they log in: a review in every state, near-duplicates, a burst, appeals open and decided."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from zoneinfo import ZoneInfo

from copydesk.accounts.actor import Actor
from copydesk.core.period import day_start
from copydesk.reviews.models import Ground, Target

from . import texts
from .copy import Row
from .deeds import DAY, HOUR, MINUTE, swept
from .mirror import delivery, reviews
from .scenes import Scene
from .stage import Life, Stage

LIFTED_EVERY = 5
"""Minutes between the jobs that end shadows."""


class ReviewScene(Scene):
    """One review of a named client, of an order that a named writer has completed two days before the end."""

    row: Row

    @property
    def admin(self) -> Actor:
        return self.crew.staff["admin"].actor

    @property
    def other_admin(self) -> Actor:
        return self.crew.staff["admin2"].actor

    def written(self, hours: float, stars: int, text: str) -> Life:
        yield from self.delivered(150, done_hours=60)
        yield from self.before_end(50)
        self.act(delivery.approve, by=self.client.actor)
        yield from self.before_end(hours)
        self.write(stars, text)

    def write(self, stars: int, text: str) -> None:
        target = Target.ORDER
        self.row = self.act(reviews.submit_review, target=target, rating=stars, text=text, by=self.client.actor)

    def published(self, hours: float, stars: int) -> Life:
        """By an admin where it looks like spam."""
        yield from self.written(hours, stars, texts.REVIEWS[stars][0])
        if self.row.status == "pending":
            reviews.approve_review(self.stage, self.row, by=self.admin, reason=texts.MODERATED["approve"][0])

    def pending(self) -> Life:
        yield from self.written(30, 5, texts.REVIEWS[5][0] + texts.REVIEW_CONTACT)

    def copied(self) -> Life:
        yield from self.written(40, 5, texts.LONG_REVIEW)

    def copied_again(self) -> Life:
        yield from self.written(28, 5, texts.LONG_REVIEW)

    def alarming(self) -> Life:
        yield from self.written(26, 5, texts.LONG_REVIEW + texts.REVIEW_CONTACT)

    def flagged(self) -> Life:
        yield from self.published(44, 2)
        yield from self.before_end(20)
        reason = texts.MODERATED["flag"][0]
        reviews.flag_review(self.stage, self.row, by=self.admin, ground=Ground.NOT_TRUE, reason=reason)

    def reported(self) -> Life:
        yield from self.published(43, 1)
        yield from self.before_end(18)
        by = self.named_writer.actor
        reviews.report_review(self.stage, self.row, by=by, ground=Ground.NOT_TRUE, note=texts.REPORTED[0])

    def withheld(self) -> Life:
        yield from self.published(42, 1)
        yield from self.before_end(16)
        by = self.named_writer.actor
        reviews.report_review(self.stage, self.row, by=by, ground=Ground.THREATS)

    def rejected(self) -> Life:
        yield from self.written(41, 5, texts.REVIEWS[5][1] + texts.REVIEW_CONTACT)
        yield from self.before_end(35)
        reviews.reject_review(self.stage, self.row, by=self.admin, reason=texts.MODERATED["reject"][0])

    def appealed(self) -> Life:
        yield from self.rejected()
        yield from self.before_end(10)
        self.appeal()

    def appeal(self) -> Row:
        return reviews.appeal_review(self.stage, self.row, by=self.client.actor, text=texts.APPEALED[0])

    def upheld(self) -> Life:
        yield from self.rejected()
        yield from self.before_end(12)
        appeal = self.appeal()
        yield from self.before_end(5)
        reviews.uphold_appeal(self.stage, appeal, by=self.other_admin, reason=texts.MODERATED["uphold"][0])

    def overturned(self) -> Life:
        yield from self.rejected()
        yield from self.before_end(13)
        appeal = self.appeal()
        yield from self.before_end(4)
        reviews.overturn_appeal(self.stage, appeal, by=self.other_admin, reason=texts.MODERATED["overturn"][0])

    def shadowed(self) -> Life:
        yield from self.published(39, 5)
        yield from self.before_end(24)
        until, reason = self.stage.end + 6 * DAY, texts.MODERATED["shadow"][0]
        reviews.shadow_review(self.stage, self.row, by=self.admin, until=until, reason=reason)

    def shadow_over(self) -> Life:
        yield from self.published(48, 5)
        yield from self.before_end(40)
        until, reason = self.stage.end - 10 * HOUR, texts.MODERATED["shadow"][0]
        reviews.shadow_review(self.stage, self.row, by=self.admin, until=until, reason=reason)
        yield swept(until, LIFTED_EVERY)
        reviews.lift_shadow(self.stage, self.row)

    def in_burst(self, number: int) -> Life:
        """Around noon of the day before the end, in the website's zone."""
        yield from self.delivered(150, done_hours=60)
        yield from self.before_end(50)
        self.act(delivery.approve, by=self.client.actor)
        zone = self.stage.website.timezone
        day = self.stage.end.astimezone(ZoneInfo(zone)).date() - dt.timedelta(days=1)
        yield day_start(day, zone) + 12 * HOUR + number * 20 * MINUTE
        self.write(1 + number % 2, texts.REVIEWS[1 + number % 2][0])


REVIEWS: tuple[tuple[Callable[[ReviewScene], Life], str, str], ...] = (
    (ReviewScene.pending, "client", "writer"),
    (ReviewScene.copied, "client", "writer2"),
    (ReviewScene.copied_again, "client2", "writer2"),
    (ReviewScene.alarming, "client2", "writer"),
    (ReviewScene.flagged, "client", "writer"),
    (ReviewScene.reported, "client2", "writer"),
    (ReviewScene.withheld, "client", "writer2"),
    (ReviewScene.rejected, "client2", "writer2"),
    (ReviewScene.appealed, "client", "writer"),
    (ReviewScene.upheld, "client2", "writer"),
    (ReviewScene.overturned, "client", "writer2"),
    (ReviewScene.shadowed, "client2", "writer2"),
    (ReviewScene.shadow_over, "client", "writer2"),
)
IN_BURST = ("client", "client2", "client", "client2")
REVIEWS_OF_SCENES = len(REVIEWS) + len(IN_BURST)
"""Each with its order."""


def review_scenes(stage: Stage) -> Life:
    yield stage.end - 7 * DAY + HOUR
    for index, (scene, client, writer) in enumerate(REVIEWS):
        stage.begin(scene(ReviewScene(stage, f"review {index}", client, writer)))
    for index, client in enumerate(IN_BURST):
        stage.begin(ReviewScene(stage, f"burst {index}", client, "writer3").in_burst(index))
    yield stage.end - 15 * HOUR
    reviews.review_website(stage, by=stage.crew.named["client2"].actor, rating=4, text=texts.REVIEWS[4][0])
    strangers = (one for one in reversed(stage.crew.clients) if one.id not in stage.crew.written.completed)
    if newcomer := next(strangers, None):
        reviews.review_website(stage, by=newcomer.actor, rating=5, text=texts.REVIEWS[5][2])
