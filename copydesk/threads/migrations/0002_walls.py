from django.db import migrations

from copydesk.tenancy.secure import SecureTables


class Migration(migrations.Migration):
    dependencies = [("threads", "0001_initial"), ("files", "0002_walls"), ("journal", "0002_walls")]

    operations = [SecureTables("threads", append_only=("message", "attachment"))]
