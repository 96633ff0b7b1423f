"""The table of contents: one register line a section, literal segments before `{id}`."""

from rest_framework.routers import SimpleRouter

from copydesk.api.resources.events import EventDesk

router = SimpleRouter()
router.register("events", EventDesk, basename="events")

urlpatterns = router.urls
