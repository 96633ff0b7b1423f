"""What the domain of writers says no with."""

from copydesk.core.errors import Forbidden, Refusal


class WriterNotApproved(Forbidden):
    code = "writer_not_approved"
    message = "Your application has not been approved."


class AlreadyMember(Refusal):
    code = "already_member"
    message = "This account is a member of this website already."


class WriterSuspended(Refusal):
    code = "suspended"
    message = "The writer is suspended."


class WriterOnLeave(Refusal):
    code = "on_leave"
    message = "The writer is on leave."


class TooManyRequests(Refusal):
    code = "too_many_open_requests"
    message = "The writer has as many open requests as the level allows."
