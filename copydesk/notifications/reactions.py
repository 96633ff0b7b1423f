"""Who hears about what, on one screen: verb → the jobs that react, and verb → who is told in which words.

`{what}` is the thing that a timeline shows, by its number ("Order 1042"). Nobody is named, and whoever acted is not
told. `after`: only where the step ended in that status. A test holds that whoever is told may see the event.
"""

from __future__ import annotations

from dataclasses import dataclass

from copydesk.accounts.permissions import Role

from .models import Group

NOTIFY = "notifications.notify"

JOBS: dict[str, tuple[str, ...]] = {
    "charge.capture": ("orders.apply_capture",),
    **dict.fromkeys(("repayment.succeed", "repayment.fail"), ("refunds.follow_repayment",)),
    "order.approve": ("refunds.follow_order",),
    "payout.pay": ("fines.follow_payout",),
    **dict.fromkeys(
        (
            *("review.publish", "review.approve", "review.reject", "review.flag", "review.withhold"),
            *("review.restore", "review.shadow", "review.lift"),
        ),
        ("reviews.rate_writer",),
    ),
    **dict.fromkeys(
        ("order.pass", "order.return", "order.hold", "order.resume"),
        ("editing.follow_order",),
    ),
    **dict.fromkeys(("order.submit", "order.cancel"), ("editing.follow_order", "fines.judge")),
    **dict.fromkeys(("order.release", "order.reassign", "order.settle"), ("fines.judge",)),
}

FORM = "orders.keep_forms"
CHANGES_FORM = frozenset(
    (
        *("order.assign", "order.accept", "order.take", "order.approve_request", "order.reassign", "order.release"),
        *("order.submit", "order.pass", "order.request_revision", "order.approve", "order.cancel"),
        *("order.dispute", "order.settle"),
        *("writer.approve", "writer.change_level"),
    )
)
"""A writer's load or record is another after it: what matching keeps of it is worked out anew."""

ASSIGNEE = "assignee_id"


@dataclass(frozen=True, slots=True)
class Tell:
    """`role` client or writer: the event's own; editor: whom it names; support or admin: all of that role.

    `named`: instead the member of the desk whom the event's data name; for ASSIGNEE whoever now has the ticket, and
    where nobody has it all of the role, unless somebody of the desk acted."""

    role: Role
    text: str
    after: str = ""
    named: str = ""


@dataclass(frozen=True, slots=True)
class Hears:
    group: Group
    tells: tuple[Tell, ...]


def client(text: str, after: str = "") -> tuple[Tell, ...]:
    return (Tell(Role.CLIENT, text, after),)


def writer(text: str, after: str = "") -> tuple[Tell, ...]:
    return (Tell(Role.WRITER, text, after),)


def editor(text: str) -> tuple[Tell, ...]:
    return (Tell(Role.EDITOR, text),)


def staff(text: str, after: str = "") -> tuple[Tell, ...]:
    return (Tell(Role.SUPPORT, text, after), Tell(Role.ADMIN, text, after))


def admins(text: str) -> tuple[Tell, ...]:
    return (Tell(Role.ADMIN, text),)


def desk(text: str) -> tuple[Tell, ...]:
    """Whoever has the ticket."""
    return (Tell(Role.SUPPORT, text, named=ASSIGNEE),)


def both(text: str) -> tuple[Tell, ...]:
    return client(text) + writer(text)


_ORDERS: dict[str, tuple[Tell, ...]] = {
    "order.place": client("{what} was placed for you"),
    "order.pay": client("{what} is paid"),
    "order.expire": client("{what} was not paid in time and has expired"),
    "order.assign": client("A writer has started on {what}") + writer("{what} is yours to write"),
    "order.offer": writer("{what} is offered to you"),
    "order.accept": client("A writer has started on {what}") + staff("The offer of {what} was accepted"),
    "order.decline": staff("The offer of {what} was declined"),
    "order.expire_offer": writer("The offer of {what} has expired") + staff("The offer of {what} has expired"),
    "order.take": client("A writer has started on {what}"),
    "order.submit": client("{what} is delivered", "delivered") + staff("{what} waits to be edited", "editing"),
    "order.pass": client("{what} is delivered") + writer("{what} passed editing and is delivered"),
    "order.return": writer("{what} came back from editing"),
    "order.request_revision": writer("A revision of {what} is asked for"),
    "order.approve": both("{what} is completed"),
    "order.release": client("{what} is looking for another writer") + writer("{what} is no longer yours")
    + staff("{what} needs a writer"),
    "order.reassign": client("Another writer has started on {what}") + writer("{what} is yours to write"),
    "order.hold": both("{what} is on hold"),
    "order.resume": both("{what} goes on"),
    "order.dispute": both("{what} is disputed") + staff("{what} is disputed"),
    "dispute.forward": client("You are asked about the dispute of {what}", "awaiting_client")
    + writer("You are asked about the dispute of {what}", "awaiting_writer"),
    "dispute.respond": both("There is a statement in the dispute of {what}")
    + staff("The dispute of {what} is to be decided", "under_review"),
    "dispute.lapse": both("The dispute of {what} is decided without the answer that was asked for")
    + staff("The dispute of {what} is to be decided"),
    "dispute.remind": admins("The dispute of {what} still waits for its decision"),
    "dispute.withdraw": both("The dispute of {what} is withdrawn") + staff("The dispute of {what} is withdrawn"),
    "dispute.expire": both("The dispute of {what} has expired without an answer"),
    "dispute.resolve": both("The dispute of {what} is decided"),
    "order.cancel": both("{what} is cancelled"),
    "order.extend_deadline": both("{what} has another deadline"),
    "review.publish": writer("A review of {what} is published"),
    "review.approve": client("Your review is approved") + writer("A review of {what} is published"),
    "review.reject": client("Your review is not published"),
    "review.alert": admins("A review looks like spam"),
    "review.report": admins("A review is reported"),
    "review.withhold": client("Your review is hidden until somebody has looked at it"),
    "review.appeal": admins("A review's author appeals its rejection"),
    "review.restore": writer("A review of {what} is published"),
    "review_appeal.uphold": client("Your appeal is dismissed"),
    "review_appeal.overturn": client("Your appeal is granted: your review is published"),
    "adjustment.propose": client("A change of {what} is proposed") + staff("A change of {what} is proposed"),
    "adjustment.accept": client("The change of {what} is accepted") + staff("The change of {what} is accepted"),
    "adjustment.decline": client("The change of {what} is declined") + staff("The change of {what} is declined"),
}  # fmt: skip

_EDITING: dict[str, tuple[Tell, ...]] = {
    "editing_task.assign": editor("{what} is yours to edit"),
    "editing_task.hand_over": editor("{what} is yours to edit"),
    "editing_task.expire": editor("Your claim of {what} has run out"),
    "editing_task.withdraw": editor("{what} is no longer yours to edit: it has left editing"),
    "required_change.confirm": writer("A change of {what} is confirmed"),
}

_REQUESTS: dict[str, tuple[Tell, ...]] = {
    "request.open": staff("A writer asks for {what}"),
    "request.reject": writer("Your request for {what} is rejected"),
    "request.expire": writer("Your request for {what} has expired"),
    "request.supersede": writer("{what} went to another writer"),
    "order.approve_request": client("A writer has started on {what}") + writer("Your request for {what} is approved"),
}

_MESSAGES: dict[str, tuple[Tell, ...]] = {
    "message.post": both("There is a new message about {what}"),
    "file.upload": both("There is a new file at {what}"),
}

_TICKETS: dict[str, tuple[Tell, ...]] = {
    "ticket.open": both("{what} was opened for you") + desk("{what} is new"),
    "ticket.reply": both("There is an answer to {what}") + desk("There is an answer to {what}"),
    "ticket.assign": desk("{what} is yours"),
    "ticket.change": desk("{what} has another priority or category"),
    "ticket.warn": desk("{what} is soon overdue"),
    "ticket.breach": desk("{what} is overdue"),
    "ticket.escalate": admins("{what} is escalated") + desk("{what} is escalated")
    + (Tell(Role.ADMIN, "{what} is escalated to you", named="target_id"),),
    "ticket.resolve": both("{what} is resolved") + desk("{what} is resolved"),
    "ticket.close": both("{what} is closed") + desk("{what} is closed"),
    "ticket.reopen": both("{what} is open again") + desk("{what} is open again"),
    "ticket.merge": both("{what} goes on as another ticket of yours"),
    "ticket.absorb": desk("A duplicate was merged into {what}"),
    "ticket.rate": desk("{what} is rated"),
    "payment_issue.escalate": admins("A payment issue is escalated"),
    "account_escalation.request": admins("A measure against an account waits for approval"),
}  # fmt: skip

_MONEY: dict[str, tuple[Tell, ...]] = {
    "charge.decline": client("A payment was declined"),
    "charge.fail": client("A payment did not go through"),
    "repayment.succeed": client("Money is on its way back to you"),
    "repayment.fail": admins("Money could not be given back to a client"),
    "refund.request": client("A refund of {what} is prepared") + staff("A refund of {what} is asked for"),
    "refund.consent": admins("The refund of {what} may go to the client's wallet"),
    "refund.approve": client("The refund of {what} is approved"),
    "refund.reject": client("The refund of {what} is rejected"),
    "refund.cancel": client("The refund of {what} is cancelled"),
    "refund.grant": client("{what} is refunded"),
    "refund.succeed": client("The refund of {what} is complete"),
    "fine.propose": writer("A fine is proposed: see why"),
    "fine.issue": writer("A fine is issued"),
    "fine.fall_due": writer("A fine is issued"),
    "fine.appeal": admins("A writer appeals a fine"),
    "fine.uphold": writer("Your appeal is dismissed: the fine stands"),
    "fine.forgive": writer("Your appeal is granted"),
    "fine.lapse": writer("Your fine is waived, because nobody decided your appeal"),
    "fine.waive": writer("Your fine is waived"),
    "fine.void": writer("Your fine is void"),
    "earning.create": writer("Your pay for {what} is booked"),
    "earning.reduce": writer("Your pay for {what} is reduced"),
    "payout.prepare": admins("A payout waits for approval"),
    "payout_statement.pay": writer("You have been paid out"),
}

_MEMBERSHIP: dict[str, tuple[Tell, ...]] = {
    "writer.apply": admins("A writer has applied"),
    "writer.approve": writer("Your application is approved: welcome"),
    "writer.reject": writer("Your application is rejected"),
    "writer.change_level": writer("Your level has changed"),
    "writer.suspend": writer("Your work here is suspended"),
    "writer.reinstate": writer("Your suspension is taken back"),
    "writer.lift": writer("Your suspension is over"),
    "member.readmit": both("Your membership is active again"),
}

HEARS: dict[str, Hears] = {
    verb: Hears(group, tells)
    for group, verbs in (
        (Group.ORDERS, _ORDERS),
        (Group.ORDERS, _EDITING),
        (Group.REQUESTS, _REQUESTS),
        (Group.MESSAGES, _MESSAGES),
        (Group.TICKETS, _TICKETS),
        (Group.MONEY, _MONEY),
        (Group.MEMBERSHIP, _MEMBERSHIP),
    )
    for verb, tells in verbs.items()
}

REACTIONS: dict[str, tuple[str, ...]] = {
    verb: (*JOBS.get(verb, ()), *((FORM,) if verb in CHANGES_FORM else ()), *((NOTIFY,) if verb in HEARS else ()))
    for verb in {*JOBS, *HEARS, *CHANGES_FORM}
}
