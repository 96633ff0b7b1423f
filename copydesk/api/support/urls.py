"""The table of contents: one register line a section, literal segments before `{id}`."""

from rest_framework.routers import SimpleRouter

from copydesk.api.support.canned_replies import CannedReplyDesk
from copydesk.api.support.dashboard import SupportDesk
from copydesk.api.support.dashboard_escalations import EscalatedTicketDesk
from copydesk.api.support.dashboard_orders import NeedyOrderDesk
from copydesk.api.support.dashboard_tickets import SupportTicketDesk
from copydesk.api.support.escalations import EscalationDesk
from copydesk.api.support.faqs import DeskFaqDesk
from copydesk.api.support.order_management import OrderManagementDesk
from copydesk.api.support.payment_issues import PaymentIssueDesk
from copydesk.api.support.shifts import ShiftDesk
from copydesk.api.support.support_profiles import SupportProfileDesk
from copydesk.api.support.workload_tracker import WorkloadTrackerDesk

router = SimpleRouter()
router.register("canned-replies", CannedReplyDesk, basename="canned-replies")
router.register("dashboard", SupportDesk, basename="support-dashboard")
router.register("dashboard", EscalatedTicketDesk, basename="support-escalated-tickets")
router.register("dashboard", NeedyOrderDesk, basename="support-needy-orders")
router.register("dashboard", SupportTicketDesk, basename="support-tickets")
router.register("escalations", EscalationDesk, basename="support-escalations")
router.register("faqs", DeskFaqDesk, basename="desk-faqs")
router.register("order-management", OrderManagementDesk, basename="support-orders")
router.register("payment-issues", PaymentIssueDesk, basename="payment-issues")
router.register("shifts", ShiftDesk, basename="support-shifts")
router.register("support-profiles", SupportProfileDesk, basename="support-profiles")
router.register("workload-tracker", WorkloadTrackerDesk, basename="workload-tracker")

urlpatterns = router.urls
