"""The table of contents: one register line a section, literal segments before `{id}`."""

from rest_framework.routers import SimpleRouter

from copydesk.api.writer.dashboard import WriterDashboard

router = SimpleRouter()
router.register("dashboard", WriterDashboard, basename="writer-dashboard")

urlpatterns = router.urls
