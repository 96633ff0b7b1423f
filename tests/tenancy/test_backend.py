"""The website's id goes with BEGIN, lasts as long as the transaction, and no longer."""

import pytest
from django.db import connection

from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import website_scope
from tests.factories.accounts import membership
from tests.factories.tenancy import website


@pytest.mark.django_db
def test_factories_make_rows_of_two_websites() -> None:
    atlas, borealis = website("atlas"), website("borealis")
    membership(atlas, "client")
    membership(borealis, "writer")
    with website_scope(borealis.pk):
        assert [row.slug for row in Website.objects.all()] == ["borealis"]
    assert not Website.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone() == ("app",)
