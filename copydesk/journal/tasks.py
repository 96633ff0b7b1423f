"""What the clock asks of the journal."""

from copydesk.tenancy.jobs import chore, defer, sweep
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import PLATFORM, website_scope

from . import idempotency, seals


@sweep("journal.forget_answers", "17 3 * * *")
def forget_answers(website: Website) -> None:
    idempotency.forget_old(website)


@sweep("journal.seal", "*/5 * * * *")
def seal(website: Website) -> None:
    if seals.seal(website.pk) == seals.BATCH:
        defer("journal.seal", website.pk)


@chore("journal.seal_platform", "*/5 * * * *")
def seal_platform() -> None:
    sealed = seals.BATCH
    while sealed == seals.BATCH:
        with website_scope(PLATFORM):
            sealed = seals.seal(PLATFORM)
