import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('gomod', '0019_bundle_heads'),
    ]

    operations = [
        migrations.AddField(
            model_name='goremote',
            name='index_url',
            field=models.TextField(blank=True, default=''),
        ),
        migrations.CreateModel(
            name='GoIndexPosition',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('url', models.TextField()),
                ('time', models.BigIntegerField()),
                ('remote', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='index_positions', to='gomod.goremote')),
                ('repository', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='index_positions', to='gomod.gorepository')),
            ],
            options={
                'unique_together': {('repository', 'remote')},
            },
        ),
    ]
