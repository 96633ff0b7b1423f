
import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('accounts', '0001_initial'),
        ('orders', '0001_initial'),
        ('tenancy', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='EditingTask',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1)),
                ('status', models.CharField(choices=[('available', 'Available'), ('claimed', 'Claimed'), ('in_review', 'In Review'), ('submitted', 'Submitted'), ('closed', 'Closed')], default='available', max_length=9)),
                ('assignment_type', models.CharField(blank=True, choices=[('auto', 'Auto'), ('manual', 'Manual'), ('claimed', 'Claimed')], max_length=7)),
                ('outcome', models.CharField(blank=True, choices=[('approved', 'Approved'), ('returned', 'Returned'), ('withdrawn', 'Withdrawn')], max_length=9)),
                ('lease_until', models.DateTimeField(null=True)),
                ('opened_at', models.DateTimeField()),
                ('assigned_at', models.DateTimeField(null=True)),
                ('started_at', models.DateTimeField(null=True)),
                ('submitted_at', models.DateTimeField(null=True)),
                ('closed_at', models.DateTimeField(null=True)),
                ('editor', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orders.order')),
                ('round', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orders.round')),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
            ],
        ),
        migrations.CreateModel(
            name='EditingReview',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('quality_score', models.PositiveSmallIntegerField(validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(10)])),
                ('verdict', models.CharField(choices=[('approve', 'Approve'), ('return', 'Return')], max_length=7)),
                ('first', models.BooleanField()),
                ('notes', models.TextField(blank=True)),
                ('corrections', models.TextField(blank=True)),
                ('issues', models.JSONField(default=list)),
                ('rubric_version', models.PositiveIntegerField()),
                ('submitted_at', models.DateTimeField()),
                ('editor', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
                ('task', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='review', to='editing.editingtask')),
            ],
        ),
        migrations.CreateModel(
            name='EditorProfile',
            fields=[
                ('version', models.PositiveIntegerField(default=1)),
                ('member', models.OneToOneField(db_column='id', on_delete=django.db.models.deletion.PROTECT, primary_key=True, related_name='editor_profile', serialize=False, to='accounts.membership')),
                ('task_limit', models.PositiveSmallIntegerField(null=True)),
                ('available', models.BooleanField(default=True)),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
            ],
            options={
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Expertise',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('subject', 'Subject'), ('paper_type', 'Paper Type')], max_length=10)),
                ('code', models.CharField(max_length=40)),
                ('editor', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='expertise', to='editing.editorprofile')),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
            ],
        ),
        migrations.CreateModel(
            name='RequiredChange',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1)),
                ('position', models.PositiveSmallIntegerField()),
                ('text', models.CharField(max_length=500)),
                ('status', models.CharField(choices=[('open', 'Open'), ('ticked', 'Ticked'), ('confirmed', 'Confirmed')], default='open', max_length=9)),
                ('returned_at', models.DateTimeField(null=True)),
                ('ticked_at', models.DateTimeField(null=True)),
                ('confirmed_at', models.DateTimeField(null=True)),
                ('editor', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('order', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orders.order')),
                ('review', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='changes', to='editing.editingreview')),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
            ],
        ),
        migrations.CreateModel(
            name='ReviewFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('order_file', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orders.orderfile')),
                ('review', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='files', to='editing.editingreview')),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
            ],
        ),
        migrations.AddIndex(
            model_name='editingtask',
            index=models.Index(condition=models.Q(('status', 'closed'), _negated=True), fields=['website', 'status', '-id'], name='editing_by_status'),
        ),
        migrations.AddIndex(
            model_name='editingtask',
            index=models.Index(fields=['website', 'editor', '-id'], name='editing_by_editor'),
        ),
        migrations.AddIndex(
            model_name='editingtask',
            index=models.Index(fields=['website', 'editor', 'closed_at'], include=('id', 'status', 'assignment_type', 'outcome', 'order', 'assigned_at', 'submitted_at'), name='editing_by_close'),
        ),
        migrations.AddIndex(
            model_name='editingtask',
            index=models.Index(condition=models.Q(('status', 'closed')), fields=['website', 'id'], name='editing_closed'),
        ),
        migrations.AddIndex(
            model_name='editingtask',
            index=models.Index(fields=['website', 'editor', 'submitted_at'], name='editing_by_submission'),
        ),
        migrations.AddIndex(
            model_name='editingtask',
            index=models.Index(fields=['website', 'order', 'id'], name='editing_by_order'),
        ),
        migrations.AddIndex(
            model_name='editingtask',
            index=models.Index(fields=['website', '-id'], name='editing_newest'),
        ),
        migrations.AddIndex(
            model_name='editingtask',
            index=models.Index(condition=models.Q(('status__in', ['claimed', 'in_review', 'submitted'])), fields=['website', 'editor'], name='editing_held'),
        ),
        migrations.AddIndex(
            model_name='editingtask',
            index=models.Index(condition=models.Q(('lease_until__isnull', False)), fields=['lease_until'], name='editing_leases'),
        ),
        migrations.AddConstraint(
            model_name='editingtask',
            constraint=models.UniqueConstraint(condition=models.Q(('status', 'closed'), _negated=True), fields=('website', 'order'), name='editing_one_open_task'),
        ),
        migrations.AddConstraint(
            model_name='editingtask',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('assignment_type', ''), ('editor', None), ('status', 'available')), ('status', 'closed'), models.Q(('editor__isnull', False), ('status__in', ['claimed', 'in_review', 'submitted']), models.Q(('assignment_type', ''), _negated=True)), _connector='OR'), name='editing_task_has_editor'),
        ),
        migrations.AddConstraint(
            model_name='editingtask',
            constraint=models.CheckConstraint(condition=models.Q(('lease_until', None), models.Q(('assignment_type', 'claimed'), ('status__in', ['claimed', 'in_review'])), _connector='OR'), name='editing_lease_of_claims'),
        ),
        migrations.AddConstraint(
            model_name='editingtask',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'closed'), models.Q(('outcome', ''), _negated=True)), models.Q(models.Q(('status', 'closed'), _negated=True), ('outcome', '')), _connector='OR'), name='editing_end_has_outcome'),
        ),
        migrations.AddConstraint(
            model_name='editingreview',
            constraint=models.CheckConstraint(condition=models.Q(('quality_score__gte', 0), ('quality_score__lte', 10)), name='editing_review_score'),
        ),
        migrations.AddConstraint(
            model_name='expertise',
            constraint=models.UniqueConstraint(fields=('website', 'editor', 'kind', 'code'), name='expertise_unique'),
        ),
        migrations.AddIndex(
            model_name='requiredchange',
            index=models.Index(condition=models.Q(('returned_at__isnull', False)), fields=['website', 'editor', 'review', 'position'], name='change_by_editor'),
        ),
        migrations.AddIndex(
            model_name='requiredchange',
            index=models.Index(fields=['website', 'order'], name='change_by_order'),
        ),
        migrations.AddConstraint(
            model_name='requiredchange',
            constraint=models.UniqueConstraint(fields=('website', 'review', 'position'), name='change_position_once'),
        ),
        migrations.AddConstraint(
            model_name='reviewfile',
            constraint=models.UniqueConstraint(fields=('website', 'review', 'order_file'), name='review_file_once'),
        ),
    ]
