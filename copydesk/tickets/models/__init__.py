"""The tables of tickets."""

from .accounts import AccountEscalation, AccountEscalationStatus, Measure
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
    "CannedReply",
    "Category",
    "Clock",
    "Escalation",
    "EscalationStatus",
    "Faq",
    "IssueKind",
    "IssueStatus",
    "Measure",
    "Note",
    "PaymentIssue",
    "Priority",
    "Reply",
    "Shift",
    "Status",
    "SupportProfile",
    "Ticket",
    "TicketFile",
]
