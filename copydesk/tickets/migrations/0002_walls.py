from pathlib import Path

from django.db import migrations

from copydesk.tenancy.secure import SecureTables


class Migration(migrations.Migration):
    dependencies = [
        ("tickets", "0001_initial"),
        ("accounts", "0002_walls"),
        ("files", "0002_walls"),
        ("orders", "0002_walls"),
    ]

    operations = [
        SecureTables("tickets", append_only=("reply", "note")),
        migrations.RunSQL(Path(__file__).with_name("search.sql").read_text()),
        migrations.RunSQL(Path(__file__).with_name("escalations.sql").read_text()),
    ]
