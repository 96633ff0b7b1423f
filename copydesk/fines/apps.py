from django.apps import AppConfig


class FinesConfig(AppConfig):
    name = "copydesk.fines"
