"""What a process that serves asks of its environment, before Django is set up."""

from __future__ import annotations

from collections.abc import Mapping

LEAST_KEY_LENGTH = 40


def require_secret_key(environ: Mapping[str, str]) -> None:
    """Links in mails and second factors are signed and encrypted with it: a known one opens every account."""
    if len(environ.get("COPYDESK_SECRET_KEY", "")) < LEAST_KEY_LENGTH:
        raise SystemExit(f"Set COPYDESK_SECRET_KEY to at least {LEAST_KEY_LENGTH} random characters.")


def trusted_proxies(environ: Mapping[str, str]) -> list[str]:
    """Addresses and networks whose X-Forwarded-For and X-Forwarded-Proto are believed."""
    return [proxy for given in environ.get("COPYDESK_TRUSTED_PROXIES", "").split(",") if (proxy := given.strip())]


def payment_gateways(environ: Mapping[str, str]) -> dict[str, str]:
    """name → class of each provider that is set up. One that is set up and no longer charges still gives back."""
    gateways = {"sandbox": "copydesk.payments.gateway.sandbox.SandboxGateway"}
    if environ.get("COPYDESK_STRIPE_SECRET_KEY") and environ.get("COPYDESK_STRIPE_WEBHOOK_SECRET"):
        gateways["stripe"] = "copydesk.payments.gateway.stripe.StripeGateway"
    chosen = environ.get("COPYDESK_PAYMENT_PROVIDER") or "sandbox"
    if chosen == "stripe" and chosen not in gateways:
        raise SystemExit("COPYDESK_PAYMENT_PROVIDER=stripe needs COPYDESK_STRIPE_SECRET_KEY and _WEBHOOK_SECRET.")
    if chosen not in gateways:
        raise SystemExit(f"COPYDESK_PAYMENT_PROVIDER={chosen}: there are {', '.join(sorted(gateways))}.")
    return gateways
