"""Calls over HTTP, through every middleware: `as_(membership).get("/api/v1/orders/")` gives the answer's JSON."""

from typing import Any

from django.http import HttpResponse
from django.test import Client

from copydesk.accounts.models import Membership, User
from copydesk.tenancy.models import Website
from tests.factories.accounts import access_token


class Caller:
    """Each verb checks the status it is told to expect (2xx when it is not told) and returns the JSON.

    `response` is the last answer, for its headers.
    """

    response: HttpResponse

    def __init__(self, token: str | None, website: Website | None) -> None:
        self._client = Client(raise_request_exception=True)
        self._headers: dict[str, str] = {}
        if token:
            self._headers["Authorization"] = f"Bearer {token}"
        if website:
            self._headers["X-Website"] = website.slug

    def get(self, path: str, status: int | None = None, **params: Any) -> Any:
        return self.send("GET", path, status, query_params=params)

    def post(self, path: str, body: Any = None, status: int | None = None, **headers: str) -> Any:
        return self.send("POST", path, status, body={} if body is None else body, headers=headers)

    def patch(self, path: str, body: Any, status: int | None = None, **headers: str) -> Any:
        return self.send("PATCH", path, status, body=body, headers=headers)

    def put(self, path: str, body: Any, status: int | None = None, **headers: str) -> Any:
        return self.send("PUT", path, status, body=body, headers=headers)

    def delete(self, path: str, status: int | None = None, **headers: str) -> Any:
        return self.send("DELETE", path, status, headers=headers)

    def upload(self, path: str, body: dict[str, Any], status: int | None = None, **headers: str) -> Any:
        """multipart/form-data."""
        self.response = self._client.post(path, body, headers={**self._headers, **_named(headers)})
        return self._checked(status)

    def send(
        self,
        method: str,
        path: str,
        status: int | None = None,
        *,
        body: Any = None,
        headers: dict[str, str] | None = None,
        query_params: dict[str, Any] | None = None,
    ) -> Any:
        call = getattr(self._client, method.lower())
        content = {} if body is None else {"data": body, "content_type": "application/json"}
        self.response = call(
            path, headers={**self._headers, **_named(headers or {})}, query_params=query_params, **content
        )
        return self._checked(status)

    def _checked(self, status: int | None) -> Any:
        got = self.response.status_code
        assert got == status if status else got < 300, f"{got} {self.response.content.decode(errors='replace')[:1000]}"
        kind = self.response.headers.get("Content-Type", "")
        if kind.startswith(("application/json", "application/problem+json")):
            return self.response.json() if self.response.content else None
        return self.response


def as_(who: Membership) -> Caller:
    return Caller(access_token(who.user), who.website)


def as_user(account: User, website: Website | None = None) -> Caller:
    """A superadmin, or an account that names no website."""
    return Caller(access_token(account), website)


def anonymous(website: Website | None = None) -> Caller:
    return Caller(None, website)


def _named(headers: dict[str, str]) -> dict[str, str]:
    """`idempotency_key="k"` is the header Idempotency-Key."""
    return {name.replace("_", "-").title(): value for name, value in headers.items()}
