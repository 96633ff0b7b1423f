"""Opened, answered, withdrawn, decided; and what the clock does."""

from .settling import Decision, resolve_dispute, resolve_disputes
from .stating import keep_time, open_dispute, respond, withdraw_dispute

__all__ = [
    "Decision",
    "keep_time",
    "open_dispute",
    "resolve_dispute",
    "resolve_disputes",
    "respond",
    "withdraw_dispute",
]
