"""The table of contents: one register line a section, literal segments before `{id}`."""

from rest_framework.routers import SimpleRouter

from copydesk.api.resources.auth import AuthDesk
from copydesk.api.resources.events import EventDesk
from copydesk.api.resources.writers import WriterDesk

router = SimpleRouter()
router.register("auth", AuthDesk, basename="auth")
router.register("events", EventDesk, basename="events")
router.register("writers", WriterDesk, basename="writers")

urlpatterns = router.urls
