"""What the clock asks of the journal."""

from copydesk.tenancy.jobs import sweep
from copydesk.tenancy.models import Website

from . import idempotency


@sweep("journal.forget_answers", "17 3 * * *")
def forget_answers(website: Website) -> None:
    idempotency.forget_old(website)
