from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_roles'),
    ]

    operations = [
        migrations.CreateModel(
            name='DailyCount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(verbose_name='day')),
                ('name', models.CharField(max_length=80, verbose_name='what')),
                ('count', models.PositiveBigIntegerField(default=0, verbose_name='count')),
                ('counted_at', models.DateTimeField(auto_now=True, verbose_name='counted')),
            ],
            options={
                'verbose_name': 'daily count',
                'verbose_name_plural': 'daily counts',
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(fields=('day', 'name'), name='one_count_per_day_and_name')],
            },
        ),
    ]
