"""The table of contents: one register line a section."""

from rest_framework.routers import SimpleRouter

from copydesk.api.client.dashboard import ClientDashboard

router = SimpleRouter()
router.register("dashboard", ClientDashboard, basename="client-dashboard")

urlpatterns = router.urls
