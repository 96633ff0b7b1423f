"""The table of contents: one register line a section, literal segments before `{id}`."""

from rest_framework.routers import SimpleRouter

from copydesk.api.writer.dashboard import WriterDashboard
from copydesk.api.writer.dashboard_calendar import CalendarDesk
from copydesk.api.writer.dashboard_feeds import FeedDesk
from copydesk.api.writer.dashboard_requests import OrderRequestDesk
from copydesk.api.writer.dashboard_workload import WorkloadDesk

router = SimpleRouter()
router.register("dashboard", WriterDashboard, basename="writer-dashboard")
router.register("dashboard", CalendarDesk, basename="writer-calendar")
router.register("dashboard", FeedDesk, basename="writer-feeds")
router.register("dashboard", WorkloadDesk, basename="writer-workload")
router.register("dashboard", OrderRequestDesk, basename="writer-requests")

urlpatterns = router.urls
