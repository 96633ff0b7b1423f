
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        ('orders', '0001_initial'),
        ('tenancy', '0001_initial'),
        ('writers', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Decision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('approve', 'Approve'), ('reject', 'Reject'), ('flag', 'Flag'), ('shadow', 'Shadow'), ('uphold', 'Uphold'), ('overturn', 'Overturn')], max_length=8)),
                ('role', models.CharField(max_length=10)),
                ('ground', models.CharField(blank=True, choices=[('illegal_content', 'Illegal Content'), ('personal_data', 'Personal Data'), ('threats', 'Threats'), ('spam', 'Spam'), ('off_topic', 'Off Topic'), ('not_true', 'Not True'), ('conflict_of_interest', 'Conflict Of Interest'), ('other', 'Other')], max_length=20)),
                ('reason', models.TextField()),
                ('before', models.CharField(choices=[('pending', 'Pending'), ('approved', 'Approved'), ('flagged', 'Flagged'), ('rejected', 'Rejected')], max_length=8)),
                ('after', models.CharField(choices=[('pending', 'Pending'), ('approved', 'Approved'), ('flagged', 'Flagged'), ('rejected', 'Rejected')], max_length=8)),
                ('visibility', models.CharField(choices=[('public', 'Public'), ('shadowed', 'Shadowed'), ('removed', 'Removed')], max_length=8)),
                ('shadowed_until', models.DateTimeField(null=True)),
                ('waited_since', models.DateTimeField(null=True)),
                ('decided_at', models.DateTimeField()),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
            ],
        ),
        migrations.CreateModel(
            name='Review',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1)),
                ('target', models.CharField(choices=[('order', 'Order'), ('writer', 'Writer'), ('website', 'Website')], max_length=7)),
                ('rating', models.PositiveSmallIntegerField()),
                ('text', models.TextField(blank=True)),
                ('masked', models.JSONField(default=dict)),
                ('verified', models.BooleanField()),
                ('status', models.CharField(choices=[('pending', 'Pending'), ('approved', 'Approved'), ('flagged', 'Flagged'), ('rejected', 'Rejected')], default='pending', max_length=8)),
                ('visibility', models.CharField(choices=[('public', 'Public'), ('shadowed', 'Shadowed'), ('removed', 'Removed')], default='public', max_length=8)),
                ('shadowed_at', models.DateTimeField(null=True)),
                ('shadowed_until', models.DateTimeField(null=True)),
                ('spam_milli', models.PositiveSmallIntegerField(default=0)),
                ('signals', models.JSONField(default=list)),
                ('origin', models.BigIntegerField(null=True)),
                ('open_reports', models.PositiveSmallIntegerField(default=0)),
                ('waiting_since', models.DateTimeField(null=True)),
                ('rejected_for', models.TextField(blank=True)),
                ('submitted_at', models.DateTimeField()),
                ('approved_at', models.DateTimeField(null=True)),
                ('flagged_at', models.DateTimeField(null=True)),
                ('rejected_at', models.DateTimeField(null=True)),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('duplicate_of', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='reviews.review')),
                ('order', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orders.order')),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
                ('writer', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
            ],
        ),
        migrations.CreateModel(
            name='Report',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('ground', models.CharField(choices=[('illegal_content', 'Illegal Content'), ('personal_data', 'Personal Data'), ('threats', 'Threats'), ('spam', 'Spam'), ('off_topic', 'Off Topic'), ('not_true', 'Not True'), ('conflict_of_interest', 'Conflict Of Interest'), ('other', 'Other')], max_length=20)),
                ('note', models.TextField(blank=True)),
                ('reported_at', models.DateTimeField()),
                ('decision', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='reviews.decision')),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
                ('review', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='reports', to='reviews.review')),
            ],
        ),
        migrations.CreateModel(
            name='Fragment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('hash', models.BigIntegerField()),
                ('at', models.DateTimeField()),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
                ('review', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='reviews.review')),
            ],
        ),
        migrations.AddField(
            model_name='decision',
            name='review',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to='reviews.review'),
        ),
        migrations.CreateModel(
            name='Appeal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1)),
                ('text', models.TextField()),
                ('status', models.CharField(choices=[('open', 'Open'), ('upheld', 'Upheld'), ('overturned', 'Overturned')], default='open', max_length=10)),
                ('opened_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(null=True)),
                ('answer', models.TextField(blank=True)),
                ('against', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
                ('rejection', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='reviews.decision')),
                ('review', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='appeals', to='reviews.review')),
            ],
        ),
        migrations.CreateModel(
            name='Standing',
            fields=[
                ('writer', models.OneToOneField(db_column='id', on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='standing', serialize=False, to='writers.writer')),
                ('rating_milli', models.PositiveIntegerField(null=True)),
                ('mean_rating_milli', models.PositiveIntegerField(null=True)),
                ('completed', models.PositiveIntegerField()),
                ('outcomes', models.PositiveIntegerField()),
                ('on_time', models.PositiveIntegerField()),
                ('submitted', models.PositiveIntegerField()),
                ('revised', models.PositiveIntegerField()),
                ('delivered', models.PositiveIntegerField()),
                ('composite', models.FloatField()),
                ('rank', models.PositiveIntegerField(null=True)),
                ('ranked', models.PositiveIntegerField()),
                ('computed_at', models.DateTimeField()),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.AddIndex(
            model_name='review',
            index=models.Index(fields=['website', '-id'], name='review_newest'),
        ),
        migrations.AddIndex(
            model_name='review',
            index=models.Index(fields=['website', 'client', '-id'], name='review_by_client'),
        ),
        migrations.AddIndex(
            model_name='review',
            index=models.Index(fields=['website', 'writer', '-id'], name='review_by_writer'),
        ),
        migrations.AddIndex(
            model_name='review',
            index=models.Index(condition=models.Q(('status__in', ['approved', 'flagged']), ('visibility', 'public')), fields=['website', '-id'], include=('rating', 'status'), name='review_published'),
        ),
        migrations.AddIndex(
            model_name='review',
            index=models.Index(condition=models.Q(('waiting_since__isnull', False)), fields=['website', 'waiting_since'], name='review_waiting'),
        ),
        migrations.AddIndex(
            model_name='review',
            index=models.Index(condition=models.Q(('visibility', 'shadowed')), fields=['website', 'shadowed_until'], name='review_shadowed'),
        ),
        migrations.AddIndex(
            model_name='review',
            index=models.Index(condition=models.Q(('origin__isnull', False)), fields=['website', 'origin', 'submitted_at'], name='review_by_origin'),
        ),
        migrations.AddIndex(
            model_name='review',
            index=models.Index(fields=['website', 'submitted_at'], include=('rating', 'status', 'spam_milli', 'verified'), name='review_by_time'),
        ),
        migrations.AddIndex(
            model_name='review',
            index=models.Index(condition=models.Q(('rating__lte', 2)), fields=['website', 'submitted_at'], include=('writer', 'target', 'rating'), name='review_low_by_time'),
        ),
        migrations.AddIndex(
            model_name='review',
            index=models.Index(condition=models.Q(('rating__lte', 2)), fields=['website', 'writer', 'submitted_at'], include=('target',), name='review_low_by_writer'),
        ),
        migrations.AddIndex(
            model_name='review',
            index=models.Index(condition=models.Q(('duplicate_of__isnull', False)), fields=['website', 'duplicate_of'], name='review_duplicates'),
        ),
        migrations.AddConstraint(
            model_name='review',
            constraint=models.UniqueConstraint(fields=('website', 'order'), name='review_one_an_order'),
        ),
        migrations.AddConstraint(
            model_name='review',
            constraint=models.UniqueConstraint(condition=models.Q(('order', None)), fields=('website', 'client'), name='review_one_of_the_website'),
        ),
        migrations.AddConstraint(
            model_name='review',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('order__isnull', False), ('writer__isnull', False)), models.Q(('order', None), ('target', 'website'), ('writer', None)), _connector='OR'), name='review_of_an_order_or_the_website'),
        ),
        migrations.AddConstraint(
            model_name='review',
            constraint=models.CheckConstraint(condition=models.Q(('rating__gte', 1), ('rating__lte', 5)), name='review_rating_stars'),
        ),
        migrations.AddConstraint(
            model_name='review',
            constraint=models.CheckConstraint(condition=models.Q(('spam_milli__lte', 1000)), name='review_spam_share'),
        ),
        migrations.AddConstraint(
            model_name='review',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('shadowed_at__isnull', False), ('shadowed_until__isnull', False), ('visibility', 'shadowed')), models.Q(models.Q(('visibility', 'shadowed'), _negated=True), ('shadowed_until', None)), _connector='OR'), name='review_shadowed_until'),
        ),
        migrations.AddConstraint(
            model_name='review',
            constraint=models.CheckConstraint(condition=models.Q(('shadowed_until', None), ('shadowed_until__gt', models.F('shadowed_at')), _connector='OR'), name='review_shadow_ends'),
        ),
        migrations.AddConstraint(
            model_name='review',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'rejected'), _negated=True), ('visibility', 'removed'), _connector='OR'), name='review_rejected_is_removed'),
        ),
        migrations.AddConstraint(
            model_name='review',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status__in', ['pending', 'flagged']), _negated=True), ('waiting_since__isnull', False), _connector='OR'), name='review_undecided_waits'),
        ),
        migrations.AddIndex(
            model_name='report',
            index=models.Index(fields=['website', 'review', 'id'], name='report_by_review'),
        ),
        migrations.AddIndex(
            model_name='report',
            index=models.Index(fields=['website', 'reported_at'], include=('ground',), name='report_by_time'),
        ),
        migrations.AddConstraint(
            model_name='report',
            constraint=models.UniqueConstraint(fields=('website', 'review', 'member'), name='report_one_a_member'),
        ),
        migrations.AddIndex(
            model_name='fragment',
            index=models.Index(fields=['website', 'hash', 'at'], include=('review',), name='fragment_by_hash'),
        ),
        migrations.AddIndex(
            model_name='decision',
            index=models.Index(fields=['website', 'review', 'id'], name='decision_by_review'),
        ),
        migrations.AddIndex(
            model_name='decision',
            index=models.Index(fields=['website', 'decided_at'], name='decision_by_time'),
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='decision_says_why'),
        ),
        migrations.AddIndex(
            model_name='appeal',
            index=models.Index(fields=['website', 'review', 'id'], name='appeal_by_review'),
        ),
        migrations.AddIndex(
            model_name='appeal',
            index=models.Index(fields=['website', 'decided_at'], name='appeal_by_decision'),
        ),
        migrations.AddConstraint(
            model_name='appeal',
            constraint=models.UniqueConstraint(fields=('website', 'rejection'), name='appeal_one_a_rejection'),
        ),
        migrations.AddConstraint(
            model_name='appeal',
            constraint=models.CheckConstraint(condition=models.Q(('decided_by', None), ('against', None), models.Q(('decided_by', models.F('against')), _negated=True), _connector='OR'), name='appeal_another_moderator'),
        ),
        migrations.AddConstraint(
            model_name='appeal',
            constraint=models.CheckConstraint(condition=models.Q(('text', ''), _negated=True), name='appeal_says_why'),
        ),
    ]
