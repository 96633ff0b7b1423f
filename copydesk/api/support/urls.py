"""The table of contents: one register line a section, literal segments before `{id}`."""

from rest_framework.routers import SimpleRouter

from copydesk.api.support.escalations import EscalationDesk

router = SimpleRouter()
router.register("escalations", EscalationDesk, basename="support-escalations")

urlpatterns = router.urls
