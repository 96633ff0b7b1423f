"""The benchmark's URLs: all that is served, and the floor."""

from copydesk.config import urls
from copydesk.config.urls import handler400, handler403, handler404, handler500
from copydesk.demo.bench.meter import floor

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [floor, *urls.urlpatterns]
