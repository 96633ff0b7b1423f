"""The table of contents: one register line a section, literal segments before `{id}`."""

from rest_framework.routers import SimpleRouter

from copydesk.api.support.dashboard import SupportDesk
from copydesk.api.support.dashboard_escalations import EscalatedTicketDesk
from copydesk.api.support.dashboard_orders import NeedyOrderDesk
from copydesk.api.support.dashboard_tickets import SupportTicketDesk
from copydesk.api.support.escalations import EscalationDesk
from copydesk.api.support.order_management import OrderManagementDesk

router = SimpleRouter()
router.register("dashboard", SupportDesk, basename="support-dashboard")
router.register("dashboard", EscalatedTicketDesk, basename="support-escalated-tickets")
router.register("dashboard", NeedyOrderDesk, basename="support-needy-orders")
router.register("dashboard", SupportTicketDesk, basename="support-tickets")
router.register("escalations", EscalationDesk, basename="support-escalations")
router.register("order-management", OrderManagementDesk, basename="support-orders")

urlpatterns = router.urls
