from __future__ import annotations

from copydesk.core.errors import Refusal


class EmailTaken(Refusal):
    code = "email_taken"
    message = "There is an account with this e-mail already."
