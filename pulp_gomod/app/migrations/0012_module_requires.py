from django.contrib.postgres.indexes import GinIndex
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ("gomod", "0011_cached_mod_files"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="gomodule",
            index=GinIndex(
                fields=["requirements"], name="gomod_module_requires", opclasses=["jsonb_path_ops"]
            ),
        ),
    ]
