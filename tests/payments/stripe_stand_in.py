"""A stand-in for Stripe's API: a server on loopback with the endpoints that we call, Stripe's idempotency and errors,
faults on demand, and the signed messages that Stripe would send."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import itertools
import json
import socket
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

SECRET_KEY = "sk_test_standin"
WEBHOOK_SECRET = "whsec_standin"
VERSION = "2026-10-28.endive"
VISA, BANK_ASKS, SLOW_BANK = "pm_card_visa", "pm_card_authenticationRequired", "pm_card_processing"
NO_FUNDS = "pm_card_visa_chargeDeclinedInsufficientFunds"
EXPIRED = "pm_card_chargeDeclinedExpiredCard"
DECLINES = {NO_FUNDS: ("card_declined", "insufficient_funds"), EXPIRED: ("expired_card", None)}

# Faults: the request is not heard; it is done and its answer lost; it is done and the answer keeps being awaited.
UNHEARD, UNANSWERED, SLOW = "unheard", "unanswered", "slow"
Json = dict[str, Any]


@dataclass(frozen=True)
class Heard:
    method: str
    path: str
    form: dict[str, str]
    key: str | None
    authorization: str
    version: str


class Refused(Exception):
    def __init__(self, status: int, **error: Any) -> None:
        self.status = status
        self.body = {"error": {"type": "invalid_request_error", "message": "Refused.", **error}}
        super().__init__()


@dataclass
class StandIn:
    """`faults`: what becomes of the next requests, one each: UNHEARD, UNANSWERED, SLOW, an HTTP status, or a body."""

    intents: dict[str, Json] = field(default_factory=dict)
    refunds: dict[str, Json] = field(default_factory=dict)
    heard: list[Heard] = field(default_factory=list)
    faults: deque[str | int | bytes] = field(default_factory=deque)
    refund_status: str = "succeeded"
    before_answer: Callable[[], None] | None = None
    answers: dict[str, tuple[dict[str, str], int, Json]] = field(default_factory=dict)
    url: str = ""

    def __post_init__(self) -> None:
        self.ids = itertools.count(1)
        self.over = threading.Event()

    # What a test asks

    def calls(self, method: str, path: str = "") -> list[Heard]:
        return [one for one in self.heard if one.method == method and one.path.startswith(path)]

    def only_intent(self) -> Json:
        (intent,) = self.intents.values()
        return intent

    # What happens at Stripe's

    def payer_confirms(self) -> None:
        self._succeed(self.only_intent())

    def payer_fails(self) -> None:
        self.only_intent().update(
            status="requires_payment_method",
            next_action=None,
            last_payment_error={"type": "card_error", "code": "payment_intent_authentication_failure"},
        )

    def message(self, kind: str, *, secret: str = WEBHOOK_SECRET, age: int = 0, event: str = "", **changes: Any) -> Any:
        """Headers and body of `payment_intent.<kind>` about the only intent, with `changes` to it."""
        payload = {
            "id": event or f"evt_{uuid.uuid4().hex}",
            "object": "event",
            "api_version": VERSION,
            "created": int(time.time()),
            "livemode": False,
            "type": f"payment_intent.{kind}",
            "data": {"object": {**self.only_intent(), **changes}},
        }
        body = json.dumps(payload).encode()
        return self.signed(body, secret=secret, age=age), body

    def signed(self, body: bytes, *, secret: str = WEBHOOK_SECRET, age: int = 0) -> dict[str, str]:
        at = int(time.time()) - age
        mac = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
        return {"Stripe-Signature": f"t={at},v1={mac},v0=00"}

    def forget_keys(self) -> None:
        """As Stripe does after a day."""
        self.answers.clear()

    # The API

    def answer(self, heard: Heard) -> tuple[int, Json]:
        if heard.authorization != f"Bearer {SECRET_KEY}":
            return 401, {"error": {"type": "invalid_request_error", "message": "Invalid API Key provided."}}
        if heard.version != VERSION:
            return 400, {"error": {"type": "invalid_request_error", "message": "Invalid Stripe API version."}}
        known = self.answers.get(heard.key or "")
        if known is not None:
            form, status, body = known
            if form != heard.form:
                return 400, {"error": {"type": "idempotency_error", "message": "Another request had this key."}}
            return status, body
        try:
            status, body = 200, self._do(heard)
        except Refused as refused:
            status, body = refused.status, refused.body
        body = json.loads(json.dumps(body))
        if heard.key:
            self.answers[heard.key] = (heard.form, status, body)
        return status, body

    def _do(self, heard: Heard) -> Json:
        match heard.method, heard.path.removeprefix("/v1/").split("/"):
            case "POST", ["payment_intents"]:
                return self._create(heard.form)
            case "GET", ["payment_intents"]:
                return self._page(list(self.intents.values()), heard)
            case "GET", ["payment_intents", found] if found in self.intents:
                return self.intents[found]
            case "POST", ["payment_intents", found, "cancel"] if found in self.intents:
                return self._cancel(self.intents[found], heard.form)
            case "POST", ["refunds"]:
                return self._refund(heard.form)
            case "GET", ["refunds"]:
                rows = [row for row in self.refunds.values() if row["payment_intent"] == heard.form["payment_intent"]]
                return self._page(rows, heard)
        raise Refused(404, code="resource_missing")

    def _create(self, form: dict[str, str]) -> Json:
        if form.get("confirm") != "true" or form.get("allowed_payment_method_types[0]") != "card":
            raise Refused(400, code="parameter_missing")
        if "payment_method_types[0]" in form:
            raise Refused(400, code="payment_method_types_no_longer_supported")
        card = form["payment_method"]
        if card not in {VISA, BANK_ASKS, SLOW_BANK, *DECLINES}:
            raise Refused(400, code="resource_missing", param="payment_method")
        intent = self.intent(int(form["amount"]), form["currency"], _marks(form))
        if card == VISA:
            self._succeed(intent)
        elif card == SLOW_BANK:
            intent["status"] = "processing"
        elif card == BANK_ASKS:
            intent["status"] = "requires_action"
            intent["next_action"] = {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect"}}
        else:
            code, reason = DECLINES[card]
            error = {"type": "card_error", "code": code, **({"decline_code": reason} if reason else {})}
            intent["last_payment_error"] = error
            raise Refused(402, **error, payment_intent=intent)
        return intent

    def intent(self, amount: int, currency: str, marks: dict[str, str]) -> Json:
        made = f"pi_{next(self.ids)}"
        self.intents[made] = {
            "id": made,
            "object": "payment_intent",
            "amount": amount,
            "amount_received": 0,
            "currency": currency,
            "status": "requires_payment_method",
            "client_secret": f"{made}_secret_{uuid.uuid4().hex}",
            "next_action": None,
            "last_payment_error": None,
            "cancellation_reason": None,
            "metadata": marks,
            "created": int(time.time()),
        }
        return self.intents[made]

    def _succeed(self, intent: Json) -> None:
        intent.update(status="succeeded", amount_received=intent["amount"], next_action=None)

    def _cancel(self, intent: Json, form: dict[str, str]) -> Json:
        if intent["status"] in ("succeeded", "canceled", "processing"):
            raise Refused(400, code="payment_intent_unexpected_state")
        intent.update(status="canceled", cancellation_reason=form.get("cancellation_reason"), next_action=None)
        return intent

    def _refund(self, form: dict[str, str]) -> Json:
        intent = self.intents.get(form["payment_intent"])
        if intent is None:
            raise Refused(404, code="resource_missing")
        given = sum(row["amount"] for row in self.refunds.values() if row["status"] != "failed")
        if int(form["amount"]) > intent["amount_received"] - given:
            raise Refused(400, code="charge_already_refunded")
        made = f"re_{next(self.ids)}"
        self.refunds[made] = {
            "id": made,
            "object": "refund",
            "amount": int(form["amount"]),
            "payment_intent": form["payment_intent"],
            "status": self.refund_status,
            "metadata": _marks(form),
        }
        return self.refunds[made]

    def _page(self, rows: list[Json], heard: Heard) -> Json:
        """Newest first, after `starting_after`."""
        form = heard.form
        rows = [row for row in reversed(rows) if _made_within(row, form)]
        after = form.get("starting_after")
        if after:
            rows = rows[[row["id"] for row in rows].index(after) + 1 :]
        size = int(form.get("limit", 10))
        return {"object": "list", "url": heard.path, "has_more": len(rows) > size, "data": rows[:size]}


def _marks(form: dict[str, str]) -> dict[str, str]:
    return {name[9:-1]: value for name, value in form.items() if name.startswith("metadata[")}


def _made_within(row: Json, form: dict[str, str]) -> bool:
    at: int = row.get("created", 0)
    return int(form.get("created[gte]", "0")) <= at <= int(form.get("created[lte]", str(at)))


@contextlib.contextmanager
def stand_in() -> Iterator[StandIn]:
    stripe = StandIn()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(urlsplit(self.path).query)

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode())

        def log_message(self, *_: object) -> None:
            pass

        def _answer(self, form: str) -> None:
            heard = Heard(
                self.command,
                urlsplit(self.path).path,
                dict(parse_qsl(form)),
                self.headers.get("Idempotency-Key"),
                self.headers.get("Authorization", ""),
                self.headers.get("Stripe-Version", ""),
            )
            stripe.heard.append(heard)
            fault = stripe.faults.popleft() if stripe.faults else None
            if fault == UNHEARD:
                return self._hang_up()
            if isinstance(fault, int):
                return self._say(fault, json.dumps({"error": {"type": "api_error", "message": "Sorry."}}).encode())
            if isinstance(fault, bytes):
                return self._say(200, fault)
            status, body = stripe.answer(heard)
            if stripe.before_answer is not None:
                stripe.before_answer()
            if fault == UNANSWERED:
                return self._hang_up()
            if fault == SLOW:
                stripe.over.wait(30)
                return self._hang_up()
            return self._say(status, json.dumps(body).encode())

        def _say(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Request-Id", "req_standin")
            self.end_headers()
            self.wfile.write(body)

        def _hang_up(self) -> None:
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    stripe.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield stripe
    finally:
        stripe.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
