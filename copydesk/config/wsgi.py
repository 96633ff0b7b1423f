"""The API's process: `granian --interface wsgi copydesk.config.wsgi:application`."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from granian.utils.proxies import wrap_wsgi_with_proxy_headers

from copydesk.config.environment import require_secret_key, trusted_proxies

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "copydesk.config.settings")
require_secret_key(os.environ)
application = get_wsgi_application()
# What the start has left is never garbage, and hardly anything that a request makes outlives it: to look for cycles in
# all of it every few requests took a twentieth of the time.
gc.freeze()
gc.set_threshold(20_000, 20, 20)
if proxies := trusted_proxies(os.environ):
    application = wrap_wsgi_with_proxy_headers(application, trusted_hosts=proxies)
