"""Invitations, and housekeeping of the job queue itself."""

from __future__ import annotations

from allauth.account import app_settings as account_settings
from allauth.account.utils import user_pk_to_url_str
from asgiref.sync import async_to_sync
from django.conf import settings
from django.core.mail import EmailMessage
from procrastinate.contrib.django import app

from copydesk.accounts.models import User
from copydesk.core import clock
from copydesk.tenancy.jobs import chore, job
from copydesk.tenancy.models import Website

STALLED_SECONDS = 30
KEPT_HOURS = 24
FAILED_KEPT_HOURS = 30 * 24


INVITATION = """You are an admin of {website}.

{how}"""


@job("platform.mail_invitation")
def mail_invitation(website: Website, *, user_id: int) -> None:
    """With a link to set a password where the account has none yet; the link is made as it is sent."""
    user = User.objects.get(pk=user_id)
    how = f"Log in with your account at {settings.FRONTEND_URL}"
    if not user.has_usable_password():
        secret = account_settings.PASSWORD_RESET_TOKEN_GENERATOR().make_token(user)
        key = f"{user_pk_to_url_str(user)}-{secret}"
        link = settings.HEADLESS_FRONTEND_URLS["account_reset_password_from_key"].format(key=key)
        how = f"Set your password here:\n{link}"
    text = INVITATION.format(website=website.name, how=how)
    EmailMessage(f"Your invitation to {website.name}", text, to=[user.email]).send()


@chore("platform.retry_stalled_jobs", "* * * * *")
def retry_stalled_jobs() -> None:
    """The jobs of a worker that was killed start again: its heartbeat has stopped."""
    async_to_sync(retry_stalled)()


@chore("platform.delete_finished_jobs", "17 * * * *")
def delete_finished_jobs() -> None:
    """Those that succeeded after a day; those that failed stay a month to be looked at."""
    async_to_sync(app.job_manager.delete_old_jobs)(nb_hours=KEPT_HOURS)
    async_to_sync(app.job_manager.delete_old_jobs)(
        nb_hours=FAILED_KEPT_HOURS, include_failed=True, include_cancelled=True, include_aborted=True
    )


async def retry_stalled() -> None:
    for stalled in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS):
        await app.job_manager.retry_job(stalled, retry_at=clock.now())
