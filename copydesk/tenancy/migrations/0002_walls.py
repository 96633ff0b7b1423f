from django.db import migrations

from copydesk.tenancy.secure import REFUSE_CHANGE, SecureTables, wall

CACHE = """
CREATE TABLE cache (cache_key varchar(255) PRIMARY KEY, value text NOT NULL, expires timestamptz NOT NULL);
CREATE INDEX cache_expires ON cache (expires);
"""


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0001_initial")]

    operations = [
        migrations.RunSQL(REFUSE_CHANGE),
        migrations.RunSQL([*wall("tenancy_website", "id")]),
        SecureTables("tenancy", append_only=("policy",)),
        migrations.RunSQL(CACHE),
    ]
