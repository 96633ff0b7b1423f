from django.urls import URLPattern, URLResolver, include, path

handler400 = "copydesk.api.problems.bad_request"
handler403 = "copydesk.api.problems.forbidden"
handler404 = "copydesk.api.problems.not_found"
handler500 = "copydesk.api.problems.server_error"

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/auth/", include("allauth.headless.urls")),
    path("api/v1/", include("copydesk.api.resources.urls")),
    path("api/v1/admin-management/", include("copydesk.api.admin.urls")),
]
