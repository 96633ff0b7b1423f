from pathlib import Path

from django.db import migrations

from copydesk.tenancy.secure import SecureTables


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_initial"), ("accounts", "0002_walls"), ("journal", "0002_walls")]

    operations = [
        SecureTables(
            "payments",
            append_only=("Transfer", "Posting", "Earning", "PayoutStatement", "PayoutLine", "Webhook"),
        ),
        migrations.RunSQL(Path(__file__).with_name("ledger.sql").read_text()),
        migrations.RunSQL(Path(__file__).with_name("charges.sql").read_text()),
        migrations.RunSQL(Path(__file__).with_name("payouts.sql").read_text()),
    ]
