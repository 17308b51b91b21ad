from django.db import migrations

# As if each version had been noted when it was made.
FILL = """
INSERT INTO gomod_goindexentry (repository_id, unit_id, time, added, removed)
SELECT
    held.repository_id,
    held.content_id,
    (extract(epoch FROM came.pulp_created) * 1000000)::bigint * 1000
        + row_number() OVER (PARTITION BY came.pulp_id ORDER BY unit.module, unit.version_key) - 1,
    came.number,
    gone.number
FROM core_repositorycontent AS held
JOIN gomod_gomodule AS unit ON unit.content_ptr_id = held.content_id
JOIN gomod_gorepository AS here ON here.repository_ptr_id = held.repository_id
JOIN core_repositoryversion AS came ON came.pulp_id = held.version_added_id AND came.complete
LEFT JOIN core_repositoryversion AS gone ON gone.pulp_id = held.version_removed_id AND gone.complete
"""


class Migration(migrations.Migration):

    dependencies = [
        ("gomod", "0015_index"),
    ]

    operations = [
        migrations.RunSQL(FILL, migrations.RunSQL.noop, elidable=True),
    ]
