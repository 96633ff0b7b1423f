
import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        ('tenancy', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Writer',
            fields=[
                ('version', models.PositiveIntegerField(default=1)),
                ('member', models.OneToOneField(db_column='id', on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='writer_profile', serialize=False, to='accounts.membership')),
                ('pen_name', models.CharField(max_length=60)),
                ('bio', models.TextField(blank=True, max_length=2000)),
                ('level', models.CharField(max_length=40)),
                ('status', models.CharField(choices=[('applied', 'Applied'), ('approved', 'Approved'), ('on_leave', 'On Leave'), ('suspended', 'Suspended'), ('rejected', 'Rejected')], default='applied', max_length=10)),
                ('applied_at', models.DateTimeField()),
                ('approved_at', models.DateTimeField(null=True)),
                ('leave_from', models.DateTimeField(null=True)),
                ('leave_until', models.DateTimeField(null=True)),
                ('suspended_until', models.DateTimeField(null=True)),
                ('rating_milli', models.PositiveIntegerField(null=True)),
                ('completed_orders', models.PositiveIntegerField(default=0)),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
            ],
        ),
        migrations.CreateModel(
            name='Skill',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('subject', 'Subject'), ('paper_type', 'Paper Type')], max_length=10)),
                ('code', models.CharField(max_length=40)),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
                ('writer', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='skills', to='writers.writer')),
            ],
        ),
        migrations.CreateModel(
            name='Choice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('favour', 'Favour'), ('block', 'Block')], max_length=6)),
                ('created_at', models.DateTimeField()),
                ('client', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='writer_choices', to='accounts.membership')),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
                ('writer', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='choices', to='writers.writer')),
            ],
        ),
        migrations.CreateModel(
            name='CalendarFeed',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1)),
                ('name', models.CharField(blank=True, max_length=60)),
                ('digest', models.BinaryField(max_length=32)),
                ('created_at', models.DateTimeField()),
                ('rotated_at', models.DateTimeField(null=True)),
                ('revoked_at', models.DateTimeField(null=True)),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
                ('writer', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='writers.writer')),
            ],
        ),
        migrations.AddIndex(
            model_name='writer',
            index=models.Index(fields=['website', 'status', 'member'], include=('level',), name='writer_by_status'),
        ),
        migrations.AddIndex(
            model_name='writer',
            index=models.Index(condition=models.Q(('leave_until__isnull', False), ('suspended_until__isnull', False), _connector='OR'), fields=['website', 'member'], name='writer_away'),
        ),
        migrations.AddConstraint(
            model_name='writer',
            constraint=models.UniqueConstraint(models.F('website'), django.db.models.functions.text.Lower('pen_name'), name='writer_pen_name_unique'),
        ),
        migrations.AddConstraint(
            model_name='writer',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('leave_from__isnull', True), ('leave_until__isnull', True)), ('leave_from__lt', models.F('leave_until')), _connector='OR'), name='writer_leave_interval'),
        ),
        migrations.AddConstraint(
            model_name='writer',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'on_leave'), _negated=True), ('leave_until__isnull', False), _connector='OR'), name='writer_leave_has_end'),
        ),
        migrations.AddConstraint(
            model_name='writer',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'suspended'), ('suspended_until__isnull', False)), models.Q(models.Q(('status', 'suspended'), _negated=True), ('suspended_until__isnull', True)), _connector='OR'), name='writer_suspension_has_end'),
        ),
        migrations.AddIndex(
            model_name='skill',
            index=models.Index(fields=['website', 'kind', 'code', 'writer'], name='skill_by_code'),
        ),
        migrations.AddConstraint(
            model_name='skill',
            constraint=models.UniqueConstraint(fields=('website', 'writer', 'kind', 'code'), name='skill_unique'),
        ),
        migrations.AddIndex(
            model_name='choice',
            index=models.Index(fields=['website', 'writer', 'kind'], include=('client',), name='choice_by_writer'),
        ),
        migrations.AddConstraint(
            model_name='choice',
            constraint=models.UniqueConstraint(fields=('website', 'client', 'writer'), name='choice_unique'),
        ),
        migrations.AddIndex(
            model_name='calendarfeed',
            index=models.Index(condition=models.Q(('revoked_at__isnull', True)), fields=['website', 'writer', '-id'], name='calendar_feed_by_writer'),
        ),
        migrations.AddConstraint(
            model_name='calendarfeed',
            constraint=models.UniqueConstraint(fields=('digest',), name='calendar_feed_digest_unique'),
        ),
    ]
