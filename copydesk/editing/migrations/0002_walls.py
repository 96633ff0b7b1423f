from django.db import migrations

from copydesk.tenancy.secure import SecureTables

# The activity of editors: the journal knows nothing of what stands above it.
EVENTS = """
CREATE INDEX event_of_editing ON journal_event (website_id, id)
WHERE subject_type IN ('editing_task', 'required_change')
"""


class Migration(migrations.Migration):
    dependencies = [
        ("editing", "0001_initial"),
        ("journal", "0001_initial"),
        ("orders", "0002_walls"),
        ("accounts", "0002_walls"),
    ]

    operations = [
        SecureTables("editing", append_only=("editingreview", "reviewfile")),
        migrations.RunSQL(EVENTS, "DROP INDEX event_of_editing"),
    ]
