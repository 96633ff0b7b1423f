
import copydesk.core.clock
import datetime
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        ('files', '0001_initial'),
        ('payments', '0001_initial'),
        ('tenancy', '0001_initial'),
        ('writers', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Order',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1)),
                ('number', models.PositiveIntegerField()),
                ('status', models.CharField(choices=[('unpaid', 'Unpaid'), ('available', 'Available'), ('offered', 'Offered'), ('in_progress', 'In Progress'), ('editing', 'Editing'), ('delivered', 'Delivered'), ('revision', 'Revision'), ('completed', 'Completed'), ('on_hold', 'On Hold'), ('disputed', 'Disputed'), ('cancelled', 'Cancelled')], default='unpaid', max_length=12)),
                ('held_from', models.CharField(blank=True, choices=[('unpaid', 'Unpaid'), ('available', 'Available'), ('offered', 'Offered'), ('in_progress', 'In Progress'), ('editing', 'Editing'), ('delivered', 'Delivered'), ('revision', 'Revision'), ('completed', 'Completed'), ('on_hold', 'On Hold'), ('disputed', 'Disputed'), ('cancelled', 'Cancelled')], max_length=12)),
                ('dispute_turn', models.CharField(blank=True, max_length=6)),
                ('topic', models.CharField(max_length=300)),
                ('instructions', models.TextField()),
                ('paper_type', models.CharField(max_length=40)),
                ('subject', models.CharField(max_length=40)),
                ('academic_level', models.CharField(max_length=40)),
                ('level_rank', models.PositiveSmallIntegerField()),
                ('work_type', models.CharField(max_length=40)),
                ('pages', models.PositiveIntegerField()),
                ('slides', models.PositiveIntegerField()),
                ('spacing', models.CharField(max_length=20)),
                ('extras', models.JSONField(default=list)),
                ('price_minor', models.BigIntegerField()),
                ('pricing_version', models.PositiveIntegerField()),
                ('policy_version', models.PositiveIntegerField()),
                ('wants_editing', models.BooleanField(null=True)),
                ('editing', models.BooleanField(null=True)),
                ('editing_reason', models.CharField(blank=True, max_length=40)),
                ('client_deadline', models.DateTimeField()),
                ('writer_due_at', models.DateTimeField(null=True)),
                ('expires_at', models.DateTimeField()),
                ('offer_expires_at', models.DateTimeField(null=True)),
                ('revision_until', models.DateTimeField(null=True)),
                ('approve_at', models.DateTimeField(null=True)),
                ('dispute_until', models.DateTimeField(null=True)),
                ('placed_at', models.DateTimeField()),
                ('paid_at', models.DateTimeField(null=True)),
                ('offered_at', models.DateTimeField(null=True)),
                ('assigned_at', models.DateTimeField(null=True)),
                ('submitted_at', models.DateTimeField(null=True)),
                ('delivered_at', models.DateTimeField(null=True)),
                ('completed_at', models.DateTimeField(null=True)),
                ('cancelled_at', models.DateTimeField(null=True)),
                ('held_at', models.DateTimeField(null=True)),
                ('disputed_at', models.DateTimeField(null=True)),
                ('archived_at', models.DateTimeField(null=True)),
                ('cancel_cause', models.CharField(blank=True, choices=[('client', 'Client'), ('writer', 'Writer'), ('staff', 'Staff'), ('system', 'System')], max_length=6)),
                ('forfeited_minor', models.BigIntegerField(default=0)),
                ('charge', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='payments.charge')),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('offered_to', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('preferred_writer', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
                ('writer', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
            ],
        ),
        migrations.CreateModel(
            name='Offer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('pay_minor', models.BigIntegerField()),
                ('beyond_limits', models.BooleanField(default=False)),
                ('offered_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('answered_at', models.DateTimeField(null=True)),
                ('outcome', models.CharField(blank=True, max_length=10)),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
                ('writer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='offers', to='orders.order')),
            ],
        ),
        migrations.CreateModel(
            name='Assignment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('pay_minor', models.BigIntegerField()),
                ('tip_share_bps', models.PositiveIntegerField()),
                ('policy_version', models.PositiveIntegerField()),
                ('started_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('outcome', models.CharField(blank=True, max_length=10)),
                ('cause', models.CharField(blank=True, choices=[('client', 'Client'), ('writer', 'Writer'), ('staff', 'Staff'), ('system', 'System')], max_length=6)),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
                ('writer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='assignments', to='orders.order')),
            ],
        ),
        migrations.CreateModel(
            name='Adjustment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1)),
                ('proposed_by', models.CharField(choices=[('client', 'Client'), ('staff', 'Staff')], max_length=6)),
                ('status', models.CharField(choices=[('proposed', 'Proposed'), ('awaiting_payment', 'Awaiting Payment'), ('accepted', 'Accepted'), ('declined', 'Declined')], default='proposed', max_length=16)),
                ('pages', models.PositiveIntegerField(null=True)),
                ('slides', models.PositiveIntegerField(null=True)),
                ('client_deadline', models.DateTimeField(null=True)),
                ('difference_minor', models.BigIntegerField()),
                ('proposed_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(null=True)),
                ('charge', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='payments.charge')),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='adjustments', to='orders.order')),
            ],
        ),
        migrations.CreateModel(
            name='PriceLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField()),
                ('kind', models.CharField(max_length=12)),
                ('code', models.CharField(max_length=40)),
                ('label', models.CharField(max_length=120)),
                ('quantity', models.PositiveIntegerField()),
                ('amount_minor', models.BigIntegerField()),
                ('adjustment', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orders.adjustment')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='price_lines', to='orders.order')),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
            ],
        ),
        migrations.CreateModel(
            name='Request',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1)),
                ('message', models.TextField(blank=True)),
                ('bid_minor', models.BigIntegerField(null=True)),
                ('status', models.CharField(choices=[('requested', 'Requested'), ('approved', 'Approved'), ('rejected', 'Rejected'), ('withdrawn', 'Withdrawn'), ('expired', 'Expired'), ('superseded', 'Superseded')], default='requested', max_length=10)),
                ('requested_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(null=True)),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='requests', to='orders.order')),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
                ('writer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
            ],
        ),
        migrations.CreateModel(
            name='Round',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1)),
                ('number', models.PositiveIntegerField()),
                ('kind', models.CharField(choices=[('first', 'First'), ('return', 'Return'), ('revision', 'Revision')], max_length=8)),
                ('cause', models.CharField(blank=True, choices=[('client', 'Client'), ('writer', 'Writer'), ('staff', 'Staff'), ('system', 'System')], max_length=6)),
                ('severity', models.CharField(blank=True, max_length=8)),
                ('reason', models.TextField(blank=True)),
                ('changes_required', models.JSONField(default=list)),
                ('asked_at', models.DateTimeField()),
                ('due_at', models.DateTimeField()),
                ('excused', models.DurationField(default=datetime.timedelta)),
                ('submitted_at', models.DateTimeField(null=True)),
                ('delivered_at', models.DateTimeField(null=True)),
                ('passed_at', models.DateTimeField(null=True)),
                ('closed_at', models.DateTimeField(null=True)),
                ('assignment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rounds', to='orders.assignment')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='rounds', to='orders.order')),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
            ],
        ),
        migrations.CreateModel(
            name='OrderFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1)),
                ('kind', models.CharField(choices=[('brief', 'Brief'), ('draft', 'Draft'), ('final', 'Final'), ('revision', 'Revision'), ('source', 'Source')], max_length=8)),
                ('name', models.CharField(max_length=255)),
                ('number', models.PositiveIntegerField()),
                ('uploader_role', models.CharField(choices=[('client', 'client'), ('writer', 'writer'), ('editor', 'editor'), ('support', 'support'), ('admin', 'admin'), ('superadmin', 'superadmin'), ('system', 'system')], max_length=10)),
                ('created_at', models.DateTimeField(default=copydesk.core.clock.now)),
                ('file', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='files.file')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='files', to='orders.order')),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
                ('round', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='files', to='orders.round')),
            ],
        ),
        migrations.CreateModel(
            name='ExcusedTime',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('hold', 'Hold'), ('dispute', 'Dispute'), ('shortened', 'Shortened'), ('granted', 'Granted')], max_length=10)),
                ('event_id', models.BigIntegerField()),
                ('since', models.DateTimeField()),
                ('until', models.DateTimeField(null=True)),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
                ('round', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='excuses', to='orders.round')),
            ],
        ),
        migrations.CreateModel(
            name='Dwell',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('stage', models.CharField(choices=[('unpaid', 'Unpaid'), ('available', 'Available'), ('offered', 'Offered'), ('in_progress', 'In Progress'), ('editing', 'Editing'), ('delivered', 'Delivered'), ('revision', 'Revision'), ('completed', 'Completed'), ('on_hold', 'On Hold'), ('disputed', 'Disputed'), ('cancelled', 'Cancelled')], max_length=12)),
                ('p90', models.DurationField()),
                ('n', models.PositiveIntegerField()),
                ('computed_at', models.DateTimeField()),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('website', 'stage'), name='dwell_once')],
            },
        ),
        migrations.CreateModel(
            name='Form',
            fields=[
                ('writer', models.OneToOneField(db_column='id', on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='+', serialize=False, to='writers.writer')),
                ('completed', models.PositiveIntegerField()),
                ('dropped', models.PositiveIntegerField()),
                ('rounds_on_time', models.PositiveIntegerField()),
                ('rounds_submitted', models.PositiveIntegerField()),
                ('points', models.PositiveIntegerField()),
                ('academic_rank', models.PositiveSmallIntegerField()),
                ('computed_at', models.DateTimeField()),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
            ],
            options={
                'indexes': [models.Index(fields=['website', '-points', 'writer'], name='form_by_points')],
            },
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['website', '-id'], name='order_newest'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['website', 'client', '-id'], name='order_by_client'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['website', 'writer', 'status', '-id'], name='order_by_writer'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['website', 'status', '-id'], name='order_by_status'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('status__in', ['in_progress', 'revision'])), fields=['website', 'writer_due_at'], include=('assigned_at', 'status'), name='order_due'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(models.F('website'), models.F('status'), models.Case(models.When(status='unpaid', then='placed_at'), models.When(status='available', then='paid_at'), models.When(status='offered', then='offered_at'), models.When(status='editing', then='submitted_at'), models.When(status='delivered', then='delivered_at'), models.When(status='on_hold', then='held_at'), models.When(status='disputed', then='disputed_at'), default='assigned_at'), condition=models.Q(('status__in', ['completed', 'cancelled']), _negated=True), name='order_entered'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('status__in', ['editing', 'in_progress', 'on_hold', 'revision'])), fields=['website', 'writer'], name='order_load'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('delivered_at', None), ('status__in', ['available', 'disputed', 'editing', 'in_progress', 'offered', 'on_hold', 'revision'])), fields=['website', 'client_deadline'], name='order_client_due'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(fields=['website', 'placed_at'], include=('status', 'work_type', 'subject', 'academic_level'), name='order_placed_at'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('paid_at__isnull', False)), fields=['website', 'paid_at'], include=('placed_at',), name='order_paid_at'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('assigned_at__isnull', False)), fields=['website', 'assigned_at'], include=('paid_at', 'delivered_at'), name='order_assigned_at'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('delivered_at__isnull', False)), fields=['website', 'delivered_at'], include=('assigned_at', 'disputed_at', 'id'), name='order_delivered_at'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('completed_at__isnull', False)), fields=['website', 'completed_at'], include=('status', 'delivered_at', 'work_type', 'subject', 'academic_level'), name='order_completed_at'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('cancelled_at__isnull', False)), fields=['website', 'cancelled_at'], include=('cancel_cause',), name='order_cancelled_at'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('status', 'unpaid')), fields=['expires_at'], name='order_unpaid'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('status', 'offered')), fields=['offer_expires_at'], name='order_offer'),
        ),
        migrations.AddIndex(
            model_name='order',
            index=models.Index(condition=models.Q(('status', 'delivered')), fields=['approve_at'], name='order_approvable'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.UniqueConstraint(fields=('website', 'number'), name='order_number_unique'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('pages__gt', 0), ('slides__gt', 0), _connector='OR'), name='order_has_work'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('price_minor__gte', 0)), name='order_price_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('forfeited_minor__gte', 0), ('forfeited_minor__lte', models.F('price_minor'))), name='order_forfeiture_bounds'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status__in', ['in_progress', 'editing', 'delivered', 'revision', 'completed']), _negated=True), ('writer__isnull', False), _connector='OR'), name='order_work_has_writer'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('offered_to__isnull', False), ('status', 'offered')), models.Q(models.Q(('status', 'offered'), _negated=True), ('offered_to', None)), _connector='OR'), name='order_offer_has_writer'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('dispute_turn', ''), ('status', 'disputed'), _connector='OR'), name='order_dispute_turn'),
        ),
        migrations.AddIndex(
            model_name='offer',
            index=models.Index(fields=['website', 'writer', '-id'], name='offer_by_writer'),
        ),
        migrations.AddConstraint(
            model_name='offer',
            constraint=models.UniqueConstraint(condition=models.Q(('outcome', '')), fields=('website', 'order'), name='offer_one_open'),
        ),
        migrations.AddIndex(
            model_name='assignment',
            index=models.Index(fields=['website', 'writer', '-started_at'], name='assignment_by_writer'),
        ),
        migrations.AddIndex(
            model_name='assignment',
            index=models.Index(fields=['website', 'writer', 'ended_at'], name='assignment_by_end'),
        ),
        migrations.AddIndex(
            model_name='assignment',
            index=models.Index(condition=models.Q(('cause', 'writer'), ('outcome__in', ['released', 'reassigned', 'cancelled'])), fields=['website', 'ended_at'], include=('outcome',), name='assignment_failed'),
        ),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('website', 'order'), name='assignment_one_current'),
        ),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=models.CheckConstraint(condition=models.Q(('pay_minor__gte', 0)), name='assignment_pay_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='assignment',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('outcome', '')), models.Q(('ended_at__isnull', False), models.Q(('outcome', ''), _negated=True)), _connector='OR'), name='assignment_end_has_outcome'),
        ),
        migrations.AddConstraint(
            model_name='adjustment',
            constraint=models.UniqueConstraint(condition=models.Q(('status__in', ['proposed', 'awaiting_payment'])), fields=('website', 'order'), name='adjustment_one_open'),
        ),
        migrations.AddConstraint(
            model_name='priceline',
            constraint=models.UniqueConstraint(fields=('website', 'order', 'position'), name='price_line_position_unique'),
        ),
        migrations.AddIndex(
            model_name='request',
            index=models.Index(fields=['website', 'writer', 'status', '-id'], name='request_by_writer'),
        ),
        migrations.AddIndex(
            model_name='request',
            index=models.Index(condition=models.Q(('status', 'requested')), fields=['expires_at'], name='request_expiry'),
        ),
        migrations.AddConstraint(
            model_name='request',
            constraint=models.UniqueConstraint(condition=models.Q(('status', 'requested')), fields=('website', 'order', 'writer'), name='request_one_open'),
        ),
        migrations.AddConstraint(
            model_name='request',
            constraint=models.CheckConstraint(condition=models.Q(('bid_minor', None), ('bid_minor__gt', 0), _connector='OR'), name='request_bid_positive'),
        ),
        migrations.AddIndex(
            model_name='round',
            index=models.Index(condition=models.Q(('submitted_at__isnull', False)), fields=['website', 'submitted_at'], include=('due_at', 'excused'), name='round_submitted'),
        ),
        migrations.AddIndex(
            model_name='round',
            index=models.Index(condition=models.Q(('cause', 'writer'), ('kind', 'revision')), fields=['website', 'asked_at'], include=('order',), name='round_revised'),
        ),
        migrations.AddConstraint(
            model_name='round',
            constraint=models.UniqueConstraint(fields=('website', 'order', 'number'), name='round_number_unique'),
        ),
        migrations.AddConstraint(
            model_name='round',
            constraint=models.UniqueConstraint(condition=models.Q(('closed_at', None), ('submitted_at', None)), fields=('website', 'order'), name='round_one_open'),
        ),
        migrations.AddIndex(
            model_name='orderfile',
            index=models.Index(models.F('website'), models.F('order'), models.F('id'), name='order_file_by_order'),
        ),
        migrations.AddConstraint(
            model_name='orderfile',
            constraint=models.UniqueConstraint(models.F('website'), models.F('order'), models.F('kind'), models.F('name'), models.F('number'), name='order_file_number_unique'),
        ),
        migrations.AddConstraint(
            model_name='excusedtime',
            constraint=models.CheckConstraint(condition=models.Q(('until', None), ('until__gte', models.F('since')), _connector='OR'), name='excuse_forward'),
        ),
    ]
