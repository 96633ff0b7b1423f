
import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Website',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=40)),
                ('name', models.CharField(max_length=120)),
                ('domain', models.CharField(blank=True, max_length=253)),
                ('status', models.CharField(choices=[('provisioning', 'Provisioning'), ('active', 'Active'), ('suspended', 'Suspended'), ('pending_deletion', 'Pending Deletion'), ('purged', 'Purged')], default='provisioning', max_length=20)),
                ('currency', models.CharField(max_length=3)),
                ('timezone', models.CharField(max_length=64)),
                ('requires_staff_totp', models.BooleanField(default=False)),
                ('last_order_number', models.PositiveIntegerField(default=0)),
                ('last_ticket_number', models.PositiveIntegerField(default=0)),
                ('last_refund_receipt', models.PositiveIntegerField(default=0)),
                ('created_at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('slug',), name='website_slug_unique'), models.UniqueConstraint(django.db.models.functions.text.Lower('domain'), condition=models.Q(('domain', ''), _negated=True), name='website_domain_unique')],
            },
        ),
        migrations.CreateModel(
            name='Policy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=40)),
                ('version', models.PositiveIntegerField()),
                ('data', models.JSONField()),
                ('created_at', models.DateTimeField()),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('website', 'name', 'version'), name='policy_version_unique')],
            },
        ),
    ]
