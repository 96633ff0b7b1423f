"""What disputes refuse, each with its own code."""

from copydesk.core.errors import Forbidden, Refusal


class NotYours(Forbidden):
    code = "not_yours"
    message = "Whoever opened a dispute withdraws it."


class AskedAlready(Refusal):
    code = "asked_already"
    message = "A side is asked already: its answer, or its time, comes first."


class DisputeSettled(Refusal):
    code = "dispute_settled"
    message = "This was decided, and nothing has been handed in since: the decision is final."


class TooManyFiles(Refusal):
    """`context.limit` is the website's."""

    code = "too_many_files"
    status = 400
    message = "More files than one statement may have."


class AnotherReason(Refusal):
    code = "another_reason"
    message = "This dispute was opened for another reason than the others."
