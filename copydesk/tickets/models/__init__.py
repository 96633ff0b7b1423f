"""The tables of tickets."""

from .accounts import AccountEscalation, AccountEscalationStatus, Measure
from .all_escalations import AnyEscalation, EscalationKind, RaisedStatus
from .clocks import Clock
from .desk import CannedReply, Faq, Shift, SupportProfile
from .escalations import Escalation, EscalationStatus
from .issues import IssueKind, IssueStatus, PaymentIssue
from .messages import Note, Reply, TicketFile
from .ticket import ABOUT, ACTIVE, UNCLOSED, Category, Priority, Status, Ticket

__all__ = [
    "ABOUT",
    "ACTIVE",
    "UNCLOSED",
    "AccountEscalation",
    "AccountEscalationStatus",
    "AnyEscalation",
    "CannedReply",
    "Category",
    "Clock",
    "Escalation",
    "EscalationKind",
    "EscalationStatus",
    "Faq",
    "IssueKind",
    "IssueStatus",
    "Measure",
    "Note",
    "PaymentIssue",
    "Priority",
    "RaisedStatus",
    "Reply",
    "Shift",
    "Status",
    "SupportProfile",
    "Ticket",
    "TicketFile",
]
