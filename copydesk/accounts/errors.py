"""What the door says no with."""

from __future__ import annotations

from copydesk.core.errors import Refusal


class CredentialsInvalid(Refusal):
    """One answer for an unknown e-mail, a wrong password and a closed account."""

    code = "credentials_invalid"
    status = 401
    message = "E-mail or password is wrong."


class MfaRequired(Refusal):
    code = "mfa_required"
    status = 401
    message = "This account has a second factor: send its code, or a recovery code, as `code`."


class MfaCodeInvalid(Refusal):
    code = "mfa_code_invalid"
    status = 401
    message = "The code is wrong or has been used."


class TokenInvalid(Refusal):
    code = "token_invalid"
    status = 401
    message = "The refresh token is unknown or has expired."


class TokenReused(Refusal):
    code = "token_reused"
    status = 401
    message = "The refresh token was used before: everything that came from its login is revoked."


class LinkInvalid(Refusal):
    code = "link_invalid"
    status = 400
    message = "The link is not valid or has expired."


class TooManyAttempts(Refusal):
    code = "too_many_attempts"
    status = 429
    message = "Too many attempts: try again later."
