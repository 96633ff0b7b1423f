
import copydesk.core.clock
import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        ('tenancy', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='SandboxPayment',
            fields=[
                ('key', models.UUIDField(primary_key=True, serialize=False)),
                ('reference', models.UUIDField(default=uuid.uuid4)),
                ('token', models.CharField(max_length=40)),
                ('amount_minor', models.BigIntegerField()),
                ('currency', models.CharField(max_length=3)),
                ('metadata', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Charge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1)),
                ('purpose', models.CharField(choices=[('order', 'Order'), ('adjustment', 'Adjustment'), ('tip', 'Tip'), ('top_up', 'Top Up')], max_length=12)),
                ('method', models.CharField(choices=[('wallet', 'Wallet'), ('card', 'Card')], max_length=6)),
                ('status', models.CharField(choices=[('pending', 'Pending'), ('unknown', 'Unknown'), ('captured', 'Captured'), ('declined', 'Declined'), ('failed', 'Failed')], default='pending', max_length=10)),
                ('amount_minor', models.BigIntegerField()),
                ('repaid_minor', models.BigIntegerField(default=0)),
                ('currency', models.CharField(max_length=3)),
                ('reference_type', models.CharField(max_length=20)),
                ('reference_id', models.BigIntegerField()),
                ('lines', models.JSONField(default=list)),
                ('key', models.CharField(max_length=200)),
                ('intent', models.UUIDField(default=uuid.uuid4)),
                ('provider', models.CharField(blank=True, max_length=20)),
                ('provider_reference', models.CharField(blank=True, max_length=100)),
                ('code', models.CharField(blank=True, max_length=40)),
                ('created_at', models.DateTimeField(default=copydesk.core.clock.now)),
                ('captured_at', models.DateTimeField(null=True)),
                ('lookups', models.PositiveSmallIntegerField(default=0)),
                ('next_lookup_at', models.DateTimeField(null=True)),
                ('payer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='charges', to='accounts.membership')),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
            ],
        ),
        migrations.CreateModel(
            name='Earning',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1)),
                ('kind', models.CharField(choices=[('pay', 'Pay'), ('tip', 'Tip'), ('forfeit', 'Forfeit'), ('reduction', 'Reduction'), ('fine', 'Fine'), ('waiver', 'Waiver')], max_length=10)),
                ('amount_minor', models.BigIntegerField()),
                ('currency', models.CharField(max_length=3)),
                ('reference_type', models.CharField(max_length=20)),
                ('reference_id', models.BigIntegerField()),
                ('key', models.CharField(max_length=100)),
                ('payable_at', models.DateTimeField()),
                ('created_at', models.DateTimeField(default=copydesk.core.clock.now)),
                ('charge', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='payments.charge')),
                ('reduces', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reductions', to='payments.earning')),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
                ('writer', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='earnings', to='accounts.membership')),
            ],
        ),
        migrations.CreateModel(
            name='EarningHold',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reference_type', models.CharField(max_length=20)),
                ('reference_id', models.BigIntegerField()),
                ('held_at', models.DateTimeField(default=copydesk.core.clock.now)),
                ('released_at', models.DateTimeField(null=True)),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
            ],
        ),
        migrations.CreateModel(
            name='LedgerAccount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('money_in', 'Money In'), ('payouts', 'Payouts'), ('wallet', 'Wallet'), ('earnings', 'Earnings'), ('sales', 'Sales'), ('refunds', 'Refunds'), ('writer_cost', 'Writer Cost'), ('fines', 'Fines'), ('tips', 'Tips')], max_length=12)),
                ('name', models.CharField(blank=True, max_length=40)),
                ('currency', models.CharField(max_length=3)),
                ('balance_minor', models.BigIntegerField(null=True)),
                ('owner', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
            ],
        ),
        migrations.CreateModel(
            name='Payout',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1)),
                ('status', models.CharField(choices=[('prepared', 'Prepared'), ('approved', 'Approved'), ('paid', 'Paid'), ('cancelled', 'Cancelled')], default='prepared', max_length=10)),
                ('currency', models.CharField(max_length=3)),
                ('total_minor', models.BigIntegerField()),
                ('writers', models.PositiveIntegerField()),
                ('prepared_at', models.DateTimeField(default=copydesk.core.clock.now)),
                ('approved_at', models.DateTimeField(null=True)),
                ('paid_at', models.DateTimeField(null=True)),
                ('cancelled_at', models.DateTimeField(null=True)),
                ('approved_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('paid_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('prepared_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
            ],
        ),
        migrations.CreateModel(
            name='PayoutStatement',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1)),
                ('amount_minor', models.BigIntegerField()),
                ('payout', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='statements', to='payments.payout')),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
                ('writer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
            ],
        ),
        migrations.CreateModel(
            name='PayoutLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('earning', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='payments.earning')),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
                ('statement', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='payments.payoutstatement')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Repayment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1)),
                ('amount_minor', models.BigIntegerField()),
                ('destination', models.CharField(choices=[('card', 'Card'), ('wallet', 'Wallet')], max_length=6)),
                ('status', models.CharField(choices=[('planned', 'Planned'), ('executing', 'Executing'), ('succeeded', 'Succeeded'), ('failed', 'Failed'), ('cancelled', 'Cancelled')], default='executing', max_length=10)),
                ('intent', models.UUIDField(default=uuid.uuid4)),
                ('provider_reference', models.CharField(blank=True, max_length=100)),
                ('code', models.CharField(blank=True, max_length=40)),
                ('created_at', models.DateTimeField(default=copydesk.core.clock.now)),
                ('succeeded_at', models.DateTimeField(null=True)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('next_attempt_at', models.DateTimeField(null=True)),
                ('charge', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='repayments', to='payments.charge')),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
            ],
        ),
        migrations.CreateModel(
            name='SandboxRefund',
            fields=[
                ('key', models.UUIDField(primary_key=True, serialize=False)),
                ('reference', models.UUIDField(default=uuid.uuid4)),
                ('amount_minor', models.BigIntegerField()),
                ('created_at', models.DateTimeField()),
                ('payment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='refunds', to='payments.sandboxpayment')),
            ],
        ),
        migrations.CreateModel(
            name='Transfer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('purpose', models.CharField(choices=[('capture', 'Capture'), ('repayment', 'Repayment'), ('earning', 'Earning'), ('payout', 'Payout')], max_length=12)),
                ('at', models.DateTimeField()),
                ('currency', models.CharField(max_length=3)),
                ('lines', models.PositiveSmallIntegerField()),
                ('subject_type', models.CharField(max_length=20)),
                ('subject_id', models.BigIntegerField()),
                ('reference_type', models.CharField(max_length=20)),
                ('reference_id', models.BigIntegerField()),
                ('charge', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='transfers', to='payments.charge')),
                ('reverses', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='payments.transfer')),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
            ],
        ),
        migrations.CreateModel(
            name='Posting',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('amount_minor', models.BigIntegerField()),
                ('at', models.DateTimeField()),
                ('account', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='postings', to='payments.ledgeraccount')),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
                ('transfer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='postings', to='payments.transfer')),
            ],
        ),
        migrations.CreateModel(
            name='Webhook',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('provider', models.CharField(max_length=20)),
                ('message_id', models.CharField(max_length=100)),
                ('received_at', models.DateTimeField()),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
            ],
        ),
        migrations.AddIndex(
            model_name='charge',
            index=models.Index(models.F('website'), models.F('reference_type'), models.F('reference_id'), name='charge_by_reference'),
        ),
        migrations.AddIndex(
            model_name='charge',
            index=models.Index(models.F('website'), models.F('next_lookup_at'), condition=models.Q(('status__in', ('pending', 'unknown'))), name='charge_to_look_up'),
        ),
        migrations.AddConstraint(
            model_name='charge',
            constraint=models.UniqueConstraint(models.F('website'), models.F('payer'), models.F('purpose'), models.F('reference_type'), models.F('reference_id'), models.F('key'), name='charge_key_unique'),
        ),
        migrations.AddConstraint(
            model_name='charge',
            constraint=models.UniqueConstraint(models.F('intent'), name='charge_intent_unique'),
        ),
        migrations.AddConstraint(
            model_name='charge',
            constraint=models.UniqueConstraint(models.F('website'), models.F('purpose'), models.F('reference_type'), models.F('reference_id'), condition=models.Q(('status__in', ('pending', 'unknown'))), name='charge_one_undecided'),
        ),
        migrations.AddConstraint(
            model_name='charge',
            constraint=models.CheckConstraint(condition=models.Q(('amount_minor__gt', 0)), name='charge_positive'),
        ),
        migrations.AddConstraint(
            model_name='charge',
            constraint=models.CheckConstraint(condition=models.Q(('repaid_minor', 0), models.Q(('repaid_minor__gt', 0), ('repaid_minor__lte', models.F('amount_minor')), ('status', 'captured')), _connector='OR'), name='charge_repaid_within_captured'),
        ),
        migrations.AddIndex(
            model_name='earning',
            index=models.Index(models.F('website'), models.F('writer'), models.F('payable_at'), name='earning_by_writer'),
        ),
        migrations.AddIndex(
            model_name='earning',
            index=models.Index(models.F('website'), models.F('reference_type'), models.F('reference_id'), name='earning_by_reference'),
        ),
        migrations.AddIndex(
            model_name='earning',
            index=models.Index(models.F('website'), models.F('payable_at'), name='earning_payable'),
        ),
        migrations.AddIndex(
            model_name='earning',
            index=models.Index(models.F('website'), models.F('writer'), models.F('created_at'), name='earning_by_time'),
        ),
        migrations.AddIndex(
            model_name='earning',
            index=models.Index(models.F('website'), models.F('writer'), models.OrderBy(models.F('id'), descending=True), name='earning_newest'),
        ),
        migrations.AddConstraint(
            model_name='earning',
            constraint=models.UniqueConstraint(models.F('website'), models.F('key'), name='earning_once'),
        ),
        migrations.AddConstraint(
            model_name='earning',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('amount_minor__lt', 0), ('kind', 'reduction'), ('reduces__isnull', False)), models.Q(('amount_minor__lt', 0), ('kind', 'fine'), ('reduces', None)), models.Q(('amount_minor__gt', 0), ('kind', 'waiver'), ('reduces__isnull', False)), models.Q(models.Q(('kind__in', ['reduction', 'fine', 'waiver']), _negated=True), ('amount_minor__gt', 0), ('reduces', None)), _connector='OR'), name='earning_sign_by_kind'),
        ),
        migrations.AddConstraint(
            model_name='earninghold',
            constraint=models.UniqueConstraint(condition=models.Q(('released_at', None)), fields=('website', 'reference_type', 'reference_id'), name='earning_hold_one_open'),
        ),
        migrations.AddConstraint(
            model_name='ledgeraccount',
            constraint=models.UniqueConstraint(models.F('website'), models.F('kind'), models.F('name'), condition=models.Q(('owner', None)), name='house_account_unique'),
        ),
        migrations.AddConstraint(
            model_name='ledgeraccount',
            constraint=models.UniqueConstraint(models.F('website'), models.F('kind'), models.F('owner'), condition=models.Q(('owner__isnull', False)), name='owned_account_unique'),
        ),
        migrations.AddConstraint(
            model_name='ledgeraccount',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('balance_minor__isnull', False), ('kind__in', ('wallet', 'earnings')), ('owner__isnull', False)), models.Q(models.Q(('kind__in', ('wallet', 'earnings')), _negated=True), ('balance_minor', None), ('owner', None)), _connector='OR'), name='account_owned_by_kind'),
        ),
        migrations.AddConstraint(
            model_name='ledgeraccount',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'wallet'), _negated=True), ('balance_minor__gte', 0), _connector='OR'), name='wallet_never_negative'),
        ),
        migrations.AddIndex(
            model_name='payout',
            index=models.Index(models.F('website'), models.F('status'), name='payout_by_status'),
        ),
        migrations.AddConstraint(
            model_name='payout',
            constraint=models.UniqueConstraint(models.F('website'), condition=models.Q(('status', 'prepared')), name='payout_one_prepared'),
        ),
        migrations.AddConstraint(
            model_name='payout',
            constraint=models.CheckConstraint(condition=models.Q(('total_minor__gt', 0)), name='payout_positive'),
        ),
        migrations.AddConstraint(
            model_name='payout',
            constraint=models.CheckConstraint(condition=models.Q(('approved_by', None), models.Q(('approved_by', models.F('prepared_by')), _negated=True), _connector='OR'), name='payout_two_people'),
        ),
        migrations.AddConstraint(
            model_name='payoutstatement',
            constraint=models.UniqueConstraint(models.F('payout'), models.F('writer'), name='statement_one_a_writer'),
        ),
        migrations.AddConstraint(
            model_name='payoutstatement',
            constraint=models.CheckConstraint(condition=models.Q(('amount_minor__gt', 0)), name='statement_positive'),
        ),
        migrations.AddIndex(
            model_name='repayment',
            index=models.Index(models.F('website'), models.F('next_attempt_at'), condition=models.Q(('status', 'executing')), name='repayment_due'),
        ),
        migrations.AddIndex(
            model_name='repayment',
            index=models.Index(models.F('website'), models.F('charge'), condition=models.Q(('status', 'planned')), name='repayment_planned'),
        ),
        migrations.AddConstraint(
            model_name='repayment',
            constraint=models.UniqueConstraint(models.F('intent'), name='repayment_intent_unique'),
        ),
        migrations.AddConstraint(
            model_name='repayment',
            constraint=models.CheckConstraint(condition=models.Q(('amount_minor__gt', 0)), name='repayment_positive'),
        ),
        migrations.AddIndex(
            model_name='transfer',
            index=models.Index(models.F('website'), models.F('reference_type'), models.F('reference_id'), name='transfer_by_reference'),
        ),
        migrations.AddConstraint(
            model_name='transfer',
            constraint=models.UniqueConstraint(models.F('website'), models.F('purpose'), models.F('subject_type'), models.F('subject_id'), name='transfer_once'),
        ),
        migrations.AddConstraint(
            model_name='transfer',
            constraint=models.CheckConstraint(condition=models.Q(('lines__gte', 2)), name='transfer_two_lines'),
        ),
        migrations.AddIndex(
            model_name='posting',
            index=models.Index(models.F('account'), models.F('id'), name='posting_by_account'),
        ),
        migrations.AddIndex(
            model_name='posting',
            index=models.Index(models.F('account'), models.F('at'), include=('website', 'amount_minor'), name='posting_by_time'),
        ),
        migrations.AddConstraint(
            model_name='posting',
            constraint=models.CheckConstraint(condition=models.Q(('amount_minor', 0), _negated=True), name='posting_not_zero'),
        ),
        migrations.AddConstraint(
            model_name='webhook',
            constraint=models.UniqueConstraint(models.F('provider'), models.F('message_id'), name='webhook_once'),
        ),
    ]
