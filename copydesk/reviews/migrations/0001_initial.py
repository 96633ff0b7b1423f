
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
        migrations.CreateModel(
            name='Review',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField(default=1)),
                ('target', models.CharField(choices=[('order', 'Order'), ('writer', 'Writer'), ('website', 'Website')], max_length=7)),
                ('rating', models.PositiveSmallIntegerField()),
                ('text', models.TextField(blank=True)),
                ('masked', models.JSONField(default=dict)),
                ('status', models.CharField(choices=[('pending', 'Pending'), ('approved', 'Approved')], default='pending', max_length=8)),
                ('submitted_at', models.DateTimeField()),
                ('approved_at', models.DateTimeField(null=True)),
                ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('order', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orders.order')),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
                ('writer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
            ],
            options={
                'indexes': [models.Index(fields=['website', '-id'], name='review_newest'), models.Index(fields=['website', 'client', '-id'], name='review_by_client'), models.Index(fields=['website', 'writer', '-id'], name='review_by_writer')],
                'constraints': [models.UniqueConstraint(fields=('website', 'order'), name='review_one_an_order'), models.CheckConstraint(condition=models.Q(('rating__gte', 1), ('rating__lte', 5)), name='review_rating_stars')],
            },
        ),
    ]
