from __future__ import annotations

from copydesk.core.errors import Refusal


class NoMember(Refusal):
    code = "no_member"
    message = "Only members of the website are told of what happens there."
