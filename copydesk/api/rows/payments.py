"""How an endpoint that charges a card answers."""

from __future__ import annotations

from typing import Any

from rest_framework.response import Response

from copydesk.api.desk import Desk
from copydesk.payments.errors import PaymentDeclined
from copydesk.payments.models import Charge, ChargeStatus


def charge_answer(desk: Desk, charge: Charge, body: Any) -> Response:
    """200 with `body` once captured; 202 with it while the outcome is not known, or the payer must act; else 409 with
    the kept charge's id."""
    if charge.undecided:
        return desk.passing(body) if charge.action else Response(body, status=202)
    if charge.status == ChargeStatus.CAPTURED:
        return Response(body)
    return desk.kept(PaymentDeclined(charge_id=charge.pk, decline_code=charge.code))
