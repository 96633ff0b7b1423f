"""Writing, moderating, appealing, rating."""

from .appeals import appeal_review, overturn_appeal, uphold_appeal
from .moderation import (
    BY_NAME,
    approve_review,
    decide_reviews,
    flag_review,
    lift_shadows,
    reject_review,
    report_review,
    shadow_review,
)
from .ratings import rank_writers, rate_writer, rate_writers
from .writing import review_website, submit_review

__all__ = [
    "BY_NAME",
    "appeal_review",
    "approve_review",
    "decide_reviews",
    "flag_review",
    "lift_shadows",
    "overturn_appeal",
    "rank_writers",
    "rate_writer",
    "rate_writers",
    "reject_review",
    "report_review",
    "review_website",
    "shadow_review",
    "submit_review",
    "uphold_appeal",
]
