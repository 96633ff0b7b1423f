
import copydesk.core.clock
import django.db.models.deletion
import django.db.models.functions.comparison
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        ('orders', '0001_initial'),
        ('payments', '0001_initial'),
        ('tenancy', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Refund',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1)),
                ('amount_minor', models.BigIntegerField()),
                ('currency', models.CharField(max_length=3)),
                ('destination', models.CharField(choices=[('original', 'Original'), ('wallet', 'Wallet')], max_length=8)),
                ('ground', models.CharField(choices=[('quality', 'Quality'), ('lateness', 'Lateness'), ('not_delivered', 'Not Delivered'), ('wrong_charge', 'Wrong Charge'), ('dispute', 'Dispute'), ('other', 'Other'), ('goodwill', 'Goodwill'), ('settlement', 'Settlement')], max_length=13)),
                ('reason', models.TextField()),
                ('status', models.CharField(choices=[('requested', 'Requested'), ('approved', 'Approved'), ('rejected', 'Rejected'), ('executing', 'Executing'), ('succeeded', 'Succeeded'), ('failed', 'Failed'), ('cancelled', 'Cancelled')], default='requested', max_length=9)),
                ('requested_role', models.CharField(max_length=10)),
                ('needs_another_person', models.BooleanField()),
                ('key', models.CharField(blank=True, max_length=60)),
                ('decision', models.TextField(blank=True)),
                ('receipt_number', models.PositiveIntegerField(null=True)),
                ('requested_at', models.DateTimeField(default=copydesk.core.clock.now)),
                ('consented_at', models.DateTimeField(null=True)),
                ('approved_at', models.DateTimeField(null=True)),
                ('rejected_at', models.DateTimeField(null=True)),
                ('executed_at', models.DateTimeField(null=True)),
                ('succeeded_at', models.DateTimeField(null=True)),
                ('failed_at', models.DateTimeField(null=True)),
                ('cancelled_at', models.DateTimeField(null=True)),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orders.order')),
                ('requested_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
            ],
        ),
        migrations.CreateModel(
            name='RefundPart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('refund', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='refunds.refund')),
                ('repayment', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='payments.repayment')),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
            ],
        ),
        migrations.AddIndex(
            model_name='refund',
            index=models.Index(fields=['website', '-id'], name='refund_newest'),
        ),
        migrations.AddIndex(
            model_name='refund',
            index=models.Index(fields=['website', 'client', '-id'], name='refund_by_client'),
        ),
        migrations.AddIndex(
            model_name='refund',
            index=models.Index(fields=['website', 'order'], name='refund_by_order'),
        ),
        migrations.AddIndex(
            model_name='refund',
            index=models.Index(fields=['website', 'status', '-id'], name='refund_by_status'),
        ),
        migrations.AddIndex(
            model_name='refund',
            index=models.Index(models.F('website'), models.F('requested_at'), condition=models.Q(('status__in', ('requested', 'approved', 'executing', 'failed'))), name='refund_open'),
        ),
        migrations.AddIndex(
            model_name='refund',
            index=models.Index(fields=['website', 'requested_at'], name='refund_by_request'),
        ),
        migrations.AddIndex(
            model_name='refund',
            index=models.Index(models.F('website'), django.db.models.functions.comparison.Greatest('approved_at', 'rejected_at', 'cancelled_at'), name='refund_by_decision'),
        ),
        migrations.AddIndex(
            model_name='refund',
            index=models.Index(condition=models.Q(('succeeded_at__isnull', False)), fields=['website', 'succeeded_at'], name='refund_by_success'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('amount_minor__gt', 0)), name='refund_positive'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='refund_says_why'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.UniqueConstraint(condition=models.Q(('key', ''), _negated=True), fields=('website', 'key'), name='refund_key_unique'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.UniqueConstraint(fields=('website', 'receipt_number'), name='refund_receipt_unique'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('receipt_number__isnull', False), ('status', 'succeeded'), ('succeeded_at__isnull', False)), models.Q(models.Q(('status', 'succeeded'), _negated=True), ('receipt_number', None), ('succeeded_at', None)), _connector='OR'), name='refund_receipt_of_success'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('consented_at__isnull', False), ('destination', 'wallet')), models.Q(('consented_at', None), ('destination', 'original')), models.Q(('status__in', ['executing', 'succeeded', 'failed']), _negated=True), _connector='OR'), name='refund_wallet_by_consent'),
        ),
        migrations.AddIndex(
            model_name='refundpart',
            index=models.Index(fields=['refund', 'repayment'], name='part_by_refund'),
        ),
    ]
