
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        ('tenancy', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Notification',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('event_id', models.BigIntegerField()),
                ('verb', models.CharField(max_length=60)),
                ('title', models.CharField(max_length=200)),
                ('root_type', models.CharField(max_length=40)),
                ('root_id', models.BigIntegerField()),
                ('shown', models.BooleanField()),
                ('created_at', models.DateTimeField()),
                ('read_at', models.DateTimeField(null=True)),
                ('mailed_at', models.DateTimeField(null=True)),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.membership')),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('shown', True)), fields=['website', 'member', '-id'], name='notification_list'), models.Index(condition=models.Q(('read_at__isnull', True), ('shown', True)), fields=['website', 'member'], name='notification_unread')],
                'constraints': [models.UniqueConstraint(fields=('website', 'event_id', 'member'), name='notification_event_unique')],
            },
        ),
        migrations.CreateModel(
            name='Preference',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('group', models.CharField(choices=[('orders', 'Orders'), ('requests', 'Requests'), ('messages', 'Messages'), ('tickets', 'Tickets'), ('money', 'Money'), ('membership', 'Membership')], max_length=20)),
                ('in_app', models.BooleanField()),
                ('email', models.BooleanField()),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.membership')),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('website', 'member', 'group'), name='preference_group_unique')],
            },
        ),
    ]
