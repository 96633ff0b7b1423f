from pathlib import Path

from django.db import migrations

from copydesk.tenancy.secure import SecureTables


class Migration(migrations.Migration):
    dependencies = [
        ("orders", "0001_initial"),
        ("accounts", "0002_walls"),
        ("files", "0002_walls"),
        ("payments", "0002_walls"),
        ("writers", "0002_walls"),
    ]

    operations = [
        SecureTables("orders", append_only=("orderfile",)),
        migrations.RunSQL(Path(__file__).with_name("search.sql").read_text()),
    ]
