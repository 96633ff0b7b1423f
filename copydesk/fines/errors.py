"""What fines refuse, each with its own code."""

from copydesk.core.errors import Refusal


class SameIssuer(Refusal):
    code = "same_person"
    message = "Another person than the one who issued the fine, or proposed what the clock issued, decides its appeal."


class AlreadyAppealed(Refusal):
    code = "already_appealed"
    message = "This fine has been appealed already."


class AppealTooLate(Refusal):
    code = "appeal_too_late"
    message = "The time to appeal this fine is over."


class NotYourFine(Refusal):
    code = "not_yours"
    status = 403
    message = "Only the writer who was fined may appeal."


class WaiverTooLarge(Refusal):
    """`left` in the context: what is left of the fine."""

    code = "waiver_too_large"
    message = "More than what is left of the fine."


class NothingToFine(Refusal):
    code = "nothing_to_fine"
    message = "Nobody has written this order."


class PolicyChanged(Refusal):
    """Two people changed it at once."""

    code = "policy_changed"
    message = "Somebody else has just changed the policy: look again."
