"""What the domain of writers says no with."""

from copydesk.core.errors import Forbidden, Refusal


class WriterNotApproved(Forbidden):
    code = "writer_not_approved"
    message = "Your application has not been approved."


class AlreadyApplied(Refusal):
    code = "already_applied"
    message = "You have a profile here already."


class WriterSuspended(Refusal):
    code = "suspended"
    message = "The writer is suspended."


class WriterOnLeave(Refusal):
    code = "on_leave"
    message = "The writer is on leave."


class TooManyFeeds(Refusal):
    code = "too_many_feeds"
    message = "You have as many calendar feeds as you may: revoke one first."
