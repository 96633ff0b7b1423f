from pathlib import Path

from django.db import migrations

from copydesk.tenancy.secure import SecureTables


class Migration(migrations.Migration):
    dependencies = [
        ("disputes", "0001_initial"),
        ("orders", "0002_walls"),
        ("files", "0002_walls"),
        ("accounts", "0002_walls"),
    ]

    operations = [
        SecureTables("disputes", append_only=("statement", "evidence")),
        migrations.RunSQL(Path(__file__).with_name("final.sql").read_text()),
    ]
