"""A process that is killed while it executes a refund.

`python -m tests.refunds.dying WHERE TOKEN SLUG REFUND KEY PASSWORD`

WHERE is `inside`: in the middle of the commit that is the effect; or `answered`: after it, before anybody has heard.
"""

import os
import signal
import sys
from typing import Any

import django

django.setup()

from django.test import Client  # noqa: E402

from copydesk.api.desk import Desk  # noqa: E402
from copydesk.refunds.actions import executing  # noqa: E402


def die(*_: Any, **__: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    where, token, slug, refund_id, key, password = sys.argv[1:]
    if where == "inside":
        executing.settle_refund = die  # type: ignore[assignment]
    else:
        Desk.finalize_response = die  # type: ignore[method-assign,assignment]
    Client().post(
        f"/api/v1/refunds/{refund_id}/process/",
        {"password": password},
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}", "X-Website": slug, "Idempotency-Key": key},
    )
    sys.exit("still alive")
