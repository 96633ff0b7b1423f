"""The table of contents: one register line a section, literal segments before `{id}`."""

from rest_framework.routers import SimpleRouter

from copydesk.api.resources.auth import AuthDesk
from copydesk.api.resources.events import EventDesk
from copydesk.api.resources.fines import FineDesk
from copydesk.api.resources.notifications import NotificationDesk
from copydesk.api.resources.order_disputes import DisputeDesk, DisputeFileDesk
from copydesk.api.resources.order_files import OrderFileDesk, OrderFilesDesk
from copydesk.api.resources.order_messages import OrderMessageDesk
from copydesk.api.resources.order_payments import AdjustmentDesk, OrderPaymentDesk
from copydesk.api.resources.order_requests import AskingDesk, RequestDesk
from copydesk.api.resources.order_review import OrderReviewDesk
from copydesk.api.resources.order_steps import OrderStepDesk
from copydesk.api.resources.orders import OrderDesk
from copydesk.api.resources.payments import PaymentDesk, WebhookDesk
from copydesk.api.resources.public import PublicDesk
from copydesk.api.resources.refunds import RefundDesk
from copydesk.api.resources.reviews import ReviewDesk
from copydesk.api.resources.ticket_files import TicketFileDesk, TicketFilesDesk
from copydesk.api.resources.ticket_steps import TicketStepDesk
from copydesk.api.resources.tickets import TicketDesk
from copydesk.api.resources.wallet import OwnPayoutDesk, WalletDesk
from copydesk.api.resources.writers import WriterDesk

router = SimpleRouter()
router.register("auth", AuthDesk, basename="auth")
router.register("events", EventDesk, basename="events")
router.register("fines", FineDesk, basename="fines")
router.register("notifications", NotificationDesk, basename="notifications")
router.register("payments/webhooks", WebhookDesk, basename="payment-webhooks")
router.register("payments", PaymentDesk, basename="payments")
router.register("wallet/payouts", OwnPayoutDesk, basename="own-payouts")
router.register("wallet", WalletDesk, basename="wallet")
router.register("orders/disputes/files", DisputeFileDesk, basename="dispute-file")
router.register("orders/disputes", DisputeDesk, basename="disputes")
router.register("orders/requests", RequestDesk, basename="order-requests")
router.register("orders", AskingDesk, basename="order-asking")
router.register("orders/adjustments", AdjustmentDesk, basename="adjustments")
router.register("orders/files", OrderFileDesk, basename="order-file")
router.register("orders", OrderDesk, basename="orders")
router.register("orders", OrderStepDesk, basename="order-steps")
router.register("orders", OrderPaymentDesk, basename="order-payments")
router.register("orders", OrderFilesDesk, basename="order-files")
router.register("orders", OrderMessageDesk, basename="order-messages")
router.register("orders", OrderReviewDesk, basename="order-review")
router.register("refunds", RefundDesk, basename="refunds")
router.register("reviews", ReviewDesk, basename="reviews")
router.register("tickets/files", TicketFileDesk, basename="ticket-file")
router.register("tickets", TicketDesk, basename="tickets")
router.register("tickets", TicketStepDesk, basename="ticket-steps")
router.register("tickets", TicketFilesDesk, basename="ticket-files")
router.register("public", PublicDesk, basename="public")
router.register("writers", WriterDesk, basename="writers")

urlpatterns = router.urls
