from django.db import migrations

from copydesk.tenancy.secure import SecureTables


class Migration(migrations.Migration):
    dependencies = [("notifications", "0001_initial"), ("accounts", "0002_walls")]

    operations = [SecureTables("notifications")]
