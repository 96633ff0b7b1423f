"""For whoever watches the process: is it alive, and is it ready for work?"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from copydesk.journal.idempotency import across_commits
from copydesk.platform.queries import readiness

from .shape import dumps


@across_commits
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    return HttpResponse(dumps({"status": "ok"}), content_type="application/json")


@across_commits
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    found = readiness()
    body = {"status": "ok" if found.ready else "unavailable", "checks": found}
    return HttpResponse(dumps(body), status=200 if found.ready else 503, content_type="application/json")
