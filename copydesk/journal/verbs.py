"""What can happen, and who may see it: a verb that is not here cannot be recorded.

`see` are the roles that may read such an event (client and writer only as a party to it); `hide` are fields of
`data` that a role does not receive. `reason_shown`: the parties read the reason too, not the inside alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from copydesk.accounts.permissions import STAFF, Role

C, W, E, S = Role.CLIENT, Role.WRITER, Role.EDITOR, Role.SUPPORT
ALL = frozenset({C, W, E}) | STAFF
CLIENT = frozenset({C}) | STAFF
WRITER = frozenset({W}) | STAFF
WORK = frozenset({W, E}) | STAFF
EDITING = frozenset({E}) | STAFF
PARTIES = frozenset({C, W}) | STAFF
INSIDE = STAFF
PAY = {S: frozenset({"amount_minor", "total_minor"})}
"""What a writer is paid is the admin's business."""


@dataclass(frozen=True, slots=True)
class Verb:
    title: str
    see: frozenset[Role] = INSIDE
    hide: Mapping[Role, frozenset[str]] = field(default_factory=dict)
    reason_shown: bool = False


VERBS: dict[str, Verb] = {
    # Platform
    "superadmin.create": Verb("Superadmin created"),
    "website.create": Verb("Website created"),
    # Members
    "member.invite": Verb("Invited"),
    "member.register": Verb("Registered", CLIENT),
    "member.join": Verb("Joined the website", CLIENT),
    "member.suspend": Verb("Membership suspended", PARTIES),
    "member.readmit": Verb("Membership active again", PARTIES),
    # Writers
    "writer.apply": Verb("Applied as a writer", WRITER),
    "writer.approve": Verb("Writer approved", WRITER, reason_shown=True),
    "writer.reject": Verb("Application rejected", WRITER, reason_shown=True),
    "writer.change_profile": Verb("Profile changed", WRITER),
    "writer.change_level": Verb("Level changed", WRITER, reason_shown=True),
    "writer.plan_leave": Verb("Leave planned", WRITER, reason_shown=True),
    "writer.cancel_leave": Verb("Planned leave taken back", WRITER),
    "writer.leave": Verb("On leave", WRITER, reason_shown=True),
    "writer.begin_leave": Verb("On leave, as planned", WRITER),
    "writer.return": Verb("Back from leave", WRITER),
    "writer.end_leave": Verb("Leave over", WRITER),
    "writer.suspend": Verb("Writer suspended", WRITER, reason_shown=True),
    "writer.reinstate": Verb("Suspension taken back", WRITER, reason_shown=True),
    "writer.lift": Verb("Suspension over", WRITER),
    "writer.favour": Verb("Writer preferred", CLIENT),
    "writer.unfavour": Verb("Writer no longer preferred", CLIENT),
    "writer.block": Verb("Writer blocked", CLIENT),
    "writer.unblock": Verb("Writer no longer blocked", CLIENT),
    "calendar_feed.create": Verb("Calendar feed made", WRITER),
    "calendar_feed.rotate": Verb("Calendar feed given a new secret", WRITER),
    "calendar_feed.revoke": Verb("Calendar feed revoked", WRITER),
    # Orders
    "order.place": Verb("Order placed", CLIENT),
    "order.edit_brief": Verb("Brief changed", CLIENT),
    "order.pay": Verb("Order paid", CLIENT),
    "order.expire": Verb("Order expired unpaid", CLIENT),
    "order.assign": Verb("Writer assigned", PARTIES),
    "order.offer": Verb("Offered to a writer", WRITER),
    "order.accept": Verb("Offer accepted", PARTIES),
    "order.decline": Verb("Offer declined", WRITER),
    "order.expire_offer": Verb("Offer expired", WRITER),
    "order.take": Verb("Order taken", PARTIES),
    "order.approve_request": Verb("Request approved, writer assigned", PARTIES),
    "order.submit": Verb("Work submitted", ALL, {C: frozenset({"late"})}),
    "order.return": Verb("Returned by the editor", WORK, reason_shown=True),
    "order.pass": Verb("Passed by the editor", ALL),
    "order.request_revision": Verb("Revision asked for", ALL, reason_shown=True),
    "order.approve": Verb("Order completed", PARTIES),
    "order.release": Verb("Writer released", PARTIES),
    "order.reassign": Verb("Writer replaced", PARTIES),
    "order.hold": Verb("Put on hold", PARTIES, reason_shown=True),
    "order.resume": Verb("Resumed", PARTIES),
    "order.dispute": Verb("Disputed", PARTIES, reason_shown=True),
    "order.settle": Verb("Dispute over", PARTIES, {W: frozenset({"forfeited_minor"})}, reason_shown=True),
    "order.cancel": Verb(
        "Order cancelled",
        PARTIES,
        {
            C: frozenset({"writer_minor"}),
            S: frozenset({"writer_minor"}),
            W: frozenset({"forfeited_minor", "refunded_minor"}),
        },
        reason_shown=True,
    ),
    "order.extend_deadline": Verb(
        "Deadline changed",
        PARTIES,
        {W: frozenset({"client_deadline", "client_deadline_before"})},
        reason_shown=True,
    ),
    "order.archive": Verb("Archived", INSIDE),
    "request.open": Verb("Order asked for", WRITER),
    "request.approve": Verb("Request approved", WRITER),
    "request.reject": Verb("Request rejected", WRITER, reason_shown=True),
    "request.withdraw": Verb("Request withdrawn", WRITER),
    "request.expire": Verb("Request expired", WRITER),
    "request.supersede": Verb("Order given to another writer", WRITER),
    "adjustment.propose": Verb("Adjustment proposed", CLIENT, reason_shown=True),
    "adjustment.agree": Verb("Adjustment agreed, payment awaited", CLIENT),
    "adjustment.accept": Verb("Adjustment accepted", CLIENT),
    "adjustment.decline": Verb("Adjustment declined", CLIENT, reason_shown=True),
    # Money
    "charge.create": Verb("Payment begun", CLIENT),
    "charge.capture": Verb("Payment received", CLIENT),
    "charge.decline": Verb("Payment declined", CLIENT),
    "charge.fail": Verb("Payment failed", CLIENT),
    "charge.lose_answer": Verb("Payment awaits the provider's answer", CLIENT),
    "repayment.plan": Verb("Money claimed for a refund", INSIDE),
    "repayment.start": Verb("Money on its way back", CLIENT),
    "repayment.cancel": Verb("Money no longer claimed", INSIDE),
    "repayment.create": Verb("Money on its way back", CLIENT, reason_shown=True),
    "repayment.succeed": Verb("Money given back", CLIENT),
    "repayment.fail": Verb("Money could not be given back", INSIDE),
    "repayment.retry": Verb("Giving money back, once more", INSIDE),
    "earning.create": Verb("Earned", WRITER, PAY),
    "earning.keep": Verb("Fine kept", WRITER),
    "earning.restore": Verb("Fine given back", WRITER, reason_shown=True),
    "earning.reduce": Verb("Earning reduced", WRITER, PAY, reason_shown=True),
    "refund.request": Verb("Refund asked for", CLIENT, reason_shown=True),
    "refund.consent": Verb("Refund to the wallet agreed to", CLIENT),
    "refund.approve": Verb("Refund approved", CLIENT),
    "refund.reject": Verb("Refund rejected", CLIENT, reason_shown=True),
    "refund.cancel": Verb("Refund cancelled", CLIENT, reason_shown=True),
    "refund.process": Verb("Refund on its way", CLIENT),
    "refund.grant": Verb("Refund granted", CLIENT, reason_shown=True),
    "refund.adopt": Verb("Money that was not given back is a refund now", INSIDE),
    "refund.succeed": Verb("Refunded", CLIENT),
    "refund.fail": Verb("Refund failed", INSIDE),
    "refund.retry": Verb("Refund tried once more", INSIDE),
    "payout.prepare": Verb("Payout prepared", INSIDE, PAY),
    "payout.approve": Verb("Payout approved", INSIDE, PAY),
    "payout.pay": Verb("Payout paid", INSIDE, PAY),
    "payout.cancel": Verb("Payout cancelled", INSIDE, PAY),
    "payout_statement.pay": Verb("Paid out", WRITER, PAY),
    # Disputes
    "dispute.open": Verb("Dispute opened", PARTIES),
    "dispute.forward": Verb("The other side of a dispute is asked", PARTIES),
    "dispute.respond": Verb("Statement in a dispute", PARTIES),
    "dispute.lapse": Verb("Dispute goes on without an answer", PARTIES),
    "dispute.remind": Verb("Dispute waits for its decision", INSIDE),
    "dispute.withdraw": Verb("Dispute withdrawn", PARTIES, reason_shown=True),
    "dispute.expire": Verb("Dispute expired without an answer", PARTIES),
    "dispute.resolve": Verb(
        "Dispute decided",
        PARTIES,
        {C: frozenset({"pay_change_minor"}), S: frozenset({"pay_change_minor"}), W: frozenset({"refund_minor"})},
        reason_shown=True,
    ),
    # Files and messages
    "file.upload": Verb("File added", ALL),
    "message.post": Verb("Message", ALL),
    # Editing
    "editing_task.open": Verb("Waits for an editor", EDITING),
    "editing_task.claim": Verb("Claimed by an editor", EDITING),
    "editing_task.assign": Verb("Assigned to an editor", EDITING),
    "editing_task.start": Verb("Review begun", EDITING),
    "editing_task.submit": Verb("Review submitted", EDITING),
    "editing_task.complete": Verb("Verdict applied", EDITING),
    "editing_task.reject": Verb("Rejected by its editor", EDITING),
    "editing_task.unclaim": Verb("Claim given back", EDITING),
    "editing_task.hand_over": Verb("Handed over to another editor", EDITING),
    "editing_task.expire": Verb("Claim has run out", EDITING),
    "editing_task.withdraw": Verb("No longer to be edited", EDITING),
    "required_change.tick": Verb("Required change made", WORK),
    "required_change.confirm": Verb("Required change confirmed", WORK),
    "editor.change_profile": Verb("Editor's profile changed", EDITING),
    # Tickets
    "ticket.open": Verb("Ticket opened", PARTIES),
    "ticket.reply": Verb("Answer", PARTIES),
    "ticket.note": Verb("Internal note", INSIDE),
    "ticket.claim": Verb("Claimed", INSIDE),
    "ticket.assign": Verb("Assigned", INSIDE),
    "ticket.change": Verb("Priority or category changed", INSIDE),
    "ticket.escalate": Verb("Escalated", INSIDE),
    "ticket.resolve": Verb("Ticket resolved", PARTIES, reason_shown=True),
    "ticket.close": Verb("Ticket closed", PARTIES),
    "ticket.reopen": Verb("Ticket reopened", PARTIES),
    "ticket.rate": Verb("Ticket rated", PARTIES),
    "ticket.merge": Verb("Goes on as another ticket", PARTIES),
    "ticket.absorb": Verb("A duplicate was merged into it", PARTIES),
    "ticket.warn": Verb("A service clock is at risk", INSIDE),
    "ticket.breach": Verb("A service clock is breached", INSIDE),
    "ticket_escalation.acknowledge": Verb("Escalation acknowledged", INSIDE),
    "ticket_escalation.resolve": Verb("Escalation resolved", INSIDE),
    "account_escalation.request": Verb("A measure against an account is asked for", INSIDE),
    "account_escalation.acknowledge": Verb("Escalation of an account acknowledged", INSIDE),
    "account_escalation.approve": Verb("Measure against an account approved", INSIDE),
    "account_escalation.reject": Verb("Measure against an account rejected", INSIDE),
    "account_escalation.resolve": Verb("Measure against an account taken back", INSIDE),
    "account_escalation.lift": Verb("Measure against an account over", INSIDE),
    "support_profile.change": Verb("Capacity or availability changed", INSIDE),
    "shift.plan": Verb("Shift planned", INSIDE),
    "shift.move": Verb("Shift moved", INSIDE),
    "shift.cancel": Verb("Shift cancelled", INSIDE),
    "canned_reply.write": Verb("Text for replies written", INSIDE),
    "canned_reply.change": Verb("Text for replies changed", INSIDE),
    "canned_reply.discard": Verb("Text for replies discarded", INSIDE),
    "faq.write": Verb("Question and answer written", INSIDE),
    "faq.change": Verb("Question and answer changed", INSIDE),
    "faq.discard": Verb("Question and answer discarded", INSIDE),
    "payment_issue.open": Verb("Payment issue opened", INSIDE),
    "payment_issue.escalate": Verb("Payment issue escalated", INSIDE),
    "payment_issue.resolve": Verb("Payment issue resolved", INSIDE),
    # Fines
    "fine.propose": Verb("Fine proposed", WRITER, reason_shown=True),
    "fine.issue": Verb("Fine issued", WRITER),
    "fine.fall_due": Verb("Fine issued by itself", WRITER),
    "fine.appeal": Verb("Fine appealed", WRITER),
    "fine.uphold": Verb("Fine upheld", WRITER, reason_shown=True),
    "fine.forgive": Verb("Fine waived after an appeal", WRITER, reason_shown=True),
    "fine.lapse": Verb("Fine waived, because nobody decided its appeal", WRITER),
    "fine.waive": Verb("Fine waived", WRITER, reason_shown=True),
    "fine.void": Verb("Fine voided", WRITER, reason_shown=True),
    "fine.settle": Verb("Fine settled", WRITER),
    "fine_appeal.approve": Verb("Appeal granted", WRITER, reason_shown=True),
    "fine_appeal.reject": Verb("Appeal dismissed", WRITER, reason_shown=True),
    "fine_appeal.lapse": Verb("Appeal granted, because nobody decided", WRITER),
    "fine_appeal.close": Verb("Appeal without object", WRITER),
    "fine_policy.change": Verb("Policy of fines changed", INSIDE),
    # Reviews
    "review.submit": Verb("Review written", CLIENT),
    "review.publish": Verb("Review published", PARTIES),
    "review.alert": Verb("A review looks like spam", INSIDE),
    "review.suspect": Verb("A review is member of a burst", INSIDE),
    "review.approve": Verb("Review approved", PARTIES),
    "review.reject": Verb("Review rejected", CLIENT, reason_shown=True),
    "review.flag": Verb("Review to be decided anew", INSIDE),
    "review.withhold": Verb("Review hidden until it is decided", CLIENT, {C: frozenset({"ground"})}),
    "review.shadow": Verb("Review shadowed", INSIDE),
    "review.lift": Verb("Shadow over", INSIDE),
    "review.report": Verb("Review reported", INSIDE),
    "review.appeal": Verb("Rejection appealed", CLIENT),
    "review.restore": Verb("Review published after an appeal", PARTIES),
    "review_appeal.uphold": Verb("Appeal dismissed", CLIENT, reason_shown=True),
    "review_appeal.overturn": Verb("Appeal granted", CLIENT, reason_shown=True),
}


def shown_reason(role: Role, verb: str, reason: str | None) -> str | None:
    """To the parties only where the verb says so."""
    return reason if role not in (Role.CLIENT, Role.WRITER) or VERBS[verb].reason_shown else None
