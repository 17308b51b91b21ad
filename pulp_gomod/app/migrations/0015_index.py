import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('gomod', '0014_sumdb'),
    ]

    operations = [
        migrations.CreateModel(
            name='GoIndexEntry',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('time', models.BigIntegerField()),
                ('added', models.BigIntegerField()),
                ('removed', models.BigIntegerField(null=True)),
                ('repository', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='index_entries', to='gomod.gorepository')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='index_entries', to='gomod.gomodule')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('removed', None)), fields=['repository', 'time'], name='gomod_index_present'), models.Index(condition=models.Q(('removed__isnull', False)), fields=['repository', 'removed'], name='gomod_index_removed'), models.Index(fields=['repository', 'added', 'time'], name='gomod_index_added')],
            },
        ),
    ]
