"""What tickets refuse with."""

from __future__ import annotations

from copydesk.core.errors import Forbidden, Refusal


class NotYours(Forbidden):
    code = "not_yours"
    message = "This ticket is not yours to act on."


class AlreadyClaimed(Refusal):
    """`context.assignee_id` and `assigned_at`: who holds it, since when."""

    code = "already_claimed"
    message = "Another agent has this ticket."


class NoAgent(Refusal):
    code = "no_agent"
    message = "Only a member of the website's desk can have tickets: you may assign this one."


class ReopenWindowClosed(Refusal):
    code = "reopen_window_closed"
    message = "This ticket was closed too long ago: open a new one."


class Merged(Refusal):
    """`context.merged_into_id` is the ticket that goes on."""

    code = "ticket_merged"
    message = "This ticket goes on as another one."


class AlreadyRated(Refusal):
    code = "already_rated"
    message = "You have rated this ticket already."


class ReasonRequired(Refusal):
    code = "reason_required"
    status = 400
    message = "Closing a ticket that is not resolved needs a reason."


class NotOneRequester(Refusal):
    code = "not_one_requester"
    message = "Only tickets of one requester are duplicates of each other."


class SamePerson(Refusal):
    code = "same_person"
    message = "Who asked for it does not decide about it."


class ApprovalNeeded(Refusal):
    code = "approval_needed"
    message = "This was escalated: an admin other than who opened it resolves it."


class NothingToDecide(Refusal):
    code = "nothing_to_decide"
    message = "An escalated ticket is acknowledged and resolved: only measures against accounts are decided about."


class MeasurePending(Refusal):
    code = "measure_pending"
    message = "The same measure against this account waits for a decision already."


class MeasureOver(Refusal):
    code = "measure_over"
    message = "Its end has passed: ask for it anew."


class NobodyFree(Refusal):
    code = "nobody_free"
    message = "Nobody of the desk who is on duty has room for another ticket."


class EscalatedAlready(Refusal):
    """`context.level` is where the ticket is."""

    code = "escalated_already"
    message = "This ticket has been escalated to that level before."


class ShiftOver(Refusal):
    code = "shift_over"
    message = "This shift is over: it stays as it was."
