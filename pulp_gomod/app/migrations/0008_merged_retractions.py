"""What each go.mod retracts, merged once, for `@latest`."""

from django.db import migrations, models

from pulp_gomod.golang.retracted import pack


def merge(apps, schema_editor):
    """Merge what was stored for people so far, which was all of it."""
    modules = apps.get_model("gomod", "GoModule").objects.using(schema_editor.connection.alias)
    stored = modules.filter(retractions__isnull=False, retracted__isnull=True)
    for pk, said in stored.values_list("pk", "retractions").iterator(chunk_size=10):
        packed = pack((each["low"], each["high"]) for each in said)
        modules.filter(pk=pk).update(retracted=packed or None)


class Migration(migrations.Migration):

    dependencies = [
        ('gomod', '0007_sync'),
    ]

    operations = [
        migrations.AddField(
            model_name='gomodule',
            name='retracted',
            field=models.TextField(db_collation='C', null=True),
        ),
        migrations.RunPython(merge, migrations.RunPython.noop, elidable=True),
    ]
