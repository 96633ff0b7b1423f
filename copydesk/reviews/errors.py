"""What reviews refuse with."""

from __future__ import annotations

from copydesk.core.errors import Refusal


class OrderNotCompleted(Refusal):
    code = "order_not_completed"
    message = "An order is reviewed once it is completed."


class AlreadyReviewed(Refusal):
    code = "already_reviewed"
    message = "You have reviewed this already."


class NothingToAnswer(Refusal):
    code = "nothing_to_answer"
    message = "The review is published, and nothing about it waits for an answer."


class NotPublic(Refusal):
    code = "not_public"
    message = "The review is hidden already."


class OwnReview(Refusal):
    code = "own_review"
    message = "You wrote this review yourself."


class AlreadyReported(Refusal):
    code = "already_reported"
    message = "You have reported this review already."


class AlreadyAppealed(Refusal):
    code = "already_appealed"
    message = "This decision has been appealed already."


class AppealTooLate(Refusal):
    code = "appeal_too_late"
    message = "The time to appeal this decision is over."


class SameModerator(Refusal):
    code = "same_moderator"
    message = "Another moderator than the one who rejected the review decides its appeal."
