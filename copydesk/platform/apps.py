from django.apps import AppConfig


class PlatformConfig(AppConfig):
    name = "copydesk.platform"
