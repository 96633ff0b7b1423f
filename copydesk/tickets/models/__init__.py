"""The tables of tickets."""

from .clocks import Clock
from .escalations import Escalation, EscalationStatus
from .messages import Note, Reply, TicketFile
from .ticket import ABOUT, ACTIVE, UNCLOSED, Category, Priority, Status, Ticket

__all__ = [
    "ABOUT",
    "ACTIVE",
    "UNCLOSED",
    "Category",
    "Clock",
    "Escalation",
    "EscalationStatus",
    "Note",
    "Priority",
    "Reply",
    "Status",
    "Ticket",
    "TicketFile",
]
