
import copydesk.core.clock
import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('tenancy', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('email', models.EmailField(max_length=254, unique=True)),
                ('full_name', models.CharField(blank=True, max_length=150)),
                ('is_active', models.BooleanField(default=True)),
                ('is_superadmin', models.BooleanField(default=False)),
                ('created_at', models.DateTimeField(default=copydesk.core.clock.now)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('email', django.db.models.functions.text.Lower('email'))), name='user_email_lowercase')],
            },
        ),
        migrations.CreateModel(
            name='Attempts',
            fields=[
                ('key', models.CharField(max_length=64, primary_key=True, serialize=False)),
                ('count', models.PositiveIntegerField()),
                ('until', models.DateTimeField()),
            ],
            options={
                'indexes': [models.Index(fields=['until'], name='attempts_until')],
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('client', 'client'), ('writer', 'writer'), ('editor', 'editor'), ('support', 'support'), ('admin', 'admin')], max_length=10)),
                ('status', models.CharField(choices=[('active', 'Active'), ('suspended', 'Suspended')], default='active', max_length=10)),
                ('admitted', models.BooleanField(default=True)),
                ('number', models.PositiveIntegerField()),
                ('created_at', models.DateTimeField(default=copydesk.core.clock.now)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to=settings.AUTH_USER_MODEL)),
                ('website', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='tenancy.website')),
            ],
            options={
                'indexes': [models.Index(fields=['website', 'role', 'status'], name='membership_by_role')],
                'constraints': [models.UniqueConstraint(fields=('website', 'user'), name='membership_user_unique'), models.UniqueConstraint(fields=('website', 'number'), name='membership_number_unique')],
            },
        ),
        migrations.CreateModel(
            name='Token',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('access', 'Access'), ('refresh', 'Refresh'), ('stream', 'Stream')], max_length=8)),
                ('digest', models.BinaryField(max_length=32)),
                ('family', models.UUIDField()),
                ('website_id', models.BigIntegerField(db_column='for_website_id', null=True)),
                ('created_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField()),
                ('used_at', models.DateTimeField(null=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(fields=['family'], name='token_family'), models.Index(fields=['expires_at'], name='token_expiry')],
                'constraints': [models.UniqueConstraint(fields=('digest',), name='token_digest_unique')],
            },
        ),
    ]
