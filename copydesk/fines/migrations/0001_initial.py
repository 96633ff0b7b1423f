
import copydesk.core.clock
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        ('orders', '0001_initial'),
        ('tenancy', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Fine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1)),
                ('kind', models.CharField(choices=[('late_submission', 'Late Submission'), ('quality', 'Quality'), ('plagiarism', 'Plagiarism'), ('inactivity', 'Inactivity'), ('communication', 'Communication'), ('excessive_revisions', 'Excessive Revisions'), ('dropped_late', 'Dropped Late'), ('wrong_files', 'Wrong Files'), ('privacy', 'Privacy'), ('other', 'Other')], max_length=20)),
                ('source', models.CharField(choices=[('manual', 'Manual'), ('automatic', 'Automatic')], max_length=9)),
                ('status', models.CharField(choices=[('proposed', 'Proposed'), ('issued', 'Issued'), ('appealed', 'Appealed'), ('upheld', 'Upheld'), ('reduced', 'Reduced'), ('settled', 'Settled'), ('waived', 'Waived'), ('voided', 'Voided')], default='proposed', max_length=8)),
                ('reason', models.TextField()),
                ('policy_version', models.PositiveIntegerField()),
                ('late_minutes', models.PositiveIntegerField(null=True)),
                ('share_bps', models.PositiveIntegerField(null=True)),
                ('pay_minor', models.BigIntegerField(null=True)),
                ('amount_minor', models.BigIntegerField()),
                ('excess_minor', models.BigIntegerField(default=0)),
                ('waived_minor', models.BigIntegerField(default=0)),
                ('currency', models.CharField(max_length=3)),
                ('proposed_at', models.DateTimeField(default=copydesk.core.clock.now)),
                ('issue_at', models.DateTimeField()),
                ('issued_at', models.DateTimeField(null=True)),
                ('appeal_until', models.DateTimeField(null=True)),
                ('appealed_at', models.DateTimeField(null=True)),
                ('settled_at', models.DateTimeField(null=True)),
                ('waived_at', models.DateTimeField(null=True)),
                ('voided_at', models.DateTimeField(null=True)),
                ('assignment', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orders.assignment')),
                ('issued_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('order', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orders.order')),
                ('proposed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
                ('writer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
            ],
        ),
        migrations.CreateModel(
            name='Appeal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1)),
                ('text', models.TextField()),
                ('status', models.CharField(choices=[('open', 'Open'), ('approved', 'Approved'), ('rejected', 'Rejected'), ('lapsed', 'Lapsed'), ('closed', 'Closed')], default='open', max_length=8)),
                ('answer', models.TextField(blank=True)),
                ('waived_minor', models.BigIntegerField(default=0)),
                ('opened_at', models.DateTimeField(default=copydesk.core.clock.now)),
                ('due_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(null=True)),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
                ('fine', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='the_appeal', to='fines.fine')),
            ],
        ),
        migrations.AddIndex(
            model_name='fine',
            index=models.Index(fields=['website', '-id'], name='fine_newest'),
        ),
        migrations.AddIndex(
            model_name='fine',
            index=models.Index(fields=['website', 'writer', '-id'], name='fine_by_writer'),
        ),
        migrations.AddIndex(
            model_name='fine',
            index=models.Index(fields=['website', 'order'], name='fine_by_order'),
        ),
        migrations.AddIndex(
            model_name='fine',
            index=models.Index(fields=['website', 'status'], name='fine_by_status'),
        ),
        migrations.AddIndex(
            model_name='fine',
            index=models.Index(condition=models.Q(('status', 'proposed')), fields=['website', 'issue_at'], name='fine_proposed'),
        ),
        migrations.AddIndex(
            model_name='fine',
            index=models.Index(fields=['website', 'proposed_at'], name='fine_by_proposal'),
        ),
        migrations.AddIndex(
            model_name='fine',
            index=models.Index(condition=models.Q(('issued_at__isnull', False)), fields=['website', 'issued_at'], name='fine_by_issue'),
        ),
        migrations.AddIndex(
            model_name='fine',
            index=models.Index(condition=models.Q(('waived_at__isnull', False)), fields=['website', 'waived_at'], name='fine_by_waiver'),
        ),
        migrations.AddIndex(
            model_name='fine',
            index=models.Index(condition=models.Q(('voided_at__isnull', False)), fields=['website', 'voided_at'], name='fine_by_voiding'),
        ),
        migrations.AddIndex(
            model_name='fine',
            index=models.Index(condition=models.Q(('settled_at__isnull', False)), fields=['website', 'settled_at'], name='fine_by_settlement'),
        ),
        migrations.AddConstraint(
            model_name='fine',
            constraint=models.UniqueConstraint(condition=models.Q(('source', 'automatic'), models.Q(('status', 'voided'), _negated=True)), fields=('website', 'order', 'kind'), name='fine_one_automatic'),
        ),
        migrations.AddConstraint(
            model_name='fine',
            constraint=models.CheckConstraint(condition=models.Q(('amount_minor__gte', 0), ('excess_minor__gte', 0)), name='fine_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='fine',
            constraint=models.CheckConstraint(condition=models.Q(('waived_minor__gte', 0), ('waived_minor__lte', models.F('amount_minor'))), name='fine_waived_within'),
        ),
        migrations.AddConstraint(
            model_name='fine',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='fine_says_why'),
        ),
        migrations.AddConstraint(
            model_name='fine',
            constraint=models.CheckConstraint(condition=models.Q(('source', 'manual'), models.Q(('assignment__isnull', False), ('order__isnull', False)), _connector='OR'), name='fine_automatic_of_order'),
        ),
        migrations.AddConstraint(
            model_name='fine',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'voided'), ('voided_at__isnull', False)), models.Q(models.Q(('status', 'voided'), _negated=True), ('voided_at', None)), _connector='OR'), name='fine_voided_for_good'),
        ),
        migrations.AddIndex(
            model_name='appeal',
            index=models.Index(condition=models.Q(('status', 'open')), fields=['website', 'due_at'], name='fine_appeal_open'),
        ),
        migrations.AddIndex(
            model_name='appeal',
            index=models.Index(fields=['website', 'opened_at'], name='fine_appeal_by_time'),
        ),
        migrations.AddIndex(
            model_name='appeal',
            index=models.Index(condition=models.Q(('decided_at__isnull', False)), fields=['website', 'decided_at'], name='fine_appeal_by_decision'),
        ),
        migrations.AddConstraint(
            model_name='appeal',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_at', None), ('status', 'open')), models.Q(models.Q(('status', 'open'), _negated=True), ('decided_at__isnull', False)), _connector='OR'), name='fine_appeal_decided'),
        ),
        migrations.AddConstraint(
            model_name='appeal',
            constraint=models.CheckConstraint(condition=models.Q(('text', ''), _negated=True), name='fine_appeal_says_why'),
        ),
    ]
