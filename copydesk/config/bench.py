"""The settings of `run.py bench` alone: as served, with a meter and a floor route. Never for production."""

from copydesk.config.settings import *  # noqa: F403
from copydesk.config.settings import DATABASES, DEMO, MIDDLEWARE

if not DEMO:
    raise SystemExit("Only for the benchmark's own database: COPYDESK_DEMO=1.")

MIDDLEWARE = ["copydesk.demo.bench.meter.Meter", *MIDDLEWARE]
DATABASES = {"default": {**DATABASES["default"], "ENGINE": "copydesk.demo.bench.db"}}
ROOT_URLCONF = "copydesk.config.bench_urls"
ACCESS_TOKEN_SECONDS = 86_400
