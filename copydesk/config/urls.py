from django.urls import URLPattern, URLResolver, include, path
from drf_spectacular.views import SpectacularSwaggerView

from copydesk.api import health, schema

handler400 = "copydesk.api.problems.bad_request"
handler403 = "copydesk.api.problems.forbidden"
handler404 = "copydesk.api.problems.not_found"
handler500 = "copydesk.api.problems.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz/live/", health.live),
    path("healthz/ready/", health.ready),
    path("api/v1/schema/", schema.openapi),
    path("api/v1/docs/", SpectacularSwaggerView.as_view(url="/api/v1/schema/")),
    path("api/v1/docs/accounts/", SpectacularSwaggerView.as_view(url="/api/v1/auth/openapi.json")),
    path("api/v1/auth/", include("allauth.headless.urls")),
    path("api/v1/", include("copydesk.api.resources.urls")),
    path("api/v1/client-management/", include("copydesk.api.client.urls")),
    path("api/v1/writer-management/", include("copydesk.api.writer.urls")),
    path("api/v1/editor-management/", include("copydesk.api.editor.urls")),
    path("api/v1/support-management/", include("copydesk.api.support.urls")),
    path("api/v1/admin-management/", include("copydesk.api.admin.urls")),
]
