from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("gomod", "0012_module_requires"),
    ]

    operations = [
        migrations.AddField(
            model_name="gomodfile",
            name="awaits_zip",
            field=models.BooleanField(default=False),
        ),
        migrations.AddIndex(
            model_name="gomodfile",
            index=models.Index(
                condition=models.Q(("awaits_zip", True)),
                fields=["_pulp_domain"],
                name="gomod_awaits_zip",
            ),
        ),
    ]
