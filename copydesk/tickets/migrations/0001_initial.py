
import copydesk.core.clock
import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        ('files', '0001_initial'),
        ('orders', '0001_initial'),
        ('payments', '0001_initial'),
        ('tenancy', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='AnyEscalation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('ticket', 'Ticket'), ('account', 'Account')], max_length=7)),
                ('version', models.PositiveIntegerField()),
                ('status', models.CharField(max_length=12)),
                ('reason', models.TextField()),
                ('requested_at', models.DateTimeField()),
                ('acknowledged_at', models.DateTimeField(null=True)),
                ('decided_at', models.DateTimeField(null=True)),
                ('resolved_at', models.DateTimeField(null=True)),
                ('level', models.PositiveSmallIntegerField(null=True)),
                ('rule', models.CharField(max_length=14)),
                ('measure', models.CharField(max_length=9)),
                ('until', models.DateTimeField(null=True)),
            ],
            options={
                'managed': False,
            },
        ),
        migrations.CreateModel(
            name='Ticket',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1)),
                ('number', models.PositiveIntegerField()),
                ('requester_role', models.CharField(choices=[('client', 'client'), ('writer', 'writer')], max_length=6)),
                ('title', models.CharField(max_length=200)),
                ('category', models.CharField(choices=[('order', 'Order'), ('payment', 'Payment'), ('refund', 'Refund'), ('quality', 'Quality'), ('account', 'Account'), ('technical', 'Technical'), ('other', 'Other')], max_length=9)),
                ('priority', models.PositiveSmallIntegerField(choices=[(1, 'Low'), (2, 'Medium'), (3, 'High'), (4, 'Critical')], default=2)),
                ('status', models.CharField(choices=[('new', 'New'), ('open', 'Open'), ('awaiting_client', 'Awaiting Client'), ('resolved', 'Resolved'), ('closed', 'Closed')], default='new', max_length=15)),
                ('about_type', models.CharField(blank=True, max_length=40)),
                ('about_id', models.BigIntegerField(null=True)),
                ('escalation_level', models.PositiveSmallIntegerField(default=0)),
                ('policy_version', models.PositiveIntegerField()),
                ('zone', models.CharField(max_length=64)),
                ('due_at', models.DateTimeField(null=True)),
                ('risk_at', models.DateTimeField(null=True)),
                ('escalate_at', models.DateTimeField(null=True)),
                ('close_at', models.DateTimeField(null=True)),
                ('reopen_until', models.DateTimeField(null=True)),
                ('first_response_at', models.DateTimeField(null=True)),
                ('first_response_met', models.BooleanField(null=True)),
                ('next_responses_met', models.PositiveSmallIntegerField(default=0)),
                ('next_responses_breached', models.PositiveSmallIntegerField(default=0)),
                ('resolution_met', models.BooleanField(null=True)),
                ('opened_at', models.DateTimeField()),
                ('last_message_at', models.DateTimeField()),
                ('assigned_at', models.DateTimeField(null=True)),
                ('resolved_at', models.DateTimeField(null=True)),
                ('closed_at', models.DateTimeField(null=True)),
                ('reopened_at', models.DateTimeField(null=True)),
                ('rests', django.contrib.postgres.fields.ArrayField(base_field=models.DateTimeField(), default=list, size=None)),
                ('rating', models.PositiveSmallIntegerField(null=True)),
                ('rating_comment', models.TextField(blank=True)),
                ('rated_at', models.DateTimeField(null=True)),
                ('assignee', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('merged_into', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='merged', to='tickets.ticket')),
                ('requester', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
            ],
        ),
        migrations.CreateModel(
            name='Reply',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('author_role', models.CharField(choices=[('client', 'client'), ('writer', 'writer'), ('editor', 'editor'), ('support', 'support'), ('admin', 'admin'), ('superadmin', 'superadmin'), ('system', 'system')], max_length=10)),
                ('body', models.TextField()),
                ('created_at', models.DateTimeField(default=copydesk.core.clock.now)),
                ('author', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
                ('ticket', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tickets.ticket')),
            ],
        ),
        migrations.CreateModel(
            name='PaymentIssue',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1)),
                ('kind', models.CharField(choices=[('failed_payment', 'Failed Payment'), ('double_charge', 'Double Charge'), ('wrong_amount', 'Wrong Amount'), ('missing_refund', 'Missing Refund'), ('chargeback', 'Chargeback'), ('other', 'Other')], max_length=14)),
                ('description', models.TextField()),
                ('status', models.CharField(choices=[('open', 'Open'), ('escalated', 'Escalated'), ('resolved', 'Resolved')], default='open', max_length=9)),
                ('opened_at', models.DateTimeField()),
                ('escalated_at', models.DateTimeField(null=True)),
                ('resolved_at', models.DateTimeField(null=True)),
                ('resolution', models.TextField(blank=True)),
                ('charge', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='payments.charge')),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('opened_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('order', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orders.order')),
                ('resolved_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
                ('ticket', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tickets.ticket')),
            ],
        ),
        migrations.CreateModel(
            name='Note',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('author_role', models.CharField(choices=[('client', 'client'), ('writer', 'writer'), ('editor', 'editor'), ('support', 'support'), ('admin', 'admin'), ('superadmin', 'superadmin'), ('system', 'system')], max_length=10)),
                ('body', models.TextField()),
                ('created_at', models.DateTimeField(default=copydesk.core.clock.now)),
                ('author', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
                ('ticket', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tickets.ticket')),
            ],
        ),
        migrations.CreateModel(
            name='Escalation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1)),
                ('level', models.PositiveSmallIntegerField()),
                ('reason', models.TextField(blank=True)),
                ('rule', models.CharField(blank=True, max_length=14)),
                ('status', models.CharField(choices=[('open', 'Open'), ('acknowledged', 'Acknowledged'), ('resolved', 'Resolved')], default='open', max_length=12)),
                ('escalated_at', models.DateTimeField()),
                ('acknowledged_at', models.DateTimeField(null=True)),
                ('resolved_at', models.DateTimeField(null=True)),
                ('acknowledged_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('escalated_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('resolved_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('target', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
                ('ticket', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='escalations', to='tickets.ticket')),
            ],
        ),
        migrations.CreateModel(
            name='Clock',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('first_response', 'first_response'), ('next_response', 'next_response'), ('resolution', 'resolution')], max_length=14)),
                ('number', models.PositiveIntegerField()),
                ('target_seconds', models.PositiveIntegerField()),
                ('started_at', models.DateTimeField()),
                ('due_at', models.DateTimeField(null=True)),
                ('risk_at', models.DateTimeField(null=True)),
                ('met_at', models.DateTimeField(null=True)),
                ('breached_at', models.DateTimeField(null=True)),
                ('paused_since', models.DateTimeField(null=True)),
                ('paused_seconds', models.PositiveBigIntegerField()),
                ('warned_at', models.DateTimeField(null=True)),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
                ('ticket', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='clocks', to='tickets.ticket')),
            ],
        ),
        migrations.CreateModel(
            name='AccountEscalation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1)),
                ('measure', models.CharField(choices=[('suspend', 'Suspend'), ('probation', 'Probation'), ('blacklist', 'Blacklist')], max_length=9)),
                ('reason', models.TextField()),
                ('until', models.DateTimeField(null=True)),
                ('status', models.CharField(choices=[('requested', 'Requested'), ('acknowledged', 'Acknowledged'), ('approved', 'Approved'), ('rejected', 'Rejected'), ('resolved', 'Resolved')], default='requested', max_length=12)),
                ('requested_at', models.DateTimeField()),
                ('acknowledged_at', models.DateTimeField(null=True)),
                ('decided_at', models.DateTimeField(null=True)),
                ('resolved_at', models.DateTimeField(null=True)),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('requested_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
                ('ticket', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tickets.ticket')),
            ],
        ),
        migrations.CreateModel(
            name='TicketFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('uploader_role', models.CharField(choices=[('client', 'client'), ('writer', 'writer'), ('editor', 'editor'), ('support', 'support'), ('admin', 'admin'), ('superadmin', 'superadmin'), ('system', 'system')], max_length=10)),
                ('created_at', models.DateTimeField(default=copydesk.core.clock.now)),
                ('file', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='files.file')),
                ('note', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='files', to='tickets.note')),
                ('reply', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='files', to='tickets.reply')),
                ('ticket', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tickets.ticket')),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
            ],
        ),
        migrations.CreateModel(
            name='CannedReply',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1)),
                ('title', models.CharField(max_length=200)),
                ('body', models.TextField()),
                ('category', models.CharField(blank=True, choices=[('order', 'Order'), ('payment', 'Payment'), ('refund', 'Refund'), ('quality', 'Quality'), ('account', 'Account'), ('technical', 'Technical'), ('other', 'Other')], max_length=9)),
                ('active', models.BooleanField(default=True)),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('website', 'title'), name='canned_reply_title_unique'), models.CheckConstraint(condition=models.Q(models.Q(('title', ''), _negated=True), models.Q(('body', ''), _negated=True)), name='canned_reply_not_empty')],
            },
        ),
        migrations.CreateModel(
            name='Faq',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1)),
                ('question', models.CharField(max_length=300)),
                ('answer', models.TextField()),
                ('category', models.CharField(choices=[('order', 'Order'), ('payment', 'Payment'), ('refund', 'Refund'), ('quality', 'Quality'), ('account', 'Account'), ('technical', 'Technical'), ('other', 'Other')], max_length=9)),
                ('position', models.PositiveSmallIntegerField(default=0)),
                ('is_published', models.BooleanField(default=False)),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
            ],
            options={
                'indexes': [models.Index(fields=['website', 'position', 'id'], name='faq_by_position')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('question', ''), _negated=True), models.Q(('answer', ''), _negated=True)), name='faq_not_empty')],
            },
        ),
        migrations.CreateModel(
            name='Shift',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1)),
                ('starts_at', models.DateTimeField()),
                ('ends_at', models.DateTimeField()),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
            ],
            options={
                'indexes': [models.Index(fields=['website', 'member', 'starts_at'], name='shift_by_member'), models.Index(fields=['website', 'ends_at'], name='shift_by_end')],
                'constraints': [models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='shift_forward')],
            },
        ),
        migrations.CreateModel(
            name='SupportProfile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1)),
                ('capacity', models.PositiveSmallIntegerField()),
                ('available', models.BooleanField(default=True)),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('website', 'member'), name='support_profile_unique'), models.CheckConstraint(condition=models.Q(('capacity__gte', 1)), name='support_profile_capacity')],
            },
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(fields=['website', '-id'], name='ticket_newest'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(fields=['website', 'requester', '-id'], name='ticket_by_requester'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(condition=models.Q(('status__in', ['awaiting_client', 'new', 'open'])), fields=['website', '-priority', 'due_at'], name='ticket_work'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(condition=models.Q(('status__in', ['awaiting_client', 'new', 'open'])), fields=['website', 'assignee', '-priority'], name='ticket_by_assignee'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(condition=models.Q(('about_id__isnull', False)), fields=['website', 'about_type', 'about_id'], name='ticket_by_subject'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(condition=models.Q(('escalate_at__isnull', False)), fields=['website', 'escalate_at'], name='ticket_to_escalate'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(condition=models.Q(('close_at__isnull', False)), fields=['website', 'close_at'], name='ticket_to_close'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(fields=['website', 'opened_at'], include=('category', 'priority', 'status', 'requester_role', 'assignee', 'resolved_at', 'merged_into', 'first_response_at', 'first_response_met', 'next_responses_met', 'next_responses_breached', 'resolution_met', 'escalation_level', 'closed_at', 'reopened_at'), name='ticket_by_opening'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(condition=models.Q(('resolved_at__isnull', False)), fields=['website', 'resolved_at'], include=('category', 'priority', 'status', 'requester_role', 'assignee', 'opened_at', 'rating'), name='ticket_by_resolution'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(condition=models.Q(('closed_at__isnull', False), ('resolved_at', None)), fields=['website', 'closed_at'], name='ticket_closed_unresolved'),
        ),
        migrations.AddIndex(
            model_name='ticket',
            index=models.Index(condition=models.Q(('reopened_at__isnull', False)), fields=['website', 'reopened_at'], include=('rests',), name='ticket_by_reopening'),
        ),
        migrations.AddConstraint(
            model_name='ticket',
            constraint=models.UniqueConstraint(fields=('website', 'number'), name='ticket_number_unique'),
        ),
        migrations.AddConstraint(
            model_name='ticket',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('rated_at', None), ('rating', None)), models.Q(('rated_at__isnull', False), ('rating__gte', 1), ('rating__lte', 5)), _connector='OR'), name='ticket_rating_whole'),
        ),
        migrations.AddConstraint(
            model_name='ticket',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('about_id', None), ('about_type', '')), models.Q(models.Q(('about_type', ''), _negated=True), ('about_id__isnull', False)), _connector='OR'), name='ticket_about_whole'),
        ),
        migrations.AddConstraint(
            model_name='ticket',
            constraint=models.CheckConstraint(condition=models.Q(('merged_into', None), models.Q(('status', 'closed'), models.Q(('merged_into', models.F('id')), _negated=True)), _connector='OR'), name='ticket_merged_is_closed'),
        ),
        migrations.AddConstraint(
            model_name='ticket',
            constraint=models.CheckConstraint(condition=models.Q(('priority__gte', 1), ('priority__lte', 4)), name='ticket_priority_rank'),
        ),
        migrations.AddIndex(
            model_name='reply',
            index=models.Index(fields=['website', 'ticket', 'id'], name='ticket_reply_by_ticket'),
        ),
        migrations.AddConstraint(
            model_name='reply',
            constraint=models.CheckConstraint(condition=models.Q(('body', ''), _negated=True), name='ticket_reply_not_empty'),
        ),
        migrations.AddIndex(
            model_name='paymentissue',
            index=models.Index(fields=['website', 'status', '-id'], name='payment_issue_by_status'),
        ),
        migrations.AddIndex(
            model_name='paymentissue',
            index=models.Index(fields=['website', 'client', '-id'], name='payment_issue_by_client'),
        ),
        migrations.AddConstraint(
            model_name='paymentissue',
            constraint=models.CheckConstraint(condition=models.Q(('description', ''), _negated=True), name='payment_issue_says_what'),
        ),
        migrations.AddConstraint(
            model_name='paymentissue',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'resolved'), _negated=True), models.Q(('resolution', ''), _negated=True), _connector='OR'), name='payment_issue_says_how_it_ended'),
        ),
        migrations.AddIndex(
            model_name='note',
            index=models.Index(fields=['website', 'ticket', 'id'], name='ticket_note_by_ticket'),
        ),
        migrations.AddConstraint(
            model_name='note',
            constraint=models.CheckConstraint(condition=models.Q(('body', ''), _negated=True), name='ticket_note_not_empty'),
        ),
        migrations.AddIndex(
            model_name='escalation',
            index=models.Index(fields=['website', '-id'], include=('status',), name='ticket_escalation_newest'),
        ),
        migrations.AddIndex(
            model_name='escalation',
            index=models.Index(condition=models.Q(('status', 'resolved'), _negated=True), fields=['website', 'status', '-id'], name='ticket_escalation_open'),
        ),
        migrations.AddConstraint(
            model_name='escalation',
            constraint=models.UniqueConstraint(fields=('website', 'ticket', 'level'), name='ticket_escalation_level_unique'),
        ),
        migrations.AddConstraint(
            model_name='escalation',
            constraint=models.CheckConstraint(condition=models.Q(('level__gte', 1)), name='ticket_escalation_level_positive'),
        ),
        migrations.AddConstraint(
            model_name='escalation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('reason', ''), _negated=True), models.Q(('rule', ''), _negated=True), _connector='OR'), name='ticket_escalation_says_why'),
        ),
        migrations.AddIndex(
            model_name='clock',
            index=models.Index(condition=models.Q(('breached_at', None), ('due_at__isnull', False), ('met_at', None)), fields=['website', 'due_at'], name='ticket_clock_running'),
        ),
        migrations.AddIndex(
            model_name='clock',
            index=models.Index(condition=models.Q(('breached_at', None), ('met_at', None), ('risk_at__isnull', False), ('warned_at', None)), fields=['website', 'risk_at'], name='ticket_clock_unwarned'),
        ),
        migrations.AddIndex(
            model_name='clock',
            index=models.Index(fields=['website', 'kind', 'started_at'], name='ticket_clock_by_start'),
        ),
        migrations.AddConstraint(
            model_name='clock',
            constraint=models.UniqueConstraint(fields=('website', 'ticket', 'kind', 'number'), name='ticket_clock_unique'),
        ),
        migrations.AddConstraint(
            model_name='clock',
            constraint=models.UniqueConstraint(condition=models.Q(('met_at', None)), fields=('website', 'ticket', 'kind'), name='ticket_clock_one_open'),
        ),
        migrations.AddConstraint(
            model_name='clock',
            constraint=models.CheckConstraint(condition=models.Q(('met_at', None), ('paused_since', None), _connector='OR'), name='ticket_clock_met_not_paused'),
        ),
        migrations.AddIndex(
            model_name='accountescalation',
            index=models.Index(fields=['website', '-id'], name='account_escalation_newest'),
        ),
        migrations.AddIndex(
            model_name='accountescalation',
            index=models.Index(fields=['website', 'status', '-id'], name='account_escalation_by_status'),
        ),
        migrations.AddIndex(
            model_name='accountescalation',
            index=models.Index(condition=models.Q(('status', 'approved')), fields=['website', 'until'], name='account_escalation_to_lift'),
        ),
        migrations.AddIndex(
            model_name='accountescalation',
            index=models.Index(fields=['website', 'member', '-id'], name='account_escalation_by_member'),
        ),
        migrations.AddConstraint(
            model_name='accountescalation',
            constraint=models.UniqueConstraint(condition=models.Q(('status__in', ['acknowledged', 'requested'])), fields=('website', 'member', 'measure'), name='account_escalation_one_undecided'),
        ),
        migrations.AddConstraint(
            model_name='accountescalation',
            constraint=models.CheckConstraint(condition=models.Q(('decided_by', None), ('requested_by', None), models.Q(('decided_by', models.F('requested_by')), _negated=True), _connector='OR'), name='account_escalation_two_people'),
        ),
        migrations.AddConstraint(
            model_name='accountescalation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('measure', 'blacklist'), ('until', None)), models.Q(models.Q(('measure', 'blacklist'), _negated=True), ('until__isnull', False)), _connector='OR'), name='account_escalation_end'),
        ),
        migrations.AddConstraint(
            model_name='accountescalation',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='account_escalation_says_why'),
        ),
        migrations.AddIndex(
            model_name='ticketfile',
            index=models.Index(fields=['website', 'ticket', 'id'], name='ticket_file_by_ticket'),
        ),
        migrations.AddConstraint(
            model_name='ticketfile',
            constraint=models.CheckConstraint(condition=models.Q(('reply', None), ('note', None), _connector='OR'), name='ticket_file_reply_or_note'),
        ),
        migrations.AddConstraint(
            model_name='ticketfile',
            constraint=models.CheckConstraint(condition=models.Q(('note', None), models.Q(('uploader_role__in', ['client', 'writer']), _negated=True), _connector='OR'), name='ticket_file_of_note_by_staff'),
        ),
    ]
