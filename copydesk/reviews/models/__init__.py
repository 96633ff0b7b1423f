"""Reviews, what is decided about them, and the standing of those whom they rate."""

from .moderation import Appeal, AppealStatus, Decision, DecisionKind, Fragment, Report
from .review import (
    HIGH_STARS,
    IS_PUBLISHED,
    IS_RATED,
    LOW_STARS,
    RATING_TARGETS,
    Ground,
    Review,
    ReviewStatus,
    Target,
    Visibility,
)
from .standing import Standing

__all__ = [
    "HIGH_STARS",
    "IS_PUBLISHED",
    "IS_RATED",
    "LOW_STARS",
    "RATING_TARGETS",
    "Appeal",
    "AppealStatus",
    "Decision",
    "DecisionKind",
    "Fragment",
    "Ground",
    "Report",
    "Review",
    "ReviewStatus",
    "Standing",
    "Target",
    "Visibility",
]
