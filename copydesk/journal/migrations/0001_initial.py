
import copydesk.journal.models
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('tenancy', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Event',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('xid', models.BigIntegerField(db_default=copydesk.journal.models.CurrentTransaction(), editable=False)),
                ('website_id', models.BigIntegerField()),
                ('at', models.DateTimeField()),
                ('user_id', models.BigIntegerField(null=True)),
                ('member_id', models.BigIntegerField(null=True)),
                ('role', models.CharField(max_length=10)),
                ('impersonator_id', models.BigIntegerField(null=True)),
                ('verb', models.CharField(max_length=60)),
                ('subject_type', models.CharField(max_length=40)),
                ('subject_id', models.BigIntegerField()),
                ('root_type', models.CharField(max_length=40)),
                ('root_id', models.BigIntegerField()),
                ('client_id', models.BigIntegerField(null=True)),
                ('writer_id', models.BigIntegerField(null=True)),
                ('before', models.CharField(blank=True, max_length=20)),
                ('after', models.CharField(blank=True, max_length=20)),
                ('data', models.JSONField(default=dict)),
                ('request_id', models.CharField(blank=True, max_length=64)),
                ('reason', models.TextField(null=True)),
                ('address', models.GenericIPAddressField(null=True)),
                ('salt', models.BinaryField(max_length=16, null=True)),
                ('digest', models.BinaryField(max_length=64, null=True)),
            ],
            options={
                'indexes': [models.Index(fields=['website_id', 'xid', 'id'], name='event_commit_order'), models.Index(fields=['website_id', 'root_type', 'root_id', 'id'], name='event_by_root'), models.Index(condition=models.Q(('client_id__isnull', False)), fields=['website_id', 'client_id', 'id'], name='event_by_client'), models.Index(condition=models.Q(('writer_id__isnull', False)), fields=['website_id', 'writer_id', 'id'], name='event_by_writer')],
            },
        ),
        migrations.CreateModel(
            name='Head',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('website_id', models.BigIntegerField()),
                ('number', models.PositiveIntegerField()),
                ('hash', models.BinaryField(max_length=32)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('website_id',), name='head_website_unique')],
            },
        ),
        migrations.CreateModel(
            name='Seal',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('website_id', models.BigIntegerField()),
                ('number', models.PositiveIntegerField()),
                ('last_xid', models.BigIntegerField()),
                ('last_event_id', models.BigIntegerField()),
                ('events', models.PositiveIntegerField()),
                ('hash', models.BinaryField(max_length=32)),
                ('sealed_at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('website_id', 'number'), name='seal_number_unique')],
            },
        ),
        migrations.CreateModel(
            name='Remembered',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=200)),
                ('request', models.BinaryField(max_length=32)),
                ('status', models.PositiveSmallIntegerField(default=0)),
                ('body', models.TextField(blank=True)),
                ('started_at', models.DateTimeField()),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
            ],
            options={
                'indexes': [models.Index(fields=['started_at'], name='remembered_age')],
                'constraints': [models.UniqueConstraint(fields=('website', 'user', 'key'), name='remembered_key_unique')],
            },
        ),
    ]
