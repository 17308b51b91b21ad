import django.contrib.postgres.indexes
import django.contrib.postgres.search
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('gomod', '0035_sumdb_intake'),
    ]

    operations = [
        migrations.AddField(
            model_name='golistedmodule',
            name='told',
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name='golistedmodule',
            name='words',
            field=django.contrib.postgres.search.SearchVectorField(null=True),
        ),
        migrations.AlterField(
            model_name='godocumentation',
            name='program',
            field=models.PositiveSmallIntegerField(default=2),
        ),
        migrations.AddIndex(
            model_name='golistedmodule',
            index=django.contrib.postgres.indexes.GinIndex(fastupdate=False, fields=['words'], name='gomod_listed_words'),
        ),
    ]
