"""The table of contents: one register line a section, literal segments before `{id}`."""

from rest_framework.routers import SimpleRouter

router = SimpleRouter()

urlpatterns = router.urls
