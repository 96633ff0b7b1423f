"""The table of contents: one register line a section, literal segments before `{id}`."""

from rest_framework.routers import SimpleRouter

from copydesk.api.admin.disputes import DisputeReportDesk
from copydesk.api.admin.fine_appeals import FineAppealDesk
from copydesk.api.admin.fine_policies import FinePolicyDesk
from copydesk.api.admin.fines import FineReportDesk
from copydesk.api.admin.order_actions import OrderActionDesk
from copydesk.api.admin.orders import OrderReportDesk
from copydesk.api.admin.refunds import RefundReportDesk
from copydesk.api.admin.review_appeals import ReviewAppealDesk
from copydesk.api.admin.reviews import ReviewModerationDesk
from copydesk.api.admin.ticket_assignment import TicketAssignmentDesk
from copydesk.api.admin.tickets import TicketReportDesk
from copydesk.api.admin.writer_payments import WriterPaymentDesk

router = SimpleRouter()
router.register("disputes", DisputeReportDesk, basename="dispute-reports")
router.register("fines/appeals", FineAppealDesk, basename="fine-appeals")
router.register("fines/policies", FinePolicyDesk, basename="fine-policies")
router.register("fines", FineReportDesk, basename="fine-reports")
router.register("orders", OrderActionDesk, basename="order-actions")
router.register("orders", OrderReportDesk, basename="order-reports")
router.register("refunds", RefundReportDesk, basename="refund-reports")
router.register("reviews/appeals", ReviewAppealDesk, basename="review-appeals")
router.register("reviews", ReviewModerationDesk, basename="review-moderation")
router.register("tickets", TicketReportDesk, basename="ticket-reports")
router.register("tickets", TicketAssignmentDesk, basename="ticket-assignment")
router.register("writer-payments", WriterPaymentDesk, basename="writer-payments")

urlpatterns = router.urls
