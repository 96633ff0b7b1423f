"""Settings, all from the environment: docs/how-to/production.md lists the variables."""

from __future__ import annotations

import json
import os
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

import structlog

from copydesk.config.environment import payment_gateways

ROOT = Path(__file__).resolve().parent.parent.parent
DATA = Path(os.environ.get("COPYDESK_DATA", ROOT / ".data"))
DEMO = os.environ.get("COPYDESK_DEMO") == "1"
DEBUG = False
SECRET_KEY = os.environ.get("COPYDESK_SECRET_KEY") or "only-for-commands-that-serve-nobody"
ALLOWED_HOSTS = os.environ.get("COPYDESK_HOSTS", "*").split(",")

INSTALLED_APPS = [
    "copydesk.tenancy",
    "copydesk.accounts",
    "copydesk.journal",
    "copydesk.files",
    "copydesk.threads",
    "copydesk.payments",
    "copydesk.writers",
    "copydesk.orders",
    "copydesk.refunds",
    "copydesk.reviews",
    "copydesk.fines",
    "copydesk.editing",
    "copydesk.tickets",
    "copydesk.disputes",
    "copydesk.platform",
    "copydesk.notifications",
    "copydesk.demo",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.headless",
    "allauth.usersessions",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "procrastinate.contrib.django",
]

MIDDLEWARE = [
    "copydesk.api.access.CallerMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "copydesk.config.urls"
WSGI_APPLICATION = "copydesk.config.wsgi.application"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {}}]


PGBOUNCER = os.environ.get("COPYDESK_PGBOUNCER") == "1"


def database(url: str) -> dict[str, object]:
    parts = urlsplit(url)
    options: dict[str, object] = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "copydesk.tenancy.db",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", None) or parts.hostname or "",
        "PORT": str(parts.port or options.pop("port", "")),
        "ATOMIC_REQUESTS": True,
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "DISABLE_SERVER_SIDE_CURSORS": PGBOUNCER,
        "OPTIONS": {
            **options,
            "server_side_binding": True,
            # Behind a pooler a statement may meet a server that has not prepared it.
            "prepare_threshold": None if PGBOUNCER else 2,
            "application_name": "copydesk",
        },
    }


DATABASE_URL = os.environ.get(
    "DATABASE_OWNER_URL" if os.environ.get("COPYDESK_ROLE") == "owner" else "DATABASE_URL", "postgresql://app@/copydesk"
)
DATABASES = {"default": database(DATABASE_URL)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {"default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "cache"}}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "optional"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_ADAPTER = "copydesk.accounts.adapter.AccountAdapter"
MFA_ADAPTER = "copydesk.accounts.adapter.MfaAdapter"
USERSESSIONS_ADAPTER = "copydesk.accounts.adapter.UserSessionsAdapter"
FRONTEND_URL = os.environ.get("COPYDESK_FRONTEND_URL", "http://localhost:8000").rstrip("/")
HEADLESS_FRONTEND_URLS = {
    "account_confirm_email": f"{FRONTEND_URL}/verify-email/{{key}}",
    "account_reset_password": f"{FRONTEND_URL}/password-reset",
    "account_reset_password_from_key": f"{FRONTEND_URL}/password-reset/{{key}}",
    "account_signup": f"{FRONTEND_URL}/register",
}
HEADLESS_ONLY = True
HEADLESS_CLIENTS = ("app",)
HEADLESS_SERVE_SPECIFICATION = True
HEADLESS_SPECIFICATION_TEMPLATE_NAME = None
HEADLESS_TOKEN_STRATEGY = "copydesk.accounts.adapter.TokenStrategy"  # noqa: S105
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_TOTP_ISSUER = "Copydesk"
ACCESS_TOKEN_SECONDS = int(os.environ.get("COPYDESK_ACCESS_TOKEN_SECONDS", "3600"))
REFRESH_TOKEN_SECONDS = int(os.environ.get("COPYDESK_REFRESH_TOKEN_SECONDS", str(30 * 86400)))
STREAM_TICKET_SECONDS = 60
STREAMS_PER_ACCOUNT = int(os.environ.get("COPYDESK_STREAMS_PER_ACCOUNT", "10"))

REACTIONS = "copydesk.notifications.reactions.REACTIONS"
IN_FLIGHT_SECONDS = int(os.environ.get("COPYDESK_IN_FLIGHT_SECONDS", "60"))
PAYMENT_GATEWAYS = payment_gateways(os.environ)
PAYMENT_PROVIDER = os.environ.get("COPYDESK_PAYMENT_PROVIDER") or "sandbox"
STRIPE_SECRET_KEY = os.environ.get("COPYDESK_STRIPE_SECRET_KEY", "")
STRIPE_WEBHOOK_SECRET = os.environ.get("COPYDESK_STRIPE_WEBHOOK_SECRET", "")
STRIPE_API_BASE = os.environ.get("COPYDESK_STRIPE_API_BASE") or "https://api.stripe.com"
STRIPE_ANSWERS_WITHIN_SECONDS = 20
SANDBOX_WEBHOOK_SECRET = os.environ.get("COPYDESK_SANDBOX_WEBHOOK_SECRET") or f"sandbox {SECRET_KEY}"
STREAM_URL = os.environ.get("COPYDESK_STREAM_URL", "").rstrip("/")

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["copydesk.api.access.CallerAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["copydesk.api.access.Needs"],
    "DEFAULT_RENDERER_CLASSES": ["copydesk.api.shape.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["copydesk.api.body.JSONParser"],
    "DEFAULT_FILTER_BACKENDS": [],
    "DEFAULT_SCHEMA_CLASS": "copydesk.api.schema.Schema",
    "EXCEPTION_HANDLER": "copydesk.api.problems.answer",
    "COERCE_DECIMAL_TO_STRING": True,
    "URL_FORMAT_OVERRIDE": None,
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "copydesk.api.shape.OnlyJSON",
    "DEFAULT_METADATA_CLASS": None,
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Copydesk",
    "VERSION": "1",
    "DESCRIPTION": (
        "The back end of a business that sells writing. Many websites, six roles, one API.\n\n"
        "Log in at `auth/login/` and give the `access` token to *Authorize*; name the website in `X-Website`. "
        "Errors are `application/problem+json`.\n\n"
        "E-mail verification, password reset, authenticator app, passkeys and sessions are the accounts library's own "
        "API under `/api/v1/auth/app/v1/`: [its page](/api/v1/docs/accounts/), "
        "[its OpenAPI](/api/v1/auth/openapi.json)."
    ),
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SWAGGER_UI_SETTINGS": {"persistAuthorization": True, "displayOperationId": False, "docExpansion": "none"},
    "COMPONENT_SPLIT_REQUEST": True,
    "SERVE_PERMISSIONS": ["copydesk.api.access.Anyone"],
    "SERVE_AUTHENTICATION": [],
    "SORT_OPERATION_PARAMETERS": True,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "ENUM_NAME_OVERRIDES": {
        "DisputeOutcomeEnum": "copydesk.disputes.models.Outcome",
        "DisputePartyEnum": "copydesk.disputes.models.Party",
        "DisputeReasonEnum": "copydesk.orders.models.DisputeReason",
        "DisputeRemedyEnum": "copydesk.disputes.models.Remedy",
        "DisputeStatusEnum": "copydesk.disputes.models.DisputeStatus",
        "DisputeVerdictEnum": "copydesk.disputes.models.Verdict",
        "AccountKindEnum": "copydesk.payments.models.AccountKind",
        "OutcomeEnum": "copydesk.editing.models.Outcome",
        "TransferPurposeEnum": "copydesk.payments.models.TransferPurpose",
        "VerdictEnum": "copydesk.editing.models.Verdict",
        "EditingTaskStatusEnum": "copydesk.editing.models.TaskStatus",
        "EarningKindEnum": "copydesk.payments.models.EarningKind",
        "FileKindEnum": "copydesk.orders.models.FileKind",
        "OrderTurnEnum": "copydesk.orders.queries.attention.Turn",
        "OrderStatusEnum": "copydesk.orders.models.Status",
        "RequestStatusEnum": "copydesk.orders.models.RequestStatus",
        "RepaymentDestinationEnum": "copydesk.payments.models.Destination",
        "FineStatusEnum": "copydesk.fines.models.FineStatus",
        "FineKindEnum": "copydesk.fines.policies.FineKind",
        "FineSourceEnum": "copydesk.fines.models.Source",
        "FineAppealStatusEnum": "copydesk.fines.models.AppealStatus",
        "RefundStatusEnum": "copydesk.refunds.models.RefundStatus",
        "RefundGroundEnum": "copydesk.refunds.models.Ground",
        "RefundDestinationEnum": "copydesk.refunds.models.RefundDestination",
        "ReviewTargetEnum": "copydesk.reviews.models.Target.choices",
        "ReviewStatusEnum": "copydesk.reviews.models.ReviewStatus",
        "ReviewVisibilityEnum": "copydesk.reviews.models.Visibility",
        "ReviewGroundEnum": "copydesk.reviews.models.Ground",
        "ReviewAppealStatusEnum": "copydesk.reviews.models.AppealStatus",
        "SpamSignalEnum": "copydesk.reviews.spam.SignalName",
        "ChargeStatusEnum": "copydesk.payments.models.ChargeStatus",
        "ClockKindEnum": "copydesk.tickets.clocks.Kind",
        "ClockStateEnum": "copydesk.tickets.clocks.State",
        "AgentExclusionEnum": "copydesk.tickets.queries.agents.Exclusion",
        "EscalationKindEnum": "copydesk.tickets.models.EscalationKind",
        "EscalationStatusEnum": "copydesk.tickets.models.EscalationStatus",
        "PaymentIssueKindEnum": "copydesk.tickets.models.IssueKind",
        "PaymentIssueStatusEnum": "copydesk.tickets.models.IssueStatus",
        "RaisedStatusEnum": "copydesk.tickets.models.RaisedStatus",
        "TicketCategoryEnum": "copydesk.tickets.models.Category",
        "TicketStatusEnum": "copydesk.tickets.models.Status",
    },
}

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
USE_I18N = False
STATIC_URL = "/static/"
STATIC_ROOT = DATA / "static"
STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.AppDirectoriesFinder"]
WHITENOISE_USE_FINDERS = True
MEDIA_ROOT = DATA / "files"
STORAGES = {
    "default": {
        "BACKEND": os.environ.get("COPYDESK_STORAGE") or "copydesk.files.storage.DurableFileSystemStorage",
        "OPTIONS": json.loads(os.environ.get("COPYDESK_STORAGE_OPTIONS") or "{}"),
    },
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
SECURE_CONTENT_TYPE_NOSNIFF = True

DEFAULT_FROM_EMAIL = os.environ.get("COPYDESK_MAIL_FROM", "no-reply@localhost")
EMAIL_HOST = os.environ.get("COPYDESK_SMTP_HOST", "")
EMAIL_PORT = int(os.environ.get("COPYDESK_SMTP_PORT", "587"))
EMAIL_HOST_USER = os.environ.get("COPYDESK_SMTP_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("COPYDESK_SMTP_PASSWORD", "")
EMAIL_USE_TLS = os.environ.get("COPYDESK_SMTP_TLS", "1") == "1"
EMAIL_FILE_PATH = DATA / "mail"
EMAIL_TIMEOUT = 20
EMAIL_BACKEND = os.environ.get("COPYDESK_MAIL_BACKEND") or (
    "django.core.mail.backends.smtp.EmailBackend" if EMAIL_HOST else "copydesk.notifications.mail.ConsoleAndFileBackend"
)
ANYMAIL = json.loads(os.environ.get("COPYDESK_ANYMAIL", "{}"))

structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        structlog.processors.JSONRenderer(),
    ],
    logger_factory=structlog.PrintLoggerFactory(),
)
