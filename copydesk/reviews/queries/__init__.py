"""Reviews as each role sees them, the moderators' queue and figures, and the ratings that come of reviews."""

from .ratings import RankFactor, rank_factors, standings, writer_ratings
from .rows import AppealRow, ReportRow, ReviewRow, appeal_row, report_row, reportable, review_rows

__all__ = [
    "AppealRow",
    "RankFactor",
    "ReportRow",
    "ReviewRow",
    "appeal_row",
    "rank_factors",
    "report_row",
    "reportable",
    "review_rows",
    "standings",
    "writer_ratings",
]
