from pathlib import Path

from django.db import migrations

from copydesk.tenancy.secure import SecureTables


class Migration(migrations.Migration):
    dependencies = [("journal", "0001_initial"), ("accounts", "0002_walls")]

    operations = [
        SecureTables("journal", append_only=("seal",)),
        migrations.RunSQL(Path(__file__).with_name("events.sql").read_text()),
    ]
