"""What orders refuse with."""

from copydesk.core.errors import Forbidden, Refusal


class NotYours(Forbidden):
    code = "not_yours"
    message = "This order is not yours to act on."


class DeadlineTooSoon(Refusal):
    code = "deadline_too_soon"
    status = 400
    message = "The deadline leaves too little time."


class DeadlinePassed(Refusal):
    code = "deadline_passed"
    message = "The client's deadline has passed: extend it first."


class TakesNotAllowed(Refusal):
    code = "takes_not_allowed"
    message = "This website assigns its orders: ask for it instead."


class WriterExcluded(Refusal):
    """`context.reason` is one of RULES' exclusions: suspended, on_leave, over_capacity, …"""

    code = "writer_excluded"
    message = "This writer cannot have this order."


class ReasonRequired(Refusal):
    code = "reason_required"
    status = 400
    message = "This decision needs a reason."


class NoFile(Refusal):
    code = "file_required"
    message = "Work is submitted with at least one file."


class OfferExpired(Refusal):
    code = "offer_expired"
    message = "The offer has expired."


class RevisionWindowClosed(Refusal):
    code = "revision_window_closed"
    message = "The time in which a revision can be asked for has passed."


class DisputeWindowClosed(Refusal):
    code = "dispute_window_closed"
    message = "The time in which this order can be disputed has passed."


class AlreadyArchived(Refusal):
    code = "already_archived"
    message = "This order is archived already."


class ClientCannotCancel(Refusal):
    code = "cancel_by_staff"
    message = "A paid order is cancelled by support, who tell you first what is forfeited."


class PriceChanged(Refusal):
    code = "price_changed"
    message = "The figure has changed since you saw it."


class WebsiteClosed(Refusal):
    code = "website_suspended"
    message = "This website takes no new orders now."


class OrderStillWanted(Refusal):
    code = "payment_pending"
    message = "A payment of this order is pending: wait for its outcome."


class NotYet(Refusal):
    code = "not_yet"
    message = "Its time has not come."


class CompletedBefore(Refusal):
    code = "completed_before"
    message = "The order was completed before: what goes beyond it is a new order."


class AdjustmentOpen(Refusal):
    code = "adjustment_open"
    message = "Another adjustment of this order is still open."


class NothingToAdjust(Refusal):
    code = "nothing_to_adjust"
    status = 400
    message = "The adjustment changes nothing."


class NotYourDecision(Refusal):
    code = "not_your_decision"
    message = "The other side decides about this."


class FileKindNotAllowed(Forbidden):
    code = "file_kind_not_allowed"
    message = "Your role does not add files of this kind."


class UploadsClosed(Refusal):
    code = "uploads_closed"
    message = "Files of this kind are not added in the order's present state."


class FilesLocked(Refusal):
    code = "files_locked"
    message = "This work has passed editing: its files are as they were approved. Ask for a revision to change them."


class DecidedByTask(Refusal):
    code = "decided_by_task"
    message = "Submit and complete the editing task of this order: its review decides."


class FileNotDelivered(Refusal):
    code = "file_not_delivered"
    message = "Work reaches the client by delivery: submit it first."


class ThreadClosed(Refusal):
    code = "thread_closed"
    message = "This order is archived: nobody writes about it any more."


class AlreadyRequested(Refusal):
    code = "already_requested"
    message = "You have asked for this order already."


class RequestExpired(Refusal):
    code = "request_expired"
    message = "The time for which this request was open is over."


class TooManyRequests(Refusal):
    """`context.limit` is that of the writer's level."""

    code = "too_many_open_requests"
    message = "You have as many open requests as your level allows."


class RefundOpen(Refusal):
    code = "refund_open"
    message = "A refund was asked for: decide about it first."
