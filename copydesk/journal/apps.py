from django.apps import AppConfig


class JournalConfig(AppConfig):
    name = "copydesk.journal"
