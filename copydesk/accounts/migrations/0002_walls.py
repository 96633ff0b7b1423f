from pathlib import Path

from django.db import migrations

from copydesk.tenancy.secure import SecureTables


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("tenancy", "0002_walls"),
        ("mfa", "0003_authenticator_type_uniq"),
    ]

    operations = [
        SecureTables("accounts"),
        migrations.RunSQL(Path(__file__).with_name("resolve_caller.sql").read_text()),
    ]
