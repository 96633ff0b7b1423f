"""Fines are proposed, issued, appealed, waived, voided, settled."""

from .appeals import appeal_fine, approve_appeal, lapse_appeal, reject_appeal
from .deciding import BY_NAME, decide_fines, issue_fine, void_fine, waive_fine
from .proposing import judge_order, propose_fine
from .settling import settle_paid

__all__ = [
    "BY_NAME",
    "appeal_fine",
    "approve_appeal",
    "decide_fines",
    "issue_fine",
    "judge_order",
    "lapse_appeal",
    "propose_fine",
    "reject_appeal",
    "settle_paid",
    "void_fine",
    "waive_fine",
]
