"""The smallest valid website. Each row is made in its own website's scope, whatever scope the test is in."""

import datetime as dt
from typing import Any

from django.db import connection

from copydesk.tenancy.models import Website, WebsiteStatus
from copydesk.tenancy.scope import website_scope

FOUNDED = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def website(slug: str = "atlas", **values: Any) -> Website:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('tenancy_website_id_seq')")
        website_id: int = cursor.fetchone()[0]
    row = Website(
        **{
            "id": website_id,
            "slug": slug,
            "name": slug.title(),
            "status": WebsiteStatus.ACTIVE,
            "currency": "USD",
            "timezone": "America/New_York",
            "created_at": FOUNDED,
            **values,
        }
    )
    with website_scope(website_id):
        row.save(force_insert=True)
    return row
