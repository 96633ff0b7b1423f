from django.db import migrations

from copydesk.tenancy.secure import SecureTables


class Migration(migrations.Migration):
    dependencies = [
        ("fines", "0001_initial"),
        ("orders", "0002_walls"),
        ("payments", "0002_walls"),
        ("accounts", "0002_walls"),
    ]

    operations = [SecureTables("fines")]
