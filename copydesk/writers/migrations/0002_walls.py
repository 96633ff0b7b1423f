from pathlib import Path

from django.db import migrations

from copydesk.tenancy.secure import SecureTables


class Migration(migrations.Migration):
    dependencies = [("writers", "0001_initial"), ("accounts", "0002_walls")]

    operations = [
        SecureTables("writers"),
        migrations.RunSQL(Path(__file__).with_name("resolve_calendar_feed.sql").read_text()),
    ]
