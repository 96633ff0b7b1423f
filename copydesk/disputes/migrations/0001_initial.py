
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        ('files', '0001_initial'),
        ('orders', '0001_initial'),
        ('tenancy', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Dispute',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1)),
                ('order_from', models.CharField(choices=[('unpaid', 'Unpaid'), ('available', 'Available'), ('offered', 'Offered'), ('in_progress', 'In Progress'), ('editing', 'Editing'), ('delivered', 'Delivered'), ('revision', 'Revision'), ('completed', 'Completed'), ('on_hold', 'On Hold'), ('disputed', 'Disputed'), ('cancelled', 'Cancelled')], max_length=12)),
                ('opener', models.CharField(choices=[('client', 'Client'), ('writer', 'Writer'), ('staff', 'Staff')], max_length=6)),
                ('reason', models.CharField(choices=[('quality_issue', 'Quality Issue'), ('missed_instructions', 'Missed Instructions'), ('late_delivery', 'Late Delivery'), ('wrong_file', 'Wrong File'), ('plagiarism', 'Plagiarism'), ('conduct_issue', 'Conduct Issue'), ('payment_issue', 'Payment Issue'), ('other', 'Other')], max_length=20)),
                ('status', models.CharField(choices=[('open', 'Open'), ('awaiting_writer', 'Awaiting Writer'), ('awaiting_client', 'Awaiting Client'), ('under_review', 'Under Review'), ('resolved', 'Resolved'), ('withdrawn', 'Withdrawn'), ('expired', 'Expired')], default='open', max_length=15)),
                ('policy_version', models.PositiveIntegerField()),
                ('due_at', models.DateTimeField(null=True)),
                ('on_silence', models.CharField(blank=True, choices=[('asks_writer', 'Asks Writer'), ('review', 'Review'), ('expires', 'Expires'), ('reminds', 'Reminds')], max_length=11)),
                ('reminders', models.PositiveSmallIntegerField(default=0)),
                ('verdict', models.CharField(blank=True, choices=[('client', 'Client'), ('writer', 'Writer'), ('neither', 'Neither')], max_length=7)),
                ('remedy', models.CharField(blank=True, choices=[('none', 'None'), ('refund', 'Refund'), ('new_deadline', 'New Deadline'), ('new_writer', 'New Writer')], max_length=12)),
                ('refund_minor', models.BigIntegerField(default=0)),
                ('pay_change_minor', models.BigIntegerField(default=0)),
                ('new_deadline', models.DateTimeField(null=True)),
                ('note', models.TextField(blank=True)),
                ('opened_at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(null=True)),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('opened_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orders.order')),
                ('resolved_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
                ('writer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
            ],
        ),
        migrations.CreateModel(
            name='Stage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('status', models.CharField(choices=[('open', 'Open'), ('awaiting_writer', 'Awaiting Writer'), ('awaiting_client', 'Awaiting Client'), ('under_review', 'Under Review')], max_length=15)),
                ('since', models.DateTimeField()),
                ('due_at', models.DateTimeField()),
                ('until', models.DateTimeField(null=True)),
                ('ended_by', models.CharField(blank=True, choices=[('answered', 'Answered'), ('asked', 'Asked'), ('silence', 'Silence'), ('resolved', 'Resolved'), ('withdrawn', 'Withdrawn')], max_length=9)),
                ('dispute', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='stages', to='disputes.dispute')),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
            ],
        ),
        migrations.CreateModel(
            name='Statement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('side', models.CharField(choices=[('client', 'Client'), ('writer', 'Writer'), ('staff', 'Staff')], max_length=6)),
                ('text', models.TextField()),
                ('masked', models.JSONField(default=dict)),
                ('stage', models.CharField(choices=[('open', 'Open'), ('awaiting_writer', 'Awaiting Writer'), ('awaiting_client', 'Awaiting Client'), ('under_review', 'Under Review'), ('resolved', 'Resolved'), ('withdrawn', 'Withdrawn'), ('expired', 'Expired')], max_length=15)),
                ('stated_at', models.DateTimeField()),
                ('sha256', models.CharField(max_length=64)),
                ('author', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('dispute', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='statements', to='disputes.dispute')),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
            ],
        ),
        migrations.CreateModel(
            name='Evidence',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('file', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='files.file')),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
                ('statement', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='evidence', to='disputes.statement')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.AddIndex(
            model_name='dispute',
            index=models.Index(fields=['website', '-id'], name='dispute_newest'),
        ),
        migrations.AddIndex(
            model_name='dispute',
            index=models.Index(fields=['website', 'order', '-id'], name='dispute_by_order'),
        ),
        migrations.AddIndex(
            model_name='dispute',
            index=models.Index(fields=['website', 'client', '-id'], name='dispute_by_client'),
        ),
        migrations.AddIndex(
            model_name='dispute',
            index=models.Index(fields=['website', 'writer', '-id'], name='dispute_by_writer'),
        ),
        migrations.AddIndex(
            model_name='dispute',
            index=models.Index(condition=models.Q(('status__in', ('open', 'awaiting_writer', 'awaiting_client', 'under_review'))), fields=['website', 'due_at'], name='dispute_due'),
        ),
        migrations.AddIndex(
            model_name='dispute',
            index=models.Index(fields=['website', 'opened_at'], include=('reason', 'opener'), name='dispute_by_time'),
        ),
        migrations.AddIndex(
            model_name='dispute',
            index=models.Index(condition=models.Q(('closed_at__isnull', False)), fields=['website', 'closed_at'], include=('status', 'verdict', 'remedy', 'refund_minor', 'reason', 'opener', 'opened_at'), name='dispute_by_end'),
        ),
        migrations.AddIndex(
            model_name='dispute',
            index=models.Index(condition=models.Q(('status', 'resolved')), fields=['website', 'writer', 'closed_at'], include=('verdict',), name='dispute_decided_by_writer'),
        ),
        migrations.AddConstraint(
            model_name='dispute',
            constraint=models.UniqueConstraint(condition=models.Q(('status__in', ('open', 'awaiting_writer', 'awaiting_client', 'under_review'))), fields=('website', 'order'), name='dispute_one_active'),
        ),
        migrations.AddConstraint(
            model_name='dispute',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_at', None), ('due_at__isnull', False), ('status__in', ('open', 'awaiting_writer', 'awaiting_client', 'under_review')), models.Q(('on_silence', ''), _negated=True)), models.Q(models.Q(('status__in', ('open', 'awaiting_writer', 'awaiting_client', 'under_review')), _negated=True), ('closed_at__isnull', False), ('due_at', None), ('on_silence', '')), _connector='OR'), name='dispute_active_is_due'),
        ),
        migrations.AddConstraint(
            model_name='dispute',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'resolved'), models.Q(('verdict', ''), _negated=True), models.Q(('remedy', ''), _negated=True), models.Q(('note', ''), _negated=True)), models.Q(models.Q(('status', 'resolved'), _negated=True), ('note', ''), ('remedy', ''), ('resolved_by', None), ('verdict', '')), _connector='OR'), name='dispute_resolved_by_verdict'),
        ),
        migrations.AddConstraint(
            model_name='dispute',
            constraint=models.CheckConstraint(condition=models.Q(('refund_minor__gte', 0), models.Q(('remedy', 'refund'), ('refund_minor', 0), _connector='OR')), name='dispute_refund_by_remedy'),
        ),
        migrations.AddConstraint(
            model_name='dispute',
            constraint=models.CheckConstraint(condition=models.Q(('pay_change_minor__lte', 0)), name='dispute_pay_falls'),
        ),
        migrations.AddConstraint(
            model_name='dispute',
            constraint=models.CheckConstraint(condition=models.Q(('new_deadline', None), ('remedy__in', ['new_deadline', 'new_writer']), _connector='OR'), name='dispute_deadline_by_remedy'),
        ),
        migrations.AddConstraint(
            model_name='dispute',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('remedy', 'new_deadline'), _negated=True), ('new_deadline__isnull', False), _connector='OR'), name='dispute_deadline_is_named'),
        ),
        migrations.AddIndex(
            model_name='stage',
            index=models.Index(fields=['website', 'dispute', 'id'], name='stage_by_dispute'),
        ),
        migrations.AddIndex(
            model_name='stage',
            index=models.Index(condition=models.Q(('until__isnull', False)), fields=['website', 'until'], include=('status', 'since', 'ended_by'), name='stage_by_end'),
        ),
        migrations.AddConstraint(
            model_name='stage',
            constraint=models.UniqueConstraint(condition=models.Q(('until', None)), fields=('website', 'dispute'), name='stage_one_open'),
        ),
        migrations.AddConstraint(
            model_name='stage',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_by', ''), ('until', None)), models.Q(('until__isnull', False), models.Q(('ended_by', ''), _negated=True)), _connector='OR'), name='stage_says_how_it_ended'),
        ),
        migrations.AddConstraint(
            model_name='statement',
            constraint=models.UniqueConstraint(fields=('website', 'dispute', 'number'), name='statement_number_unique'),
        ),
        migrations.AddConstraint(
            model_name='statement',
            constraint=models.CheckConstraint(condition=models.Q(('text', ''), _negated=True), name='statement_says_something'),
        ),
        migrations.AddConstraint(
            model_name='statement',
            constraint=models.CheckConstraint(condition=models.Q(('sha256__regex', '^[0-9a-f]{64}$')), name='statement_sha256_hex'),
        ),
    ]
