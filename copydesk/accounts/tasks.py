"""Mails about accounts, and what has run out."""

from __future__ import annotations

from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from django.conf import settings
from django.core.mail import EmailMessage

from copydesk.core import clock
from copydesk.tenancy.jobs import chore, errand, job
from copydesk.tenancy.models import Website

from . import actions
from .models import Attempts, Membership, Token, User
from .permissions import Role

WELCOME = """Welcome to {website}.

Confirm your e-mail address here:
{link}

If it was not you who registered, do nothing."""

KNOWN = """Somebody, probably you, registered at {website} with this e-mail address. It has an account already.

{what}

If it was not you, do nothing."""


@job("accounts.mail_welcome")
def mail_welcome(website: Website, *, user_id: int) -> None:
    address = EmailAddress.objects.filter(user_id=user_id, primary=True, verified=False).first()
    if address is not None:
        link = f"{settings.FRONTEND_URL}/verify-email/{EmailConfirmationHMAC(address).key}"
        text = WELCOME.format(website=website.name, link=link)
        EmailMessage(f"Welcome to {website.name}", text, to=[address.email]).send()


@job("accounts.mail_known_account")
def mail_known_account(website: Website, *, user_id: int, role: str) -> None:
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        return
    if Membership.objects.of(website).filter(user=user).exists():
        what = "Log in with it, or ask for a new password if you have forgotten yours."
    else:
        link = actions.join_link(website, user, Role(role))
        what = f"To join {website.name} with it:\n{settings.FRONTEND_URL}/join/{link}"
    text = KNOWN.format(website=website.name, what=what)
    EmailMessage(f"Your account and {website.name}", text, to=[user.email]).send()


@errand("accounts.send_mail")
def send_mail(*, to: str, subject: str, text: str) -> None:
    """A mail of the accounts library."""
    EmailMessage(subject, text, to=[to]).send()


@chore("accounts.sweep_expired", "41 4 * * *")
def sweep_expired() -> None:
    Token.objects.filter(expires_at__lt=clock.now()).delete()
    Attempts.objects.filter(until__lt=clock.now()).delete()
