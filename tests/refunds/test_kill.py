"""The process is killed while a refund is executed. Repeated with its key: done once, and told so."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest
from pytest_django import Settings

from copydesk.journal.models import Event
from copydesk.payments.models import Repayment
from copydesk.tenancy.scope import website_scope
from tests.api.client import as_
from tests.factories import accounts, refunds, tenancy
from tests.factories.accounts import access_token
from tests.jobs import run_jobs
from tests.template import ROOT

pytestmark = pytest.mark.django_db(transaction=True)
KEY = "killed"


@pytest.mark.parametrize(("where", "left"), [("inside", "requested"), ("answered", "executing")])
def test_repeated_with_its_key(where: str, left: str, settings: Settings) -> None:
    client = accounts.membership(tenancy.website())
    admin = accounts.membership(client.website, "admin")
    password = refunds.with_password(admin)
    refund = refunds.request(refunds.card_order(client), client)
    arguments = [where, access_token(admin.user), client.website.slug, str(refund.pk), KEY, password]
    done = subprocess.run(
        [sys.executable, "-m", "tests.refunds.dying", *arguments], cwd=ROOT, capture_output=True, check=False, text=True
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    caller, path = as_(admin), f"/api/v1/refunds/{refund.pk}/"
    assert caller.get(path)["status"] == left
    settings.IN_FLIGHT_SECONDS = 0
    told = caller.post(f"{path}process/", {"password": password}, 200, idempotency_key=KEY)
    assert told["status"] == "executing"
    run_jobs()
    assert caller.get(path)["status"] == "succeeded"
    assert caller.post(f"{path}process/", {"password": password}, 200, idempotency_key=KEY) == told
    with website_scope(client.website_id):
        assert Repayment.objects.of(client.website).get().status == "succeeded"
        assert Event.objects.of(client.website).filter(verb="refund.process").count() == 1
