from .order import ASSIGNED, OPEN, WRITING, Cause, Order, Status
from .pricing import Adjustment, AdjustmentStatus, PriceLine, Side, side_of
from .requests import Request, RequestStatus
from .work import Assignment, ExcusedTime, ExcuseKind, Offer, Round, RoundKind

__all__ = [
    "ASSIGNED",
    "OPEN",
    "WRITING",
    "Adjustment",
    "AdjustmentStatus",
    "Assignment",
    "Cause",
    "ExcuseKind",
    "ExcusedTime",
    "Offer",
    "Order",
    "PriceLine",
    "Request",
    "RequestStatus",
    "Round",
    "RoundKind",
    "Side",
    "Status",
    "side_of",
]
