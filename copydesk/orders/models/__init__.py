from .files import DELIVERED_KINDS, WORK_KINDS, FileKind, OrderFile
from .kept import Dwell, Form
from .order import ASSIGNED, OPEN, WRITING, Cause, DisputeReason, Order, Status
from .pricing import Adjustment, AdjustmentStatus, PriceLine, Side, side_of
from .requests import Request, RequestStatus
from .work import Assignment, ExcusedTime, ExcuseKind, Offer, Round, RoundKind

__all__ = [
    "ASSIGNED",
    "DELIVERED_KINDS",
    "OPEN",
    "WORK_KINDS",
    "WRITING",
    "Adjustment",
    "AdjustmentStatus",
    "Assignment",
    "Cause",
    "DisputeReason",
    "Dwell",
    "ExcuseKind",
    "ExcusedTime",
    "FileKind",
    "Form",
    "Offer",
    "Order",
    "OrderFile",
    "PriceLine",
    "Request",
    "RequestStatus",
    "Round",
    "RoundKind",
    "Side",
    "Status",
    "side_of",
]
