from django.db import migrations

from copydesk.tenancy.secure import SecureTables


class Migration(migrations.Migration):
    dependencies = [("editing", "0001_initial"), ("orders", "0002_walls"), ("accounts", "0002_walls")]

    operations = [SecureTables("editing", append_only=("editingreview", "reviewfile"))]
