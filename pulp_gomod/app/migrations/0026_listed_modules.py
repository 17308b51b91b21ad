import django.db.models.deletion
from django.db import migrations, models

# As if each module had been noted when it came. A time for which there was none of it between two of its
# versions is not known any more: whoever looks there finds no version.
FILL = """
INSERT INTO gomod_golistedmodule (repository_id, module, added, removed)
SELECT
    held.repository_id,
    unit.module,
    min(came.number),
    CASE WHEN bool_and(gone.number IS NOT NULL) THEN max(gone.number) END
FROM core_repositorycontent AS held
JOIN gomod_gomodule AS unit ON unit.content_ptr_id = held.content_id
JOIN gomod_gorepository AS here ON here.repository_ptr_id = held.repository_id
JOIN core_repositoryversion AS came ON came.pulp_id = held.version_added_id AND came.complete
LEFT JOIN core_repositoryversion AS gone ON gone.pulp_id = held.version_removed_id AND gone.complete
GROUP BY held.repository_id, unit.module
"""


class Migration(migrations.Migration):

    dependencies = [
        ('gomod', '0025_documentation'),
    ]

    operations = [
        migrations.CreateModel(
            name='GoListedModule',
            fields=[
                ('id', models.BigAutoField(primary_key=True, serialize=False)),
                ('module', models.TextField(db_collation='C')),
                ('added', models.BigIntegerField()),
                ('removed', models.BigIntegerField(null=True)),
                ('repository', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='listed_modules', to='gomod.gorepository')),
            ],
            options={
                'indexes': [models.Index(fields=['repository', 'module'], include=('added', 'removed'), name='gomod_listed')],
            },
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop, elidable=True),
    ]
